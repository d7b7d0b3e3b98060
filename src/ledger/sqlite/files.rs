//! The ledger's files on the disk: whether what is open is still what stands at its path, and what is in it. SQLite itself goes on
//! writing into a file that was removed or moved, or that somebody has copied another one over, and what it acknowledges then is lost.

use std::fs;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use std::sync::{Arc, Mutex};

use metrics::{Gauge, describe_gauge, gauge};

use super::LedgerError;
use crate::lock::lock;

/// A file that lies beside the ledger, by the end of its name.
pub(super) fn beside(ledger: &Path, end: &str) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Which file it is, whatever its name: its device and its number there.
type Id = (u64, u64);

/// What else belongs to a ledger that is open, where it is there. Who finds no index of the log makes another one, with locks of its own,
/// and writes into the log where others do; who finds no lock takes another one.
const ALSO: [&str; 2] = ["-shm", ".lock"];

/// Its length, and when it was written last (seconds, nanoseconds).
type Written = (u64, (i64, i64));

/// Somebody else has written into the ledger's file.
#[derive(Debug, thiserror::Error)]
#[error("{} was written by another program while the server had it open, such as by `cp`", .0.display())]
pub(super) struct Overwritten(PathBuf);

/// What is known of how the ledger's file was written last.
struct Writing {
    /// Whether this process alone writes it: a server does so, by moving the log into it, and commands do not.
    is_own: bool,
    /// How many move the log into it now.
    moving: usize,
    /// As it was when the last of them had ended.
    last: Written,
}

/// The ledger and what lies beside it, as they were opened.
pub(super) struct Files {
    ledger: (PathBuf, Id),
    writing: Mutex<Writing>,
    log: (PathBuf, Id),
    also: Vec<(PathBuf, Id)>,
    /// Open for as long as the ledger is. SQLite has no locks on it that would go with it.
    log_file: fs::File,
    log_bytes: Gauge,
}

const LOG_BYTES: &str = "quietus_ledger_log_bytes";

impl Files {
    /// Of a ledger that is open. The log is there as long as it is. `is_own`: nobody else moves the log into the file.
    pub(super) fn of(ledger: &Path, is_own: bool) -> io::Result<Self> {
        let file = |path: PathBuf| fs::metadata(&path).map(|found| (path, id(&found)));
        describe_gauge!(LOG_BYTES, metrics::Unit::Bytes, "The length of the file that is the ledger's log.");
        let log = file(beside(ledger, "-wal"))?;
        let log_file = fs::File::open(&log.0)?;
        let also = ALSO.iter().filter_map(|end| file(beside(ledger, end)).ok()).collect();
        let writing = Mutex::new(Writing { is_own, moving: 0, last: written(&fs::metadata(ledger)?) });
        Ok(Self { ledger: file(ledger.to_owned())?, writing, log, also, log_file, log_bytes: gauge!(LOG_BYTES) })
    }

    pub(super) fn ledger(&self) -> &Path {
        &self.ledger.0
    }

    /// How long the log is now, whatever of it is still needed; nothing where it is gone.
    pub(super) fn log_bytes(&self) -> u64 {
        fs::metadata(&self.log.0).map_or(0, |found| found.len())
    }

    /// What tells this log from the one before it, which was moved into the file as a whole (its salts); `None` where it is empty.
    pub(super) fn log_id(&self) -> Option<[u8; 8]> {
        let mut salts = [0; 8];
        self.log_file.read_exact_at(&mut salts, 16).ok().map(|()| salts)
    }

    /// While it lives, this process writes the file. `None` where somebody else has done so before.
    pub(super) fn moving(self: &Arc<Self>) -> Option<Moving> {
        self.unwritten().ok()?;
        lock(&self.writing).moving += 1;
        Some(Moving(Arc::clone(self)))
    }

    /// Takes the file as it is now for what it should be.
    pub(super) fn accept(&self) {
        if let Ok(there) = fs::metadata(&self.ledger.0) {
            lock(&self.writing).last = written(&there);
        }
    }

    /// Fails when somebody else has written the ledger's file. Once its name leads elsewhere, nothing is known of it.
    pub(super) fn unwritten(&self) -> Result<(), LedgerError> {
        // Held while it is looked at: nobody of this process begins to write meanwhile.
        let writing = lock(&self.writing);
        let Ok(there) = fs::metadata(&self.ledger.0) else { return Ok(()) };
        if !writing.is_own || writing.moving > 0 || id(&there) != self.ledger.1 || written(&there) == writing.last {
            return Ok(());
        }
        Err(LedgerError::Damaged(Overwritten(self.ledger.0.clone()).into()))
    }

    /// Fails when one of them was removed, moved or replaced. Four `stat`, of which each took about 1 µs (2 cores of a Xeon, ext4), where the
    /// fsync of a commit takes hundreds; nothing is opened, since SQLite
    /// would lose its locks when a descriptor of the file is closed.
    pub(super) fn unchanged(&self) -> Result<(), LedgerError> {
        let all = self.all_there();
        if matches!(all, Err(LedgerError::Damaged(_))) {
            // SQLite removes the log of a file that is empty for a moment, as one is that another is copied over.
            self.unwritten()?;
        }
        all
    }

    fn all_there(&self) -> Result<(), LedgerError> {
        unchanged(&self.ledger)?;
        self.also.iter().try_for_each(|file| unchanged(file).map(drop))?;
        self.log_bytes.set(unchanged(&self.log)?.len() as f64);
        Ok(())
    }
}

fn unchanged((path, opened): &(PathBuf, Id)) -> Result<fs::Metadata, LedgerError> {
    let damaged = |what| Err(LedgerError::Damaged(anyhow::anyhow!("{} {what}", path.display())));
    match fs::metadata(path) {
        Ok(there) if id(&there) == *opened => Ok(there),
        Ok(_) => damaged("is another file than the one that was opened"),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            damaged("was removed or moved while it was open")
        }
        Err(error) => Err(LedgerError::Busy(error.into())),
    }
}

/// The log is being moved into the ledger's file.
pub(super) struct Moving(Arc<Files>);

impl Drop for Moving {
    fn drop(&mut self) {
        let mut writing = lock(&self.0.writing);
        writing.moving -= 1;
        if writing.moving == 0
            && let Ok(there) = fs::metadata(&self.0.ledger.0)
        {
            writing.last = written(&there);
        }
    }
}

fn written(found: &fs::Metadata) -> Written {
    (found.len(), (found.mtime(), found.mtime_nsec()))
}

fn id(found: &fs::Metadata) -> Id {
    (found.dev(), found.ino())
}
