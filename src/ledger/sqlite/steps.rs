//! Steps: their beginning when an erasure is resolved, and the end of each call.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::columns::{Json, Millis, Word};
use super::job::Tx;
use super::names::Place;
use super::row::{self, FROM_STEP_SHOWN, STEP, STEP_SHOWN, StateColumns};
use super::{Attempt, Claim, ClaimedStep, Finished, LedgerError, QueueName, Reported, Resolution, StepEnd, StepWork};
use super::{capsules, failure::broken, generations, holds, sessions, sum, tasks, transition};
use crate::erasure::life::{Begun, Change, begin, claimed_to_erase};
use crate::erasure::{Asked, ErasureId, Halt, Outcome, Reportable, Sent, Step};
use crate::keys::{KeyId, Sealed};
use crate::subject::TargetName;

/// The steps of an erasure as they are shown.
pub(super) fn shown(connection: &Connection, erasure: ErasureId) -> Result<Vec<Step>, LedgerError> {
    let sql = format!("SELECT {STEP_SHOWN} {FROM_STEP_SHOWN} WHERE step.erasure = ?1 ORDER BY step.target");
    read(connection, &sql, erasure)
}

/// All steps of an erasure, before one of them changes.
pub(super) fn begun(connection: &Connection, erasure: ErasureId) -> Result<Begun, LedgerError> {
    let sql = format!("SELECT {STEP} FROM step WHERE step.erasure = ?1 ORDER BY step.target");
    read(connection, &sql, erasure).map(Begun)
}

fn read(connection: &Connection, sql: &str, erasure: ErasureId) -> Result<Vec<Step>, LedgerError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([erasure])?;
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        steps.push(row::step(row)?);
    }
    Ok(steps)
}

/// The step of an erasure at a target that is called so.
pub(super) fn called(connection: &Connection, erasure: ErasureId, name: &TargetName) -> Result<Step, LedgerError> {
    let sql = format!("SELECT {STEP} FROM step WHERE step.erasure = ?1 AND step.called = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![erasure, name.0])?;
    let row = rows.next()?.ok_or_else(|| broken(format!("{erasure} has no step at {name}")))?;
    row::step(row)
}

/// Begins an erasure: the resolved capsule in place of the request's, and a step for each target.
pub(super) fn resolved(tx: &Tx<'_>, claim: &Claim, resolution: &Resolution) -> Result<Finished, LedgerError> {
    let work = transition::begins(claim, resolution)?;
    if !tasks::holds(tx, claim)? {
        return Ok(Finished::LeaseLost);
    }
    tasks::delete(tx, claim)?;
    capsules::delete(tx, work.id)?;
    capsules::add(tx, work.id, &resolution.capsule)?;
    let mut reached = tx.prepare_cached(
        "INSERT INTO erasure_session (erasure, installation, session, read_before) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
    )?;
    let mut sessions = BTreeSet::new();
    for session in &resolution.sessions {
        let place = Place::intern(tx, &session.key)?;
        // Taken as they are written: a session that is named twice is one.
        if reached.execute(params![work.id, place.installation, place.session, session.read_before])? > 0 {
            sessions.insert((place.installation, place.session, session.read_before));
        }
    }
    sessions::keep_of_consents(tx, work.id)?;
    capsules::add_fingerprints(tx, work.id, &resolution.fingerprints)?;
    capsules::add_shown(tx, work.id, &resolution.shown)?;
    sessions::add_shared_guests(tx, work.subject.installation(), &resolution.shared_guests)?;
    // A merge takes the claim away, so the targets of the claim are all there are.
    let begun = begin(&work.targets, &resolution.finds, work.subject.installation());
    for step in &begun.0 {
        insert(tx, work.id, step)?;
        if step.stage().is_some() {
            tasks::add(tx, &QueueName::Step(step.called.clone()), work.id)?;
        }
    }
    tx.prepare_cached(
        "UPDATE erasure SET state = ?2, begun = ?3, sessions = ?4, findings = ?5, index_key = ?6, reached_sum = ?7
         WHERE id = ?1",
    )?
    .execute(params![
        work.id,
        Word(begun.state()),
        Millis(tx.now),
        sessions.len() as i64,
        Json(&resolution.findings),
        resolution.index_key.as_str(),
        sum::of_reached(sessions)
    ])?;
    Ok(Finished::Done)
}

/// Writes the end of one call.
pub(super) fn stepped(tx: &Tx<'_>, claim: &Claim, end: StepEnd) -> Result<Finished, LedgerError> {
    let work = transition::calls(claim)?;
    if !tasks::holds(tx, claim)? {
        return Ok(Finished::LeaseLost);
    }
    if let StepEnd::Found { capsule: Some(capsule), .. } = &end {
        capsules::add(tx, work.erasure, capsule)?;
    }
    let change = begun(tx, work.erasure)?.call_ended(&work.step.target, end, tx.now)?;
    write(tx, work.erasure, &change, None)?;
    Ok(Finished::Done)
}

/// A call failed: it is retried after the pause. Its claim holds.
pub(super) fn failed(
    tx: &Tx<'_>,
    work: &StepWork,
    pause: Duration,
    attempt: Attempt,
    reason: &str,
) -> Result<(), LedgerError> {
    let change = begun(tx, work.erasure)?.call_failed(&work.step.target, pause, attempt, tx.now)?;
    write(tx, work.erasure, &change, Some(reason))
}

/// A call showed that a person is needed. Its claim holds.
pub(super) fn parked(tx: &Tx<'_>, work: &StepWork, outcome: Outcome, reason: &str) -> Result<(), LedgerError> {
    let change = begun(tx, work.erasure)?.call_parked(&work.step, outcome, reason, tx.now)?;
    write(tx, work.erasure, &change, Some(reason))
}

/// Takes in a report.
pub(super) fn report(tx: &Tx<'_>, of: &Reportable, under: &KeyId, report: &Sealed) -> Result<Reported, LedgerError> {
    let mut other = tx.prepare_cached("SELECT 1 FROM erasure WHERE id = ?1 AND index_key <> ?2")?;
    if other.exists(params![of.erasure, under.as_str()])? {
        return Ok(Reported::Stranger);
    }
    Ok(if confirmed(tx, of, report)? { Reported::Taken } else { Reported::TooLate })
}

/// Takes in what a person of this deployment says of a step; `false` where it is too late.
pub(super) fn confirmed(tx: &Tx<'_>, of: &Reportable, report: &Sealed) -> Result<bool, LedgerError> {
    generations::must_seal(tx, report.generation().as_ref())?;
    let Some(change) = begun(tx, of.erasure)?.reported(of, report.clone(), tx.now) else { return Ok(false) };
    write(tx, of.erasure, &change, None)?;
    Ok(true)
}

/// Writes what changed of a begun erasure. `reason`: why work is repeated, where it is.
pub(super) fn write(tx: &Tx<'_>, id: ErasureId, change: &Change, reason: Option<&str>) -> Result<(), LedgerError> {
    for (step, next) in &change.steps {
        update(tx, id, step)?;
        tasks::set_next(tx, id, step, *next, reason)?;
    }
    tx.prepare_cached("UPDATE erasure SET state = ?2 WHERE id = ?1 AND state <> ?2")?
        .execute(params![id, Word(change.state)])?;
    if change.closes {
        tasks::add(tx, &QueueName::Close, id)?;
    }
    Ok(())
}

fn insert(tx: &Tx<'_>, id: ErasureId, step: &Step) -> Result<(), LedgerError> {
    let asked = step.asked.map(Asked::number);
    tx.prepare_cached("INSERT INTO step (erasure, target, called, stage, asked) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![id, step.target.0, step.called.0, StateColumns::of(step).stage, asked])?;
    Ok(())
}

fn update(tx: &Tx<'_>, id: ErasureId, step: &Step) -> Result<(), LedgerError> {
    let state = StateColumns::of(step);
    tx.prepare_cached(
        "UPDATE step SET stage = ?3, parked = ?4, outcome = ?5, report_by = ?6, report = ?7, reason = ?8, attempts = ?9,
                         rounds = ?10, counts = ?11, evidence = ?12, erased_at = ?13, verified_at = ?14, resume = ?15,
                         sent = ?16, asked = ?17, stopped = ?18, tried = ?19
         WHERE erasure = ?1 AND target = ?2",
    )?
    .execute(params![
        id,
        step.target.0,
        state.stage,
        state.parked,
        state.outcome,
        state.report_by.map(Millis),
        state.report,
        step.reason,
        step.attempts,
        step.rounds,
        Json(&step.counts),
        Json(&step.evidence),
        step.erased_at.map(Millis),
        step.verified_at.map(Millis),
        step.resume.as_ref().map(|resume| &resume.0),
        step.sent.map(Sent::as_str),
        step.asked.map(Asked::number),
        step.stopped,
        step.tried,
    ])?;
    Ok(())
}

/// Notes with a claim that its target may be asked to erase. The claim itself goes on from what was known before.
pub(super) fn claimed(tx: &Tx<'_>, work: &StepWork) -> Result<(), LedgerError> {
    if let Some(step) = claimed_to_erase(work.step.clone()) {
        tx.prepare_cached("UPDATE step SET tried = ?3 WHERE erasure = ?1 AND target = ?2")?.execute(params![
            work.erasure,
            step.target.0,
            step.tried
        ])?;
    }
    Ok(())
}

/// Notes a call that must not be made twice, before it is made.
pub(super) fn sending(tx: &Tx<'_>, of: &ClaimedStep) -> Result<Finished, LedgerError> {
    if !tasks::is_held(tx, of.task, of.fence)? {
        return Ok(Finished::LeaseLost);
    }
    update(tx, of.erasure, &begun(tx, of.erasure)?.sending(&of.target)?)?;
    Ok(Finished::Done)
}

/// Why the call of a claim must erase no further.
pub(super) fn halted(connection: &Connection, of: &ClaimedStep, now: Timestamp) -> Result<Option<Halt>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT step.stopped FROM task JOIN step ON step.erasure = ?3 AND step.target = ?4
         WHERE task.id = ?1 AND task.fence = ?2 AND task.holder IS NOT NULL",
    )?;
    let found = statement.query_row(params![of.task, of.fence, of.erasure, of.target.0], |row| row.get::<_, bool>(0));
    Ok(match found.optional()? {
        None => Some(Halt::LeaseLost),
        Some(true) => Some(Halt::Stopped),
        Some(false) => (!holds::keeping(connection, of.erasure, now)?.is_empty()).then_some(Halt::Held),
    })
}

/// Keeps how far a call is.
pub(super) fn keep_resume(tx: &Tx<'_>, of: &ClaimedStep, resume: &Sealed) -> Result<Finished, LedgerError> {
    generations::must_seal(tx, resume.generation().as_ref())?;
    let kept = tx
        .prepare_cached(
            "UPDATE step SET resume = ?3 WHERE erasure = ?1 AND target = ?2
               AND EXISTS (SELECT 1 FROM task WHERE id = ?4 AND fence = ?5 AND holder IS NOT NULL)",
        )?
        .execute(params![of.erasure, of.target.0, resume.0, of.task, of.fence])?;
    Ok(if kept == 0 { Finished::LeaseLost } else { Finished::Done })
}
