//! Archiving: the oldest records of a chain move out of the ledger into a file, which is read back and verified first. A signed
//! checkpoint takes their place, and the chain goes on after it.
//!
//! In this order, so that a crash at any instant loses nothing: the file is on the disk, under its name, and verified, before one
//! transaction deletes the records and writes the checkpoint. A file whose checkpoint was not written is found by the
//! next attempt, which uses it. One attempt at a time works in a folder (a lock on it); where others work
//! in folders of their own, the ledger takes one checkpoint for the same records.

mod folder;
mod prefix;

pub(crate) use prefix::{Stop, Why};

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::receipts::verify::{Expected, verify as verify_receipts};
use super::receipts::{export as export_receipts, survey_to};
use super::series::Links;
use super::{OperationError, Operations, audit};
use crate::audit::Actor;
use crate::chain::Head;
use crate::key_files::read_public_keys;
use crate::ledger::{Archived, AuditRange, Cursor, ReceiptRange};
use crate::receipt::{ChainName, Checkpoint, Moved, SignedCheckpoint};
use folder::{Folder, name};
use prefix::{Prefix, prefix};

/// Records in one file. What deletes them is one transaction, for which receiving waits: some 70 ms in SQLite.
const FILE_RECORDS_MAX: u32 = 2_000;

/// How often a server begins a file that is not full: each day would otherwise have one.
const FILE_EVERY: Duration = Duration::from_secs(30 * 86_400);

/// Why nothing is archived by a clock that cannot be right.
const DOUBTED: &str = "the ledger's clock cannot be right, so that nobody knows how old anything is: nothing is archived; see \
                       `quietus clock show`";

/// What an order to archive has done, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Done {
    /// How many records move, and the numbers of the first and the last one.
    pub(crate) records: u64,
    pub(crate) first: Option<u64>,
    pub(crate) last: Option<u64>,
    /// The first record that stays, and why; none when all move.
    pub(crate) stop: Option<Stop>,
    /// The files that were made.
    pub(crate) archives: Vec<Checkpoint>,
}

/// Says what would move, if everything did that is older than a time, or than the configuration says.
pub(crate) async fn plan(on: &Operations, chain: ChainName, before: Option<Timestamp>) -> Result<Done, OperationError> {
    let before = limit(on, chain, before).await?.ok_or_else(doubted)?;
    let Prefix { records, range, stop } = prefix(&on.ledger.oldest_records(chain, u32::MAX).await?, before);
    let (first, last) = range.unzip();
    Ok(Done { records, first, last, stop, archives: Vec::new() })
}

/// Moves everything that is older than a time, or than the configuration says, into as many files as it takes. `tell` is told how many records
/// have moved.
pub(crate) async fn archive(
    on: &Operations,
    chain: ChainName,
    before: Option<Timestamp>,
    by: &Actor,
    tell: &dyn Fn(u64),
) -> Result<Done, OperationError> {
    let folder = lock(on).await?;
    let busy = || OperationError::Conflict("another process archives at this moment".to_owned());
    let folder = folder.ok_or_else(busy)?;
    // Once: what this order itself writes into the audit is no part of what it archives.
    let before = limit(on, chain, before).await?.ok_or_else(doubted)?;
    let mut done = Done::default();
    loop {
        let prefix = prefix(&on.ledger.oldest_records(chain, FILE_RECORDS_MAX).await?, before);
        done.stop = prefix.stop;
        let Some(checkpoint) = one_file(on, &folder, chain, &prefix, by).await? else { return Ok(done) };
        done.add(checkpoint);
        tell(done.records);
    }
}

/// What a server does now and then: moves what is older than the configuration says, in full files, and the rest once in a while.
/// Where another process archives, or nobody knows what time it is, nothing.
pub(crate) async fn keep_up(on: &Operations, chain: ChainName, by: &Actor) -> Result<Done, OperationError> {
    let mut done = Done::default();
    let Some(folder) = lock(on).await? else { return Ok(done) };
    let Some(before) = limit(on, chain, None).await? else { return Ok(done) };
    loop {
        let prefix = prefix(&on.ledger.oldest_records(chain, FILE_RECORDS_MAX).await?, before);
        let is_full = prefix.records == u64::from(FILE_RECORDS_MAX);
        if !is_full && !is_time(on, chain).await? {
            return Ok(done);
        }
        let Some(checkpoint) = one_file(on, &folder, chain, &prefix, by).await? else { return Ok(done) };
        done.add(checkpoint);
    }
}

impl Done {
    fn add(&mut self, checkpoint: Checkpoint) {
        self.records += checkpoint.records;
        self.first = self.first.or(Some(checkpoint.first));
        self.last = Some(checkpoint.last);
        self.archives.push(checkpoint);
    }
}

fn doubted() -> OperationError {
    OperationError::Conflict(DOUBTED.to_owned())
}

/// Locks the folder of the archives; `None` where somebody else archives there now.
async fn lock(on: &Operations) -> Result<Option<Arc<Folder>>, OperationError> {
    let dir = on.resources.archive_dir.clone().ok_or_else(|| {
        OperationError::Configuration(anyhow!(
            "there is no folder for archives: name one that is backed up, `archive_dir = \"…\"` in [retention]"
        ))
    })?;
    let shown = dir.display().to_string();
    let locked = blocking(move || Folder::lock(&dir)).await;
    let locked =
        locked.with_context(|| format!("the archive folder {shown} cannot be used, so nothing leaves the ledger"));
    Ok(locked.map_err(OperationError::Failed)?.map(Arc::new))
}

/// From which time on records stay; `None` while nobody knows what time it is.
async fn limit(
    on: &Operations,
    chain: ChainName,
    before: Option<Timestamp>,
) -> Result<Option<Timestamp>, OperationError> {
    let clock = on.ledger.clock().await?;
    if clock.doubt.is_some() {
        return Ok(None);
    }
    let kept_for = match chain {
        ChainName::Receipts => on.settings.keep_receipts,
        ChainName::Audit => on.settings.keep_audit,
    };
    // Nothing is as old as what lies beyond the calendar.
    let by_age = || ago(clock.now, kept_for).unwrap_or(Timestamp::MIN);
    Ok(Some(before.unwrap_or_else(by_age).min(clock.now)))
}

fn ago(now: Timestamp, age: Duration) -> Option<Timestamp> {
    now.checked_sub(SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX)).ok()
}

/// Whether a server begins a file that is not full.
async fn is_time(on: &Operations, chain: ChainName) -> Result<bool, OperationError> {
    let newest = on.ledger.checkpoints(chain).await?.pop().map(|newest| newest.checkpoint.at);
    let now = on.ledger.clock().await?.now;
    Ok(newest.is_none_or(|newest| ago(now, FILE_EVERY).is_some_and(|then| newest < then)))
}

/// Moves records into one file; `None` where none may move, or where another process was faster.
async fn one_file(
    on: &Operations,
    folder: &Arc<Folder>,
    chain: ChainName,
    prefix: &Prefix,
    by: &Actor,
) -> Result<Option<Checkpoint>, OperationError> {
    let Some((first, last)) = prefix.range else { return Ok(None) };
    let links = on.links(chain, first).await?;
    let (end, is_new) = match left_by_another(on, folder, chain, first, last).await? {
        Some(end) => (end, false),
        None => {
            let Some(end) = head_of(on, chain, last).await? else { return Ok(None) };
            write(on, folder, chain, first, &end, links.clone()).await?;
            (end, true)
        }
    };
    let file = name(chain, first, &end);
    let seen = read_back(on, folder, chain, file.clone()).await;
    let shown = folder.path(&file);
    let seen = seen.with_context(|| {
        format!(
            "the archive {} does not verify, so nothing leaves the ledger; move the file away, and see `quietus ledger check`",
            shown.display()
        )
    });
    let seen = seen.map_err(OperationError::Failed)?;
    // By its end: where a ledger was restored, a file that is used again names the checkpoint of the ledger before.
    let before = links.checkpoint.map(|signed| signed.checkpoint.head());
    let after = seen.unseen.as_ref().map(Checkpoint::head);
    if (seen.first, &seen.end, after) != (first, &end, before) {
        let shown = shown.display();
        return Err(OperationError::Failed(anyhow!(
            "the archive {shown} holds other records than the ledger, so nothing leaves the ledger; move the file away"
        )));
    }
    let (records, sha256) = (seen.records, seen.sha256);
    let moved = Moved { chain, ledger: on.ledger.id().await?.0, first, end, records, file, sha256 };
    let key = on.keys().await?.receipt;
    let signed = SignedCheckpoint::sign(moved, on.ledger.clock().await?.now, &key);
    match on.ledger.archive(&signed, by).await? {
        Archived::Done => Ok(Some(signed.checkpoint)),
        Archived::ClockDoubted => Err(doubted()),
        Archived::Overtaken => {
            let file = signed.checkpoint.file;
            let named = on.ledger.checkpoints(chain).await?.iter().any(|other| other.checkpoint.file == file);
            if is_new && !named {
                let folder = Arc::clone(folder);
                blocking(move || folder.remove(&file)).await?;
            }
            Ok(None)
        }
    }
}

/// The end of a file that an attempt before this one has left without its checkpoint, if there is one.
async fn left_by_another(
    on: &Operations,
    folder: &Arc<Folder>,
    chain: ChainName,
    first: u64,
    last: u64,
) -> Result<Option<Head>, OperationError> {
    let looked = Arc::clone(folder);
    for sequence in blocking(move || looked.ends(chain, first)).await? {
        // Of one that ends later nothing is known: it is of a ledger that was restored since, or of another one.
        let end = if sequence <= last { head_of(on, chain, sequence).await? } else { None };
        if let Some(end) = end.filter(|end| folder.path(&name(chain, first, end)).exists()) {
            return Ok(Some(end));
        }
    }
    Ok(None)
}

/// The place of a record that is in the ledger.
async fn head_of(on: &Operations, chain: ChainName, sequence: u64) -> Result<Option<Head>, OperationError> {
    let head = match chain {
        ChainName::Receipts => {
            let found = on.ledger.receipts(&ReceiptRange::all(sequence, 1)).await?.items;
            found.first().map(crate::receipt::Receipt::head)
        }
        ChainName::Audit => {
            let found = on.ledger.audit(&AuditRange::all(Cursor::Up(sequence), 1)).await?.items;
            found.first().map(crate::audit::AuditRow::head)
        }
    };
    Ok(head.filter(|head| head.sequence == sequence))
}

/// Writes the file: the same as an export.
async fn write(
    on: &Operations,
    folder: &Arc<Folder>,
    chain: ChainName,
    first: u64,
    end: &Head,
    links: Links,
) -> Result<(), OperationError> {
    let file = name(chain, first, end);
    let links = Links { archive: Some(file.clone()), ..links };
    let mut content = Vec::new();
    match chain {
        ChainName::Receipts => {
            let mut header = survey_to(on, first, end.sequence).await?;
            header.links = links;
            export_receipts(on, first, &header, &mut content).await?;
        }
        ChainName::Audit => _ = audit::export_to(on, first, Some(end.clone()), links, &mut content).await?,
    }
    let (shown, folder) = (folder.path(&file), Arc::clone(folder));
    let written = blocking(move || folder.write(&file, &content)).await;
    let written = written
        .with_context(|| format!("the archive {} cannot be written, so nothing leaves the ledger", shown.display()));
    written.map_err(OperationError::Failed)
}

/// What stands in a file, as the verifier sees it.
struct Seen {
    first: u64,
    end: Head,
    records: u64,
    sha256: String,
    unseen: Option<Checkpoint>,
}

/// Reads a file from the disk and verifies it, as anyone would.
async fn read_back(
    on: &Operations,
    folder: &Arc<Folder>,
    chain: ChainName,
    file: String,
) -> Result<Seen, anyhow::Error> {
    let keys = read_public_keys(&on.resources.keys_dir)?;
    let folder = Arc::clone(folder);
    let verify = move || {
        let files = [folder.open(&file)];
        let seen = match chain {
            ChainName::Receipts => verify_receipts(files, &keys, &Expected::default())?.map(|seen| Seen {
                first: seen.first,
                end: seen.last,
                records: seen.receipts,
                sha256: seen.sha256,
                unseen: seen.unseen,
            }),
            ChainName::Audit => audit::verify(files, &keys)?.map(|seen| Seen {
                first: seen.first,
                end: seen.last,
                records: seen.rows,
                sha256: seen.sha256,
                unseen: seen.unseen,
            }),
        };
        seen.ok_or_else(|| anyhow!("there is nothing in it"))
    };
    tokio::task::spawn_blocking(verify).await?
}

/// Does what blocks on a thread of its own.
async fn blocking<T: Send + 'static>(act: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(act).await.map_err(io::Error::other).flatten()
}
