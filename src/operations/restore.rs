//! Restoring a backup in the place of a ledger in a file. Receipts that were issued since the backup are lost with what is
//! replaced: their numbers are never used again, and the next receipt states the gap.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Serialize;

use super::OperationError;
use super::accept::{Accepted, go_on, suspend_accounts};
use super::backup::{BackupProgress, blocking, file_of, filling, folder, unnamed};
use super::keys::tell_all;
use super::ledger::check::{CheckProgress, Finding, contents};
use super::seals::{Seals, missing};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::key_files::{Keys, SealStore, leave_to_owner_of, read_public_keys};
use crate::keys::{KeyId, KeyKind};
use crate::ledger::sqlite::{self, Exclusive, SqliteLedger, SqliteView};
use crate::ledger::{Admin as _, LedgerId, LedgerPlace};
use crate::outside::{Known, KnownKeys, StateFile};
use crate::receipt::{Gap, GapCause, ReceiptHead};

/// What a ledger's files are called behind its own name: itself, its log, what the log is found by, and what a server
/// has noted of its damage, which is none of the backup's.
const FILES: [&str; 4] = ["", "-wal", "-shm", "-damage"];

/// What lies between a backup and the ledger that it is to replace.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RestorePlan {
    pub(crate) ledger: LedgerId,
    /// The newest receipt in the backup.
    pub(crate) receipt: Option<ReceiptHead>,
    /// When the backup was last written to, as a ledger.
    pub(crate) written: Option<Timestamp>,
    /// The newest receipt that was ever seen.
    pub(crate) seen: Option<ReceiptHead>,
    /// The number up to which receipts may have been issued, where nobody knows which was the last.
    pub(crate) issued_up_to: Option<u64>,
    /// Why the ledger that is replaced cannot be read, where it is there and cannot.
    pub(crate) unreadable: Option<String>,
    /// The keys that are other ones than the ledger was last served with.
    pub(crate) other_keys: Vec<KeyKind>,
    /// Keys that are not there, destroyed since the backup or lost: what is sealed under them in it needs a person.
    #[serde(skip)]
    pub(crate) seals_gone: Vec<KeyId>,
    #[serde(skip)]
    from: PathBuf,
    #[serde(skip)]
    to: PathBuf,
    #[serde(skip)]
    known: Option<Known>,
    #[serde(skip)]
    all_gone: bool,
    /// Until it is done: a server that began meanwhile would work on what is moved aside.
    #[serde(skip)]
    _exclusive: Arc<Exclusive>,
}

impl RestorePlan {
    /// The numbers of the first and the last receipt that are lost by it.
    pub(crate) fn lost(&self) -> Option<(u64, u64)> {
        let newest = self.receipt.as_ref().map_or(0, |receipt| receipt.sequence);
        let seen = self.seen.as_ref().map_or(0, |seen| seen.sequence).max(self.issued_up_to.unwrap_or(0));
        (newest < seen).then_some((newest + 1, seen))
    }
}

/// A backup that was restored.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Restored {
    /// Where the ledger is that was replaced, if there was one.
    pub(crate) replaced: Option<PathBuf>,
    pub(crate) gap: Option<Gap>,
    /// Keys that are not there, destroyed since the backup or lost: what is sealed under them in it needs a person.
    #[serde(skip)]
    pub(crate) seals_gone: Vec<KeyId>,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RestoreProgress {
    /// A backup is copied.
    Copy(BackupProgress),
    /// What stands in it is looked over.
    Check(CheckProgress),
}

/// Looks at a backup and at what it would replace; changes nothing. `all_gone`: a person says that no seal key of the backup's is left.
pub(crate) async fn plan(
    place: &LedgerPlace,
    from: &Path,
    keys_dir: &Path,
    (seals, all_gone): (&SealStore, bool),
    state: Option<&StateFile>,
    tell: &dyn Fn(RestoreProgress),
) -> Result<RestorePlan, OperationError> {
    let to = file_of(place)?.to_owned();
    let exclusive = Exclusive::hold(&to)?;
    let keys = Keys::load(keys_dir)?;
    let source = from.to_owned();
    let backup = blocking(move || sqlite::inspect_backup(&source)).await?;
    let noted = backup.keys.into_iter().fold(keys.ids(), |ids, (kind, id)| ids.with(kind, id));
    keys.must_follow(&noted, keys_dir)?;
    let seals_gone = missing(backup.seals, seals, all_gone)?.into_iter().map(|generation| generation.id).collect();
    let known = state.map_or(Ok(None), StateFile::read)?;
    let (current, unreadable) = current(&to).await;
    if let Some(SqliteView { users: 1.., .. }) = &current {
        return Err(OperationError::Conflict(
            "a server works on the ledger, or did until a moment ago; stop it first".to_owned(),
        ));
    }
    let known = newest_known(known, current.as_ref(), &keys);
    if let Some(known) = known.as_ref().filter(|known| known.ledger != backup.id) {
        let other = &known.ledger;
        let id = &backup.id;
        return Err(OperationError::Conflict(format!(
            "the backup is of another ledger: {other} was known here, and it is one of {id}. To work with that one all the \
             same, put its file in place and run `quietus ledger accept`"
        )));
    }
    must_be_whole(from, &to, keys_dir, tell).await?;
    let other_keys = known.as_ref().map_or(Vec::new(), |known| known.keys.other_than(&keys));
    Ok(RestorePlan {
        ledger: backup.id,
        receipt: backup.head,
        written: backup.written,
        seen: known.as_ref().and_then(|known| known.receipt.clone()),
        issued_up_to: known.as_ref().and_then(|known| known.reserved),
        unreadable,
        other_keys,
        seals_gone,
        from: from.to_owned(),
        to,
        known,
        all_gone,
        _exclusive: Arc::new(exclusive),
    })
}

/// Refuses a backup in which something is not as it was written. Looks at a copy beside the ledger, as to open a ledger may write to it.
async fn must_be_whole(
    from: &Path,
    to: &Path,
    keys_dir: &Path,
    tell: &dyn Fn(RestoreProgress),
) -> Result<(), OperationError> {
    let copy = tempfile::tempdir_in(folder(to)).map_err(|error| OperationError::Failed(error.into()))?;
    let file = copy.path().join("backup.db");
    copied(from, &file, tell).await?;
    let ledger = SqliteLedger::open(&file)?;
    let looked = |progress| tell(RestoreProgress::Check(progress));
    let found = contents(&*ledger, &read_public_keys(keys_dir)?, &looked).await;
    ledger.shutdown().await;
    match found?.first() {
        None => Ok(()),
        Some(Finding { what, .. }) => Err(OperationError::Conflict(format!(
            "the backup is not as it was written: {what}. Take another one; where there is none, put its file in place by hand, and \
             `quietus ledger check` names all that is wrong with it"
        ))),
    }
}

/// Copies a backup.
async fn copied(from: &Path, to: &Path, tell: &dyn Fn(RestoreProgress)) -> Result<(), OperationError> {
    let of = from.metadata().map_or(0, |file| file.len());
    let filled = |progress| tell(RestoreProgress::Copy(progress));
    let copied = filling(to, of, tokio::fs::copy(from, to), &filled).await;
    copied.with_context(|| from.display().to_string()).map_err(OperationError::Failed)?;
    Ok(())
}

/// The ledger that is replaced, or why it cannot be read; neither where there is none.
async fn current(path: &Path) -> (Option<SqliteView>, Option<String>) {
    if !path.exists() {
        return (None, None);
    }
    let path = path.to_owned();
    match blocking(move || sqlite::inspect(&path)).await {
        Ok(view) => (Some(view), None),
        Err(error) => (None, Some(format!("{:#}", anyhow::Error::from(error)))),
    }
}

/// What is known, or what the replaced ledger itself says, where that is as new: it has all that was issued, which is remembered a moment later
/// only.
fn newest_known(known: Option<Known>, current: Option<&SqliteView>, keys: &Keys) -> Option<Known> {
    let Some(current) = current else { return known };
    let of_current = Known::new(current.id.clone(), current.head.clone(), KnownKeys::of(keys));
    match known {
        Some(known) if known.ledger != current.id || known.sequence() > of_current.sequence() => Some(known),
        Some(known) => Some(known.ending_at(of_current.receipt)),
        None => Some(of_current),
    }
}

/// Puts a backup in place: what was there is moved aside, never overwritten. Nobody may work on the ledger meanwhile.
pub(crate) async fn restore(
    plan: RestorePlan,
    keys_dir: &Path,
    seals: &SealStore,
    state: Option<&StateFile>,
    by: &Actor,
    tell: &dyn Fn(RestoreProgress),
) -> Result<Restored, OperationError> {
    // Before anything is moved: where this is interrupted, it is still known what the next attempt has to state.
    if let (Some(state), Some(known)) = (state, &plan.known) {
        state.keep(known)?;
    }
    let replaced = put_in_place(&plan.from, &plan.to, tell).await?;
    let ledger = SqliteLedger::open(&plan.to)?;
    // It may be older than a key is; without this, it would be refused as the ledger of others.
    let told = tell_all(&*ledger, &Keys::load(keys_dir)?, keys_dir, by).await;
    let went_on = async {
        told?;
        // Who was signed out, disabled or given another password since the backup, and tokens that were revoked, would be good again by it.
        suspend_accounts(&*ledger, by).await?;
        let accepted = go_on(&*ledger, plan.known, keys_dir, state, GapCause::Restored, by).await?;
        let keys = Keys::load(keys_dir)?;
        let seals = Seals { ledger: &*ledger, keys: &keys, store: seals };
        Ok((accepted, seals.accept_and_note(plan.all_gone, Act::RestoreLedger, by).await?))
    };
    let went_on: Result<_, OperationError> = went_on.await;
    let entry = AuditEntry::new(by, Act::RestoreLedger, Object::ledger(), ActResult::Done);
    let noted = match &went_on {
        Ok(_) => ledger.note(entry).await,
        Err(_) => Ok(()),
    };
    ledger.shutdown().await;
    noted?;
    let (accepted, seals_gone) = went_on?;
    let gap = match accepted {
        Accepted::Done(gap) => gap,
        Accepted::Unchanged | Accepted::NothingKnown => None,
    };
    Ok(Restored { replaced, gap, seals_gone })
}

async fn put_in_place(
    from: &Path,
    to: &Path,
    tell: &dyn Fn(RestoreProgress),
) -> Result<Option<PathBuf>, OperationError> {
    let dir = folder(to);
    let part = unnamed(to)?;
    copied(from, &part, tell).await?;
    fs::set_permissions(&part, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let file = File::open(&part)?;
    leave_to_owner_of(if to.exists() { to } else { dir }, &file)?;
    file.sync_all()?;
    let aside = format!("{}.replaced-{}", to.display(), Timestamp::now().as_second());
    let mut replaced = None;
    // The log above all: SQLite would read it into whatever file stands beside it.
    for suffix in FILES {
        let name = PathBuf::from(format!("{}{suffix}", to.display()));
        if name.symlink_metadata().is_ok() {
            let aside = PathBuf::from(format!("{aside}{suffix}"));
            fs::rename(&name, &aside)?;
            if suffix.is_empty() {
                replaced = Some(aside);
            }
        }
    }
    File::open(dir)?.sync_all()?;
    part.persist_noclobber(to).map_err(|error| error.error)?;
    File::open(dir)?.sync_all()?;
    Ok(replaced)
}
