//! Erasures before they begin: scheduling, merging, approval, moving with the settling of their session; and what people
//! order.

use jiff::Timestamp;
use rusqlite::params;
use tracing::info;

use super::columns::{Json, Millis, Word, json};
use super::job::Tx;
use super::names::{Names, Place};
use super::row::{self, Row as _, WAITING};
use super::{Claim, Finished, LedgerError, QueueName};
use super::{
    capsules, confirming, failure::broken, holds, rechecks, requests, rules, sessions, steps, sum, targets, tasks,
};
use crate::erasure::confirmation::{Link, LinkProof};
use crate::erasure::life::{Cancelled, Life, Resolving, Retried, Waiting, WithoutRejected};
use crate::erasure::{Confirm, ErasureId, ErasureState, NewErasure, Step, Subject};
use crate::ledger::clock::began;
use crate::ledger::{Confirmed, ParkedMark, Stopped, holding, is_rejected, transition};
use crate::subject::SessionKey;

/// Schedules an erasure, or merges it into the one with the same merge key that has not begun.
pub(super) fn schedule(tx: &Tx<'_>, new: &NewErasure) -> Result<ErasureId, LedgerError> {
    let settle_at = settle_at(tx, &new.subject)?;
    let (fresh, resolving) = Waiting::new(new, settle_at)?;
    let id = match mergeable(tx, &fresh.merge_key)? {
        None => {
            insert(tx, new, &fresh)?;
            set_resolving(tx, new.id, &new.subject, resolving)?;
            new.id
        }
        Some(waiting) => {
            let id = waiting.id;
            if let Some((waiting, resolving)) = waiting.merged(new, settle_at) {
                update(tx, &waiting)?;
                set_resolving(tx, id, &new.subject, resolving)?;
            }
            id
        }
    };
    if let Some(whom) = &new.capsule {
        capsules::add(tx, id, &whom.seal(id))?;
    }
    capsules::add_fingerprints(tx, id, &new.fingerprints)?;
    if let Some(Confirm::Email { address }) = new.confirm {
        confirming::want(tx, id, address)?;
    }
    Ok(id)
}

fn mergeable(tx: &Tx<'_>, merge_key: &str) -> Result<Option<Waiting>, LedgerError> {
    let sql = format!("SELECT {WAITING} FROM erasure WHERE merge_key = ?1 AND state IN ('requested', 'scheduled')");
    let mut statement = tx.prepare_cached(&sql)?;
    let mut rows = statement.query([merge_key])?;
    rows.next()?.map(row::waiting).transpose()
}

/// All erasures of a subject that have not begun, whether they could become one or not.
fn waiting_of(tx: &Tx<'_>, subject: &Subject) -> Result<Vec<Waiting>, LedgerError> {
    let sql = format!("SELECT {WAITING} FROM erasure WHERE subject_key = ?1 AND state IN ('requested', 'scheduled')");
    let mut statement = tx.prepare_cached(&sql)?;
    let mut rows = statement.query([subject.key()])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(row::waiting(row)?);
    }
    Ok(all)
}

fn insert(tx: &Tx<'_>, new: &NewErasure, waiting: &Waiting) -> Result<(), LedgerError> {
    let installation = Names::Installation.intern(tx, &new.subject.installation().0)?;
    let subject = json(&new.subject)?;
    let selection = json(&new.selection)?;
    tx.prepare_cached(
        "INSERT INTO erasure (id, installation, subject, subject_key, merge_key, selection, rules, targets, state, created,
                              due_rule, due, sum, demands, confirm, approved)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?
    .execute(params![
        new.id,
        installation,
        subject,
        new.subject.key(),
        waiting.merge_key,
        selection,
        Json(&waiting.rules),
        Json(&waiting.targets),
        Word(waiting.state),
        Millis(tx.now),
        Millis(waiting.due_rule),
        Millis(waiting.due),
        sum::of_erasure(new.id, installation, &subject, &selection),
        Json(&waiting.demands),
        waiting.confirm.map(Word),
        waiting.approved.map(Millis),
    ])?;
    Ok(())
}

fn update(tx: &Tx<'_>, waiting: &Waiting) -> Result<(), LedgerError> {
    tx.prepare_cached(
        "UPDATE erasure SET state = ?2, merge_key = ?3, rules = ?4, targets = ?5, due_rule = ?6, due = ?7, approved = ?8,
                            demands = ?9, rejected = ?10, confirmed = ?11
         WHERE id = ?1",
    )?
    .execute(params![
        waiting.id,
        Word(waiting.state),
        waiting.merge_key,
        Json(&waiting.rules),
        Json(&waiting.targets),
        Millis(waiting.due_rule),
        Millis(waiting.due),
        waiting.approved.map(Millis),
        Json(&waiting.demands),
        Json(&waiting.rejected),
        waiting.confirmed.map(Millis),
    ])?;
    Ok(())
}

fn set_resolving(tx: &Tx<'_>, id: ErasureId, subject: &Subject, resolving: Resolving) -> Result<(), LedgerError> {
    match resolving {
        Resolving::Kept => Ok(()),
        Resolving::Added(due) => add_resolve(tx, subject, id, due),
        Resolving::Due(due) => {
            // The fence takes the claim away from a worker that is resolving it now.
            let changed = tx
                .prepare_cached(
                    "UPDATE task SET due = ?2, began = ?3, fence = fence + 1, attempt = 0, refused = 0, panics = 0, parked = 0, reason = NULL,
                                     holder = NULL, deaths = 0, held_by = NULL, held_until = NULL
                     WHERE erasure = ?1",
                )?
                .execute(params![id, Millis(due), began(due, tx.now).map(Millis)])?;
            if changed == 1 { Ok(()) } else { Err(broken(format!("scheduled erasure {id} has no work"))) }
        }
    }
}

fn add_resolve(tx: &Tx<'_>, subject: &Subject, id: ErasureId, due: Timestamp) -> Result<(), LedgerError> {
    let queue = QueueName::Resolve(subject.installation().clone());
    tx.prepare_cached("INSERT INTO task (queue, due, began, erasure) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        queue.name(),
        Millis(due),
        began(due, tx.now).map(Millis),
        id
    ])?;
    Ok(())
}

/// Writes an erasure's end. Its fingerprints are kept for a while from now on; by what it was merged and chosen, nobody asks any
/// more.
pub(super) fn end(tx: &Tx<'_>, id: ErasureId, state: ErasureState) -> Result<(), LedgerError> {
    tx.prepare_cached(
        "UPDATE erasure SET state = ?2, ended = ?3, merge_key = '', selection = '{}', demands = '[]', sum = NULL WHERE id = ?1",
    )?
    .execute(params![id, Word(state), Millis(tx.now)])?;
    tx.prepare_cached("UPDATE erasure_fingerprint SET ended = ?2 WHERE erasure = ?1")?
        .execute(params![id, Millis(tx.now)])?;
    Ok(())
}

/// When the session of a session's erasure is looked at for settling.
fn settle_at(tx: &Tx<'_>, subject: &Subject) -> Result<Option<Timestamp>, LedgerError> {
    let Subject::Session(key) = subject else { return Ok(None) };
    let Some(place) = Place::known(tx, key)? else { return Ok(None) };
    sessions::settle_at(tx, place)
}

/// Moves the session's own erasures with its settling.
pub(super) fn settling_moved(tx: &Tx<'_>, key: &SessionKey, settle_at: Option<Timestamp>) -> Result<(), LedgerError> {
    let subject = Subject::Session(key.clone());
    for waiting in waiting_of(tx, &subject)? {
        if let Some((waiting, resolving)) = waiting.settling_moved(settle_at, tx.now) {
            update(tx, &waiting)?;
            set_resolving(tx, waiting.id, &subject, resolving)?;
        }
    }
    Ok(())
}

/// Schedules an erasure that waits for approval, if it is still what was seen.
pub(super) fn approve(tx: &Tx<'_>, id: ErasureId, seen: Option<&str>) -> Result<bool, LedgerError> {
    let Some((subject, Life::Waiting(waiting))) = life(tx, id)? else { return Ok(false) };
    if seen.is_some_and(|seen| seen != waiting.version()) {
        return Ok(false);
    }
    let Some((waiting, resolving)) = waiting.approved(settle_at(tx, &subject)?, tx.now) else { return Ok(false) };
    update(tx, &waiting)?;
    set_resolving(tx, id, &subject, resolving)?;
    Ok(true)
}

/// The same of one that waits for a link, of which this is one.
pub(super) fn confirm(
    tx: &Tx<'_>,
    id: ErasureId,
    (number, link): (i64, Link),
    proof: &LinkProof,
) -> Result<Confirmed, LedgerError> {
    let waiting = match life(tx, id)? {
        Some((subject, Life::Waiting(waiting))) if link.is_valid(proof, tx.now) => {
            let confirmed = waiting.confirmed(settle_at(tx, &subject)?, tx.now);
            confirmed.map(|(waiting, resolving)| (subject, waiting, resolving))
        }
        _ => None,
    };
    let Some((subject, waiting, resolving)) = waiting else {
        let mut confirmed = tx.prepare_cached("SELECT 1 FROM erasure WHERE id = ?1 AND confirmed IS NOT NULL")?;
        return Ok(if confirmed.exists([id])? { Confirmed::Already } else { Confirmed::NotValid });
    };
    update(tx, &waiting)?;
    set_resolving(tx, id, &subject, resolving)?;
    confirming::use_up(tx, number, link)?;
    Ok(Confirmed::Done(id))
}

/// An erasure that is not over, and whom it is about.
fn life(tx: &Tx<'_>, id: ErasureId) -> Result<Option<(Subject, Life)>, LedgerError> {
    let sql = format!("SELECT {WAITING}, subject, begun, ended FROM erasure WHERE id = ?1");
    let mut statement = tx.prepare_cached(&sql)?;
    let mut rows = statement.query([id])?;
    let Some(found) = rows.next()? else { return Ok(None) };
    let subject = found.json(12)?;
    Ok(match (found.maybe_time(13)?, found.maybe_time(14)?) {
        (_, Some(_)) => None,
        (None, None) => Some((subject, Life::Waiting(row::waiting(found)?))),
        (Some(_), None) => Some((subject, Life::Begun(steps::begun(tx, id)?))),
    })
}

/// Retries an erasure, if what is parked of it is what was seen: it begins now if it has not begun, and goes on where it is parked.
pub(super) fn retry(tx: &Tx<'_>, id: ErasureId, seen: Option<&ParkedMark>) -> Result<bool, LedgerError> {
    if seen.is_some() && tasks::parked_marks(tx, &[id])?.get(&id) != seen {
        return Ok(false);
    }
    let made_due = tasks::make_due(tx, id)?;
    let retried = match life(tx, id)? {
        Some((subject, life)) => life.retried(tx.now).map(|retried| (subject, retried)),
        None => None,
    };
    match retried {
        None => Ok(made_due > 0),
        Some((subject, Retried::Due(waiting, resolving))) => {
            update(tx, &waiting)?;
            set_resolving(tx, id, &subject, resolving)?;
            Ok(true)
        }
        Some((_, Retried::Steps { change, targets })) => {
            if let Some(change) = &change {
                steps::write(tx, id, change, None)?;
            }
            let resumed = targets::resume_all(tx, &targets)?;
            Ok(made_due > 0 || change.is_some() || resumed > 0)
        }
    }
}

/// Ends an erasure that only rejected rules demand, or makes it what others do.
pub(super) fn without_rejected(tx: &Tx<'_>, claim: &Claim) -> Result<Finished, LedgerError> {
    let id = transition::resolves(claim)?.id;
    if !tasks::holds(tx, claim)? {
        return Ok(Finished::LeaseLost);
    }
    let Some((subject, Life::Waiting(waiting))) = life(tx, id)? else {
        return Err(broken(format!("erasure {id} is resolved and does not wait")));
    };
    let versions = rules::versions(tx)?;
    match waiting.without(|demand| is_rejected(demand, &versions), settle_at(tx, &subject)?) {
        // It was confirmed at this instant.
        None => tasks::give_back(tx, claim)?,
        Some(WithoutRejected::Others(waiting, resolving)) => {
            update(tx, &waiting)?;
            set_resolving(tx, id, &subject, resolving)?;
        }
        Some(WithoutRejected::Nothing { rejected, ended }) => {
            tx.prepare_cached("UPDATE erasure SET rejected = ?2 WHERE id = ?1")?
                .execute(params![id, Json(&rejected)])?;
            cancelled(tx, id, Some(ended))?;
        }
    }
    Ok(Finished::Done)
}

/// Cancels an erasure that must not begin any more.
pub(super) fn lapsed(tx: &Tx<'_>, claim: &Claim) -> Result<Finished, LedgerError> {
    let id = transition::resolves(claim)?.id;
    if !tasks::holds(tx, claim)? {
        return Ok(Finished::LeaseLost);
    }
    let ordered = life(tx, id)?.and_then(|(_, life)| life.cancelled());
    cancelled(tx, id, ordered)?;
    Ok(Finished::Done)
}

/// Refuses an erasure that waits for approval.
pub(super) fn reject(tx: &Tx<'_>, id: ErasureId) -> Result<bool, LedgerError> {
    let rejected = life(tx, id)?.and_then(|(_, life)| life.rejected());
    cancelled(tx, id, rejected)
}

/// Cancels an erasure, or lets one that is parked be closed as it is.
pub(super) fn cancel(tx: &Tx<'_>, id: ErasureId) -> Result<bool, LedgerError> {
    let ordered = life(tx, id)?.and_then(|(_, life)| life.cancelled());
    cancelled(tx, id, ordered)
}

/// Stops an erasure, whatever is under way of it.
pub(super) fn stop(tx: &Tx<'_>, id: ErasureId) -> Result<Stopped, LedgerError> {
    let held = tasks::held_of(tx, id)?;
    let is_called = |step: &Step| held.contains(&*QueueName::Step(step.called.clone()).name());
    let kept_by = holds::named(tx, id)?;
    let why = holding::why(&kept_by);
    let ordered = life(tx, id)?.and_then(|(_, life)| life.stopped(is_called, why.as_deref(), tx.now));
    let stopped = Stopped::of(ordered.as_ref());
    if let Some(Cancelled::WithReceipt(_)) = &ordered {
        holds::note(tx, id, &kept_by)?;
    }
    cancelled(tx, id, ordered)?;
    Ok(stopped)
}

/// Cancels a session's own erasures that wait by no other rules than these.
pub(super) fn rules_no_longer(tx: &Tx<'_>, key: &SessionKey, rules: &[String]) -> Result<(), LedgerError> {
    if rules.is_empty() {
        return Ok(());
    }
    for waiting in waiting_of(tx, &Subject::Session(key.clone()))? {
        let id = waiting.id;
        if cancelled(tx, id, waiting.rules_no_longer(rules))? {
            info!(erasure.id = %id, "erasure is cancelled: its rules do not apply to the settled session");
        }
    }
    Ok(())
}

fn cancelled(tx: &Tx<'_>, id: ErasureId, cancelled: Option<Cancelled>) -> Result<bool, LedgerError> {
    match cancelled {
        None => Ok(false),
        Some(Cancelled::AtOnce { state }) => {
            capsules::delete(tx, id)?;
            // A worker that is resolving it now loses its claim with the task: its result must not begin what was
            // cancelled.
            tx.prepare_cached("DELETE FROM task WHERE erasure = ?1")?.execute([id])?;
            end(tx, id, state)?;
            rechecks::not_followed(tx, id)?;
            requests::erasure_ended(tx, id, None)?;
            Ok(true)
        }
        Some(Cancelled::WithReceipt(change)) => {
            steps::write(tx, id, &change, None)?;
            Ok(true)
        }
    }
}
