//! Closing: the receipt joins the chain, the capsule goes.

use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};

use super::columns::{Json, Millis, Word};
use super::job::Tx;
use super::{Closing, Cursor, LedgerError, Page, ReceiptRange};
use super::{archive, capsules, query, requests, schedule, sessions, tasks, transition};
use crate::erasure::ErasureId;
use crate::erasure::life::end_of;
use crate::ledger::closing::Tried;
use crate::receipt::{ChainEnd, ChainName, Receipt, ReceiptHead, SignedGap};

/// All or none: receipts follow one another, and one that is left out would break the chain behind it.
pub(super) fn closed(tx: &Tx<'_>, closing: &[Closing]) -> Result<Tried, LedgerError> {
    let held = closing.iter().map(|one| tasks::holds(tx, &one.claim)).collect::<Result<Vec<_>, _>>()?;
    if held.contains(&false) {
        return Ok(Tried::Lost(held));
    }
    if !transition::succeed(closing.iter().map(|one| &one.receipt), end(tx)?) {
        return Ok(Tried::Moved);
    }
    // Before `close`, which deletes what says which sessions each erasure reached.
    mark_erased(tx, closing)?;
    closing.iter().try_for_each(|one| close(tx, one))?;
    Ok(Tried::Closed)
}

/// Those who mark the sessions that they reached mark them together: to a session that two of them reached it is one change.
fn mark_erased(tx: &Tx<'_>, closing: &[Closing]) -> Result<(), LedgerError> {
    let (mut asked, mut others) = (Vec::new(), Vec::new());
    for Closing { claim, receipt } in closing {
        let erasure = transition::erasure_of(claim, receipt)?;
        let which = if end_of(erasure).sessions_are_erased { &mut asked } else { &mut others };
        which.push(erasure.id);
    }
    sessions::mark_erased(tx, &asked)?;
    sessions::keep_no_longer(tx, &others)
}

fn close(tx: &Tx<'_>, Closing { claim, receipt }: &Closing) -> Result<(), LedgerError> {
    let erasure = transition::erasure_of(claim, receipt)?;
    tasks::delete(tx, claim)?;
    append(tx, receipt)?;
    // In the receipt's own transaction: none says that an erasure is over while its capsule can still be opened.
    capsules::delete(tx, erasure.id)?;
    tx.prepare_cached("DELETE FROM erasure_session WHERE erasure = ?1")?.execute([erasure.id])?;
    tx.prepare_cached("DELETE FROM erasure_shown WHERE erasure = ?1")?.execute([erasure.id])?;
    schedule::end(tx, erasure.id, end_of(erasure).state)?;
    requests::erasure_ended(tx, erasure.id, Some(transition::rest(receipt)))?;
    tx.prepare_cached("UPDATE erasure SET verdict = ?2 WHERE id = ?1")?
        .execute(params![erasure.id, Word(receipt.statement.verdict)])?;
    Ok(())
}

fn append(tx: &Tx<'_>, receipt: &Receipt) -> Result<(), LedgerError> {
    let head = receipt.head();
    tx.prepare_cached(
        "INSERT INTO receipt (sequence, erasure, hash, receipt, verdict, ended) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        head.sequence as i64,
        receipt.statement.erasure,
        head.hash,
        Json(receipt),
        Word(receipt.statement.verdict),
        Millis(receipt.statement.ended)
    ])?;
    Ok(())
}

/// What the next receipt follows, and what it has to say was lost.
pub(super) fn end(connection: &Connection) -> Result<ChainEnd, LedgerError> {
    let head = newest(connection)?;
    let mut statement =
        connection.prepare_cached("SELECT gap FROM receipt_gap WHERE sequence > ?1 ORDER BY sequence DESC LIMIT 1")?;
    let after = head.as_ref().map_or(0, |head| head.sequence);
    let gap = statement.query_row([after as i64], |row| row.get(0).map(|Json(gap)| gap)).optional()?;
    let Some(gap): Option<SignedGap> = gap else { return Ok(ChainEnd { head, gap: None }) };
    Ok(ChainEnd { head: Some(gap.gap.head()), gap: Some(gap) })
}

/// All gaps, the oldest first.
pub(super) fn gaps(connection: &Connection) -> Result<Vec<SignedGap>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT gap FROM receipt_gap ORDER BY sequence")?;
    let gaps = statement.query_map([], |row| row.get(0).map(|Json(gap)| gap))?;
    Ok(gaps.collect::<Result<_, _>>()?)
}

/// Lets the chain go on after a gap; `false` when it does not begin at the newest receipt, or ends before what is there.
pub(super) fn accept_gap(tx: &Tx<'_>, gap: &SignedGap) -> Result<bool, LedgerError> {
    let passed = end(tx)?.head.is_some_and(|head| head.sequence > gap.gap.last);
    if passed || gap.gap.last <= gap.gap.after || !gap.gap.begins_at(newest(tx)?.as_ref()) {
        return Ok(false);
    }
    tx.prepare_cached("REPLACE INTO receipt_gap (sequence, gap) VALUES (?1, ?2)")?
        .execute(params![gap.gap.last as i64, Json(gap)])?;
    Ok(true)
}

/// The newest receipt that is there, or the last one that is in an archive.
pub(super) fn newest(connection: &Connection) -> Result<Option<ReceiptHead>, LedgerError> {
    let mut statement =
        connection.prepare_cached("SELECT sequence, hash FROM receipt ORDER BY sequence DESC LIMIT 1")?;
    let head =
        statement.query_row([], |row| Ok(ReceiptHead { sequence: row.get::<_, i64>(0)? as u64, hash: row.get(1)? }));
    match head.optional()? {
        Some(head) => Ok(Some(head)),
        None => archive::end(connection, ChainName::Receipts),
    }
}

pub(super) fn list(connection: &Connection, range: ReceiptRange) -> Result<Page<Receipt, Cursor>, LedgerError> {
    let query::Statement { sql, values } = query::receipts(&range);
    let mut statement = connection.prepare_cached(&sql)?;
    let receipts = statement.query_map(params_from_iter(values), |row| row.get(0).map(|Json(receipt)| receipt))?;
    Ok(range.page(receipts.collect::<Result<_, _>>()?))
}

pub(super) fn of_erasure(connection: &Connection, erasure: ErasureId) -> Result<Option<Receipt>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT receipt FROM receipt WHERE erasure = ?1")?;
    let receipt = statement.query_row([erasure], |row| row.get(0).map(|Json(receipt)| receipt));
    Ok(receipt.optional()?)
}

/// Notes that these incomplete receipts were seen, or all; returns those that were not before.
pub(super) fn acknowledge(tx: &Tx<'_>, sequences: Option<&[u64]>) -> Result<Vec<u64>, LedgerError> {
    const UNSEEN: &str = "UPDATE receipt SET acknowledged = 1 WHERE verdict = 'incomplete' AND acknowledged = 0";
    let number = |row: &Row<'_>| row.get::<_, i64>(0).map(i64::unsigned_abs);
    let Some(sequences) = sequences else {
        let mut all = tx.prepare_cached(&format!("{UNSEEN} RETURNING sequence"))?;
        return Ok(all.query_map([], number)?.collect::<Result<_, _>>()?);
    };
    let mut one = tx.prepare_cached(&format!("{UNSEEN} AND sequence = ?1 RETURNING sequence"))?;
    let mut acknowledged = Vec::new();
    for sequence in sequences {
        let unseen = one.query_row([i64::try_from(*sequence).unwrap_or(i64::MAX)], number).optional()?;
        acknowledged.extend(unseen);
    }
    Ok(acknowledged)
}
