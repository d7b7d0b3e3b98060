//! The ledger's files on the disk: whether what is open is still what stands at its path. SQLite itself goes on writing into
//! a file that was removed or moved, and what it acknowledges then is lost.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::LedgerError;

/// A file that lies beside the ledger, by the end of its name.
pub(super) fn beside(ledger: &Path, end: &str) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Which file it is, whatever its name: its device and its number there.
type Id = (u64, u64);

/// The ledger and its log, as they were opened.
pub(super) struct Files([(PathBuf, Id); 2]);

impl Files {
    /// Of a ledger that is open. The log is there as long as it is.
    pub(super) fn of(ledger: &Path) -> io::Result<Self> {
        let file = |path: PathBuf| id(&path).map(|id| (path, id));
        Ok(Self([file(ledger.to_owned())?, file(beside(ledger, "-wal"))?]))
    }

    /// Fails when one of them was removed, moved or replaced. Two `stat`, some microseconds; nothing is opened, since SQLite
    /// would lose its locks when a descriptor of the file is closed.
    pub(super) fn unchanged(&self) -> Result<(), LedgerError> {
        for (path, opened) in &self.0 {
            let damaged = |what| Err(LedgerError::Damaged(anyhow::anyhow!("{} {what}", path.display())));
            match id(path) {
                Ok(there) if there == *opened => {}
                Ok(_) => return damaged("is another file than the one that was opened"),
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                    return damaged("was removed or moved while it was open");
                }
                Err(error) => return Err(LedgerError::Busy(error.into())),
            }
        }
        Ok(())
    }
}

fn id(path: &Path) -> io::Result<Id> {
    let found = fs::metadata(path)?;
    Ok((found.dev(), found.ino()))
}
