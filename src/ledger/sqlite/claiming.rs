//! Claiming work and giving it back. A claim is a lease: the task is due again by itself when the lease ends, and the
//! fence, which grows with each claim, keeps the one who lost it from finishing it.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, params};

use super::claim::{AtClaim, Faults, HeldWork, RefusedWork, Writes, queues_of};
use super::columns::Millis;
use super::health::MayBegin;
use super::job::{Tx, apart};
use super::tasks::holds;
use super::{Attempt, Bounds, Claim, Claimed, Finished, LedgerError, NextLook, QueueName, Work};
use super::{bounds, clock, holds, inbox, line, pauses, steps, targets, work};
use crate::erasure::Outcome;
use crate::erasure::life::after;
use crate::ledger::clock::Trust;
use crate::ledger::deaths::{FATAL, has_died, is_fatal};
use crate::ledger::holding::destroys;
use crate::subject::TargetName;

/// Steps that are looked at for one that erases nothing, while nothing may be erased.
const UNDER_DOUBT_MAX: usize = 10_000;

/// Who claims, and for how long.
#[derive(Clone, Copy)]
pub(super) struct Holder {
    pub(super) process: i64,
    pub(super) lease: Duration,
}

pub(super) fn claim(
    tx: &Tx<'_>,
    queue: &QueueName,
    most: usize,
    holder: Holder,
    bounds: &Bounds,
    writes: Writes,
) -> Result<Claimed, LedgerError> {
    let trust = clock::trust(tx)?;
    // A receipt is dated and signed for good.
    if !trust.erasing && matches!(queue, QueueName::Resolve(_) | QueueName::Close) {
        return Ok(Claimed::nothing(NextLook::WhenPolled));
    }
    if let Some(target) = &bounds.target
        && pauses::is_paused(tx, target, tx.now)?
    {
        return Ok(Claimed::nothing(NextLook::WhenPolled));
    }
    let mut at_once = bounds.at_once;
    let mut seen = AtClaim { target: None, now: tx.now, trust };
    if let Some(target) = &bounds.target {
        let health = seen.target.insert(targets::health(tx, target)?);
        match health.may_begin(at_once, tx.now) {
            MayBegin::Nothing => return Ok(Claimed::nothing(NextLook::WhenPolled)),
            MayBegin::After(pause) => return Ok(Claimed::nothing(NextLook::After(pause))),
            MayBegin::AtOnce(most) => at_once = most,
            MayBegin::Probe => at_once = 1,
        }
    }
    let free = match &bounds.target {
        Some(target) => bounds::free(at_once, load_of(tx, queue, target, trust)?),
        None => at_once,
    };
    if free == 0 {
        return Ok(Claimed::nothing(NextLook::WhenPolled));
    }
    let most = most.min(free);
    // No more than is taken now: a task stands in several indexes, and a backlog stays cheap as rows of the inbox.
    if let QueueName::Decide(installation) = queue {
        inbox::expand(tx, installation, most, writes)?;
    }
    let due = due(tx, queue, most, holder, trust)?;
    let found = due.len();
    let rate = match (&bounds.target, bounds.calls_per_s) {
        (Some(target), Some(rate)) if found > 0 => Some((target, rate, targets::next_call_us(tx, target)?)),
        _ => None,
    };
    let granted = rate.map(|(_, rate, next_us)| bounds::grant(rate, next_us, tx.now.as_microsecond(), found));
    let calls = granted.map_or(found, |granted| granted.calls);
    let mut claims = Vec::with_capacity(calls);
    let mut refused = Vec::new();
    for task in due {
        // What is put aside needs no call.
        if claims.len() == calls {
            break;
        }
        let Some(claim) = claim_one(tx, queue, task, holder, &seen, writes)? else { continue };
        match note_tried(tx, &claim, writes)? {
            Ok(()) => claims.push(claim),
            Err(error) => refused.push(RefusedWork { held: claim.held(), error }),
        }
    }
    if let Some((target, rate, next_us)) = rate {
        let used = bounds::grant(rate, next_us, tx.now.as_microsecond(), claims.len());
        targets::set_next_call_us(tx, target, used.next_us)?;
    }
    let next = match granted.and_then(|granted| granted.wait) {
        Some(wait) if claims.len() == calls => NextLook::After(wait),
        _ if found < most => NextLook::WhenChanged,
        // Some of it was put aside, as by a hold: there is room for the next of a long queue, and no end of work tells of it.
        _ if claims.len() < found => NextLook::After(Duration::ZERO),
        _ => NextLook::WhenPolled,
    };
    Ok(Claimed { claims, refused, next })
}

/// The queues in which something is due. To look costs far less than a claim in vain.
pub(super) fn with_work(tx: &Tx<'_>, mut queues: Vec<String>) -> Result<Vec<String>, LedgerError> {
    let mut due = tx.prepare_cached(
        "SELECT 1 FROM task WHERE queue = ?1 AND parked = 0 AND due <= ?2
         UNION ALL SELECT 1 FROM inbox WHERE parked = 0 AND due <= ?2
           AND installation = (SELECT id FROM installation WHERE 'decide:' || name = ?1)
         LIMIT 1",
    )?;
    let mut failed = None;
    queues.retain(|queue| {
        due.exists(params![queue, Millis(tx.now)]).unwrap_or_else(|error| {
            failed = Some(error);
            false
        })
    });
    failed.map_or(Ok(queues), |error| Err(error.into()))
}

/// What is due and may be claimed, the longest due first; before it, one at which a process has died, where nobody does such work now. What
/// another process holds is left to it until its lease has
/// surely ended: a clock that jumps ends none. What tries a target that is out is due later than all others once it has failed, so
/// that each has its turn, and what can never succeed does not keep it out.
fn due(tx: &Tx<'_>, queue: &QueueName, most: usize, holder: Holder, trust: Trust) -> Result<Vec<i64>, LedgerError> {
    let mut due: Vec<_> = suspect(tx, queue, trust)?.into_iter().collect();
    let died = has_died("?5", "?2");
    let ready = format!(
        "FROM task WHERE queue = ?1 AND parked = 0 AND due <= ?2
           AND CASE WHEN holder IS NULL THEN deaths = 0 ELSE due - began <= ?4 AND NOT ({died}) END
         ORDER BY due"
    );
    let sql = match queue {
        // Beside what is to be erased, only so much is looked at: the others that write wait for this.
        QueueName::Step(_) if !trust.erasing => format!(
            "SELECT id FROM (SELECT id, due, erasure, queue {ready} LIMIT {UNDER_DOUBT_MAX}) AS ready
             WHERE NOT {IS_TO_ERASE} ORDER BY due LIMIT ?3"
        ),
        _ => format!("SELECT id {ready} LIMIT ?3"),
    };
    let mut statement = tx.prepare_cached(&sql)?;
    let left = most.saturating_sub(due.len()) as i64;
    let values = params![queue.name(), Millis(tx.now), left, trust.leases_ms(), holder.process];
    let others = statement.query_map(values, |row| row.get::<_, i64>(0))?;
    due.extend(others.collect::<Result<Vec<_>, _>>()?);
    Ok(due)
}

/// The step of a task, which is called `ready`, is to erase something.
const IS_TO_ERASE: &str =
    "EXISTS (SELECT 1 FROM step WHERE step.erasure = ready.erasure AND 'step:' || step.called = ready.queue
                                   AND stage = 'erase')";

/// Work of the queue at which a process has died, the longest due one, unless other such work is being done.
fn suspect(tx: &Tx<'_>, queue: &QueueName, trust: Trust) -> Result<Option<i64>, LedgerError> {
    let only = if trust.erasing { String::new() } else { format!("AND NOT {IS_TO_ERASE}") };
    let mut left_over = tx.prepare_cached(&format!(
        "SELECT id FROM task AS ready WHERE deaths > 0 AND queue = ?1 AND holder IS NULL AND parked = 0 AND due <= ?2 {only}
         ORDER BY due LIMIT 1"
    ))?;
    let task = left_over.query_row(params![queue.name(), Millis(tx.now)], |row| row.get(0)).optional()?;
    let Some(task) = task else { return Ok(None) };
    let mut under_way = tx.prepare_cached(
        "SELECT 1 FROM task WHERE deaths > 0 AND holder IS NOT NULL AND parked = 0 AND (due > ?1 OR due - began > ?2)",
    )?;
    let is_other = under_way.exists(params![Millis(tx.now), trust.leases_ms()])?;
    Ok((!is_other).then_some(task))
}

/// What is under way and due at the target, in all processes.
fn load_of(tx: &Tx<'_>, queue: &QueueName, target: &TargetName, trust: Trust) -> Result<bounds::Load, LedgerError> {
    // Held and not due yet: a lease that has ended frees its place by itself, without anybody noticing it.
    let mut under_way = tx.prepare_cached(
        "SELECT COUNT(*) FROM task WHERE queue = ?1 AND holder IS NOT NULL AND (due > ?2 OR due - began > ?3)",
    )?;
    let mut due = tx.prepare_cached("SELECT 1 FROM task WHERE queue = ?1 AND parked = 0 AND due <= ?2 LIMIT 1")?;
    let mut load = bounds::Load::default();
    for other in queues_of(target) {
        let count: i64 =
            under_way.query_row(params![other.name(), Millis(tx.now), trust.leases_ms()], |row| row.get(0))?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        load.all += count;
        if other == *queue {
            load.own = count;
        } else if due.exists(params![other.name(), Millis(tx.now)])? || inbox::has_more(tx, &other)? {
            load.others_waiting += 1;
        }
    }
    Ok(load)
}

/// Work that cannot be read is parked: it would otherwise stand in the way of its queue for ever.
fn claim_one(
    tx: &Tx<'_>,
    queue: &QueueName,
    task: i64,
    holder: Holder,
    seen: &AtClaim,
    writes: Writes,
) -> Result<Option<Claim>, LedgerError> {
    // The fence grows with the claim and not with its end: whoever lost the claim is found out by it however late they come.
    let lease_until = after(tx.now, holder.lease);
    let (fence, attempt, faults, deaths) = tx
        .prepare_cached(
            "UPDATE task SET due = ?2, began = ?4, fence = fence + 1, holder = ?3, held_by = NULL, held_until = NULL WHERE id = ?1
             RETURNING fence, attempt, refused, panics, deaths",
        )?
        .query_row(params![task, Millis(lease_until), holder.process, Millis(tx.now)], |row| {
            Ok((row.get(0)?, row.get(1)?, Faults { refused: row.get(2)?, panics: row.get(3)? }, row.get(4)?))
        })?;
    match work::load(tx, queue, task) {
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
                    Writes::Together => park(tx, &claim, Outcome::Parked, FATAL)?,
                    Writes::Apart => put_off(tx, &claim.held(), None, FATAL)?,
                };
                return Ok(None);
            }
            // Asked in the transaction of the claim: whoever holds something later is told what is under way.
            if let Some(erasure) = destroys(&claim.work)
                && holds::has_wait(tx, task, erasure)?
            {
                return Ok(None);
            }
            Ok(Some(claim))
        }
        // A failure that is not the work's own must not park it.
        Err(other @ (LedgerError::Busy(_) | LedgerError::Damaged(_))) => Err(other),
        Err(LedgerError::Broken(cause)) => {
            tracing::error!(task, error = format!("{cause:#}"), "parked work that cannot be read");
            tx.prepare_cached("UPDATE task SET parked = 1, holder = NULL, deaths = 0, reason = ?2 WHERE id = ?1")?
                .execute(params![task, line::reason_to_park(&cause)])?;
            Ok(None)
        }
    }
}

/// Notes with a claim that a target may be asked to erase, where it may. The result within is that of what was tried apart.
fn note_tried(tx: &Tx<'_>, claim: &Claim, writes: Writes) -> Result<Result<(), LedgerError>, LedgerError> {
    let Work::Step(work) = &claim.work else { return Ok(Ok(())) };
    if destroys(&claim.work).is_none() {
        return Ok(Ok(()));
    }
    match writes {
        Writes::Together => steps::claimed(tx, work).map(Ok),
        Writes::Apart => apart(tx, || steps::claimed(tx, work)),
    }
}

pub(super) fn retry(
    tx: &Tx<'_>,
    claim: &Claim,
    pause: Duration,
    attempt: Attempt,
    reason: &str,
) -> Result<Finished, LedgerError> {
    if !holds(tx, claim)? {
        return Ok(Finished::LeaseLost);
    }
    if let Work::Step(work) = &claim.work {
        // Its attempts are the step's.
        steps::failed(tx, work, pause, attempt, reason)?;
    } else {
        tx.prepare_cached(
            "UPDATE task SET due = ?2, began = ?5, attempt = attempt + ?3, reason = ?4, holder = NULL, deaths = 0 WHERE id = ?1",
        )?
        .execute(params![
            claim.task,
            Millis(after(tx.now, pause)),
            i64::from(attempt == Attempt::Counts),
            reason,
            Millis(tx.now)
        ])?;
    }
    if matches!(attempt, Attempt::Refused | Attempt::Panicked) {
        tx.prepare_cached("UPDATE task SET refused = refused + ?2, panics = panics + ?3 WHERE id = ?1")?
            .execute(params![claim.task, attempt == Attempt::Refused, attempt == Attempt::Panicked])?;
    }
    Ok(Finished::Done)
}

/// Puts work back, or aside without a pause, of which nothing else can be written.
pub(super) fn put_off(
    tx: &Tx<'_>,
    of: &HeldWork,
    pause: Option<Duration>,
    reason: &str,
) -> Result<Finished, LedgerError> {
    let due = Millis(after(tx.now, pause.unwrap_or_default()));
    let changed = tx
        .prepare_cached(
            "UPDATE task SET parked = ?3, due = ?4, began = ?5, refused = refused + 1, reason = ?6, holder = NULL, deaths = 0
             WHERE id = ?1 AND fence = ?2 AND holder IS NOT NULL",
        )?
        .execute(params![of.task, of.fence, pause.is_none(), due, Millis(tx.now), reason])?;
    Ok(if changed == 0 { Finished::LeaseLost } else { Finished::Done })
}

pub(super) fn park(tx: &Tx<'_>, claim: &Claim, outcome: Outcome, reason: &str) -> Result<Finished, LedgerError> {
    if !holds(tx, claim)? {
        return Ok(Finished::LeaseLost);
    }
    if let Work::Step(work) = &claim.work {
        steps::parked(tx, work, outcome, reason)?;
        return Ok(Finished::Done);
    }
    tx.prepare_cached("UPDATE task SET parked = 1, holder = NULL, deaths = 0, reason = ?2 WHERE id = ?1")?
        .execute(params![claim.task, reason])?;
    Ok(Finished::Done)
}
