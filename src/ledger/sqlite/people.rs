//! Steps at places that people erase from: which of them nobody has confirmed, and since when.

use rusqlite::{Connection, Row, params};

use super::columns::Millis;
use super::{LedgerError, QueueName};
use crate::attention::{Group, Tasks};
use crate::erasure::ErasureId;
use crate::erasure::life::NOT_REPORTED;
use crate::subject::TargetName;

/// What people were asked to do at each of these targets and have not confirmed.
pub(super) fn tasks(connection: &Connection, targets: &[TargetName]) -> Result<Vec<Tasks>, LedgerError> {
    let mut open = connection
        .prepare_cached(&of_tasks("task.parked = 0", "step.report_by IS NOT NULL AND step.report IS NULL"))?;
    let mut late = connection.prepare_cached(&of_tasks("task.parked = 1", "step.reason LIKE ?3 || '%'"))?;
    let all = targets.iter().map(|target| {
        let queue = QueueName::Step(target.clone());
        let (open, _) = open.query_row(params![queue.name(), target.0], group)?;
        let (late, oldest_late) = late.query_row(params![queue.name(), target.0, NOT_REPORTED], group)?;
        Ok(Tasks { target: target.clone(), open, late, oldest_late })
    });
    all.collect()
}

/// The tasks of a queue whose steps are so: how many, since when, what tells them from others, and the oldest erasure. From the queue
/// on, which is short where the table of steps is long.
fn of_tasks(work: &str, step: &str) -> String {
    format!(
        "SELECT COUNT(*), MIN(erasure.begun), COALESCE(MAX(task.id), 0) || '', MIN(erasure.id)
         FROM task CROSS JOIN step ON step.erasure = task.erasure AND step.called = ?2
                   CROSS JOIN erasure ON erasure.id = task.erasure
         WHERE task.queue = ?1 AND {work} AND {step}"
    )
}

fn group(row: &Row<'_>) -> rusqlite::Result<(Group, Option<ErasureId>)> {
    let since: Option<Millis> = row.get(1)?;
    let count = row.get::<_, i64>(0)?.unsigned_abs();
    Ok((Group { count, since: since.map(|since| since.0), mark: row.get(2)? }, row.get(3)?))
}

/// The erasures that wait at a target, the oldest first, those beyond `after`, at most so many.
pub(super) fn waiting(
    connection: &Connection,
    called: &TargetName,
    after: Option<ErasureId>,
    most: u32,
) -> Result<Vec<ErasureId>, LedgerError> {
    let mut statement = connection
        .prepare_cached("SELECT erasure FROM task WHERE queue = ?1 AND erasure > ?2 ORDER BY erasure LIMIT ?3")?;
    // Every id is beyond no bytes at all.
    let after = after.map_or_else(Vec::new, |id| id.0.to_vec());
    let ids = statement.query_map(params![QueueName::Step(called.clone()).name(), after, most], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}
