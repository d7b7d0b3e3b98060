//! Steps: their beginning when an erasure is resolved, and what each call brings.

use rusqlite::{Connection, Row, params};

use super::columns::{Json, Millis, Word};
use super::job::Tx;
use super::names::Place;
use super::transition::{self, Next};
use super::{Claim, Finished, LedgerError, QueueName, Reported, Resolution, StepEnd, StepWork, Work};
use super::{erasures, failure::broken, schedule, sessions, tasks};
use crate::erasure::{ErasureId, ErasureState, Outcome, Reportable, Stage, Step};
use crate::keys::Sealed;
use crate::subject::TargetName;

/// Why the task is being repeated stands with the task; why the step ended as it did, with the step.
const COLUMNS: &str = "step.target, step.stage, step.outcome, COALESCE(step.reason, task.reason), step.attempts,
                       step.rounds, step.counts, step.erased_at, step.verified_at, step.report_by, step.report, step.evidence
                       FROM step LEFT JOIN task ON task.erasure = step.erasure AND task.queue = 'step:' || step.called";

pub(super) fn all(connection: &Connection, erasure: ErasureId) -> Result<Vec<Step>, LedgerError> {
    let sql = format!("SELECT {COLUMNS} WHERE step.erasure = ?1 ORDER BY step.target");
    let mut statement = connection.prepare_cached(&sql)?;
    let steps = statement.query_map([erasure], read)?;
    Ok(steps.collect::<Result<_, _>>()?)
}

fn one(connection: &Connection, erasure: ErasureId, target: &TargetName) -> Result<Step, LedgerError> {
    let sql = format!("SELECT {COLUMNS} WHERE step.erasure = ?1 AND step.target = ?2");
    Ok(connection.prepare_cached(&sql)?.query_row(params![erasure, target.0], read)?)
}

/// The step of an erasure at a target that is called so.
pub(super) fn called(connection: &Connection, erasure: ErasureId, name: &TargetName) -> Result<Step, LedgerError> {
    let sql = format!("SELECT {COLUMNS} WHERE step.erasure = ?1 AND step.called = ?2");
    Ok(connection.prepare_cached(&sql)?.query_row(params![erasure, name.0], read)?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Step> {
    let (stage, outcome): (Option<Word<Stage>>, Option<Word<Outcome>>) = (row.get(1)?, row.get(2)?);
    let (Json(counts), Json(evidence)) = (row.get(6)?, row.get(11)?);
    let (erased_at, verified_at): (Option<Millis>, Option<Millis>) = (row.get(7)?, row.get(8)?);
    let (report_by, report): (Option<Millis>, Option<Vec<u8>>) = (row.get(9)?, row.get(10)?);
    Ok(Step {
        target: TargetName(row.get(0)?),
        stage: stage.map(|stage| stage.0),
        outcome: outcome.map(|outcome| outcome.0),
        reason: row.get(3)?,
        attempts: row.get(4)?,
        rounds: row.get(5)?,
        counts,
        evidence,
        erased_at: erased_at.map(|at| at.0),
        verified_at: verified_at.map(|at| at.0),
        report_by: report_by.map(|at| at.0),
        report: report.map(Sealed),
    })
}

/// Begins an erasure: the resolved capsule in place of the request's, and a step for each target.
pub(super) fn resolved(tx: &Tx<'_>, claim: &Claim, resolution: &Resolution) -> Result<Finished, LedgerError> {
    let Work::Resolve(work) = &claim.work else { return Err(broken("only an erasure that is due is resolved")) };
    if !tasks::holds(tx, claim)? {
        return Ok(Finished::LeaseLost);
    }
    tasks::delete(tx, claim)?;
    schedule::delete_capsules(tx, work.id)?;
    schedule::add_capsule(tx, work.id, &resolution.capsule)?;
    let mut reached = tx.prepare_cached(
        "INSERT INTO erasure_session (erasure, installation, session, read_before) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
    )?;
    let mut sessions = 0;
    for session in &resolution.sessions {
        let place = Place::intern(tx, &session.key)?;
        sessions += reached.execute(params![work.id, place.installation, place.session, session.read_before])?;
    }
    schedule::add_fingerprints(tx, work.id, &resolution.fingerprints)?;
    sessions::add_shared_guests(tx, work.subject.installation(), &resolution.shared_guests)?;
    // A merge takes the claim away, so the targets of the claim are all there are.
    for target in &work.targets {
        let called = target.called_for(work.subject.installation());
        tx.prepare_cached("INSERT INTO step (erasure, target, called, stage) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![work.id, target.0, called.0, Word(Stage::Erase)])?;
        tasks::add(tx, &QueueName::Step(called), work.id)?;
    }
    tx.prepare_cached("UPDATE erasure SET state = ?2, begun = ?3, sessions = ?4, findings = ?5 WHERE id = ?1")?
        .execute(params![
            work.id,
            Word(ErasureState::Erasing),
            Millis(tx.now),
            sessions as i64,
            Json(&resolution.findings)
        ])?;
    Ok(Finished::Done)
}

/// Writes what one call brought.
pub(super) fn stepped(tx: &Tx<'_>, claim: &Claim, end: StepEnd) -> Result<Finished, LedgerError> {
    let Work::Step(work) = &claim.work else { return Err(broken("only a step brings a step's end")) };
    if !tasks::holds(tx, claim)? {
        return Ok(Finished::LeaseLost);
    }
    let mut step = one(tx, work.erasure, &work.step.target)?;
    step.reason = told(tx, work)?;
    match transition::after_call(&mut step, end, tx.now) {
        Next::GoesOn(pause) => go_on(tx, claim, pause)?,
        Next::Over => tasks::delete(tx, claim)?,
    }
    write(tx, work, &step)?;
    erasures::recompute_state(tx, work.erasure)?;
    Ok(Finished::Done)
}

/// The reason that the target itself gave before, without why a call is being repeated.
fn told(tx: &Tx<'_>, work: &StepWork) -> Result<Option<String>, LedgerError> {
    let mut statement = tx.prepare_cached("SELECT reason FROM step WHERE erasure = ?1 AND target = ?2")?;
    Ok(statement.query_row(params![work.erasure, work.step.target.0], |row| row.get(0))?)
}

fn write(tx: &Tx<'_>, work: &StepWork, step: &Step) -> Result<(), LedgerError> {
    tx.prepare_cached(
        "UPDATE step SET stage = ?3, outcome = ?4, reason = ?5, attempts = ?6, rounds = ?7, counts = ?8,
                         erased_at = ?9, verified_at = ?10, report_by = ?11, report = ?12, evidence = ?13
         WHERE erasure = ?1 AND target = ?2",
    )?
    .execute(params![
        work.erasure,
        step.target.0,
        step.stage.map(Word),
        step.outcome.map(Word),
        step.reason,
        step.attempts,
        step.rounds,
        Json(&step.counts),
        step.erased_at.map(Millis),
        step.verified_at.map(Millis),
        step.report_by.map(Millis),
        step.report.as_ref().map(|report| &report.0),
        Json(&step.evidence),
    ])?;
    Ok(())
}

/// The step goes on with its other stage, and its attempts are counted anew.
fn go_on(tx: &Tx<'_>, claim: &Claim, pause: std::time::Duration) -> Result<(), LedgerError> {
    tx.prepare_cached("UPDATE task SET due = ?2, attempt = 0, reason = NULL, holder = NULL WHERE id = ?1")?
        .execute(params![claim.task, Millis(transition::after(tx.now, pause))])?;
    Ok(())
}

/// Takes in a report, which is due at once, unless a call is under way: that one's end sees to it.
pub(super) fn report(tx: &Tx<'_>, of: &Reportable, report: &Sealed) -> Result<Reported, LedgerError> {
    let taken = tx
        .prepare_cached(
            "UPDATE step SET
               report = ?5,
               reason = CASE WHEN parked = 0 THEN reason END,
               outcome = CASE WHEN parked = 0 THEN outcome WHEN erased_at IS NOT NULL THEN ?6 END,
               parked = 0
             WHERE erasure = ?1 AND target = ?2 AND stage = ?3 AND rounds = ?4 AND report IS NULL",
        )?
        .execute(params![of.erasure, of.target.0, Word(of.stage), of.round, report.0, Word(Outcome::Erased)])?;
    if taken == 0 {
        return Ok(Reported::TooLate);
    }
    tx.prepare_cached(
        "UPDATE task SET due = ?3, parked = 0, reason = NULL
         WHERE erasure = ?1 AND holder IS NULL
           AND queue = (SELECT 'step:' || called FROM step WHERE erasure = ?1 AND target = ?2)",
    )?
    .execute(params![of.erasure, of.target.0, Millis(tx.now)])?;
    erasures::recompute_state(tx, of.erasure)?;
    Ok(Reported::Taken)
}
