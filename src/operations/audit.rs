//! The audit: who ordered what. Every operation that changes something leaves a row; here they are read.

use std::io::Write;

use jiff::Timestamp;
use serde::Serialize;

use super::{OperationError, Operations};
use crate::audit::{Act, ActResult, Actor, AuditEntry, AuditRow, Object, verify_chain};
use crate::ledger::{AuditRange, Ledger, Walk};

/// How many rows are read from the ledger at once.
const CHUNK: u32 = 1000;

/// The format's version, in the first line of an export.
const FORMAT: u32 = 1;

/// Which rows to list, and from where on.
#[derive(Clone, Debug)]
pub(crate) struct AuditFilter {
    /// The number of the first row; the newest one when it is left out.
    pub(crate) cursor: Option<u64>,
    pub(crate) limit: u32,
    pub(crate) actor: Option<Actor>,
    pub(crate) act: Option<Act>,
    pub(crate) object: Option<Object>,
    pub(crate) since: Option<Timestamp>,
}

/// Some rows.
#[derive(Debug, Serialize)]
pub(crate) struct ListedAudit {
    /// Newest first.
    pub(crate) rows: Vec<AuditRow>,
    /// The cursor with which the list goes on, where there may be more.
    pub(crate) next: Option<u64>,
}

/// Lists rows, newest first.
pub(crate) async fn list(on: &Operations, filter: AuditFilter) -> Result<ListedAudit, OperationError> {
    let AuditFilter { cursor, limit, actor, act, object, since } = filter;
    let walk = cursor.map_or(Walk::NEWEST, Walk::Down);
    let rows = on.ledger.audit(&AuditRange { walk, limit, actor, act, object, since }).await?;
    let is_full = rows.len() as u64 >= u64::from(limit);
    let last = rows.last().map(|row| row.statement.sequence);
    let next = last.filter(|last| is_full && *last > 1).map(|last| last - 1);
    Ok(ListedAudit { rows, next })
}

/// What an export holds: its first line.
#[derive(Clone, Debug, Serialize)]
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
    line(&AuditHeader { quietus_audit: FORMAT, first, last, head: head.map(|head| head.hash) }, sink)?;
    let mut next = from.max(1);
    let mut verified = None;
    let mut written = 0;
    while last.is_some_and(|last| next <= last) {
        let mut rows = on.ledger.audit(&AuditRange::all(Walk::Up(next), CHUNK)).await?;
        rows.retain(|row| Some(row.statement.sequence) <= last);
        if rows.is_empty() {
            break;
        }
        verified = verify_chain(verified, &rows).map_err(|broken| OperationError::Ledger(broken.into()))?;
        rows.iter().try_for_each(|row| line(row, sink))?;
        next += rows.len() as u64;
        written += rows.len() as u64;
    }
    sink.flush()?;
    Ok(written)
}

fn line(value: &impl Serialize, sink: &mut impl Write) -> std::io::Result<()> {
    serde_json::to_writer(&mut *sink, value)?;
    writeln!(sink)
}

/// Writes down an act that is none of the ledger's. It is written before the act begins: an act of which nobody would know
/// is not done.
pub(super) async fn begun(
    ledger: &dyn Ledger,
    by: &Actor,
    act: Act,
    object: &Object,
) -> Result<(), OperationError> {
    Ok(ledger.note(AuditEntry::new(by, act, object.clone(), ActResult::Begun)).await?)
}

/// Writes down what came of such an act. It is over by then, so a ledger that is away now is only told of.
pub(super) async fn ended(
    ledger: &dyn Ledger,
    by: &Actor,
    act: Act,
    object: &Object,
    result: ActResult,
) {
    if let Err(error) = ledger.note(AuditEntry::new(by, act, object.clone(), result)).await {
        let error = anyhow::Error::from(error);
        tracing::warn!(act = act.as_str(), error = format!("{error:#}"), "the end of an act is missing in the audit");
    }
}
