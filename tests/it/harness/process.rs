//! A child process: its lines are kept, and it does not outlive the test.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::wait_for;

/// A running program.
pub(crate) struct Process {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    readers: [JoinHandle<()>; 2],
    ended: Option<ExitStatus>,
}

impl Process {
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let stdout = collect(child.stdout.take().expect("piped"), &lines);
        let stderr = collect(child.stderr.take().expect("piped"), &lines);
        Self { child, lines, readers: [stdout, stderr], ended: None }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
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
        let sent = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status();
        assert!(sent.expect("kill runs").success(), "the process is there");
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

fn collect(pipe: impl Read + Send + 'static, lines: &Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    let lines = Arc::clone(lines);
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            lines.lock().expect("no reader panics with it").push(line);
        }
    })
}
