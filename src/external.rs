//! A program of the operator's that is told something, or asked: by its standard input and output, which nobody sees in the list of
//! processes, and by its exit code.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::io::ioctl_fionbio;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use zeroize::Zeroizing;

/// How long it may take; then it and what it has started are killed.
const COMMAND_MAX: Duration = Duration::from_secs(10);

/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(5);

/// What it sees of the environment: enough to find programs.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program and its first arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExternalCommand {
    program: PathBuf,
    arguments: Vec<String>,
}

impl ExternalCommand {
    /// Relative paths start at `base`; a program without a `/` is looked for where programs are. `None` where it names no program.
    pub(crate) fn of(command: &[String], base: &Path) -> Option<Self> {
        let (program, arguments) = command.split_first()?;
        let program = if program.contains('/') { base.join(program) } else { PathBuf::from(program) };
        Some(Self { program, arguments: arguments.to_vec() })
    }

    /// Its name, as it is shown.
    pub(crate) fn shown(&self) -> String {
        self.program.display().to_string()
    }

    /// Tells it something. Blocks until it has ended; the error says why it does not know.
    pub(crate) fn tell(&self, told: &str) -> Result<(), String> {
        let mut child = self.start(&[], Stdio::null())?;
        let ended = wait(&mut child, told);
        if ended.is_err() {
            kill_all(&child);
        }
        let _ = child.wait();
        ended.map_err(|what| format!("{} {what}", self.shown()))
    }

    /// Has it do something, and returns what it says, of which at most so many bytes are read. Blocks until it has ended.
    pub(crate) fn ask(&self, order: &[&str], told: &str, bytes_max: u64) -> Result<Zeroizing<String>, String> {
        let mut child = self.start(order, Stdio::piped())?;
        let ended = wait(&mut child, told);
        // Also what it has started and left behind, which would keep its output open.
        kill_all(&child);
        let _ = child.wait();
        let said = ended.and_then(|()| said(child, bytes_max));
        said.map_err(|what| format!("{} {}: it {what}", self.shown(), order.first().copied().unwrap_or_default()))
    }

    fn start(&self, order: &[&str], output: Stdio) -> Result<Child, String> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).args(order).env_clear().env("PATH", PATH).process_group(0);
        command.stdin(Stdio::piped()).stdout(output).stderr(Stdio::null());
        command.spawn().map_err(|error| format!("{}: {error}", self.shown()))
    }
}

/// Until it has ended, of which it is not relieved yet: its number stays its own.
fn wait(child: &mut Child, told: &str) -> Result<(), String> {
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read it says by its exit code whether it has done it. It is less than a pipe holds.
        drop(stdin.write_all(told.as_bytes()));
    }
    let began = Instant::now();
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    loop {
        match waitid(WaitId::Pid(number(child)), options).map_err(|error| error.to_string())? {
            Some(status) => {
                return match (status.exit_status(), status.terminating_signal()) {
                    (Some(0), _) => Ok(()),
                    (Some(code), _) => Err(format!("ended with exit status: {code}")),
                    (None, signal) => Err(format!("ended with signal: {}", signal.unwrap_or_default())),
                };
            }
            None if began.elapsed() >= COMMAND_MAX => {
                return Err(format!("did not end within {} s", COMMAND_MAX.as_secs()));
            }
            None => std::thread::sleep(LOOK),
        }
    }
}

/// What hangs would otherwise pile up.
fn kill_all(child: &Child) {
    let _ = kill_process_group(number(child), Signal::KILL);
}

fn number(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// What one that has ended has written. Not to its end: something that has left its group may keep it open for ever.
fn said(mut child: Child, bytes_max: u64) -> Result<Zeroizing<String>, String> {
    // As large as it can get: one that grows leaves copies of what may be a secret.
    let mut said = Zeroizing::new(String::with_capacity(bytes_max as usize));
    if let Some(stdout) = child.stdout.take() {
        ioctl_fionbio(&stdout, true).map_err(|error| error.to_string())?;
        match stdout.take(bytes_max).read_to_string(&mut said) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err("says what is no text".to_owned()),
            _ => {}
        }
    }
    Ok(said)
}
