//! What is named of the things that need a person, so that they are found.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::claim::STEP_QUEUES;
use super::columns::Millis;
use super::line::{self, EVENT_IS_DAMAGED};
use super::names::Place;
use super::{LedgerError, inbox};
use crate::attention::{NAMED_MAX, Named};
use crate::erasure::ErasureId;
use crate::ledger::holding::erasure_is_on_hold;

pub(super) fn find(connection: &Connection, now: Timestamp) -> Result<Named, LedgerError> {
    // Not by the id itself: to find them in its order, all tasks would be read.
    let parked = format!(
        "SELECT {ABOUT}, since FROM task WHERE parked = 1 AND NOT {STEP_QUEUES} AND (reason IS NULL OR NOT {EVENT_IS_DAMAGED})
         ORDER BY +id LIMIT {NAMED_MAX}"
    );
    let mut parked_work: Vec<_> = tasks(connection, &parked, params![])?.into_iter().map(|(_, name)| name).collect();
    parked_work.extend(inbox::parked(connection, NAMED_MAX - parked_work.len().min(NAMED_MAX))?);
    Ok(Named {
        due: Named::oldest([erasures(connection, now)?, failing(connection, now)?].concat()),
        parked_work,
        incomplete: incomplete(connection)?,
    })
}

/// What a task is about.
const ABOUT: &str = "installation, session, erasure, event";

/// Erasures that are due and open.
fn erasures(connection: &Connection, now: Timestamp) -> Result<Vec<(Timestamp, String)>, LedgerError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, MAX(due_rule, created) FROM erasure
         WHERE ended IS NULL AND state <> 'requested' AND MAX(due_rule, created) <= ?1 AND NOT {}
         ORDER BY MAX(due_rule, created) LIMIT {NAMED_MAX}",
        erasure_is_on_hold("?1")
    ))?;
    let due = statement.query_map([Millis(now)], |row| {
        let Millis(due) = row.get(1)?;
        Ok((due, row.get::<_, ErasureId>(0)?.to_string()))
    })?;
    Ok(due.collect::<Result<_, _>>()?)
}

/// Events and sessions that were tried in vain.
fn failing(connection: &Connection, now: Timestamp) -> Result<Vec<(Timestamp, String)>, LedgerError> {
    let sql = format!(
        "SELECT {ABOUT}, since FROM task WHERE parked = 0 AND attempt > 0 AND since IS NOT NULL AND since <= ?1
         ORDER BY since LIMIT {NAMED_MAX}"
    );
    let tasks = tasks(connection, &sql, params![Millis(now)])?;
    Ok(tasks.into_iter().filter_map(|(since, name)| Some((since?, name))).collect())
}

fn tasks(
    connection: &Connection,
    sql: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<Vec<(Option<Timestamp>, String)>, LedgerError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut tasks = Vec::new();
    while let Some(row) = rows.next()? {
        let since: Option<Millis> = row.get(4)?;
        if let Some(name) = name(connection, row)? {
            tasks.push((since.map(|since| since.0), name));
        }
    }
    Ok(tasks)
}

/// What the task of a row is about; `None` of an event that cannot be read.
fn name(connection: &Connection, row: &Row<'_>) -> Result<Option<String>, LedgerError> {
    if let Some(erasure) = row.get::<_, Option<ErasureId>>(2)? {
        return Ok(Some(erasure.to_string()));
    }
    if let Some(event) = row.get::<_, Option<Vec<u8>>>(3)? {
        return Ok(line::read(&event).ok().map(|event| event.head.session.to_string()));
    }
    Ok(Some(Place::read(row)?.key(connection)?.to_string()))
}

fn incomplete(connection: &Connection) -> Result<Vec<u64>, LedgerError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT sequence FROM receipt WHERE verdict = 'incomplete' AND acknowledged = 0 ORDER BY sequence LIMIT {NAMED_MAX}"
    ))?;
    let sequences = statement.query_map([], |row| Ok(row.get::<_, i64>(0)?.unsigned_abs()))?;
    Ok(sequences.collect::<Result<_, _>>()?)
}
