//! A wall clock of a test's own, for the programs that it starts.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::{Deployment, Server, preloaded, quietus};

/// What the programs read as the time of day. It goes as the machine's does, and can be set at any instant.
pub(crate) struct WallClock {
    folder: TempDir,
    library: PathBuf,
}

impl WallClock {
    /// One that shows the machine's time.
    pub(crate) fn new() -> Self {
        let folder = TempDir::with_prefix("quietus-clock-").expect("a temporary folder");
        let library = preloaded(folder.path(), Path::new("tests/plugins/wall_clock.c"));
        let clock = Self { folder, library };
        clock.show(0);
        clock
    }

    /// From now on it shows the machine's time and so many seconds more.
    pub(crate) fn show(&self, seconds: i64) {
        // Written over and not replaced: the programs have mapped it.
        let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(self.offset());
        let file = file.expect("the folder is writable");
        std::os::unix::fs::FileExt::write_all_at(&file, &seconds.to_ne_bytes(), 0).expect("written");
    }

    /// Starts a server that reads it.
    pub(crate) fn start(&self, deployment: &Deployment) -> Server {
        self.start_with(deployment, &[])
    }

    /// The same with settings of its own.
    pub(crate) fn start_with(&self, deployment: &Deployment, settings: &[(&str, &str)]) -> Server {
        let mut env = Command::new("env");
        env.args(self.variables().iter().map(|(name, value)| format!("{name}={value}")));
        Server::start_through(env, deployment, settings)
    }

    /// Runs a command that reads it on the deployment.
    pub(crate) fn run(&self, deployment: &Deployment, arguments: &[&str]) -> Output {
        let mut command = quietus();
        command.envs(self.variables());
        command.arg("--config").arg(deployment.path("quietus.toml")).args(arguments);
        command.stdin(Stdio::null()).output().expect("quietus runs")
    }

    /// What is in the environment of a program that reads it.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let library = ("LD_PRELOAD".to_owned(), self.library.display().to_string());
        vec![library, ("QUIETUS_TEST_CLOCK".to_owned(), self.offset().display().to_string())]
    }

    fn offset(&self) -> PathBuf {
        self.folder.path().join("offset")
    }
}
