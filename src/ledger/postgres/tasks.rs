//! Work that waits or is held, one row for each: whether a claim still holds it, when it is due again.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::claim::{STEP_QUEUES, STEP_TARGET};
use super::columns::{ids, millis, text};
use super::tx::{Connection, NOW_MS, Tx};
use super::{Claim, Finished, LedgerError, QueueName, inbox};
use crate::erasure::life::Next;
use crate::erasure::{ErasureId, Step};
use crate::ledger::ParkedMark;
use crate::ledger::parked::{self, Parked};
use crate::subject::TargetName;

/// The work is a claim's, and whose it is does not matter: for statements that name it by its id. Not `holder IS NOT NULL`: there is
/// an index of what is held, which is small and therefore chosen, and full of what was held a moment ago; with a million steps
/// pending, an end took 240 ms by it, and 6 by the id.
pub(super) const HELD: &str = "COALESCE(holder, -1) <> -1";

/// Whether the work is still the claim's own; it stays so until the transaction ends. The fence alone would not say so: one
/// that has been put back keeps it until somebody else claims it, and the end of a claim is written again when a cut
/// connection leaves open whether it was.
pub(super) async fn holds(tx: &Tx, claim: &Claim) -> Result<bool, LedgerError> {
    is_held(tx, claim.task, claim.fence).await
}

/// The same of the work with this id.
pub(super) async fn is_held(tx: &Tx, task: i64, fence: i64) -> Result<bool, LedgerError> {
    let sql = format!("SELECT FROM task WHERE id = $1 AND fence = $2 AND {HELD} FOR UPDATE");
    Ok(tx.maybe(&sql, &[&task, &fence]).await?.is_some())
}

/// Prolongs the lease: it ends so long from now. One that comes late, when the claim has ended, changes nothing.
pub(super) async fn renew(connection: &Connection, claim: &Claim, lease: Duration) -> Result<Finished, LedgerError> {
    let lease_ms = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX / 2);
    let changed = connection
        .execute(
            &format!("UPDATE task SET due = {NOW_MS} + $3, began = {NOW_MS} WHERE id = $1 AND fence = $2 AND {HELD}"),
            &[&claim.task, &claim.fence, &lease_ms],
        )
        .await?;
    Ok(if changed == 0 { Finished::LeaseLost } else { Finished::Done })
}

/// Writes what becomes of a step's work. Its attempts are the step's; what the ledger refused before counts until something else was
/// written than that it is repeated, and why (`reason`).
pub(super) async fn set_next(
    tx: &mut Tx,
    id: ErasureId,
    step: &Step,
    next: Next,
    reason: Option<&str>,
) -> Result<(), LedgerError> {
    let queue = QueueName::Step(step.called.clone());
    let erasure = id.0.as_slice();
    let name = queue.name();
    let (due, only) = match next {
        Next::Due(due) => (due, ""),
        Next::DueUnlessHeld(due) => (due, "AND holder IS NULL"),
        Next::Added(at) => {
            let sql = "INSERT INTO task (queue, due, began, erasure) VALUES ($1, $2, $4, $3)";
            tx.execute(sql, &[&name, &millis(at), &erasure, &millis(tx.now)]).await?;
            tx.notify(&queue);
            return Ok(());
        }
        Next::Parked => {
            let sql = "UPDATE task SET parked = TRUE, holder = NULL, deaths = 0, reason = $3 WHERE erasure = $1 AND queue = $2";
            tx.execute(sql, &[&erasure, &name, &step.reason.as_deref().map(text)]).await?;
            return Ok(());
        }
        Next::Gone => {
            tx.execute("DELETE FROM task WHERE erasure = $1 AND queue = $2", &[&erasure, &name]).await?;
            return Ok(());
        }
    };
    let sql = format!(
        "UPDATE task SET due = $3, began = $6, attempt = $4, reason = $5, parked = FALSE, holder = NULL, deaths = 0,
                         held_by = NULL, held_until = NULL,
                         refused = CASE WHEN $5::TEXT IS NULL THEN 0 ELSE refused END,
                         panics = CASE WHEN $5::TEXT IS NULL THEN 0 ELSE panics END
         WHERE erasure = $1 AND queue = $2 {only}"
    );
    let attempts = i64::from(step.attempts);
    tx.execute(&sql, &[&erasure, &name, &millis(due), &attempts, &reason.map(text), &millis(tx.now)]).await?;
    tx.notify(&queue);
    Ok(())
}

/// The queues in which somebody works on an erasure. All its tasks are locked: what somebody is claiming at this instant is held
/// once that has committed.
pub(super) async fn held_of(tx: &Tx, id: ErasureId) -> Result<BTreeSet<String>, LedgerError> {
    let sql = "SELECT queue, holder IS NOT NULL FROM task WHERE erasure = $1 ORDER BY id FOR UPDATE";
    let rows = tx.rows(sql, &[&id.0.as_slice()]).await?;
    Ok(rows.iter().filter(|row| row.get(1)).map(|row| row.get(0)).collect())
}

/// What is parked of those erasures of which anything is.
pub(super) async fn parked_marks(
    connection: &Connection,
    all: &[ErasureId],
) -> Result<HashMap<ErasureId, ParkedMark>, LedgerError> {
    let sql = format!("SELECT {} FROM task WHERE erasure = ANY($1) AND parked", parked::COLUMNS);
    let mut found = Parked::default();
    for row in &connection.rows(&sql, &[&ids(all)]).await? {
        found.add(row)?;
    }
    Ok(found.marks())
}

/// Makes parked work on an erasure due; returns how much there was.
pub(super) async fn make_due(tx: &mut Tx, id: ErasureId) -> Result<usize, LedgerError> {
    let going = tx
        .rows(
            "UPDATE task SET parked = FALSE, due = $2, began = $2, attempt = 0, refused = 0, panics = 0, reason = NULL WHERE erasure = $1 AND parked
             RETURNING queue",
            &[&id.0.as_slice(), &millis(tx.now)],
        )
        .await?;
    tx.news.extend(going.iter().map(|row| row.get::<_, String>(0)));
    Ok(going.len())
}

/// Makes the claimed work due again at once.
pub(super) async fn give_back(connection: &Connection, claim: &Claim) -> Result<(), LedgerError> {
    connection
        .execute(
            &format!("UPDATE task SET due = {NOW_MS}, began = {NOW_MS}, holder = NULL, deaths = 0 WHERE id = $1 AND fence = $2"),
            &[&claim.task, &claim.fence],
        )
        .await?;
    Ok(())
}

/// Deletes the claim's task; `false` when it is no longer the claim's.
pub(super) async fn delete(tx: &Tx, claim: &Claim) -> Result<bool, LedgerError> {
    let sql = format!("DELETE FROM task WHERE id = $1 AND fence = $2 AND {HELD}");
    Ok(tx.execute(&sql, &[&claim.task, &claim.fence]).await? > 0)
}

/// Adds work on an erasure, due at once.
pub(super) async fn add(tx: &mut Tx, queue: &QueueName, erasure: ErasureId) -> Result<(), LedgerError> {
    tx.execute(
        "INSERT INTO task (queue, due, began, erasure) VALUES ($1, $2, $2, $3)",
        &[&queue.name(), &millis(tx.now), &erasure.0.as_slice()],
    )
    .await?;
    tx.notify(queue);
    Ok(())
}

/// One look into the index for each target, however many steps wait for it.
pub(super) async fn awaited_targets(connection: &Connection) -> Result<Vec<TargetName>, LedgerError> {
    let next = |after: &str| {
        format!("SELECT queue FROM task WHERE NOT parked AND {STEP_QUEUES} {after} ORDER BY queue LIMIT 1")
    };
    let sql = format!(
        "WITH RECURSIVE awaited (queue) AS (
           ({}) UNION ALL SELECT ({}) FROM awaited WHERE queue IS NOT NULL
         )
         SELECT {STEP_TARGET} FROM awaited WHERE queue IS NOT NULL",
        next(""),
        next("AND queue > awaited.queue"),
    );
    let rows = connection.rows(&sql, &[]).await?;
    Ok(rows.iter().map(|row| TargetName(row.get::<_, &str>(0).into())).collect())
}

/// Retries parked work other than steps, and events that were not let become work.
pub(super) async fn retry_parked(tx: &mut Tx) -> Result<u64, LedgerError> {
    let going = tx
        .rows(
            &format!(
                "UPDATE task SET parked = FALSE, due = $1, began = $1, attempt = 0, refused = 0, panics = 0, reason = NULL
                 WHERE parked AND NOT {STEP_QUEUES}
                 RETURNING queue"
            ),
            &[&millis(tx.now)],
        )
        .await?;
    tx.news.extend(going.iter().map(|row| row.get::<_, String>(0)));
    Ok(going.len() as u64 + inbox::retry_parked(tx).await?)
}
