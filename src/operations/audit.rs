//! The audit: who ordered what. Every operation that changes something leaves a row; here they are read.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

use super::json_lines::{self, Lines};
use super::series::{Links, NotJoined, Series};
use super::{OperationError, Operations};
use crate::audit::{Act, ActResult, Actor, AuditBroken, AuditEntry, AuditRow, Object, verify_chain};
use crate::chain::Head;
use crate::ledger::{AuditRange, Cursor, Ledger, Page};
use crate::receipt::{ChainName, Checkpoint, TrustedKeys};

/// How many rows are read from the ledger at once.
const CHUNK: u32 = 1000;

/// The format's version, in the first line of an export.
const FORMAT: u32 = 1;

/// Lists rows.
pub(crate) async fn list(on: &Operations, range: &AuditRange) -> Result<Page<AuditRow, Cursor>, OperationError> {
    Ok(on.ledger.audit(range).await?)
}

/// All rows of a range, in its order.
pub(super) async fn all(on: &Operations, mut range: AuditRange) -> Result<Vec<AuditRow>, OperationError> {
    let mut all = Vec::new();
    loop {
        let Page { items, next } = on.ledger.audit(&range).await?;
        all.extend(items);
        let Some(next) = next else { return Ok(all) };
        range.cursor = next;
    }
}

/// What an export holds: its first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AuditHeader {
    /// The format's version.
    quietus_audit: u32,
    #[serde(flatten)]
    links: Links,
    /// The numbers of the first and the last row.
    first: Option<u64>,
    last: Option<u64>,
    /// The hash of the last row: kept elsewhere, it shows later whether rows were taken away.
    head: Option<String>,
}

/// Writes rows from a number on as JSON lines, in the order of the chain. Stops at a row that does not follow the one
/// before it: what was changed is not passed on as if it were not. Returns how many rows were written.
pub(crate) async fn export(on: &Operations, from: u64, sink: &mut impl Write) -> Result<u64, OperationError> {
    // What is appended from here on is left for the next export, so that the header is true.
    let head = on.ledger.audit_head().await?;
    let links = on.links(ChainName::Audit, from).await?;
    export_to(on, from, head, links, sink).await
}

/// The same of what ends with a row.
pub(super) async fn export_to(
    on: &Operations,
    from: u64,
    head: Option<Head>,
    links: Links,
    sink: &mut impl Write,
) -> Result<u64, OperationError> {
    let before = links.checkpoint.as_ref().map(|signed| signed.checkpoint.head());
    let from = before.as_ref().map_or(from.max(1), |before| before.sequence + 1);
    let head = head.filter(|head| head.sequence >= from);
    let last = head.as_ref().map(|head| head.sequence);
    let first = last.map(|_| from);
    let head = head.map(|head| head.hash);
    json_lines::write(&AuditHeader { quietus_audit: FORMAT, links, first, last, head }, sink)?;
    let mut next = from;
    let mut verified = before;
    let mut written = 0;
    while last.is_some_and(|last| next <= last) {
        let mut rows = on.ledger.audit(&AuditRange::all(Cursor::Up(next), CHUNK)).await?.items;
        rows.retain(|row| Some(row.statement.sequence) <= last);
        if rows.is_empty() {
            break;
        }
        verified = verify_chain(verified, &rows).map_err(|broken| OperationError::Ledger(broken.into()))?;
        rows.iter().try_for_each(|row| json_lines::write(row, sink))?;
        next += rows.len() as u64;
        written += rows.len() as u64;
    }
    sink.flush()?;
    Ok(written)
}

/// What was verified of an export.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) first: u64,
    /// The last row.
    pub(crate) last: Head,
    pub(crate) rows: u64,
    /// The archive after which the first file goes on, which was not looked at.
    pub(crate) unseen: Option<Checkpoint>,
    /// How many of the files are archives with the SHA-256 that the file behind them says.
    pub(crate) archives: u64,
    /// Of the last file, hex.
    pub(crate) sha256: String,
}

/// Why an export was not verified.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotVerified {
    #[error("the first line is not the header of an export of the audit")]
    Header,
    #[error("the export has format {0}; this program reads {FORMAT}")]
    Format(u32),
    #[error("line {0} is not a row of the audit")]
    Line(u64),
    #[error("the rows are not those that the header tells of: the file was cut or put together")]
    HeaderDiffers,
    #[error("a public key is not 64 hex digits of an Ed25519 key")]
    PublicKey,
    #[error(transparent)]
    Joined(#[from] NotJoined),
    #[error(transparent)]
    Chain(#[from] AuditBroken),
    #[error("cannot be read")]
    Read(#[from] io::Error),
}

/// Verifies the files of one chain offline, archives and exports in their order: numbers, links and hashes; and that what an
/// archive is said to be is signed by a trusted key, or by the first file's own. `None` when there are no rows in them.
pub(crate) fn verify<R: BufRead>(
    files: impl IntoIterator<Item = io::Result<R>>,
    trusted: &[String],
) -> Result<Option<Verified>, NotVerified> {
    let mut series = Series::of(ChainName::Audit);
    let mut keys: Option<TrustedKeys> = None;
    let (mut first, mut last, mut rows, mut sum) = (None, None, 0, String::new());
    for file in files {
        let mut lines = Lines::of(file?);
        let told = header(&lines.read()?.ok_or(NotVerified::Header)?)?;
        let own = if trusted.is_empty() { &told.links.public_keys } else { trusted };
        let keys = match &mut keys {
            Some(keys) => keys,
            none => none.insert(TrustedKeys::read(own.iter().map(String::as_str)).ok_or(NotVerified::PublicKey)?),
        };
        let _followed = keys.follow(&told.links.rotations);
        last = series.begin(keys, &told.links)?.or(last);
        let (mut here, mut head) = (None, None);
        while let Some(text) = lines.read()? {
            let row: AuditRow = serde_json::from_str(&text).map_err(|_| NotVerified::Line(lines.number))?;
            here = here.or(Some(row.statement.sequence));
            last = verify_chain(last, [&row])?;
            head = last.clone();
            rows += 1;
        }
        let (end, hash) = head.map(|head| (head.sequence, head.hash)).unzip();
        if (told.first, told.last, &told.head) != (here, end, &hash) {
            return Err(NotVerified::HeaderDiffers);
        }
        first = first.or(here);
        sum = lines.sha256();
        series.end(last.clone(), sum.clone(), told.links);
    }
    let Series { unseen, archives, .. } = series;
    let range = first.zip(last);
    Ok(range.map(|(first, last)| Verified { first, last, rows, unseen, archives, sha256: sum }))
}

fn header(text: &str) -> Result<AuditHeader, NotVerified> {
    let told: AuditHeader = serde_json::from_str(text).map_err(|_| NotVerified::Header)?;
    if told.quietus_audit != FORMAT {
        return Err(NotVerified::Format(told.quietus_audit));
    }
    Ok(told)
}

/// Writes down an act that is none of the ledger's. It is written before the act begins: an act of which nobody would know
/// is not done.
pub(super) async fn begun(ledger: &dyn Ledger, by: &Actor, act: Act, object: &Object) -> Result<(), OperationError> {
    Ok(ledger.note(AuditEntry::new(by, act, object.clone(), ActResult::Begun)).await?)
}

/// Writes down an act that is over, of which the ledger has the result already.
pub(super) async fn noted(ledger: &dyn Ledger, entry: AuditEntry) {
    let act = entry.act;
    if let Err(error) = ledger.note(entry).await {
        let error = anyhow::Error::from(error);
        tracing::warn!(act = act.as_str(), error = format!("{error:#}"), "the end of an act is missing in the audit");
    }
}

/// Writes down the result of such an act. It is over by then, so a ledger that is away now is only told of.
pub(super) async fn ended(ledger: &dyn Ledger, by: &Actor, act: Act, object: &Object, result: ActResult) {
    noted(ledger, AuditEntry::new(by, act, object.clone(), result)).await;
}
