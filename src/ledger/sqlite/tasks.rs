//! Claiming work and giving it back. A claim is a lease: the task is due again by itself when the lease ends, and the
//! fence, which grows with each claim, keeps the one who lost it from finishing it.

use std::borrow::Cow;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::columns::{Millis, Word};
use super::job::Tx;
use super::{Attempt, Claim, Finished, LedgerError, Queue, Work};
use super::{erasures, inbox, targets, work};
use crate::erasure::{ErasureId, Outcome};
use crate::subject::TargetName;

/// The name of a queue in its column.
pub(super) fn queue_name(queue: &Queue) -> Cow<'static, str> {
    match queue {
        Queue::Decide => "decide".into(),
        Queue::Settle => "settle".into(),
        Queue::Resolve => "resolve".into(),
        Queue::Close => "close".into(),
        Queue::Step(target) => step_queue(target).into(),
    }
}

pub(super) fn step_queue(target: &TargetName) -> String {
    format!("step:{target}")
}

/// The time after a pause, as far as the calendar goes.
pub(super) fn after(now: Timestamp, pause: Duration) -> Timestamp {
    SignedDuration::try_from(pause).ok().and_then(|pause| now.checked_add(pause).ok()).unwrap_or(Timestamp::MAX)
}

pub(super) fn claim(tx: &Tx<'_>, queue: &Queue, most: usize, lease: Duration) -> Result<Vec<Claim>, LedgerError> {
    match queue {
        Queue::Step(target) if targets::stand_still(tx, target)? => return Ok(Vec::new()),
        Queue::Decide => inbox::unfold(tx, most)?,
        _ => {}
    }
    let due: Vec<i64> = tx
        .prepare_cached("SELECT id FROM task WHERE queue = ?1 AND parked = 0 AND due <= ?2 ORDER BY due LIMIT ?3")?
        .query_map(params![queue_name(queue), Millis(tx.now), most as i64], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut claims = Vec::with_capacity(due.len());
    for task in due {
        claims.extend(claim_one(tx, queue, task, lease)?);
    }
    Ok(claims)
}

/// Work that cannot be read is parked: it would otherwise stand in the way of its queue for ever.
fn claim_one(tx: &Tx<'_>, queue: &Queue, task: i64, lease: Duration) -> Result<Option<Claim>, LedgerError> {
    let lease_until = after(tx.now, lease);
    let (fence, attempt) = tx
        .prepare_cached("UPDATE task SET due = ?2, fence = fence + 1 WHERE id = ?1 RETURNING fence, attempt")?
        .query_row(params![task, Millis(lease_until)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    match work::load(tx, queue, task) {
        Ok(work) => Ok(Some(Claim { task, fence, attempt, work })),
        Err(LedgerError::Busy(cause)) => Err(LedgerError::Busy(cause)),
        Err(LedgerError::Broken(cause)) => {
            tracing::error!(task, error = format!("{cause:#}"), "parked work that cannot be read");
            tx.prepare_cached(
                "UPDATE task SET parked = 1, reason = 'what is stored of it cannot be read' WHERE id = ?1",
            )?
            .execute([task])?;
            Ok(None)
        }
    }
}

/// Whether the work is still the claim's own.
pub(super) fn holds(tx: &Tx<'_>, claim: &Claim) -> Result<bool, LedgerError> {
    let mut statement = tx.prepare_cached("SELECT 1 FROM task WHERE id = ?1 AND fence = ?2 AND parked = 0")?;
    Ok(statement.exists(params![claim.task, claim.fence])?)
}

/// Prolongs the lease: it ends so long from now.
pub(super) fn renew(tx: &Tx<'_>, task: i64, fence: i64, lease: Duration) -> Result<Finished, LedgerError> {
    let changed = tx
        .prepare_cached("UPDATE task SET due = ?3 WHERE id = ?1 AND fence = ?2 AND parked = 0")?
        .execute(params![task, fence, Millis(after(tx.now, lease))])?;
    Ok(if changed == 0 { Finished::LeaseLost } else { Finished::Done })
}

pub(super) fn retry(
    tx: &Tx<'_>,
    claim: &Claim,
    pause: Duration,
    attempt: Attempt,
    reason: &str,
) -> Result<Finished, LedgerError> {
    let counts = i64::from(attempt == Attempt::Counts);
    let changed = tx
        .prepare_cached(
            "UPDATE task SET due = ?3, attempt = attempt + ?4, reason = ?5
             WHERE id = ?1 AND fence = ?2 AND parked = 0",
        )?
        .execute(params![claim.task, claim.fence, Millis(after(tx.now, pause)), counts, reason])?;
    if changed == 0 {
        return Ok(Finished::LeaseLost);
    }
    if let Work::Step(step) = &claim.work {
        tx.prepare_cached("UPDATE step SET attempts = attempts + ?3 WHERE erasure = ?1 AND target = ?2")?
            .execute(params![step.erasure, step.step.target.0, counts])?;
    }
    Ok(Finished::Done)
}

pub(super) fn park(tx: &Tx<'_>, claim: &Claim, outcome: Outcome, reason: &str) -> Result<Finished, LedgerError> {
    if !holds(tx, claim)? {
        return Ok(Finished::LeaseLost);
    }
    tx.prepare_cached("UPDATE task SET parked = 1, reason = ?2 WHERE id = ?1")?.execute(params![claim.task, reason])?;
    if let Work::Step(step) = &claim.work {
        tx.prepare_cached("UPDATE step SET parked = 1, outcome = ?3, reason = ?4 WHERE erasure = ?1 AND target = ?2")?
            .execute(params![step.erasure, step.step.target.0, Word(outcome), reason])?;
        erasures::recompute_state(tx, step.erasure)?;
    }
    Ok(Finished::Done)
}

/// Makes the claimed work due again at once.
pub(super) fn give_back(tx: &Tx<'_>, claim: &Claim) -> Result<(), LedgerError> {
    tx.prepare_cached("UPDATE task SET due = ?2 WHERE id = ?1")?.execute(params![claim.task, Millis(tx.now)])?;
    Ok(())
}

pub(super) fn delete(tx: &Tx<'_>, claim: &Claim) -> Result<(), LedgerError> {
    tx.prepare_cached("DELETE FROM task WHERE id = ?1")?.execute([claim.task])?;
    Ok(())
}

/// Adds work on an erasure, due at once.
pub(super) fn add(tx: &Tx<'_>, queue: &Queue, erasure: ErasureId) -> Result<(), LedgerError> {
    tx.prepare_cached("INSERT INTO task (queue, due, erasure) VALUES (?1, ?2, ?3)")?.execute(params![
        queue_name(queue),
        Millis(tx.now),
        erasure
    ])?;
    Ok(())
}

pub(super) fn awaited_targets(connection: &Connection) -> Result<Vec<TargetName>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT SUBSTR(queue, 6) FROM task WHERE parked = 0 AND queue >= 'step:' AND queue < 'step;'",
    )?;
    let targets = statement.query_map([], |row| row.get(0).map(TargetName))?;
    Ok(targets.collect::<Result<_, _>>()?)
}

/// Sets parked work other than steps going again.
pub(super) fn retry_parked(tx: &Tx<'_>) -> Result<u64, LedgerError> {
    let changed = tx
        .prepare_cached(
            "UPDATE task SET parked = 0, due = ?1, attempt = 0, reason = NULL
             WHERE parked = 1 AND NOT (queue >= 'step:' AND queue < 'step;')",
        )?
        .execute([Millis(tx.now)])?;
    Ok(changed as u64)
}
