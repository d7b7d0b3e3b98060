//! The audit: who ordered what. Every operation that changes something leaves a row; here they are read.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

use super::{OperationError, Operations, json_lines};
use crate::audit::{Act, ActResult, Actor, AuditBroken, AuditEntry, AuditRow, Object, verify_chain};
use crate::ledger::{AuditRange, Cursor, Ledger, Page};

/// How many rows are read from the ledger at once.
const CHUNK: u32 = 1000;

/// The format's version, in the first line of an export.
const FORMAT: u32 = 1;

/// Lists rows.
pub(crate) async fn list(on: &Operations, range: &AuditRange) -> Result<Page<AuditRow, Cursor>, OperationError> {
    Ok(on.ledger.audit(range).await?)
}

/// What an export holds: its first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AuditHeader {
    /// The format's version.
    quietus_audit: u32,
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
    let head = on.ledger.audit_head().await?.filter(|head| head.sequence >= from);
    let last = head.as_ref().map(|head| head.sequence);
    let first = last.map(|_| from.max(1));
    json_lines::write(&AuditHeader { quietus_audit: FORMAT, first, last, head: head.map(|head| head.hash) }, sink)?;
    let mut next = from.max(1);
    let mut verified = None;
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
    pub(crate) last: u64,
    /// The hash of the last row.
    pub(crate) head: String,
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
    #[error(transparent)]
    Chain(#[from] AuditBroken),
    #[error("cannot be read")]
    Read(#[from] io::Error),
}

/// Verifies an export offline: its numbers, links and hashes. `None` when there are no rows in it.
pub(crate) fn verify(mut reader: impl BufRead) -> Result<Option<Verified>, NotVerified> {
    let header = json_lines::read(&mut reader)?.ok_or(NotVerified::Header)?;
    let told: AuditHeader = serde_json::from_str(&header).map_err(|_| NotVerified::Header)?;
    if told.quietus_audit != FORMAT {
        return Err(NotVerified::Format(told.quietus_audit));
    }
    let mut number = 1;
    let mut first = None;
    let mut head = None;
    while let Some(text) = json_lines::read(&mut reader)? {
        number += 1;
        let row: AuditRow = serde_json::from_str(&text).map_err(|_| NotVerified::Line(number))?;
        first = first.or(Some(row.statement.sequence));
        head = verify_chain(head, [&row])?;
    }
    let last = head.as_ref().map(|head| head.sequence);
    let hash = head.map(|head| head.hash);
    if (told.first, told.last, &told.head) != (first, last, &hash) {
        return Err(NotVerified::HeaderDiffers);
    }
    Ok(first.zip(last).zip(hash).map(|((first, last), head)| Verified { first, last, head }))
}

/// Writes down an act that is none of the ledger's. It is written before the act begins: an act of which nobody would know
/// is not done.
pub(super) async fn begun(ledger: &dyn Ledger, by: &Actor, act: Act, object: &Object) -> Result<(), OperationError> {
    Ok(ledger.note(AuditEntry::new(by, act, object.clone(), ActResult::Begun)).await?)
}

/// Writes down the result of such an act. It is over by then, so a ledger that is away now is only told of.
pub(super) async fn ended(ledger: &dyn Ledger, by: &Actor, act: Act, object: &Object, result: ActResult) {
    if let Err(error) = ledger.note(AuditEntry::new(by, act, object.clone(), result)).await {
        let error = anyhow::Error::from(error);
        tracing::warn!(act = act.as_str(), error = format!("{error:#}"), "the end of an act is missing in the audit");
    }
}
