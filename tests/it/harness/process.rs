//! A child process: its lines are kept, and it does not outlive the test.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::left::Began;
use super::wait_for;

/// A running program.
pub(crate) struct Process {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
    /// Whether nobody reads what it writes.
    is_unread: Arc<AtomicBool>,
    ended: Option<ExitStatus>,
}

impl Process {
    pub(crate) fn spawn(command: Command) -> Self {
        Self::spawn_with(command, Stdio::null(), Stdio::piped())
    }

    /// With a standard input and output of its own.
    pub(crate) fn spawn_with(mut command: Command, stdin: Stdio, stdout: Stdio) -> Self {
        let mut child = command.stdin(stdin).stdout(stdout).stderr(Stdio::piped()).spawn().expect("the program starts");
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let is_unread = Arc::<AtomicBool>::default();
        let stdout = child.stdout.take().map(|pipe| collect(pipe, &lines, &is_unread));
        let stderr = child.stderr.take().map(|pipe| collect(pipe, &lines, &is_unread));
        let readers = [stdout, stderr].into_iter().flatten().collect();
        Self { child, lines, readers, is_unread, ended: None }
    }

    /// Reads no more of what it writes, so that its pipes fill up.
    pub(crate) fn stop_reading(&self) {
        self.is_unread.store(true, Ordering::Relaxed);
    }

    /// Goes on reading.
    pub(crate) fn read_again(&self) {
        self.is_unread.store(false, Ordering::Relaxed);
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The processes that it has started.
    pub(crate) fn children(&self) -> Vec<String> {
        Began::children_of(self.id()).iter().map(|child| child.id().to_string()).collect()
    }

    /// Everything that it has written so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("no reader panics with it").clone()
    }

    /// The first line of which `find` makes something.
    #[track_caller]
    pub(crate) fn told<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        wait_for(what, || self.lines().iter().find_map(|line| find(line)))
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.id().to_string(), name);
    }

    /// Kills it at once, as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        drop(self.child.kill());
        self.ended = Some(self.child.wait().expect("it is our child"));
    }

    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().expect("it is our child");
        }
        self.ended
    }

    /// Waits for its end, and for its last line.
    #[track_caller]
    pub(crate) fn end(&mut self) -> ExitStatus {
        let status = wait_for("the program to end", || self.has_ended());
        self.read_again();
        wait_for("its last line", || self.readers.iter().all(JoinHandle::is_finished).then_some(()));
        status
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.has_ended().is_none() {
            self.kill();
        }
    }
}

/// Sends a process a signal by its name.
pub(crate) fn signal(process: &str, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), process]).status();
    assert!(sent.expect("kill runs").success(), "the process is there");
}

fn collect(
    pipe: impl Read + Send + 'static,
    lines: &Arc<Mutex<Vec<String>>>,
    is_unread: &Arc<AtomicBool>,
) -> JoinHandle<()> {
    let (lines, is_unread) = (Arc::clone(lines), Arc::clone(is_unread));
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            lines.lock().expect("no reader panics with it").push(line);
            while is_unread.load(Ordering::Relaxed) {
                std::thread::park_timeout(Duration::from_millis(20));
            }
        }
    })
}

/// A line of `/proc/PROCESS/status`, in KiB.
#[track_caller]
pub(crate) fn memory_kib(process: u32, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let value = status.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(':'));
    value.and_then(|value| value.trim().trim_end_matches(" kB").parse().ok()).expect("a number")
}
