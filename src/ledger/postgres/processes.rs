//! The processes on the database, as they say themselves.

use std::collections::{BTreeMap, HashMap};

use super::columns::{json, json_at, time, unsigned};
use super::tx::{Connection, NOW_MS};
use super::{LedgerError, PROCESS_FORGOTTEN_S, ProcessInfo, ProcessView, TargetConditions};
use crate::subject::TargetName;

/// Notes a process; returns its number.
pub(super) async fn register(connection: &Connection, process: &ProcessInfo) -> Result<i64, LedgerError> {
    let sql = format!(
        "INSERT INTO process (version, place, since, seen, targets) VALUES ($1, $2, {NOW_MS}, {NOW_MS}, $3)
         RETURNING number"
    );
    Ok(connection.row(&sql, &[&process.version, &process.place, &json(&process.targets)?]).await?.get(0))
}

pub(super) async fn retarget(connection: &Connection, number: i64, targets: &[TargetName]) -> Result<(), LedgerError> {
    connection.execute("UPDATE process SET targets = $2 WHERE number = $1", &[&number, &json(&targets)?]).await?;
    Ok(())
}

/// Whether it is still on the list.
pub(super) async fn heartbeat(
    connection: &Connection,
    number: i64,
    conditions: &TargetConditions,
) -> Result<bool, LedgerError> {
    let sql = format!("UPDATE process SET seen = {NOW_MS}, conditions = $2 WHERE number = $1");
    Ok(connection.execute(&sql, &[&number, &json(conditions)?]).await? > 0)
}

pub(super) async fn deregister(connection: &Connection, number: i64) -> Result<(), LedgerError> {
    connection.execute("DELETE FROM process WHERE number = $1", &[&number]).await?;
    Ok(())
}

pub(super) async fn forget_lost(connection: &Connection) -> Result<(), LedgerError> {
    let after_ms = PROCESS_FORGOTTEN_S * 1_000;
    connection.execute(&format!("DELETE FROM process WHERE seen < {NOW_MS} - $1"), &[&after_ms]).await?;
    Ok(())
}

pub(super) async fn list(connection: &Connection) -> Result<Vec<ProcessView>, LedgerError> {
    let held = connection
        .rows(
            &format!(
                "SELECT holder, queue, COUNT(*) FROM task WHERE holder IS NOT NULL AND due > {NOW_MS}
                 GROUP BY holder, queue"
            ),
            &[],
        )
        .await?;
    let mut holds = HashMap::<i64, BTreeMap<String, u64>>::new();
    for row in held {
        holds.entry(row.get(0)).or_default().insert(row.get(1), unsigned(row.get(2)));
    }
    let sql = format!(
        "SELECT number, version, place, since, ({NOW_MS} - seen) / 1000, targets, conditions FROM process ORDER BY number"
    );
    let rows = connection.rows(&sql, &[]).await?;
    let processes = rows.iter().map(|row| {
        let number = row.get(0);
        Ok(ProcessView {
            number,
            version: row.get(1),
            place: row.get(2),
            since: time(row.get(3))?,
            silent_s: u64::try_from(row.get::<_, i64>(4)).unwrap_or(0),
            targets: json_at(row, 5)?,
            conditions: json_at(row, 6)?,
            holds: holds.remove(&number).unwrap_or_default(),
        })
    });
    processes.collect()
}
