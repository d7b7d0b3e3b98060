//! Backups of a ledger in a file, made while servers work on it.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use tempfile::TempPath;

use super::{OperationError, Operations, audit};
use crate::audit::{Act, ActResult, Actor, Object};
use crate::ledger::sqlite::{self, SqliteView};
use crate::ledger::{LedgerId, LedgerPlace, OpenError};
use crate::receipt::ReceiptHead;

/// How often it is told how far a backup is.
const TELL: Duration = Duration::from_millis(200);

/// A backup that was made and looked into.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BackedUp {
    pub(crate) file: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) ledger: LedgerId,
    /// The newest receipt in it.
    pub(crate) receipt: Option<ReceiptHead>,
}

/// How far a backup is, in bytes; what it will have is an estimate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BackupProgress {
    pub(crate) bytes: u64,
    pub(crate) of: u64,
}

/// The file of a ledger; one in PostgreSQL is backed up and restored by PostgreSQL's own means.
pub(super) fn file_of(place: &LedgerPlace) -> Result<&Path, OperationError> {
    match place {
        LedgerPlace::Sqlite(path) => Ok(path),
        LedgerPlace::Postgres(_) => Err(OperationError::Conflict(
            "the ledger is in PostgreSQL, which has its own backups: see \"Back up and restore\" in \
             config/postgres/README.md"
                .to_owned(),
        )),
    }
}

/// Writes a backup, which has its name only once it is whole, on the disk and looked into. Never overwrites.
pub(crate) async fn back_up(
    on: &Operations,
    place: &LedgerPlace,
    to: &Path,
    by: &Actor,
    tell: &dyn Fn(BackupProgress),
) -> Result<BackedUp, OperationError> {
    let from = file_of(place)?;
    if to.symlink_metadata().is_ok() {
        let shown = to.display();
        return Err(OperationError::Conflict(format!("{shown} is there already; a backup overwrites nothing")));
    }
    audit::begun(&*on.ledger, by, Act::BackUpLedger, &Object::ledger()).await?;
    let made = make(on, from, to, tell).await;
    let result = if made.is_ok() { ActResult::Done } else { ActResult::Failed };
    audit::ended(&*on.ledger, by, Act::BackUpLedger, &Object::ledger(), result).await;
    made
}

async fn make(
    on: &Operations,
    from: &Path,
    to: &Path,
    tell: &dyn Fn(BackupProgress),
) -> Result<BackedUp, OperationError> {
    let part = unnamed(to)?;
    copy(from, &part, tell).await?;
    File::open(&part)?.sync_all()?;
    let path = part.to_path_buf();
    let SqliteView { id, head, .. } = blocking(move || sqlite::inspect_backup(&path)).await?;
    if id != on.ledger.id().await? {
        return Err(OperationError::Failed(anyhow::anyhow!("the copy is of another ledger: the file was replaced")));
    }
    let bytes = part.metadata()?.len();
    part.persist_noclobber(to)
        .map_err(|error| error.error)
        .with_context(|| to.display().to_string())
        .map_err(OperationError::Failed)?;
    File::open(folder(to))?.sync_all()?;
    Ok(BackedUp { file: to.to_owned(), bytes, ledger: id, receipt: head })
}

/// An empty file beside `path`, for its owner only, that goes with its handle.
pub(super) fn unnamed(path: &Path) -> Result<TempPath, OperationError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let made = tempfile::Builder::new()
        .prefix(&format!(".{name}.partial-"))
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder(path));
    let made = made.with_context(|| folder(path).display().to_string()).map_err(OperationError::Failed)?;
    Ok(made.into_temp_path())
}

/// The folder of a file; `.` for a bare name.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

async fn copy(from: &Path, to: &Path, tell: &dyn Fn(BackupProgress)) -> Result<(), OperationError> {
    let of = from.metadata()?.len();
    let source = from.to_owned();
    let target = to.to_owned();
    let copied = tokio::task::spawn_blocking(move || sqlite::back_up(&source, &target));
    let copied = filling(to, of, copied, tell).await;
    copied.map_err(|error| OperationError::Failed(error.into()))?.map_err(OperationError::Ledger)
}

/// Does what fills a file, and tells now and then how long it is. How long it will be is an estimate.
pub(super) async fn filling<T>(
    file: &Path,
    of: u64,
    work: impl Future<Output = T>,
    tell: &dyn Fn(BackupProgress),
) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(TELL) => {
                let bytes = file.metadata().map_or(0, |file| file.len());
                tell(BackupProgress { bytes, of: of.max(bytes) });
            }
        }
    }
}

/// Does what blocks on a thread of its own.
pub(super) async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, OpenError> + Send + 'static,
) -> Result<T, OperationError> {
    let done = tokio::task::spawn_blocking(act).await;
    Ok(done.map_err(|error| OperationError::Failed(error.into()))??)
}
