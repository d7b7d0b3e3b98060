//! A wall clock of a test's own, for the programs that it starts.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::{Deployment, Server, quietus};

/// What the programs read as the time of day. It goes as the machine's does, and can be set at any instant.
pub(crate) struct WallClock {
    folder: TempDir,
}

impl WallClock {
    /// One that shows the machine's time.
    pub(crate) fn new() -> Self {
        let clock = Self { folder: TempDir::with_prefix("quietus-clock-").expect("a temporary folder") };
        clock.show(0);
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugins/wall_clock.c");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o"]).arg(clock.library()).arg(source);
        assert!(cc.status().expect("a C compiler named `cc`").success());
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
        let mut env = Command::new("env");
        env.args(self.variables().iter().map(|(name, value)| format!("{name}={value}")));
        Server::start_through(env, deployment, &[])
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
        let library = ("LD_PRELOAD".to_owned(), self.library().display().to_string());
        vec![library, ("QUIETUS_TEST_CLOCK".to_owned(), self.offset().display().to_string())]
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("wall_clock.so")
    }

    fn offset(&self) -> PathBuf {
        self.folder.path().join("offset")
    }
}
