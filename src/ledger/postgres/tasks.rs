//! Claiming work and giving it back. A claim is a lease: the task is due again by itself when the lease ends, and the
//! fence, which grows with each claim, keeps the one who lost it from finishing it.

use std::time::Duration;

use tokio_postgres::Row;

use super::bounds::Breaker;
use super::claim::{STEP_QUEUES, STEP_TARGET, queues_of};
use super::columns::{millis, text, unsigned};
use super::tx::{Connection, NOW_MS, Tx};
use super::{
    Attempt, Bounds, Claim, Claimed, Finished, LedgerError, NextLook, PostgresLedger, QueueName, Work, bounds, inbox,
    steps, targets, work,
};
use crate::erasure::life::{Next, after};
use crate::erasure::{ErasureId, Outcome, Step};
use crate::subject::TargetName;

/// Whether there is anything to claim: a look that locks nothing, since most wake-ups find that others were faster.
pub(super) async fn is_due(
    ledger: &PostgresLedger,
    connection: &Connection,
    queue: &QueueName,
) -> Result<bool, LedgerError> {
    let sql = format!(
        "SELECT EXISTS (SELECT FROM task WHERE queue = $1 AND NOT parked AND due <= {NOW_MS} ORDER BY due LIMIT 1)
             OR EXISTS (SELECT FROM inbox WHERE installation = $2)"
    );
    let inbox = inbox_of(ledger, connection, queue).await?;
    Ok(connection.row(&sql, &[&queue.name(), &inbox]).await?.get(0))
}

/// The installation in whose inbox there may be more for the queue.
async fn inbox_of(
    ledger: &PostgresLedger,
    connection: &Connection,
    queue: &QueueName,
) -> Result<Option<i64>, LedgerError> {
    match queue {
        QueueName::Decide(installation) => ledger.installations.known(connection, &installation.0).await,
        QueueName::Settle(_) | QueueName::Resolve(_) | QueueName::Step(_) | QueueName::Close => Ok(None),
    }
}

pub(super) async fn claim(
    ledger: &PostgresLedger,
    tx: &Tx,
    queue: &QueueName,
    most: usize,
    lease: Duration,
    bounds: &Bounds,
) -> Result<Claimed, LedgerError> {
    let nothing = |next| Claimed { claims: Vec::new(), next };
    let (mut free, mut target_failing, mut next_us) = (bounds.at_once, false, 0);
    if let Some(target) = &bounds.target {
        // Whoever claims for a target does so alone, for as long as a commit takes: the bounds are of all processes.
        let pace = targets::lock(tx, target).await?;
        match targets::breaker(tx, target, pace.failures).await? {
            Breaker::Open => return Ok(nothing(NextLook::WhenPolled)),
            Breaker::HalfOpen => (free, target_failing) = (1, true),
            Breaker::Closed { failures } => target_failing = failures > 0,
        }
        free = bounds::free(free, load_of(ledger, tx, queue, target).await?);
        next_us = pace.next_call_us;
    }
    if free == 0 {
        return Ok(nothing(NextLook::WhenPolled));
    }
    let most = most.min(free);
    let rate = bounds.calls_per_s.map(|rate| (rate, bounds::grant(rate, next_us, tx.now.as_microsecond(), most)));
    let granted = rate.map_or(most, |(_, granted)| granted.calls);
    let mut next = NextLook::WhenChanged;
    let mut claims = Vec::new();
    if granted > 0 {
        if let Some(installation) = inbox_of(ledger, tx, queue).await? {
            inbox::expand(tx, &ledger.sources, queue, installation, granted).await?;
        }
        let rows = take(tx, queue, granted, lease, ledger.process()).await?;
        claims = load(ledger, tx, queue, rows, target_failing).await?;
    }
    if let (Some((rate, granted)), Some(target)) = (rate, &bounds.target) {
        let used = bounds::grant(rate, next_us, tx.now.as_microsecond(), claims.len());
        targets::set_next_call_us(tx, target, used.next_us).await?;
        if claims.len() == granted.calls
            && let Some(wait) = granted.wait
        {
            next = NextLook::After(wait);
        }
    }
    Ok(Claimed { claims, next })
}

/// A task that was taken.
struct Taken {
    task: i64,
    fence: i64,
    attempt: u32,
    row: Row,
}

/// Takes what is due, the longest due first; what another process is taking is passed over.
async fn take(
    tx: &Tx,
    queue: &QueueName,
    most: usize,
    lease: Duration,
    holder: i64,
) -> Result<Vec<Taken>, LedgerError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut rows = tx
        .rows(
            "WITH found AS (
               SELECT id, due AS was FROM task WHERE queue = $1 AND NOT parked AND due <= $2
               ORDER BY due LIMIT $3 FOR UPDATE SKIP LOCKED
             )
             UPDATE task SET due = $4, fence = fence + 1, holder = $5 FROM found WHERE task.id = found.id
             RETURNING task.id, fence, attempt, was, installation, session, erasure, event, since",
            &[&queue.name(), &millis(tx.now), &most, &millis(after(tx.now, lease)), &holder],
        )
        .await?;
    rows.sort_by_key(|row| (row.get::<_, i64>(3), row.get::<_, i64>(0)));
    let taken = |row: Row| {
        let attempt = super::columns::small(row.get(2));
        Taken { task: row.get(0), fence: row.get(1), attempt, row }
    };
    Ok(rows.into_iter().map(taken).collect())
}

/// Work that cannot be read is parked: it would otherwise stand in the way of its queue for ever.
async fn load(
    ledger: &PostgresLedger,
    tx: &Tx,
    queue: &QueueName,
    taken: Vec<Taken>,
    target_failing: bool,
) -> Result<Vec<Claim>, LedgerError> {
    let rows: Vec<&Row> = taken.iter().map(|taken| &taken.row).collect();
    let loaded = work::load(ledger, tx, queue, &rows).await?;
    let mut claims = Vec::with_capacity(taken.len());
    for (Taken { task, fence, attempt, .. }, work) in taken.into_iter().zip(loaded) {
        match work {
            Ok(work) => claims.push(Claim { task, fence, attempt, target_failing, work }),
            Err(LedgerError::Busy(cause)) => return Err(LedgerError::Busy(cause)),
            Err(LedgerError::Broken(cause)) => {
                tracing::error!(task, error = format!("{cause:#}"), "parked work that cannot be read");
                tx.execute(
                    "UPDATE task SET parked = TRUE, holder = NULL, reason = 'what is stored of it cannot be read'
                     WHERE id = $1",
                    &[&task],
                )
                .await?;
            }
        }
    }
    Ok(claims)
}

/// What is under way and due at the target, in all processes.
async fn load_of(
    ledger: &PostgresLedger,
    tx: &Tx,
    queue: &QueueName,
    target: &TargetName,
) -> Result<bounds::Load, LedgerError> {
    let (mut queues, mut inboxes) = (Vec::new(), Vec::new());
    for of_target in queues_of(target) {
        inboxes.push(inbox_of(ledger, tx, &of_target).await?);
        queues.push(of_target.name());
    }
    let rows = tx
        .rows(
            "SELECT name,
                    (SELECT COUNT(*) FROM task WHERE queue = name AND due > $3 AND holder IS NOT NULL),
                    EXISTS (SELECT FROM task WHERE queue = name AND NOT parked AND due <= $3)
                      OR EXISTS (SELECT FROM inbox WHERE installation = received)
             FROM unnest($1::TEXT[], $2::BIGINT[]) AS queues (name, received)",
            &[&queues, &inboxes, &millis(tx.now)],
        )
        .await?;
    let mut load = bounds::Load::default();
    for row in rows {
        let under_way = usize::try_from(unsigned(row.get(1))).unwrap_or(usize::MAX);
        load.all += under_way;
        if row.get::<_, &str>(0) == queue.name() {
            load.own = under_way;
        } else if row.get(2) {
            load.others_waiting += 1;
        }
    }
    Ok(load)
}

/// Whether the work is still the claim's own; it stays so until the transaction ends. The fence alone would not say so: one
/// that has been put back keeps it until somebody else claims it, and the end of a claim is written again when a cut
/// connection leaves open whether it was.
pub(super) async fn holds(tx: &Tx, claim: &Claim) -> Result<bool, LedgerError> {
    let sql = "SELECT FROM task WHERE id = $1 AND fence = $2 AND holder IS NOT NULL FOR UPDATE";
    let held = tx.maybe(sql, &[&claim.task, &claim.fence]).await?;
    Ok(held.is_some())
}

/// Prolongs the lease: it ends so long from now. One that comes late, when the claim has ended, changes nothing.
pub(super) async fn renew(connection: &Connection, claim: &Claim, lease: Duration) -> Result<Finished, LedgerError> {
    let lease_ms = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX / 2);
    let changed = connection
        .execute(
            &format!("UPDATE task SET due = {NOW_MS} + $3 WHERE id = $1 AND fence = $2 AND holder IS NOT NULL"),
            &[&claim.task, &claim.fence, &lease_ms],
        )
        .await?;
    Ok(if changed == 0 { Finished::LeaseLost } else { Finished::Done })
}

pub(super) async fn retry(
    tx: &mut Tx,
    claim: &Claim,
    pause: Duration,
    attempt: Attempt,
    reason: &str,
) -> Result<Finished, LedgerError> {
    if let Work::Step(work) = &claim.work {
        return steps::failed(tx, claim, work, pause, attempt, reason).await;
    }
    let counts = i64::from(attempt == Attempt::Counts);
    let due = millis(after(tx.now, pause));
    let changed = tx
        .execute(
            "UPDATE task SET due = $3, attempt = attempt + $4, reason = $5, holder = NULL
             WHERE id = $1 AND fence = $2 AND holder IS NOT NULL",
            &[&claim.task, &claim.fence, &due, &counts, &text(reason)],
        )
        .await?;
    if changed == 0 {
        return Ok(Finished::LeaseLost);
    }
    tx.notify(&claim.work.queue());
    Ok(Finished::Done)
}

pub(super) async fn park(tx: &mut Tx, claim: &Claim, outcome: Outcome, reason: &str) -> Result<Finished, LedgerError> {
    if let Work::Step(work) = &claim.work {
        return steps::parked(tx, claim, work, outcome, reason).await;
    }
    let parked = tx
        .execute(
            "UPDATE task SET parked = TRUE, holder = NULL, reason = $3
             WHERE id = $1 AND fence = $2 AND holder IS NOT NULL",
            &[&claim.task, &claim.fence, &text(reason)],
        )
        .await?;
    Ok(if parked == 0 { Finished::LeaseLost } else { Finished::Done })
}

/// Writes what becomes of a step's work. Its attempts are the step's.
pub(super) async fn set_next(
    tx: &mut Tx,
    id: ErasureId,
    step: &Step,
    next: Next,
    reason: Option<&str>,
) -> Result<(), LedgerError> {
    let queue = QueueName::Step(step.called.clone());
    let (erasure, name) = (id.0.as_slice(), queue.name());
    let (due, only) = match next {
        Next::Due(due) => (due, ""),
        Next::DueUnlessHeld(due) => (due, "AND holder IS NULL"),
        Next::Parked => {
            let sql = "UPDATE task SET parked = TRUE, holder = NULL, reason = $3 WHERE erasure = $1 AND queue = $2";
            tx.execute(sql, &[&erasure, &name, &step.reason.as_deref().map(text)]).await?;
            return Ok(());
        }
        Next::Gone => {
            tx.execute("DELETE FROM task WHERE erasure = $1 AND queue = $2", &[&erasure, &name]).await?;
            return Ok(());
        }
    };
    let sql = format!(
        "UPDATE task SET due = $3, attempt = $4, reason = $5, parked = FALSE, holder = NULL
         WHERE erasure = $1 AND queue = $2 {only}"
    );
    tx.execute(&sql, &[&erasure, &name, &millis(due), &i64::from(step.attempts), &reason.map(text)]).await?;
    tx.notify(&queue);
    Ok(())
}

/// Has parked work on an erasure done again; returns how much there was.
pub(super) async fn set_going(tx: &mut Tx, id: ErasureId) -> Result<usize, LedgerError> {
    let going = tx
        .rows(
            "UPDATE task SET parked = FALSE, due = $2, attempt = 0, reason = NULL WHERE erasure = $1 AND parked
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
            &format!("UPDATE task SET due = {NOW_MS}, holder = NULL WHERE id = $1 AND fence = $2"),
            &[&claim.task, &claim.fence],
        )
        .await?;
    Ok(())
}

/// Deletes the claim's task; `false` when it is no longer the claim's.
pub(super) async fn delete(tx: &Tx, claim: &Claim) -> Result<bool, LedgerError> {
    let deleted = tx
        .execute("DELETE FROM task WHERE id = $1 AND fence = $2 AND holder IS NOT NULL", &[&claim.task, &claim.fence])
        .await?;
    Ok(deleted > 0)
}

/// Adds work on an erasure, due at once.
pub(super) async fn add(tx: &mut Tx, queue: &QueueName, erasure: ErasureId) -> Result<(), LedgerError> {
    tx.execute(
        "INSERT INTO task (queue, due, erasure) VALUES ($1, $2, $3)",
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

/// Sets parked work other than steps going again.
pub(super) async fn retry_parked(tx: &mut Tx) -> Result<u64, LedgerError> {
    let going = tx
        .rows(
            &format!(
                "UPDATE task SET parked = FALSE, due = $1, attempt = 0, reason = NULL WHERE parked AND NOT {STEP_QUEUES}
                 RETURNING queue"
            ),
            &[&millis(tx.now)],
        )
        .await?;
    tx.news.extend(going.iter().map(|row| row.get::<_, String>(0)));
    Ok(going.len() as u64)
}
