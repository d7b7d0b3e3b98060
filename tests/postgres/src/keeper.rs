//! The shell that keeps a server, seen from the test: orders go in, answers come out. It ends, and takes the server and
//! the folder with it, when the pipe of orders does.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::installed::{Installed, as_owner};
use crate::template::{Make, template};

/// The keeper of one server, which runs or not.
pub(crate) struct Keeper {
    shell: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    folder: PathBuf,
}

/// A process of the server, by number.
pub(crate) struct Postmaster(u32);

impl Keeper {
    /// Makes the folder and the data in it, and starts nothing yet.
    pub(crate) fn new(installed: &Installed, make: Make, settings: &[(&str, &str)]) -> Self {
        let mut command = as_owner("sh");
        command.args(["-c", include_str!("keeper.sh"), "keeper"]);
        command.arg(std::env::temp_dir()).arg(template(installed, make)).arg(installed.program("postgres"));
        for (name, value) in settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        // Who kills a test may kill its process group.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = command.spawn().expect("a shell starts");
        let orders = shell.stdin.take();
        let answers = BufReader::new(shell.stdout.take().expect("piped"));
        let mut keeper = Self { shell, orders, answers, folder: PathBuf::new() };
        keeper.folder = keeper.answer().into();
        keeper
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn start(&mut self, port: u16) -> Postmaster {
        self.order(&format!("start {port}"));
        Postmaster(self.answer().parse().expect("the number of a process"))
    }

    /// Sends the server a signal and waits for its end.
    pub(crate) fn stop(&mut self, signal: &str) {
        self.order(&format!("stop {signal}"));
        self.answer();
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders.as_mut().expect("taken by the end only"), "{order}").expect("the keeper reads");
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("a line of text");
        assert!(line.ends_with('\n'), "the keeper of the server could not do it, and said above why");
        line.trim_end().to_owned()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.orders = None;
        drop(self.shell.wait());
    }
}

impl Postmaster {
    /// Whether it takes connections: it says so in its lock file, as `pg_ctl start --wait` reads it.
    pub(crate) fn is_ready(&self, folder: &Path) -> bool {
        let Ok(file) = std::fs::read_to_string(folder.join("data/postmaster.pid")) else { return false };
        let mut lines = file.lines().map(str::trim);
        lines.next() == Some(&self.0.to_string()) && lines.nth(6) == Some("ready")
    }

    /// Whether it is gone, or dead and not yet buried by the shell.
    pub(crate) fn has_ended(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
        stat.rsplit_once(") ").is_none_or(|(_, fields)| fields.starts_with('Z'))
    }
}
