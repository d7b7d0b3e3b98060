//! Whether the account of this process may use a ledger's files. Looked at before they are opened: what SQLite says of it names no file, and
//! a file that is not seen is not one that is gone.

use std::path::Path;

use rustix::fs::{Access, access};
use rustix::io::Errno;

use super::files::beside;
use crate::ledger::OpenError;

/// Fails with the first folder or file that it may not use.
pub(crate) fn must_be_allowed(ledger: &Path) -> Result<(), OpenError> {
    let folder = ledger.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    is_there(folder, Access::EXEC_OK, "enter")?;
    let both = Access::READ_OK | Access::WRITE_OK;
    let mut all_are_there = is_there(ledger, both, "read and write")?;
    for ending in ["-wal", "-shm"] {
        all_are_there &= is_there(&beside(ledger, ending), both, "read and write")?;
    }
    // Who has the ledger for itself, and what is noted of a damage.
    for ending in [".lock", "-damage"] {
        is_there(&beside(ledger, ending), Access::READ_OK, "read")?;
    }
    if !all_are_there {
        // Where no server has the ledger open, they are made.
        is_there(folder, Access::WRITE_OK, "make files in")?;
    }
    Ok(())
}

/// Whether it is there. What else stands against it is seen when it is opened.
fn is_there(path: &Path, how: Access, what: &'static str) -> Result<bool, OpenError> {
    match access(path, how) {
        Err(Errno::ACCESS | Errno::PERM) => {
            let account = rustix::process::getuid().as_raw();
            Err(OpenError::Denied { path: path.to_owned(), what, account })
        }
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(false),
        _ => Ok(true),
    }
}
