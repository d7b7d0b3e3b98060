//! The processes that have the file open, as they say themselves.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::columns::{Json, Millis};
use super::job::Tx;
use super::{LedgerError, PROCESS_FORGOTTEN_S, ProcessInfo, ProcessView, TargetConditions};
use crate::ledger::view::Told;
use crate::subject::TargetName;

/// Notes a process; returns its number.
pub(super) fn register(tx: &Tx<'_>, process: &ProcessInfo) -> Result<i64, LedgerError> {
    tx.prepare_cached("INSERT INTO process (version, place, since, seen, targets) VALUES (?1, ?2, ?3, ?3, ?4)")?
        .execute(params![process.version, process.place, Millis(tx.now), Json(&process.targets)])?;
    Ok(tx.last_insert_rowid())
}

pub(super) fn retarget(tx: &Tx<'_>, number: i64, targets: &[TargetName]) -> Result<(), LedgerError> {
    tx.prepare_cached("UPDATE process SET targets = ?2 WHERE number = ?1")?.execute(params![number, Json(&targets)])?;
    Ok(())
}

pub(super) fn heartbeat(tx: &Tx<'_>, number: i64, conditions: &TargetConditions) -> Result<(), LedgerError> {
    tx.prepare_cached("UPDATE process SET seen = ?2, conditions = ?3 WHERE number = ?1")?.execute(params![
        number,
        Millis(tx.now),
        Json(conditions)
    ])?;
    Ok(())
}

pub(super) fn deregister(tx: &Tx<'_>, number: i64) -> Result<(), LedgerError> {
    tx.prepare_cached("DELETE FROM process WHERE number = ?1")?.execute([number])?;
    Ok(())
}

pub(super) fn forget_lost(tx: &Tx<'_>) -> Result<(), LedgerError> {
    let before = tx.now.saturating_sub(SignedDuration::from_secs(PROCESS_FORGOTTEN_S)).unwrap_or(Timestamp::MIN);
    tx.prepare_cached("DELETE FROM process WHERE seen < ?1")?.execute([Millis(before)])?;
    Ok(())
}

pub(super) fn list(connection: &Connection, now: Timestamp) -> Result<Vec<ProcessView>, LedgerError> {
    let mut held = held(connection, now)?;
    let mut statement = connection.prepare_cached(
        "SELECT number, version, place, since, seen, targets, conditions FROM process ORDER BY number",
    )?;
    let processes = statement.query_map([], |row| {
        let (number, Millis(since), Millis(seen)) = (row.get(0)?, row.get(3)?, row.get(4)?);
        let (Json(targets), Json(conditions)) = (row.get(5)?, row.get(6)?);
        Ok(ProcessView {
            number,
            version: row.get(1)?,
            place: row.get(2)?,
            since,
            // Where the clock was put back, a process can seem to be seen in the future.
            silent_s: u64::try_from(now.duration_since(seen).as_secs()).unwrap_or(0),
            targets,
            conditions,
            holds: held.remove(&number).unwrap_or_default(),
        })
    })?;
    Ok(processes.collect::<Result<_, _>>()?)
}

/// When each was heard of last, and which of its targets cannot work.
pub(super) fn told(connection: &Connection) -> Result<Vec<Told>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT seen, conditions FROM process")?;
    let told = statement.query_map([], |row| {
        let (Millis(seen), Json(conditions)) = (row.get(0)?, row.get(1)?);
        Ok((seen, conditions))
    })?;
    Ok(told.collect::<Result<_, _>>()?)
}

/// What each process holds, by its number.
fn held(connection: &Connection, now: Timestamp) -> Result<BTreeMap<i64, BTreeMap<String, u64>>, LedgerError> {
    // What is due again belongs to nobody, although its holder still stands there.
    let mut statement = connection.prepare_cached(
        "SELECT holder, queue, COUNT(*) FROM task WHERE holder IS NOT NULL AND due > ?1 GROUP BY holder, queue",
    )?;
    let mut held = BTreeMap::<i64, BTreeMap<String, u64>>::new();
    let mut rows = statement.query([Millis(now)])?;
    while let Some(row) = rows.next()? {
        held.entry(row.get(0)?).or_default().insert(row.get(1)?, row.get::<_, i64>(2)?.unsigned_abs());
    }
    Ok(held)
}
