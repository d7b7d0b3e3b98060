//! Claiming work and giving it back. A claim is a lease: the task is due again by itself when the lease ends, and the
//! fence, which grows with each claim, keeps the one who lost it from finishing it.

use std::time::Duration;

use tokio_postgres::Row;

use super::claim::queues_of;
use super::columns::{millis, text, unsigned};
use super::health::MayBegin;
use super::tasks::HELD;
use super::tx::{Connection, NOW_MS, Tx};
use super::{
    Attempt, Bounds, Claim, Claimed, Finished, LedgerError, NextLook, PostgresLedger, QueueName, Work, bounds, inbox,
    line, steps, targets, work,
};
use crate::erasure::Outcome;
use crate::erasure::life::after;
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
    let mut free = bounds.at_once;
    let mut target_failing = false;
    let mut next_us = 0;
    if let Some(target) = &bounds.target {
        // Claims for one target are made one after the other, each for as long as a commit takes: the bounds are of all processes.
        let health = targets::lock(tx, target).await?;
        target_failing = !health.is_good();
        match health.may_begin(free, tx.now) {
            MayBegin::Nothing => return Ok(nothing(NextLook::WhenPolled)),
            MayBegin::After(pause) => return Ok(nothing(NextLook::After(pause))),
            MayBegin::AtOnce(most) => free = bounds::free(most, load_of(ledger, tx, queue, target).await?),
        }
        next_us = health.pace.next_call_us;
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
        // By what was taken, which can be less than was granted: unused calls would slow the target down for nothing.
        let used = bounds::grant(rate, next_us, tx.now.as_microsecond(), claims.len());
        targets::set_next_call_us(tx, target, used.next_us).await?;
        // Only where the rate was the bound: otherwise nothing more is due, and what comes must not wait for the rate's
        // pause.
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
    // An UPDATE returns its rows in any order; the longest due goes first.
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
            // A failure that is not the work's own must not park it.
            Err(passing @ (LedgerError::Busy(_) | LedgerError::Damaged(_))) => return Err(passing),
            Err(LedgerError::Broken(cause)) => {
                tracing::error!(task, error = format!("{cause:#}"), "parked work that cannot be read");
                tx.execute(
                    "UPDATE task SET parked = TRUE, holder = NULL, reason = $2 WHERE id = $1",
                    &[&task, &line::reason_to_park(&cause)],
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
    let mut queues = Vec::new();
    let mut inboxes = Vec::new();
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
            &format!(
                "UPDATE task SET due = $3, attempt = attempt + $4, reason = $5, holder = NULL
                 WHERE id = $1 AND fence = $2 AND {HELD}"
            ),
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
            &format!(
                "UPDATE task SET parked = TRUE, holder = NULL, reason = $3 WHERE id = $1 AND fence = $2 AND {HELD}"
            ),
            &[&claim.task, &claim.fence, &text(reason)],
        )
        .await?;
    Ok(if parked == 0 { Finished::LeaseLost } else { Finished::Done })
}
