//! Steps: their beginning when an erasure is resolved, and what each call brings.

use std::collections::HashMap;

use tokio_postgres::Row;

use super::columns::{erasure_id, ids, json, json_at, maybe_millis, maybe_time, maybe_word, millis, small, text};
use super::transition::{self, Next};
use super::tx::{Connection, Tx};
use super::{
    Claim, Finished, LedgerError, QueueName, Reported, Resolution, StepEnd, Work, broken, erasures, schedule, sessions,
    tasks,
};
use crate::erasure::{ErasureId, ErasureState, Outcome, Reportable, Stage, Step};
use crate::keys::Sealed;
use crate::subject::{InstallationName, TargetName};

/// Why the task is being repeated stands with the task; why the step ended as it did, with the step.
const SELECT: &str = "SELECT step.erasure, step.target, step.stage, step.outcome, COALESCE(step.reason, task.reason),
                             step.attempts, step.rounds, step.counts, step.erased_at, step.verified_at,
                             step.report_by, step.report, step.evidence
                      FROM step LEFT JOIN task ON task.erasure = step.erasure AND task.queue = 'step:' || step.called";

/// The steps of each erasure, by target; those of which one cannot be read are an error of their own.
pub(super) async fn all(
    connection: &Connection,
    erasures: &[ErasureId],
) -> Result<HashMap<ErasureId, Result<Vec<Step>, LedgerError>>, LedgerError> {
    let sql = format!("{SELECT} WHERE step.erasure = ANY($1) ORDER BY step.erasure, step.target");
    let mut steps = HashMap::new();
    for row in connection.rows(&sql, &[&ids(erasures)]).await? {
        let of_one = steps.entry(erasure_id(row.get(0))?).or_insert_with(|| Ok(Vec::new()));
        match (of_one.as_mut(), read(&row)) {
            (Ok(all), Ok(step)) => all.push(step),
            (Ok(_), Err(error)) => *of_one = Err(error),
            (Err(_), _) => {}
        }
    }
    Ok(steps)
}

/// The step of each erasure at the target that is called so; one that cannot be read is an error of its own.
pub(super) async fn of_called(
    connection: &Connection,
    erasures: &[ErasureId],
    called: &TargetName,
) -> Result<HashMap<ErasureId, Result<Step, LedgerError>>, LedgerError> {
    let sql = format!("{SELECT} WHERE step.erasure = ANY($1) AND step.called = $2");
    let rows = connection.rows(&sql, &[&ids(erasures), &&*called.0]).await?;
    rows.iter().map(|row| Ok((erasure_id(row.get(0))?, read(row)))).collect()
}

fn read(row: &Row) -> Result<Step, LedgerError> {
    Ok(Step {
        target: TargetName(row.get::<_, &str>(1).into()),
        stage: maybe_word(row.get(2))?,
        outcome: maybe_word(row.get(3))?,
        reason: row.get(4),
        attempts: small(row.get(5)),
        rounds: small(row.get(6)),
        counts: json_at(row, 7)?,
        evidence: json_at(row, 12)?,
        erased_at: maybe_time(row.get(8))?,
        verified_at: maybe_time(row.get(9))?,
        report_by: maybe_time(row.get(10))?,
        report: row.get::<_, Option<Vec<u8>>>(11).map(Sealed),
    })
}

/// Begins an erasure: the resolved capsule in place of the request's, and a step for each target. `installation` is the
/// number of its own.
pub(super) async fn resolved(
    tx: &mut Tx,
    claim: &Claim,
    resolution: &Resolution,
    installation: i64,
) -> Result<Finished, LedgerError> {
    let Work::Resolve(work) = &claim.work else { return Err(broken("only an erasure that is due is resolved")) };
    let id = work.id.0.as_slice();
    // The key first, as in a merge.
    schedule::no_longer_waiting(tx, work.id).await?;
    erasures::lock(tx, work.id).await?;
    if !tasks::delete(tx, claim).await? {
        return Ok(Finished::LeaseLost);
    }
    schedule::delete_capsules(tx, &[work.id]).await?;
    schedule::add_capsule(tx, work.id, &resolution.capsule).await?;
    let sessions: Vec<i64> = resolution.sessions.iter().map(|one| one.key.session.0).collect();
    let read_before: Vec<bool> = resolution.sessions.iter().map(|one| one.read_before).collect();
    let reached = tx
        .execute(
            "INSERT INTO erasure_session (erasure, installation, session, read_before)
             SELECT $1, $2, session, read_before FROM unnest($3::BIGINT[], $4::BOOLEAN[]) AS reached (session, read_before)
             ON CONFLICT DO NOTHING",
            &[&id, &installation, &sessions, &read_before],
        )
        .await?;
    schedule::add_fingerprints(tx, work.id, &resolution.fingerprints).await?;
    sessions::add_shared_guests(tx, installation, &resolution.shared_guests).await?;
    // A merge takes the claim away, so the targets of the claim are all there are.
    let called: Vec<TargetName> =
        work.targets.iter().map(|target| target.called_for(work.subject.installation())).collect();
    let targets: Vec<&str> = work.targets.iter().map(|target| &*target.0).collect();
    let names: Vec<&str> = called.iter().map(|name| &*name.0).collect();
    tx.execute(
        "INSERT INTO step (erasure, target, called, stage)
         SELECT $1, target, called, $4 FROM unnest($2::TEXT[], $3::TEXT[]) AS new (target, called)",
        &[&id, &targets, &names, &Stage::Erase.as_str()],
    )
    .await?;
    tx.execute(
        "INSERT INTO task (queue, due, erasure) SELECT 'step:' || called, $3, $1 FROM unnest($2::TEXT[]) AS called",
        &[&id, &names, &millis(tx.now)],
    )
    .await?;
    tx.execute(
        "UPDATE erasure SET state = $2, begun = $3, sessions = $4, findings = $5 WHERE id = $1",
        &[&id, &ErasureState::Erasing.as_str(), &millis(tx.now), &(reached as i64), &json(&resolution.findings)?],
    )
    .await?;
    tx.tally.leaves(ErasureState::Scheduled);
    tx.tally.enters(ErasureState::Erasing);
    for name in called {
        tx.notify(&QueueName::Step(name));
    }
    Ok(Finished::Done)
}

/// The installation that a resolution is about: all its sessions are of it.
pub(super) fn installation_of<'a>(
    claim: &'a Claim,
    resolution: &Resolution,
) -> Result<&'a InstallationName, LedgerError> {
    let Work::Resolve(work) = &claim.work else { return Err(broken("only an erasure that is due is resolved")) };
    let installation = work.subject.installation();
    if resolution.sessions.iter().any(|session| session.key.installation != *installation) {
        return Err(broken(format!("erasure {} reaches into another installation", work.id)));
    }
    Ok(installation)
}

/// Writes what one call brought.
pub(super) async fn stepped(tx: &mut Tx, claim: &Claim, end: &StepEnd) -> Result<Finished, LedgerError> {
    let Work::Step(work) = &claim.work else { return Err(broken("only a step brings a step's end")) };
    // Two steps of one erasure that end at once: the later one must see that the other has ended.
    erasures::lock(tx, work.erasure).await?;
    if !tasks::holds(tx, claim).await? {
        return Ok(Finished::LeaseLost);
    }
    let (id, target) = (work.erasure.0.as_slice(), &*work.step.target.0);
    // Without the task's reason: the step's own is what the target said.
    let row = tx
        .row(
            "SELECT erasure, target, stage, outcome, reason, attempts, rounds, counts, erased_at, verified_at,
                    report_by, report, evidence
             FROM step WHERE erasure = $1 AND target = $2",
            &[&id, &target],
        )
        .await?;
    let mut step = read(&row)?;
    let next = transition::after_call(&mut step, end.clone(), tx.now);
    tx.execute(
        "UPDATE step SET stage = $3, outcome = $4, reason = $5, attempts = $6, rounds = $7, counts = $8, erased_at = $9,
                         verified_at = $10, report_by = $11, report = $12, evidence = $13
         WHERE erasure = $1 AND target = $2",
        &[
            &id,
            &target,
            &step.stage.map(Stage::as_str),
            &step.outcome.map(Outcome::as_str),
            &step.reason.as_deref().map(text),
            &i64::from(step.attempts),
            &i64::from(step.rounds),
            &json(&step.counts)?,
            &maybe_millis(step.erased_at),
            &maybe_millis(step.verified_at),
            &maybe_millis(step.report_by),
            &step.report.as_ref().map(|report| report.0.as_slice()),
            &json(&step.evidence)?,
        ],
    )
    .await?;
    match next {
        Next::GoesOn(pause) => {
            // The step goes on with its other stage, and its attempts are counted anew.
            let due = millis(transition::after(tx.now, pause));
            tx.execute(
                "UPDATE task SET due = $2, attempt = 0, reason = NULL, holder = NULL WHERE id = $1",
                &[&claim.task, &due],
            )
            .await?;
            tx.notify(&claim.work.queue());
        }
        Next::Over => {
            tx.execute("DELETE FROM task WHERE id = $1", &[&claim.task]).await?;
        }
    }
    erasures::recompute_state(tx, work.erasure).await?;
    Ok(Finished::Done)
}

/// Takes in a report, which is due at once, unless a call is under way: that one's end sees to it.
pub(super) async fn report(tx: &mut Tx, of: &Reportable, report: &Sealed) -> Result<Reported, LedgerError> {
    let (id, target) = (of.erasure.0.as_slice(), &*of.target.0);
    erasures::lock(tx, of.erasure).await?;
    let called = tx.maybe("SELECT called FROM step WHERE erasure = $1 AND target = $2", &[&id, &target]).await?;
    let Some(called) = called.map(|row| TargetName(row.get::<_, &str>(0).into())) else {
        return Ok(Reported::TooLate);
    };
    let queue = QueueName::Step(called);
    // The task before the step, as where work is put back.
    tx.maybe("SELECT FROM task WHERE erasure = $1 AND queue = $2 FOR UPDATE", &[&id, &&*queue.name()]).await?;
    let taken = tx
        .execute(
            "UPDATE step SET
               report = $5,
               reason = CASE WHEN NOT parked THEN reason END,
               outcome = CASE WHEN NOT parked THEN outcome WHEN erased_at IS NOT NULL THEN $6 END,
               parked = FALSE
             WHERE erasure = $1 AND target = $2 AND stage = $3 AND rounds = $4 AND report IS NULL",
            &[&id, &target, &of.stage.as_str(), &i64::from(of.round), &report.0.as_slice(), &Outcome::Erased.as_str()],
        )
        .await?;
    if taken == 0 {
        return Ok(Reported::TooLate);
    }
    tx.execute(
        "UPDATE task SET due = $3, parked = FALSE, reason = NULL WHERE erasure = $1 AND queue = $2 AND holder IS NULL",
        &[&id, &&*queue.name(), &millis(tx.now)],
    )
    .await?;
    tx.notify(&queue);
    erasures::recompute_state(tx, of.erasure).await?;
    Ok(Reported::Taken)
}
