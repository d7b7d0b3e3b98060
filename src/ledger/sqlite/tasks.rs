//! Work that waits or is held, one row for each: whether a claim still holds it, when it is due again.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::claim::{STEP_QUEUES, STEP_TARGET};
use super::columns::Millis;
use super::job::Tx;
use super::{Claim, Finished, LedgerError, QueueName, inbox};
use crate::erasure::life::{Next, after};
use crate::erasure::{ErasureId, Step};
use crate::ledger::ParkedMark;
use crate::ledger::parked::{self, Parked};
use crate::subject::TargetName;

/// Whether the work is still the claim's own. The fence alone would not say so: one that has been put back keeps it until
/// somebody else claims it.
pub(super) fn holds(tx: &Tx<'_>, claim: &Claim) -> Result<bool, LedgerError> {
    is_held(tx, claim.task, claim.fence)
}

/// The same of the work with this id.
pub(super) fn is_held(tx: &Tx<'_>, task: i64, fence: i64) -> Result<bool, LedgerError> {
    let mut statement = tx.prepare_cached("SELECT 1 FROM task WHERE id = ?1 AND fence = ?2 AND holder IS NOT NULL")?;
    Ok(statement.exists(params![task, fence])?)
}

/// Prolongs the lease: it ends so long from now. One that comes late, when the claim has ended, changes nothing.
pub(super) fn renew(tx: &Tx<'_>, task: i64, fence: i64, lease: Duration) -> Result<Finished, LedgerError> {
    let changed = tx
        .prepare_cached("UPDATE task SET due = ?3, began = ?4 WHERE id = ?1 AND fence = ?2 AND holder IS NOT NULL")?
        .execute(params![task, fence, Millis(after(tx.now, lease)), Millis(tx.now)])?;
    Ok(if changed == 0 { Finished::LeaseLost } else { Finished::Done })
}

/// Writes what becomes of a step's work. Its attempts are the step's; what the ledger refused before counts until something else was
/// written than that it is repeated, and why (`reason`).
pub(super) fn set_next(
    tx: &Tx<'_>,
    id: ErasureId,
    step: &Step,
    next: Next,
    reason: Option<&str>,
) -> Result<(), LedgerError> {
    let queue = QueueName::Step(step.called.clone());
    let due = |due: Timestamp, only: &str| {
        let sql = format!(
            "UPDATE task SET due = ?3, began = ?6, attempt = ?4, reason = ?5, parked = 0, holder = NULL, deaths = 0,
                             held_by = NULL, held_until = NULL,
                             refused = CASE WHEN ?5 IS NULL THEN 0 ELSE refused END,
                             panics = CASE WHEN ?5 IS NULL THEN 0 ELSE panics END
             WHERE erasure = ?1 AND queue = ?2 {only}"
        );
        tx.prepare_cached(&sql)?.execute(params![id, queue.name(), Millis(due), step.attempts, reason, Millis(tx.now)])
    };
    match next {
        Next::Due(at) => due(at, "")?,
        Next::DueUnlessHeld(at) => due(at, "AND holder IS NULL")?,
        Next::Added(at) => tx
            .prepare_cached("INSERT INTO task (queue, due, began, erasure) VALUES (?1, ?2, ?4, ?3)")?
            .execute(params![queue.name(), Millis(at), id, Millis(tx.now)])?,
        Next::Parked => tx
            .prepare_cached(
                "UPDATE task SET parked = 1, holder = NULL, deaths = 0, reason = ?3 WHERE erasure = ?1 AND queue = ?2",
            )?
            .execute(params![id, queue.name(), step.reason])?,
        Next::Gone => tx
            .prepare_cached("DELETE FROM task WHERE erasure = ?1 AND queue = ?2")?
            .execute(params![id, queue.name()])?,
    };
    Ok(())
}

/// The queues in which somebody works on an erasure.
pub(super) fn held_of(tx: &Tx<'_>, id: ErasureId) -> Result<BTreeSet<String>, LedgerError> {
    let mut held = tx.prepare_cached("SELECT queue FROM task WHERE erasure = ?1 AND holder IS NOT NULL")?;
    let queues = held.query_map([id], |row| row.get(0))?;
    Ok(queues.collect::<Result<_, _>>()?)
}

/// What is parked of those erasures of which anything is.
pub(super) fn parked_marks(
    connection: &Connection,
    all: &[ErasureId],
) -> Result<HashMap<ErasureId, ParkedMark>, LedgerError> {
    let sql = format!("SELECT {} FROM task WHERE erasure = ?1 AND parked = 1", parked::COLUMNS);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = Parked::default();
    for id in all {
        let mut rows = statement.query([id])?;
        while let Some(row) = rows.next()? {
            found.add(row)?;
        }
    }
    Ok(found.marks())
}

/// Makes parked work on an erasure due; returns how much there was.
pub(super) fn make_due(tx: &Tx<'_>, id: ErasureId) -> Result<usize, LedgerError> {
    let going = tx
        .prepare_cached(
            "UPDATE task SET parked = 0, due = ?2, began = ?2, attempt = 0, refused = 0, panics = 0, reason = NULL
             WHERE erasure = ?1 AND parked = 1",
        )?
        .execute(params![id, Millis(tx.now)])?;
    Ok(going)
}

/// Makes the claimed work due again at once.
pub(super) fn give_back(tx: &Tx<'_>, claim: &Claim) -> Result<(), LedgerError> {
    tx.prepare_cached("UPDATE task SET due = ?2, began = ?2, holder = NULL, deaths = 0 WHERE id = ?1")?
        .execute(params![claim.task, Millis(tx.now)])?;
    Ok(())
}

pub(super) fn delete(tx: &Tx<'_>, claim: &Claim) -> Result<(), LedgerError> {
    tx.prepare_cached("DELETE FROM task WHERE id = ?1")?.execute([claim.task])?;
    Ok(())
}

/// Adds work on an erasure, due at once.
pub(super) fn add(tx: &Tx<'_>, queue: &QueueName, erasure: ErasureId) -> Result<(), LedgerError> {
    tx.prepare_cached("INSERT INTO task (queue, due, began, erasure) VALUES (?1, ?2, ?2, ?3)")?.execute(params![
        queue.name(),
        Millis(tx.now),
        erasure
    ])?;
    Ok(())
}

pub(super) fn awaited_targets(connection: &Connection) -> Result<Vec<TargetName>, LedgerError> {
    let sql = format!("SELECT DISTINCT {STEP_TARGET} FROM task WHERE parked = 0 AND {STEP_QUEUES}");
    let mut statement = connection.prepare_cached(&sql)?;
    let targets = statement.query_map([], |row| row.get(0).map(TargetName))?;
    Ok(targets.collect::<Result<_, _>>()?)
}

/// Retries parked work other than steps, and events that were not let become work.
pub(super) fn retry_parked(tx: &Tx<'_>) -> Result<u64, LedgerError> {
    let changed = tx
        .prepare_cached(&format!(
            "UPDATE task SET parked = 0, due = ?1, began = ?1, attempt = 0, refused = 0, panics = 0, reason = NULL
             WHERE parked = 1 AND NOT {STEP_QUEUES}"
        ))?
        .execute([Millis(tx.now)])?;
    Ok(changed as u64 + inbox::retry_parked(tx)?)
}
