//! The shell that keeps a server, seen from the test: orders go in, answers come out. It ends, and takes the server and
//! the folder with it, when the pipe of orders does.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::owner::Owner;

/// The keeper of one server, which runs or not.
pub(crate) struct Keeper {
    shell: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    folder: PathBuf,
}

/// A process of the server, by number.
pub(crate) struct Process(pub(crate) u32);

impl Keeper {
    /// Makes the folder in memory, where there is enough, and starts nothing yet. `signal` is what ends the server at once.
    pub(crate) fn new(owner: Owner, name: &str, signal: &str) -> Self {
        Self::new_in(&memory().unwrap_or_else(std::env::temp_dir), owner, name, signal)
    }

    /// The same, with the folder on the disk of temporary files: for measuring.
    pub(crate) fn new_on_disk(owner: Owner, name: &str, signal: &str) -> Self {
        Self::new_in(&std::env::temp_dir(), owner, name, signal)
    }

    fn new_in(temporary: &Path, owner: Owner, name: &str, signal: &str) -> Self {
        let mut command = owner.command("sh");
        command.args(["-c", include_str!("keeper.sh"), "keeper"]);
        command.arg(temporary).args([name, signal]);
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

    /// Runs a command to its end as the server's owner.
    pub(crate) fn run(&mut self, words: &[&str]) {
        let status = self.order(&format!("run {}", quoted(words)));
        assert_eq!(status, "0", "{words:?} failed: {}", self.log());
    }

    /// Starts the server, whose words these are.
    pub(crate) fn start(&mut self, words: &[String]) -> Process {
        Process(self.order(&format!("start {}", quoted(words))).parse().expect("the number of a process"))
    }

    /// Sends the server a signal and waits for its end.
    pub(crate) fn stop(&mut self, signal: &str) {
        self.order(&format!("stop {signal}"));
    }

    /// What the server and the commands have printed so far.
    pub(crate) fn log(&self) -> String {
        log(&self.folder)
    }

    fn order(&mut self, order: &str) -> String {
        writeln!(self.orders.as_mut().expect("taken by the end only"), "{order}").expect("the keeper reads");
        self.answer()
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

impl Process {
    /// Whether it is gone, or dead and not yet buried by the shell.
    pub(crate) fn has_ended(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
        stat.rsplit_once(") ").is_none_or(|(_, fields)| fields.starts_with('Z'))
    }
}

/// The machine's folder in memory, which outlives every process that is killed. A data folder has a thousand files; making and
/// removing them on a disk was a tenth of what the tests computed. A container's is often too small.
fn memory() -> Option<PathBuf> {
    const ROOM_MIN: u64 = 4 << 30;
    let folder = Path::new("/dev/shm");
    let found = rustix::fs::statvfs(folder).ok()?;
    (found.f_bavail.saturating_mul(found.f_frsize) >= ROOM_MIN).then(|| folder.to_owned())
}

pub(crate) fn log(folder: &Path) -> String {
    let bytes = std::fs::read(folder.join("log")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Words as the shell reads them. None has a line's end in it: an order is one line.
fn quoted(words: &[impl AsRef<str>]) -> String {
    let quote = |word: &str| format!("'{}'", word.replace('\'', r"'\''"));
    let words: Vec<_> = words.iter().map(|word| quote(word.as_ref())).collect();
    words.join(" ")
}
