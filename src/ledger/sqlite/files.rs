//! The ledger's files on the disk: whether what is open is still what stands at its path. SQLite itself goes on writing into
//! a file that was removed or moved, and what it acknowledges then is lost.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use metrics::{Gauge, describe_gauge, gauge};

use super::LedgerError;

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

/// The ledger and what lies beside it, as they were opened.
pub(super) struct Files {
    ledger: (PathBuf, Id),
    log: (PathBuf, Id),
    also: Vec<(PathBuf, Id)>,
    log_bytes: Gauge,
}

const LOG_BYTES: &str = "quietus_ledger_log_bytes";

impl Files {
    /// Of a ledger that is open. The log is there as long as it is.
    pub(super) fn of(ledger: &Path) -> io::Result<Self> {
        let file = |path: PathBuf| fs::metadata(&path).map(|found| (path, id(&found)));
        describe_gauge!(LOG_BYTES, metrics::Unit::Bytes, "The length of the file that is the ledger's log.");
        let log = file(beside(ledger, "-wal"))?;
        let also = ALSO.iter().filter_map(|end| file(beside(ledger, end)).ok()).collect();
        Ok(Self { ledger: file(ledger.to_owned())?, log, also, log_bytes: gauge!(LOG_BYTES) })
    }

    pub(super) fn ledger(&self) -> &Path {
        &self.ledger.0
    }

    /// How long the log is now, whatever of it is still needed; nothing where it is gone.
    pub(super) fn log_bytes(&self) -> u64 {
        fs::metadata(&self.log.0).map_or(0, |found| found.len())
    }

    /// Fails when one of them was removed, moved or replaced. Four `stat`, of which two took 1 to 2 µs (2 cores of a Xeon, ext4), where the
    /// fsync of a commit takes hundreds; nothing is opened, since SQLite
    /// would lose its locks when a descriptor of the file is closed.
    pub(super) fn unchanged(&self) -> Result<(), LedgerError> {
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

fn id(found: &fs::Metadata) -> Id {
    (found.dev(), found.ino())
}
