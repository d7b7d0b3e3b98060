//! Having a ledger's file for oneself, as a server does and whoever copies it. By a lock on a file of its own beside the
//! ledger: it ends with the process however that ends, and holds while the process is stopped.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::files::beside;
use crate::ledger::OpenError;

/// How often the lock is tried, so many milliseconds apart: whoever only looks whether it is held has it for a moment.
const TRIES: usize = 10;
const TRIES_APART: Duration = Duration::from_millis(20);

/// The lock; it is let go of when it is dropped.
#[derive(Debug)]
pub(crate) struct Exclusive {
    file: File,
    /// Whether the machine has run without a break since somebody had the lock last.
    pub(super) same_boot: bool,
}

impl Exclusive {
    /// For whoever writes to the ledger from now on.
    pub(super) fn take(ledger: &Path) -> Result<Self, OpenError> {
        let mut exclusive = Self::hold(ledger)?;
        sign(&mut exclusive.file).map_err(|error| failed(ledger, error))?;
        Ok(exclusive)
    }

    /// For whoever replaces its files: of what was written to it, this says nothing.
    pub(crate) fn hold(ledger: &Path) -> Result<Self, OpenError> {
        let failed = |error| failed(ledger, error);
        has_one_name(ledger).map_err(failed)?;
        let mut file = open(ledger).map_err(failed)?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => {
                    let same_boot = last_boot(&mut file).map_err(failed)? == Some(boot());
                    return Ok(Self { file, same_boot });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(TRIES_APART),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        let mut holder = String::new();
        file.read_to_string(&mut holder).map_err(failed)?;
        let holder = holder.lines().next().map_or_else(|| "unknown".to_owned(), |id| format!("process {id}"));
        Err(OpenError::InUse { ledger: ledger.display().to_string(), holder })
    }
}

/// The lock and the log go by the ledger's name: under a second one, another server would have a lock and a log of its own.
fn has_one_name(ledger: &Path) -> io::Result<()> {
    match std::fs::metadata(ledger) {
        Ok(found) if found.nlink() > 1 => Err(io::Error::other(format!(
            "the file has {} names (hard links), and under each of them a server could write it; remove the others",
            found.nlink()
        ))),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn failed(ledger: &Path, error: io::Error) -> OpenError {
    OpenError::Failed { ledger: ledger.display().to_string(), source: error.into() }
}

/// What a ledger's log is compared with, when nobody has the ledger for themselves.
pub(super) enum Looked {
    Held,
    Free { same_boot: bool },
}

/// Looks whether somebody has the ledger for themselves.
pub(super) fn look(ledger: &Path) -> io::Result<Looked> {
    let mut file = match File::open(beside(ledger, ".lock")) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Looked::Free { same_boot: false }),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Looked::Free { same_boot: last_boot(&mut file)? == Some(boot()) }),
        Err(TryLockError::WouldBlock) => Ok(Looked::Held),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn open(ledger: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true).mode(0o600).open(beside(ledger, ".lock"))
}

/// The boot in which the lock was taken last: the second line.
fn last_boot(file: &mut File) -> io::Result<Option<String>> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text.lines().nth(1).map(str::to_owned))
}

/// Writes who has the lock, and in which boot. Not synced: what a crash of the machine takes with it is of another boot.
fn sign(file: &mut File) -> io::Result<()> {
    use io::Seek as _;

    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}\n{}", std::process::id(), boot())
}

/// What tells this run of the machine from others; where that is unknown, it is none that was written before.
fn boot() -> String {
    let unknown = || format!("unknown since process {}", std::process::id());
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.map_or_else(|_| unknown(), |id| id.trim().to_owned())
}
