//! Steps: their beginning when an erasure is resolved, and the end of each call.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::columns::{ids, json, maybe_millis, millis, text, time};
use super::row::{self, FROM_STEP_SHOWN, Row as _, STEP, STEP_SHOWN, StateColumns};
use super::tx::{Connection, NOW_MS, Tx};
use super::{
    Attempt, Claim, ClaimedStep, Finished, LedgerError, QueueName, Reported, Resolution, StepEnd, StepWork, capsules,
    erasure_state, generations, holds, sessions, sum, tasks, transition,
};
use crate::erasure::life::{Begun, Change, begin, claimed_to_erase};
use crate::erasure::{Asked, ErasureId, ErasureState, Halt, Outcome, Reportable, Sent, Step};
use crate::keys::{KeyId, Sealed};
use crate::ledger::holding::in_force;
use crate::subject::TargetName;

/// The erasure of a step stands behind the step's own columns.
const ERASURE: usize = 20;

/// The steps of each erasure as they are shown, by target; those of which one cannot be read are an error of their own.
pub(super) async fn shown(
    connection: &Connection,
    erasures: &[ErasureId],
) -> Result<HashMap<ErasureId, Result<Vec<Step>, LedgerError>>, LedgerError> {
    let sql = format!(
        "SELECT {STEP_SHOWN}, step.erasure {FROM_STEP_SHOWN} WHERE step.erasure = ANY($1)
         ORDER BY step.erasure, step.target"
    );
    let mut steps = HashMap::new();
    for row in connection.rows(&sql, &[&ids(erasures)]).await? {
        let of_one = steps.entry(row.erasure_id(ERASURE)?).or_insert_with(|| Ok(Vec::new()));
        match (of_one.as_mut(), row::step(&row)) {
            (Ok(all), Ok(step)) => all.push(step),
            (Ok(_), Err(error)) => *of_one = Err(error),
            (Err(_), _) => {}
        }
    }
    Ok(steps)
}

/// All steps of an erasure, before one of them changes. The erasure is locked: of two steps that end at once, the later one
/// must see that the other has ended, or nobody would close it.
pub(super) async fn begun(tx: &Tx, erasure: ErasureId) -> Result<Begun, LedgerError> {
    let sql = format!("SELECT {STEP} FROM step WHERE step.erasure = $1 ORDER BY step.target");
    let rows = tx.rows(&sql, &[&erasure.0.as_slice()]).await?;
    rows.iter().map(row::step).collect::<Result<_, _>>().map(Begun)
}

/// The step of each erasure at the target that is called so; one that cannot be read is an error of its own.
pub(super) async fn of_called(
    connection: &Connection,
    erasures: &[ErasureId],
    called: &TargetName,
) -> Result<HashMap<ErasureId, Result<Step, LedgerError>>, LedgerError> {
    let sql = format!("SELECT {STEP}, step.erasure FROM step WHERE step.erasure = ANY($1) AND step.called = $2");
    let rows = connection.rows(&sql, &[&ids(erasures), &&*called.0]).await?;
    rows.iter().map(|row| Ok((row.erasure_id(ERASURE)?, row::step(row)))).collect()
}

/// Begins an erasure: the resolved capsule in place of the request's, and a step for each target. `installation` is the
/// number of its own.
pub(super) async fn resolved(
    tx: &mut Tx,
    claim: &Claim,
    resolution: &Resolution,
    installation: i64,
) -> Result<Finished, LedgerError> {
    let work = transition::begins(claim, resolution)?;
    let id = work.id.0.as_slice();
    // The key first, as in a merge.
    // Where the claim turns out to be lost, it comes back with the rollback.
    erasure_state::no_longer_waiting(tx, work.id).await?;
    let from = erasure_state::lock(tx, work.id).await?;
    let (Some(from), true) = (from, tasks::delete(tx, claim).await?) else { return Ok(Finished::LeaseLost) };
    capsules::delete(tx, &[work.id]).await?;
    capsules::add(tx, work.id, &resolution.capsule).await?;
    let sessions: Vec<i64> = resolution.sessions.iter().map(|one| one.key.session.0).collect();
    let read_before: Vec<bool> = resolution.sessions.iter().map(|one| one.read_before).collect();
    let reached = tx
        .rows(
            "INSERT INTO erasure_session (erasure, installation, session, read_before)
             SELECT $1, $2, session, read_before FROM unnest($3::BIGINT[], $4::BOOLEAN[]) AS reached (session, read_before)
             ON CONFLICT DO NOTHING RETURNING session, read_before",
            &[&id, &installation, &sessions, &read_before],
        )
        .await?;
    // As they were written: a session that is named twice is one.
    let reached: BTreeSet<(i64, i64, bool)> =
        reached.iter().map(|row| (installation, row.get(0), row.get(1))).collect();
    sessions::keep_of_consents(tx, installation, &reached.iter().map(|(_, session, _)| *session).collect::<Vec<_>>())
        .await?;
    capsules::add_fingerprints(tx, work.id, &resolution.fingerprints).await?;
    capsules::add_shown(tx, work.id, &resolution.shown).await?;
    sessions::add_shared_guests(tx, installation, &resolution.shared_guests).await?;
    // A merge takes the claim away, so the targets of the claim are all there are.
    let begun = begin(&work.targets, &resolution.finds, work.subject.installation());
    insert(tx, work.id, &begun).await?;
    tx.execute(
        "UPDATE erasure SET begun = $2, sessions = $3, findings = $4, index_key = $5, reached_sum = $6 WHERE id = $1",
        &[
            &id,
            &millis(tx.now),
            &(reached.len() as i64),
            &json(&resolution.findings)?,
            &resolution.index_key.as_str(),
            &sum::of_reached(reached.iter().copied()),
        ],
    )
    .await?;
    erasure_state::set_state(tx, work.id, from, begun.state()).await?;
    Ok(Finished::Done)
}

/// Adds the steps of an erasure that begins, and their work.
async fn insert(tx: &mut Tx, id: ErasureId, begun: &Begun) -> Result<(), LedgerError> {
    let targets: Vec<&str> = begun.0.iter().map(|step| &*step.target.0).collect();
    let called: Vec<&str> = begun.0.iter().map(|step| &*step.called.0).collect();
    let stages: Vec<Option<&str>> = begun.0.iter().map(|step| StateColumns::of(step).stage).collect();
    let asked: Vec<Option<i64>> = begun.0.iter().map(|step| step.asked.map(Asked::number)).collect();
    tx.execute(
        "INSERT INTO step (erasure, target, called, stage, asked)
         SELECT $1, target, called, stage, asked FROM unnest($2::TEXT[], $3::TEXT[], $4::TEXT[], $5::BIGINT[])
                                                        AS new (target, called, stage, asked)",
        &[&id.0.as_slice(), &targets, &called, &stages, &asked],
    )
    .await?;
    let to_call: Vec<&Step> = begun.0.iter().filter(|step| step.stage().is_some()).collect();
    let called: Vec<&str> = to_call.iter().map(|step| &*step.called.0).collect();
    tx.execute(
        "INSERT INTO task (queue, due, began, erasure)
         SELECT 'step:' || called, $3, $3, $1 FROM unnest($2::TEXT[]) AS called",
        &[&id.0.as_slice(), &called, &millis(tx.now)],
    )
    .await?;
    for step in to_call {
        tx.notify(&QueueName::Step(step.called.clone()));
    }
    Ok(())
}

/// Writes the end of one call.
pub(super) async fn stepped(tx: &mut Tx, claim: &Claim, end: &StepEnd) -> Result<Finished, LedgerError> {
    let work = transition::calls(claim)?;
    let Some((from, begun)) = held(tx, claim, work).await? else { return Ok(Finished::LeaseLost) };
    if let StepEnd::Found { capsule: Some(capsule), .. } = end {
        capsules::add(tx, work.erasure, capsule).await?;
    }
    let change = begun.call_ended(&work.step.target, end.clone(), tx.now)?;
    write(tx, work.erasure, from, &change, None).await?;
    Ok(Finished::Done)
}

/// A call failed: it is retried after the pause.
pub(super) async fn failed(
    tx: &mut Tx,
    claim: &Claim,
    work: &StepWork,
    pause: Duration,
    attempt: Attempt,
    reason: &str,
) -> Result<Finished, LedgerError> {
    let Some((from, begun)) = held(tx, claim, work).await? else { return Ok(Finished::LeaseLost) };
    let change = begun.call_failed(&work.step.target, pause, attempt, tx.now)?;
    write(tx, work.erasure, from, &change, Some(reason)).await?;
    Ok(Finished::Done)
}

/// A call showed that a person is needed.
pub(super) async fn parked(
    tx: &mut Tx,
    claim: &Claim,
    work: &StepWork,
    outcome: Outcome,
    reason: &str,
) -> Result<Finished, LedgerError> {
    let Some((from, begun)) = held(tx, claim, work).await? else { return Ok(Finished::LeaseLost) };
    let change = begun.call_parked(&work.step, outcome, reason, tx.now)?;
    write(tx, work.erasure, from, &change, Some(reason)).await?;
    Ok(Finished::Done)
}

/// The erasure of a step, locked, and its task; `None` where the claim has been lost.
async fn held(tx: &Tx, claim: &Claim, work: &StepWork) -> Result<Option<(ErasureState, Begun)>, LedgerError> {
    let from = erasure_state::lock(tx, work.erasure).await?;
    let (Some(from), true) = (from, tasks::holds(tx, claim).await?) else { return Ok(None) };
    Ok(Some((from, begun(tx, work.erasure).await?)))
}

/// Takes in a report.
pub(super) async fn report(
    tx: &mut Tx,
    of: &Reportable,
    under: &KeyId,
    report: &Sealed,
) -> Result<Reported, LedgerError> {
    generations::must_seal(tx, report.generation().as_ref()).await?;
    let Some(from) = erasure_state::lock(tx, of.erasure).await? else { return Ok(Reported::TooLate) };
    let other = "SELECT FROM erasure WHERE id = $1 AND index_key <> $2";
    if tx.maybe(other, &[&of.erasure.0.as_slice(), &under.as_str()]).await?.is_some() {
        return Ok(Reported::Stranger);
    }
    Ok(if take_in(tx, from, of, report).await? { Reported::Taken } else { Reported::TooLate })
}

/// Takes in what a person of this deployment says of a step; `false` where it is too late.
pub(super) async fn confirmed(tx: &mut Tx, of: &Reportable, report: &Sealed) -> Result<bool, LedgerError> {
    generations::must_seal(tx, report.generation().as_ref()).await?;
    let Some(from) = erasure_state::lock(tx, of.erasure).await? else { return Ok(false) };
    take_in(tx, from, of, report).await
}

/// Writes what was said of a step of an erasure, which is locked and was in the state `from`.
async fn take_in(tx: &mut Tx, from: ErasureState, of: &Reportable, report: &Sealed) -> Result<bool, LedgerError> {
    // Before the steps: what somebody is claiming at this instant is noted in its step once that has committed.
    tasks::held_of(tx, of.erasure).await?;
    let Some(change) = begun(tx, of.erasure).await?.reported(of, report.clone(), tx.now) else { return Ok(false) };
    write(tx, of.erasure, from, &change, None).await?;
    Ok(true)
}

/// Writes what changed of a begun erasure, which is locked and was in the state `from`. `reason`: why work is repeated, where it is.
pub(super) async fn write(
    tx: &mut Tx,
    id: ErasureId,
    from: ErasureState,
    change: &Change,
    reason: Option<&str>,
) -> Result<(), LedgerError> {
    for (step, next) in &change.steps {
        // The task before the step, as where it is claimed.
        tasks::set_next(tx, id, step, *next, reason).await?;
        update(tx, id, step).await?;
    }
    erasure_state::set_state(tx, id, from, change.state).await?;
    if change.closes {
        tasks::add(tx, &QueueName::Close, id).await?;
    }
    Ok(())
}

async fn update(tx: &Tx, id: ErasureId, step: &Step) -> Result<(), LedgerError> {
    let state = StateColumns::of(step);
    tx.execute(
        "UPDATE step SET stage = $3, parked = $4, outcome = $5, report_by = $6, report = $7, reason = $8, attempts = $9,
                         rounds = $10, counts = $11, evidence = $12, erased_at = $13, verified_at = $14, resume = $15,
                         sent = $16, asked = $17, stopped = $18, tried = $19
         WHERE erasure = $1 AND target = $2",
        &[
            &id.0.as_slice(),
            &&*step.target.0,
            &state.stage,
            &state.parked,
            &state.outcome,
            &maybe_millis(state.report_by),
            &state.report,
            &step.reason.as_deref().map(text),
            &i64::from(step.attempts),
            &i64::from(step.rounds),
            &json(&step.counts)?,
            &json(&step.evidence)?,
            &maybe_millis(step.erased_at),
            &maybe_millis(step.verified_at),
            &step.resume.as_ref().map(|resume| resume.0.as_slice()),
            &step.sent.map(Sent::as_str),
            &step.asked.map(Asked::number),
            &step.stopped,
            &step.tried,
        ],
    )
    .await?;
    Ok(())
}

/// Notes with their claims that the target which is called so may be asked to erase. The claims themselves go on from what was known
/// before. Only this column is written: the erasures are not locked, and their tasks are.
pub(super) async fn claimed(tx: &Tx, called: &TargetName, works: &[&StepWork]) -> Result<(), LedgerError> {
    let fresh: Vec<_> = works.iter().filter(|work| claimed_to_erase(work.step.clone()).is_some()).collect();
    if fresh.is_empty() {
        return Ok(());
    }
    let sql = "UPDATE step SET tried = TRUE WHERE erasure = ANY($1) AND called = $2";
    tx.execute(sql, &[&ids(fresh.iter().map(|work| &work.erasure)), &&*called.0]).await?;
    Ok(())
}

/// Notes a call that must not be made twice, before it is made. The erasure and the task are locked as where a call ends.
pub(super) async fn sending(tx: &mut Tx, of: &ClaimedStep) -> Result<Finished, LedgerError> {
    if erasure_state::lock(tx, of.erasure).await?.is_none() || !tasks::is_held(tx, of.task, of.fence).await? {
        return Ok(Finished::LeaseLost);
    }
    let step = begun(tx, of.erasure).await?.sending(&of.target)?;
    update(tx, of.erasure, &step).await?;
    Ok(Finished::Done)
}

/// Why the call of a claim must erase no further: one statement, as long as nothing is held. Nothing is locked. It is asked of the server
/// that is written to: one that follows it may not know of a hold yet.
pub(super) async fn halted(connection: &Connection, of: &ClaimedStep) -> Result<Option<Halt>, LedgerError> {
    let sql = format!(
        "SELECT step.stopped, EXISTS (SELECT FROM hold WHERE {}), {NOW_MS}
         FROM task JOIN step ON step.erasure = $3 AND step.target = $4
         WHERE task.id = $1 AND task.fence = $2 AND {}",
        in_force(NOW_MS),
        tasks::HELD
    );
    let erasure = of.erasure.0.as_slice();
    let Some(row) = connection.maybe(&sql, &[&of.task, &of.fence, &erasure, &&*of.target.0]).await? else {
        return Ok(Some(Halt::LeaseLost));
    };
    if row.get::<_, bool>(0) {
        return Ok(Some(Halt::Stopped));
    }
    if !row.get::<_, bool>(1) {
        return Ok(None);
    }
    let keeping = holds::keeping(connection, &BTreeSet::from([of.erasure]), time(row.get(2))?).await?;
    Ok((!keeping.is_empty()).then_some(Halt::Held))
}

/// Keeps how far a call is. The erasure is locked, or a report at this instant could write the step as it was before; and the
/// task, or the call's end could be written.
pub(super) async fn keep_resume(tx: &mut Tx, of: &ClaimedStep, resume: &Sealed) -> Result<Finished, LedgerError> {
    generations::must_seal(tx, resume.generation().as_ref()).await?;
    if erasure_state::lock(tx, of.erasure).await?.is_none() {
        return Ok(Finished::LeaseLost);
    }
    if !tasks::is_held(tx, of.task, of.fence).await? {
        return Ok(Finished::LeaseLost);
    }
    let sql = "UPDATE step SET resume = $3 WHERE erasure = $1 AND target = $2";
    tx.execute(sql, &[&of.erasure.0.as_slice(), &&*of.target.0, &resume.0]).await?;
    Ok(Finished::Done)
}
