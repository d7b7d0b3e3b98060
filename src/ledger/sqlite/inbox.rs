//! Expanding: rows of the inbox become tasks, as fast as the workers take them.

use rusqlite::{Connection, OptionalExtension as _, params};
use tracing::warn;

use super::claim::{EXPAND_PAUSE, Writes, refused_again};
use super::columns::Millis;
use super::job::{Tx, apart};
use super::names::Names;
use super::{LedgerError, QueueName, line};
use crate::causes::with_causes;
use crate::erasure::life::after;
use crate::event::StoredEvent;
use crate::subject::InstallationName;

/// Makes tasks of the installation's oldest rows until `most` are ready.
pub(super) fn expand(
    tx: &Tx<'_>,
    installation: &InstallationName,
    most: usize,
    writes: Writes,
) -> Result<(), LedgerError> {
    let Some(id) = Names::Installation.known(tx, &installation.0)? else { return Ok(()) };
    let queue = QueueName::Decide(installation.clone()).name();
    let ready: i64 = tx
        .prepare_cached(
            "SELECT COUNT(*) FROM (SELECT 1 FROM task WHERE queue = ?1 AND parked = 0 AND due <= ?2 LIMIT ?3)",
        )?
        .query_row(params![queue, tx.now.as_millisecond(), most as i64], |row| row.get(0))?;
    let mut missing = most as i64 - ready;
    while missing > 0 {
        let Some(count) = expand_oldest(tx, id, &queue, writes)? else { break };
        missing -= count;
    }
    Ok(())
}

/// Whether the inbox has something for the queue.
pub(super) fn has_more(tx: &Tx<'_>, queue: &QueueName) -> Result<bool, LedgerError> {
    let QueueName::Decide(installation) = queue else { return Ok(false) };
    let Some(id) = Names::Installation.known(tx, &installation.0)? else { return Ok(false) };
    let sql = format!("SELECT 1 FROM inbox WHERE {READY} LIMIT 1");
    Ok(tx.prepare_cached(&sql)?.exists(params![id, Millis(tx.now)])?)
}

/// Rows of an installation that may become tasks now.
const READY: &str = "installation = ?1 AND parked = 0 AND due <= ?2";

/// A row of the inbox.
struct Row {
    seq: i64,
    received: i64,
    events: Vec<u8>,
    refused: u32,
}

fn oldest(tx: &Tx<'_>, installation: i64) -> Result<Option<Row>, LedgerError> {
    let sql = format!("SELECT seq, received, events, refused FROM inbox WHERE {READY} ORDER BY seq LIMIT 1");
    let oldest = tx.prepare_cached(&sql)?.query_row(params![installation, Millis(tx.now)], |row| {
        Ok(Row { seq: row.get(0)?, received: row.get(1)?, events: row.get(2)?, refused: row.get(3)? })
    });
    Ok(oldest.optional()?)
}

fn expand_oldest(tx: &Tx<'_>, installation: i64, queue: &str, writes: Writes) -> Result<Option<i64>, LedgerError> {
    let Some(Row { seq, received, events, refused }) = oldest(tx, installation)? else { return Ok(None) };
    // Due when they came: they go before later ones, and the status tells how long they have waited. But not later than now,
    // where the clock was put back since.
    let due = received.min(tx.now.as_millisecond());
    let mut task =
        tx.prepare_cached("INSERT INTO task (queue, due, began, since, event) VALUES (?1, ?2, ?2, ?3, ?4)")?;
    let mut count = 0;
    let mut left = Vec::new();
    for event in events.split(|byte| *byte == b'\n') {
        let mut add = || {
            forget_announcement(tx, event)?;
            Ok(task.execute(params![queue, due, received, event])?)
        };
        let added: Result<usize, LedgerError> = match writes {
            Writes::Together => Ok(add()?),
            Writes::Apart => apart(tx, add)?,
        };
        match added {
            Ok(added) => count += added as i64,
            Err(error) => {
                warn!(error = %with_causes(&error), "the ledger refuses to have an event decided on");
                left.push(event);
            }
        }
    }
    if left.is_empty() {
        tx.prepare_cached("DELETE FROM inbox WHERE seq = ?1")?.execute([seq])?;
    } else {
        put_off(tx, seq, &left, refused)?;
    }
    Ok(Some(count))
}

/// Leaves in a row what may not become tasks, which was refused so often before.
fn put_off(tx: &Tx<'_>, seq: i64, left: &[&[u8]], refused: u32) -> Result<(), LedgerError> {
    let pause = refused_again(refused, EXPAND_PAUSE);
    let due = Millis(after(tx.now, pause.unwrap_or_default()));
    tx.prepare_cached(
        "UPDATE inbox SET events = ?2, count = ?3, refused = refused + 1, due = ?4, parked = ?5 WHERE seq = ?1",
    )?
    .execute(params![seq, left.join(&b'\n'), left.len() as i64, due, pause.is_none()])?;
    Ok(())
}

/// Has what needs a person tried again; returns how many events that are.
pub(super) fn retry_parked(tx: &Tx<'_>) -> Result<u64, LedgerError> {
    let count: i64 = tx
        .prepare_cached("SELECT COALESCE(SUM(count), 0) FROM inbox WHERE parked = 1")?
        .query_row([], |row| row.get(0))?;
    tx.prepare_cached("UPDATE inbox SET refused = 0, due = 0, parked = 0 WHERE parked = 1")?.execute([])?;
    Ok(count.unsigned_abs())
}

/// Some of what needs a person, by its sessions.
pub(super) fn parked(connection: &Connection, most: usize) -> Result<Vec<String>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT events FROM inbox WHERE parked = 1 ORDER BY seq LIMIT ?1")?;
    let rows = statement.query_map([most as i64], |row| row.get::<_, Vec<u8>>(0))?;
    let mut sessions = Vec::new();
    for events in rows {
        let events = events?;
        let read = events.split(|byte| *byte == b'\n').filter_map(|event| line::read(event).ok());
        sessions.extend(read.map(|event| event.head.session.to_string()));
    }
    sessions.truncate(most);
    Ok(sessions)
}

/// From here on the same body is a new event: the session is looked up only after this, so what it announces now will be
/// seen, and what it announces later would not be.
fn forget_announcement(tx: &Tx<'_>, event: &[u8]) -> Result<(), LedgerError> {
    // One that cannot be read, or is not what was written, becomes a task like the others, is parked when it is claimed, and
    // stops nobody.
    let Ok(StoredEvent { head, .. }) = line::read(event) else { return Ok(()) };
    if !head.kind.is_announcement() {
        return Ok(());
    }
    let source = Names::Source.intern(tx, &head.source.0)?;
    tx.prepare_cached("DELETE FROM event WHERE source = ?1 AND session = ?2 AND kind = ?3 AND digest = ?4")?
        .execute(params![source, head.session.session.0, head.kind.code(), head.digest])?;
    Ok(())
}
