//! Closing: the receipt joins the chain, the capsule goes.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::columns::{Json, Millis, Word};
use super::job::Tx;
use super::{Claim, Closed, LedgerError, ReceiptRange, Work};
use super::{failure::broken, schedule, sessions, tasks};
use crate::erasure::ErasureState;
use crate::receipt::{Receipt, ReceiptHead};

pub(super) fn closed(tx: &Tx<'_>, claim: &Claim, receipt: &Receipt) -> Result<Closed, LedgerError> {
    let Work::Close(erasure) = &claim.work else { return Err(broken("only an erasure with all outcomes is closed")) };
    if receipt.statement.erasure != erasure.id {
        return Err(broken(format!("the receipt of {} is not one of {}", receipt.statement.erasure, erasure.id)));
    }
    if !tasks::holds(tx, claim)? {
        return Ok(Closed::LeaseLost);
    }
    if !succeeds(receipt, head(tx)?.as_ref()) {
        tasks::give_back(tx, claim)?;
        return Ok(Closed::HeadMoved);
    }
    tasks::delete(tx, claim)?;
    append(tx, receipt)?;
    schedule::delete_capsules(tx, erasure.id)?;
    let state = match erasure.state {
        // Called off with steps unfinished: the sessions may still be there, and must still be found.
        ErasureState::Cancelled => ErasureState::Cancelled,
        _ => {
            // Sessions are at mluvii: where it was not asked they are still there, and must still be found.
            if receipt.statement.steps.iter().any(|step| step.target.is_mluvii()) {
                sessions::mark_erased(tx, erasure.id)?;
            }
            ErasureState::Done
        }
    };
    tx.prepare_cached("DELETE FROM erasure_session WHERE erasure = ?1")?.execute([erasure.id])?;
    tx.prepare_cached("UPDATE erasure SET state = ?2, ended = ?3 WHERE id = ?1")?.execute(params![
        erasure.id,
        Word(state),
        Millis(tx.now)
    ])?;
    Ok(Closed::Done)
}

/// Whether the receipt is the head's successor. Of the first one, the number says so.
fn succeeds(receipt: &Receipt, head: Option<&ReceiptHead>) -> bool {
    let statement = &receipt.statement;
    match head {
        Some(head) => statement.sequence == head.sequence + 1 && statement.previous == head.hash,
        None => statement.sequence == 1,
    }
}

fn append(tx: &Tx<'_>, receipt: &Receipt) -> Result<(), LedgerError> {
    let head = receipt.head();
    tx.prepare_cached("INSERT INTO receipt (sequence, erasure, hash, receipt) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![head.sequence as i64, receipt.statement.erasure, head.hash, Json(receipt)])?;
    Ok(())
}

pub(super) fn head(connection: &Connection) -> Result<Option<ReceiptHead>, LedgerError> {
    let mut statement =
        connection.prepare_cached("SELECT sequence, hash FROM receipt ORDER BY sequence DESC LIMIT 1")?;
    let head =
        statement.query_row([], |row| Ok(ReceiptHead { sequence: row.get::<_, i64>(0)? as u64, hash: row.get(1)? }));
    Ok(head.optional()?)
}

pub(super) fn list(connection: &Connection, range: ReceiptRange) -> Result<Vec<Receipt>, LedgerError> {
    let from = i64::try_from(range.from).unwrap_or(i64::MAX);
    let mut statement =
        connection.prepare_cached("SELECT receipt FROM receipt WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2")?;
    let receipts = statement.query_map(params![from, range.limit], |row| row.get(0).map(|Json(receipt)| receipt))?;
    Ok(receipts.collect::<Result<_, _>>()?)
}
