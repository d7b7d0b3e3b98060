//! What is named of the things that need a person, so that they are found.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::claim::STEP_QUEUES;
use super::columns::{erasure_id, maybe_time, millis, time, unsigned};
use super::line::{self, EVENT_IS_DAMAGED};
use super::tx::Connection;
use super::{LedgerError, inbox};
use crate::attention::{NAMED_MAX, Named};
use crate::ledger::holding::erasure_is_on_hold;

pub(super) async fn find(connection: &Connection, now: Timestamp) -> Result<Named, LedgerError> {
    // Not by the id itself: to find them in its order, all tasks could be read.
    let parked = format!(
        "{TASKS} WHERE parked AND NOT {STEP_QUEUES} AND (reason IS NULL OR NOT {EVENT_IS_DAMAGED})
         ORDER BY task.id + 0 LIMIT {NAMED_MAX}"
    );
    // Events and sessions that were tried in vain.
    let failing = format!(
        "{TASKS} WHERE NOT parked AND attempt > 0 AND since IS NOT NULL AND since <= $1
         ORDER BY since LIMIT {NAMED_MAX}"
    );
    let mut due = erasures(connection, now).await?;
    for row in connection.rows(&failing, &[&millis(now)]).await? {
        due.extend(maybe_time(row.get(4))?.zip(name(&row)?));
    }
    let mut parked_work = Vec::new();
    for row in connection.rows(&parked, &[]).await? {
        parked_work.extend(name(&row)?);
    }
    parked_work.extend(inbox::parked(connection, NAMED_MAX - parked_work.len().min(NAMED_MAX)).await?);
    Ok(Named { due: Named::oldest(due), parked_work, incomplete: incomplete(connection).await? })
}

/// What tasks are about, and since when they are there.
const TASKS: &str = "SELECT installation.name, session, erasure, event, since
                     FROM task LEFT JOIN installation ON installation.id = task.installation";

/// What the task of a row is about; `None` of an event that cannot be read.
fn name(row: &Row) -> Result<Option<String>, LedgerError> {
    if let Some(erasure) = row.get::<_, Option<&[u8]>>(2) {
        return Ok(Some(erasure_id(erasure)?.to_string()));
    }
    if let Some(event) = row.get::<_, Option<&[u8]>>(3) {
        return Ok(line::read(event).ok().map(|event| event.head.session.to_string()));
    }
    let (installation, session): (Option<&str>, Option<i64>) = (row.get(0), row.get(1));
    Ok(installation.zip(session).map(|(installation, session)| format!("{installation}/{session}")))
}

/// Erasures that are due and open.
async fn erasures(connection: &Connection, now: Timestamp) -> Result<Vec<(Timestamp, String)>, LedgerError> {
    let sql = format!(
        "SELECT id, GREATEST(due_rule, created) FROM erasure
         WHERE ended IS NULL AND state <> 'requested' AND GREATEST(due_rule, created) <= $1
           AND NOT {}
         ORDER BY GREATEST(due_rule, created) LIMIT {NAMED_MAX}",
        erasure_is_on_hold("$1")
    );
    let rows = connection.rows(&sql, &[&millis(now)]).await?;
    rows.iter().map(|row| Ok((time(row.get(1))?, erasure_id(row.get(0))?.to_string()))).collect()
}

async fn incomplete(connection: &Connection) -> Result<Vec<u64>, LedgerError> {
    let sql = format!(
        "SELECT sequence FROM receipt WHERE verdict = 'incomplete' AND NOT acknowledged ORDER BY sequence LIMIT {NAMED_MAX}"
    );
    let rows = connection.rows(&sql, &[]).await?;
    Ok(rows.iter().map(|row| unsigned(row.get(0))).collect())
}
