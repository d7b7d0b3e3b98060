//! Steps at places that people erase from: which of them nobody has confirmed, and since when.

use tokio_postgres::Row;

use super::columns::{erasure_id, maybe_time, unsigned};
use super::tx::Connection;
use super::{LedgerError, QueueName};
use crate::attention::{Group, Tasks};
use crate::erasure::ErasureId;
use crate::erasure::life::NOT_REPORTED;
use crate::subject::TargetName;

/// What people were asked to do at each of these targets and have not confirmed.
pub(super) async fn tasks(connection: &Connection, targets: &[TargetName]) -> Result<Vec<Tasks>, LedgerError> {
    let open = of_tasks("NOT task.parked", "step.report_by IS NOT NULL AND step.report IS NULL");
    let late = of_tasks("task.parked", "step.reason LIKE $3::TEXT || '%'");
    let mut all = Vec::new();
    for target in targets {
        let queue = QueueName::Step(target.clone());
        let (queue, name) = (&*queue.name(), &*target.0);
        let (open, _) = group(&connection.row(&open, &[&queue, &name]).await?)?;
        let (late, oldest_late) = group(&connection.row(&late, &[&queue, &name, &NOT_REPORTED]).await?)?;
        all.push(Tasks { target: target.clone(), open, late, oldest_late });
    }
    Ok(all)
}

/// The tasks of a queue whose steps are so: how many, since when, what tells them from others, and the oldest erasure.
fn of_tasks(work: &str, step: &str) -> String {
    format!(
        "SELECT COUNT(*), MIN(erasure.begun), COALESCE(MAX(task.id), 0)::TEXT,
                DECODE(MIN(ENCODE(erasure.id, 'hex')), 'hex')
         FROM task JOIN step ON step.erasure = task.erasure AND step.called = $2
                   JOIN erasure ON erasure.id = task.erasure
         WHERE task.queue = $1 AND {work} AND {step}"
    )
}

fn group(row: &Row) -> Result<(Group, Option<ErasureId>), LedgerError> {
    let oldest: Option<&[u8]> = row.get(3);
    let group = Group { count: unsigned(row.get(0)), since: maybe_time(row.get(1))?, mark: row.get(2) };
    Ok((group, oldest.map(erasure_id).transpose()?))
}

/// The erasures that wait at a target, the oldest first, those beyond `after`, at most so many.
pub(super) async fn waiting(
    connection: &Connection,
    called: &TargetName,
    after: Option<ErasureId>,
    most: u32,
) -> Result<Vec<ErasureId>, LedgerError> {
    let sql = "SELECT erasure FROM task WHERE queue = $1 AND erasure > $2 ORDER BY erasure LIMIT $3";
    // Every id is beyond no bytes at all.
    let after = after.map_or_else(Vec::new, |id| id.0.to_vec());
    let queue = QueueName::Step(called.clone());
    let rows = connection.rows(sql, &[&&*queue.name(), &after, &i64::from(most)]).await?;
    rows.iter().map(|row| erasure_id(row.get(0))).collect()
}
