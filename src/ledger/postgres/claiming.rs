//! Claiming work and giving it back. A claim is a lease: the task is due again by itself when the lease ends, and the
//! fence, which grows with each claim, keeps the one who lost it from finishing it.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio_postgres::Row;

use super::claim::{AtClaim, Faults, HeldWork, RefusedWork, Writes, queues_of};
use super::clock::{FROM_KNOWN, KNOWN, Known};
use super::columns::{millis, text, unsigned};
use super::health::MayBegin;
use super::tasks::HELD;
use super::tx::{Connection, NOW_MS, Tx};
use super::{
    Attempt, Bounds, Claim, Claimed, Finished, LedgerError, NextLook, PostgresLedger, QueueName, StepWork, Work,
    bounds, holds, inbox, line, steps, targets, work,
};
use crate::clock::boot_id;
use crate::erasure::Outcome;
use crate::erasure::life::after;
use crate::ledger::clock::Trust;
use crate::ledger::deaths::{FATAL, has_died, is_fatal};
use crate::ledger::holding::destroys;
use crate::subject::TargetName;

/// What a look has found that there is to claim.
pub(super) struct Found {
    /// What is known of the clock.
    clock: Known,
    /// Whether there is work at which a process has died.
    is_suspect: bool,
}

/// Whether there is anything to claim: a look that locks nothing, since most wake-ups find that others were faster.
pub(super) async fn is_due(
    ledger: &PostgresLedger,
    connection: &Connection,
    queue: &QueueName,
    bounds: &Bounds,
) -> Result<Option<Found>, LedgerError> {
    let target = bounds.target.as_ref().map(|target| &*target.0);
    let sql = format!(
        "SELECT {KNOWN},
                EXISTS (SELECT FROM task WHERE queue = $2 AND NOT parked AND due <= {NOW_MS} ORDER BY due LIMIT 1)
                  OR EXISTS (SELECT FROM inbox WHERE installation = $3 AND NOT parked AND due <= {NOW_MS}),
                EXISTS (SELECT FROM task WHERE deaths > 0 AND queue = $2),
                EXISTS (SELECT FROM target_pause WHERE target = $4 AND (until IS NULL OR until > {NOW_MS}))
         {FROM_KNOWN}"
    );
    let inbox = inbox_of(ledger, connection, queue).await?;
    let row = connection.row(&sql, &[&boot_id(), &queue.name(), &inbox, &target]).await?;
    let is_paused: bool = row.get(9);
    if is_paused || !row.get::<_, bool>(7) {
        return Ok(None);
    }
    Ok(Some(Found { clock: Known::read(&row)?, is_suspect: row.get(8) }))
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

#[expect(clippy::too_many_arguments, reason = "each is another thing")]
pub(super) async fn claim(
    ledger: &PostgresLedger,
    tx: &mut Tx,
    queue: &QueueName,
    most: usize,
    lease: Duration,
    bounds: &Bounds,
    found: &Found,
    writes: Writes,
) -> Result<Claimed, LedgerError> {
    let trust = found.clock.trust(&tx.look);
    // A receipt is dated and signed for good.
    if !trust.erasing && matches!(queue, QueueName::Resolve(_) | QueueName::Close) {
        return Ok(Claimed::nothing(NextLook::WhenPolled));
    }
    // First of all locks: a hold that is added or lifted meanwhile is before all of this, or after it.
    let may_erase = matches!(queue, QueueName::Resolve(_) | QueueName::Step(_));
    if may_erase {
        holds::lock_for_claim(tx).await?;
    }
    let mut free = bounds.at_once;
    let mut seen = AtClaim { target: None, now: tx.now, trust };
    let mut next_us = 0;
    if let Some(target) = &bounds.target {
        // Claims for one target are made one after the other, each for as long as a commit takes: the bounds are of all processes.
        let health = seen.target.insert(targets::lock(tx, target).await?);
        match health.may_begin(free, tx.now) {
            MayBegin::Nothing => return Ok(Claimed::nothing(NextLook::WhenPolled)),
            MayBegin::After(pause) => return Ok(Claimed::nothing(NextLook::After(pause))),
            MayBegin::AtOnce(most) => free = bounds::free(most, load_of(ledger, tx, queue, target, trust).await?),
            MayBegin::Probe => free = bounds::free(1, load_of(ledger, tx, queue, target, trust).await?),
        }
        next_us = health.pace.next_call_us;
    }
    if free == 0 {
        return Ok(Claimed::nothing(NextLook::WhenPolled));
    }
    let most = most.min(free);
    let rate = bounds.calls_per_s.map(|rate| (rate, bounds::grant(rate, next_us, tx.now.as_microsecond(), most)));
    let granted = rate.map_or(most, |(_, granted)| granted.calls);
    let mut next = NextLook::WhenChanged;
    let mut claims = Vec::new();
    let mut refused = Vec::new();
    let mut taken = 0;
    if granted > 0 {
        if let Some(installation) = inbox_of(ledger, tx, queue).await? {
            inbox::expand(tx, &ledger.sources, queue, installation, granted, writes).await?;
        }
        let suspect = if found.is_suspect { suspect(tx, queue, trust).await? } else { None };
        let rows = take(tx, queue, granted, lease, ledger.process(), trust, suspect).await?;
        taken = rows.len();
        if taken == most {
            next = NextLook::WhenPolled;
        }
        claims = load(ledger, tx, queue, rows, &seen, writes).await?;
        if let QueueName::Step(called) = queue {
            (claims, refused) = note_tried(tx, called, claims, writes).await?;
        }
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
    // Some of it was put aside, as by a hold: there is room for the next of a long queue, and no end of work tells of it.
    if taken == granted && claims.len() < taken {
        next = NextLook::After(Duration::ZERO);
    }
    Ok(Claimed { claims, refused, next })
}

/// A task that was taken.
struct Taken {
    task: i64,
    fence: i64,
    attempt: u32,
    faults: Faults,
    /// How many processes have died at it in a row.
    deaths: u32,
    row: Row,
}

/// Of two processes that look at once whether a suspect is being done, one looks.
const SUSPECTS: &str = "SELECT pg_try_advisory_xact_lock(7521974406301414)";

/// Work of the queue at which a process has died, the longest due one, unless other such work is being done.
async fn suspect(tx: &Tx, queue: &QueueName, trust: Trust) -> Result<Option<i64>, LedgerError> {
    let sql = "SELECT id FROM task WHERE deaths > 0 AND queue = $1 AND holder IS NULL AND NOT parked AND due <= $2 ORDER BY due LIMIT 1";
    let Some(row) = tx.maybe(sql, &[&queue.name(), &millis(tx.now)]).await? else { return Ok(None) };
    if !tx.row(SUSPECTS, &[]).await?.get::<_, bool>(0) {
        return Ok(None);
    }
    let other = "SELECT FROM task WHERE deaths > 0 AND NOT parked AND holder IS NOT NULL AND (due > $1 OR due - began > $2) LIMIT 1";
    let is_other = tx.maybe(other, &[&millis(tx.now), &trust.leases_ms()]).await?.is_some();
    Ok((!is_other).then(|| row.get(0)))
}

/// The number of no task.
const NO_TASK: i64 = -1;

/// Takes what is due, the longest due first, and of the suspects the one that is named; what another process is taking is passed over. What another one holds is left to it
/// until its lease has surely ended: a clock that jumps ends none. What tries a target that is out is due later than all others
/// once it has failed, so that each has its turn, and what can never succeed does not keep it out.
async fn take(
    tx: &Tx,
    queue: &QueueName,
    most: usize,
    lease: Duration,
    holder: i64,
    trust: Trust,
    suspect: Option<i64>,
) -> Result<Vec<Taken>, LedgerError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let only = match queue {
        QueueName::Step(_) if !trust.erasing => {
            "AND NOT EXISTS (SELECT FROM step WHERE step.erasure = task.erasure AND 'step:' || step.called = task.queue
                             AND stage = 'erase')"
        }
        _ => "",
    };
    let sql = format!(
        "WITH found AS (
           SELECT id, due AS was FROM task
           WHERE queue = $1 AND NOT parked AND due <= $2
             AND CASE WHEN holder IS NULL THEN deaths = 0 OR id = $7 ELSE due - began <= $6 AND NOT ({}) END {only}
           ORDER BY due LIMIT $3 FOR UPDATE SKIP LOCKED
         )
         UPDATE task SET due = $4, began = $2, fence = fence + 1, holder = $5, held_by = NULL, held_until = NULL
         FROM found WHERE task.id = found.id
         RETURNING task.id, fence, attempt, was, installation, session, erasure, event, since, refused, panics, deaths",
        has_died("$5", "$2")
    );
    let until = millis(after(tx.now, lease));
    let leases_ms = trust.leases_ms();
    let mut rows = tx
        .rows(&sql, &[&queue.name(), &millis(tx.now), &most, &until, &holder, &leases_ms, &suspect.unwrap_or(NO_TASK)])
        .await?;
    // An UPDATE returns its rows in any order; the longest due goes first.
    rows.sort_by_key(|row| (row.get::<_, i64>(3), row.get::<_, i64>(0)));
    let taken = |row: Row| {
        let attempt = super::columns::small(row.get(2));
        let [refused, panics, deaths] = [9, 10, 11].map(|column| super::columns::small(row.get(column)));
        Taken { task: row.get(0), fence: row.get(1), attempt, faults: Faults { refused, panics }, deaths, row }
    };
    Ok(rows.into_iter().map(taken).collect())
}

/// Work that cannot be read is parked: it would otherwise stand in the way of its queue for ever.
async fn load(
    ledger: &PostgresLedger,
    tx: &mut Tx,
    queue: &QueueName,
    taken: Vec<Taken>,
    seen: &AtClaim,
    writes: Writes,
) -> Result<Vec<Claim>, LedgerError> {
    let rows: Vec<&Row> = taken.iter().map(|taken| &taken.row).collect();
    let loaded = work::load(ledger, tx, queue, &rows).await?;
    // Asked in the transaction of the claims: whoever holds something later is told what is under way.
    let destroyed: BTreeSet<_> = loaded.iter().flatten().filter_map(destroys).collect();
    let keeping = holds::keeping(tx, &destroyed, tx.now).await?;
    let mut claims = Vec::with_capacity(taken.len());
    let each = taken
        .into_iter()
        .map(|Taken { task, fence, attempt, faults, deaths, .. }| (task, fence, attempt, faults, deaths));
    for ((task, fence, attempt, faults, deaths), work) in each.zip(loaded) {
        match work {
            Ok(work) => {
                let claim = seen.claim(task, fence, attempt, faults, work);
                if is_fatal(deaths) {
                    tracing::error!(
                        task,
                        deaths,
                        "work at which the server ended each time is put aside; a person is needed"
                    );
                    // It is held, by this transaction. Its step may be what was refused of the batch.
                    let _: Finished = match writes {
                        Writes::Together => park(tx, &claim, Outcome::Parked, FATAL).await?,
                        Writes::Apart => put_off(tx, &claim.held(), None, FATAL).await?,
                    };
                    continue;
                }
                if let Some(erasure) = destroys(&claim.work)
                    && let Some(kept_by) = keeping.get(&erasure)
                {
                    holds::wait(tx, task, erasure, kept_by).await?;
                    continue;
                }
                claims.push(claim);
            }
            // A failure that is not the work's own must not park it.
            Err(passing @ (LedgerError::Busy(_) | LedgerError::Damaged(_))) => return Err(passing),
            Err(LedgerError::Broken(cause)) => {
                tracing::error!(task, error = format!("{cause:#}"), "parked work that cannot be read");
                tx.execute(
                    "UPDATE task SET parked = TRUE, holder = NULL, deaths = 0, reason = $2 WHERE id = $1",
                    &[&task, &line::reason_to_park(&cause)],
                )
                .await?;
            }
        }
    }
    Ok(claims)
}

/// Notes with their claims that the target which is called so may be asked to erase, where it may. Apart, what the database refuses
/// is told from the rest.
async fn note_tried(
    tx: &Tx,
    called: &TargetName,
    claims: Vec<Claim>,
    writes: Writes,
) -> Result<(Vec<Claim>, Vec<RefusedWork>), LedgerError> {
    if writes == Writes::Together {
        let erasing: Vec<_> = claims.iter().filter_map(erases).collect();
        steps::claimed(tx, called, &erasing).await?;
        return Ok((claims, Vec::new()));
    }
    let (mut noted, mut refused) = (Vec::with_capacity(claims.len()), Vec::new());
    for claim in claims {
        let tried = match erases(&claim) {
            Some(work) => tx.apart(steps::claimed(tx, called, &[work])).await?,
            None => Ok(()),
        };
        match tried {
            Ok(()) => noted.push(claim),
            Err(error) => refused.push(RefusedWork { held: claim.held(), error }),
        }
    }
    Ok((noted, refused))
}

/// The step of a claim by which data may be destroyed.
fn erases(claim: &Claim) -> Option<&StepWork> {
    let Work::Step(work) = &claim.work else { return None };
    destroys(&claim.work).map(|_| work)
}

/// What is under way and due at the target, in all processes.
async fn load_of(
    ledger: &PostgresLedger,
    tx: &Tx,
    queue: &QueueName,
    target: &TargetName,
    trust: Trust,
) -> Result<bounds::Load, LedgerError> {
    let mut queues = Vec::new();
    let mut inboxes = Vec::new();
    for of_target in queues_of(target) {
        inboxes.push(inbox_of(ledger, tx, &of_target).await?);
        queues.push(of_target.name());
    }
    // Only where not every lease has surely ended: the index of what is held is full of what was held a moment ago.
    let doubtful = if trust.is_whole() { "" } else { "OR due - began > $4" };
    let sql = format!(
        "SELECT name,
                (SELECT COUNT(*) FROM task WHERE queue = name AND holder IS NOT NULL AND (due > $3 {doubtful})),
                EXISTS (SELECT FROM task WHERE queue = name AND NOT parked AND due <= $3)
                  OR EXISTS (SELECT FROM inbox WHERE installation = received AND NOT parked AND due <= $3)
         FROM unnest($1::TEXT[], $2::BIGINT[]) AS queues (name, received) WHERE $4 >= 0"
    );
    let rows = tx.rows(&sql, &[&queues, &inboxes, &millis(tx.now), &trust.leases_ms()]).await?;
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
    let [refused, panics] = [Attempt::Refused, Attempt::Panicked].map(|end| i64::from(attempt == end));
    if let Work::Step(work) = &claim.work {
        // Its attempts are the step's.
        let failed = steps::failed(tx, claim, work, pause, attempt, reason).await?;
        if failed == Finished::Done && (refused > 0 || panics > 0) {
            let sql = "UPDATE task SET refused = refused + $2, panics = panics + $3 WHERE id = $1";
            tx.execute(sql, &[&claim.task, &refused, &panics]).await?;
        }
        return Ok(failed);
    }
    let counts = i64::from(attempt == Attempt::Counts);
    let due = millis(after(tx.now, pause));
    let changed = tx
        .execute(
            &format!(
                "UPDATE task SET due = $3, began = $6, attempt = attempt + $4, reason = $5, holder = NULL, deaths = 0,
                                 refused = refused + $7, panics = panics + $8
                 WHERE id = $1 AND fence = $2 AND {HELD}"
            ),
            &[&claim.task, &claim.fence, &due, &counts, &text(reason), &millis(tx.now), &refused, &panics],
        )
        .await?;
    if changed == 0 {
        return Ok(Finished::LeaseLost);
    }
    tx.notify(&claim.work.queue());
    Ok(Finished::Done)
}

/// Puts work back, or aside without a pause, of which nothing else can be written.
pub(super) async fn put_off(
    tx: &mut Tx,
    of: &HeldWork,
    pause: Option<Duration>,
    reason: &str,
) -> Result<Finished, LedgerError> {
    let due = millis(after(tx.now, pause.unwrap_or_default()));
    let sql = format!(
        "UPDATE task SET parked = $3, due = $4, began = $5, refused = refused + 1, reason = $6, holder = NULL, deaths = 0
         WHERE id = $1 AND fence = $2 AND {HELD}"
    );
    let changed =
        tx.execute(&sql, &[&of.task, &of.fence, &pause.is_none(), &due, &millis(tx.now), &text(reason)]).await?;
    if changed == 0 {
        return Ok(Finished::LeaseLost);
    }
    tx.notify(&of.queue);
    Ok(Finished::Done)
}

pub(super) async fn park(tx: &mut Tx, claim: &Claim, outcome: Outcome, reason: &str) -> Result<Finished, LedgerError> {
    if let Work::Step(work) = &claim.work {
        return steps::parked(tx, claim, work, outcome, reason).await;
    }
    let parked = tx
        .execute(
            &format!(
                "UPDATE task SET parked = TRUE, holder = NULL, deaths = 0, reason = $3 WHERE id = $1 AND fence = $2 AND {HELD}"
            ),
            &[&claim.task, &claim.fence, &text(reason)],
        )
        .await?;
    Ok(if parked == 0 { Finished::LeaseLost } else { Finished::Done })
}
