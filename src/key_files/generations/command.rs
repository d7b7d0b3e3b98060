//! A program that keeps the secrets of the seal key's generations: for machines that share no folder.

use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use zeroize::Zeroizing;

/// How long it may take; then it and what it has started are killed.
const COMMAND_MAX: Duration = Duration::from_secs(10);

/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(5);

/// What it may say: a secret, as 64 hex digits and a line break.
const ANSWER_BYTES_MAX: u64 = 66;

/// What it sees of the environment: enough to find programs.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program and its first arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SealCommand {
    program: PathBuf,
    arguments: Vec<String>,
}

impl SealCommand {
    /// Relative paths start at `base`; a program without a `/` is looked for where programs are.
    pub(crate) fn of(command: &[String], base: &Path) -> Option<Self> {
        let (program, arguments) = command.split_first()?;
        let program = if program.contains('/') { base.join(program) } else { PathBuf::from(program) };
        Some(Self { program, arguments: arguments.to_vec() })
    }

    /// Its name, as it is shown.
    pub(super) fn shown(&self) -> String {
        self.program.display().to_string()
    }

    /// Has it do something with a generation: secrets are told and said on its standard input and output only, which everybody who sees
    /// the list of processes does not see.
    pub(super) fn run(&self, order: &str, id: &str, told: &str) -> Result<Zeroizing<String>, String> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).args([order, id]).env_clear().env("PATH", PATH).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", self.shown()))?;
        let ended = Self::wait(&mut child, told);
        // With all that it has started: what hangs would otherwise pile up, or keep its output open.
        if let Some(group) = Pid::from_raw(child.id().cast_signed()) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = child.wait();
        ended.and_then(|()| said(child)).map_err(|what| format!("{} {order}: {what}", self.shown()))
    }

    fn wait(child: &mut Child, told: &str) -> Result<(), String> {
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read it says by its exit code whether it has done it. It is less than a pipe holds.
            drop(stdin.write_all(told.as_bytes()));
        }
        let began = Instant::now();
        let status = loop {
            match child.try_wait().map_err(|error| error.to_string())? {
                Some(status) => break status,
                None if began.elapsed() >= COMMAND_MAX => {
                    return Err(format!("it did not end within {} s", COMMAND_MAX.as_secs()));
                }
                None => std::thread::sleep(LOOK),
            }
        };
        if status.success() { Ok(()) } else { Err(format!("it ended with {status}")) }
    }
}

/// What one that has ended has written.
fn said(mut child: Child) -> Result<Zeroizing<String>, String> {
    let mut said = Zeroizing::new(String::new());
    if let Some(stdout) = child.stdout.take() {
        let read = stdout.take(ANSWER_BYTES_MAX + 1).read_to_string(&mut said);
        read.map_err(|_| "what it says is no text".to_owned())?;
    }
    Ok(said)
}
