//! A command as a person on a terminal runs it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::Deployment;
use crate::interop::python;

impl Deployment {
    /// Runs a command on a terminal, and returns what is shown there.
    #[track_caller]
    pub(crate) fn on_terminal(&self, arguments: &[&str]) -> String {
        let program = "import os, pty, sys\nsys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
        let mut command = Command::new(python());
        command.args(["-c", program, env!("CARGO_BIN_EXE_quietus"), "--config"]).arg(self.path("quietus.toml"));
        command.args(arguments).env("TERM", "xterm").env("NO_COLOR", "1");
        let output = command.stdin(Stdio::null()).output().expect("a terminal");
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{shown}{}", String::from_utf8_lossy(&output.stderr));
        shown
    }

    /// Runs a command on a terminal where somebody answers what is asked for: each answer once its question is there and what is typed is not
    /// shown. Returns how it ends and what is shown.
    #[track_caller]
    pub(crate) fn answering(&self, arguments: &[&str], answers: &[&str]) -> (i32, String) {
        let mut command = Command::new(python());
        command.args(["-c", ANSWERING, env!("CARGO_BIN_EXE_quietus"), "--config"]).arg(self.path("quietus.toml"));
        command.args(arguments).env("TERM", "xterm").env("NO_COLOR", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("Python is there (tests/needs.sh)");
        let typed: String = answers.iter().map(|answer| format!("{answer}\n")).collect();
        child.stdin.take().expect("piped").write_all(typed.as_bytes()).expect("written");
        let output = child.wait_with_output().expect("it ends");
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert!(wrong.is_empty(), "{arguments:?}: {shown}{wrong}");
        (output.status.code().expect("it is not killed"), shown)
    }
}

/// Types the lines of its standard input. The attributes of a terminal are the same at both of its ends.
const ANSWERING: &str = r#"
import os, pty, select, signal, sys, termios, time

answers = sys.stdin.buffer.read().split(b"\n")[:-1]
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
shown, answered = b"", 0
ends = time.monotonic() + 60
while True:
    if select.select([terminal], [], [], 0.02)[0]:
        try:
            more = os.read(terminal, 65536)
        except OSError:
            break
        if not more:
            break
        shown += more
    if time.monotonic() > ends:
        os.kill(child, signal.SIGKILL)
        sys.exit(f"it waits for more than it is told: {shown}")
    if answered < len(answers) and shown.count(b"(not shown") > answered:
        if not termios.tcgetattr(terminal)[3] & termios.ECHO:
            os.write(terminal, answers[answered] + b"\n")
            answered += 1
sys.stdout.buffer.write(shown)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;
