//! Erasures before they begin: scheduling, merging, approval, moving with the settling of their session; and what people
//! order.
//!
//! Rows are locked in one order: session, `waiting`, erasure, task, installation. Two transactions then wait for each other,
//! and not crosswise. The task of the transaction's own claim is locked earlier: its fence says that nobody else works on it; an
//! order that takes parked tasks meanwhile can meet it crosswise, which PostgreSQL ends and the caller tries again. Closing (`receipts`) takes its sessions last: a transaction that holds one of those wants no erasure
//! that is over.

use jiff::Timestamp;
use tracing::info;

use super::columns::{erasure_id, json, maybe_millis, maybe_time, millis};
use super::row::{self, Row as _, WAITING};
use super::tx::Tx;
use super::{
    Claim, Finished, LedgerError, QueueName, broken, capsules, confirming, erasure_state, failure, holds, rechecks,
    requests, rules, steps, sum, targets, tasks,
};
use crate::erasure::confirmation::{Link, LinkProof};
use crate::erasure::life::{Cancelled, Life, Resolving, Retried, Waiting, WithoutRejected};
use crate::erasure::{Confirm, Confirming, ErasureId, ErasureState, NewErasure, Step, Subject};
use crate::ledger::clock::began;
use crate::ledger::{Confirmed, ParkedMark, Stopped, holding, is_rejected, transition};
use crate::subject::SessionKey;

/// Schedules an erasure, or merges it into the one with the same merge key that has not begun. `installation` is the number
/// of its own.
pub(super) async fn schedule(tx: &mut Tx, installation: i64, new: &NewErasure) -> Result<ErasureId, LedgerError> {
    let settle_at = settle_at(tx, installation, &new.subject).await?;
    let (fresh, resolving) = Waiting::new(new, settle_at)?;
    // A transaction that schedules the same at this instant has committed or rolled back when the insertion returns.
    let first = tx
        .execute(
            "INSERT INTO waiting (merge_key, subject_key, erasure) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            &[&fresh.merge_key, &new.subject.key(), &new.id.0.as_slice()],
        )
        .await?;
    let id = if first > 0 {
        insert(tx, installation, new, &fresh).await?;
        set_resolving(tx, new.id, &new.subject, resolving).await?;
        new.id
    } else {
        let Some(waiting) = mergeable(tx, &fresh.merge_key).await? else {
            // It has begun or was cancelled at this instant.
            return Err(failure::conflict("the subject's erasure has just begun"));
        };
        let id = waiting.id;
        if let Some((waiting, resolving)) = waiting.merged(new, settle_at) {
            update(tx, &waiting).await?;
            set_resolving(tx, id, &new.subject, resolving).await?;
        }
        id
    };
    if let Some(whom) = &new.capsule {
        capsules::add(tx, id, &whom.seal(id)).await?;
    }
    capsules::add_fingerprints(tx, id, &new.fingerprints).await?;
    if let Some(Confirm::Email { address }) = new.confirm {
        confirming::want(tx, id, address).await?;
    }
    Ok(id)
}

async fn insert(tx: &mut Tx, installation: i64, new: &NewErasure, waiting: &Waiting) -> Result<(), LedgerError> {
    let subject = json(&new.subject)?;
    let selection = json(&new.selection)?;
    let sum = sum::of_erasure(new.id, installation, &subject, &selection);
    tx.execute(
        "INSERT INTO erasure (id, installation, subject, subject_key, merge_key, selection, rules, targets, state, created,
                              due_rule, due, sum, demands, confirm, approved)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        &[
            &new.id.0.as_slice(),
            &installation,
            &subject,
            &new.subject.key(),
            &waiting.merge_key,
            &selection,
            &json(&waiting.rules)?,
            &json(&waiting.targets)?,
            &waiting.state.as_str(),
            &millis(tx.now),
            &millis(waiting.due_rule),
            &millis(waiting.due),
            &sum,
            &json(&waiting.demands)?,
            &waiting.confirm.map(Confirming::as_str),
            &maybe_millis(waiting.approved),
        ],
    )
    .await?;
    tx.tally.enters(waiting.state);
    Ok(())
}

async fn update(tx: &Tx, waiting: &Waiting) -> Result<(), LedgerError> {
    tx.execute(
        "UPDATE erasure SET state = $2, merge_key = $3, rules = $4, targets = $5, due_rule = $6, due = $7, approved = $8,
                            demands = $9, rejected = $10, confirmed = $11
         WHERE id = $1",
        &[
            &waiting.id.0.as_slice(),
            &waiting.state.as_str(),
            &waiting.merge_key,
            &json(&waiting.rules)?,
            &json(&waiting.targets)?,
            &millis(waiting.due_rule),
            &millis(waiting.due),
            &maybe_millis(waiting.approved),
            &json(&waiting.demands)?,
            &json(&waiting.rejected)?,
            &maybe_millis(waiting.confirmed),
        ],
    )
    .await?;
    Ok(())
}

async fn set_resolving(tx: &mut Tx, id: ErasureId, subject: &Subject, resolving: Resolving) -> Result<(), LedgerError> {
    match resolving {
        Resolving::Kept => Ok(()),
        Resolving::Added(due) => add_resolve(tx, subject, id, due).await,
        Resolving::Due(due) => {
            // The fence takes the claim away from a worker that is resolving it now.
            let changed = tx
                .execute(
                    "UPDATE task SET due = $2, began = $3, fence = fence + 1, attempt = 0, refused = 0, panics = 0, parked = FALSE, reason = NULL,
                                     holder = NULL, deaths = 0, held_by = NULL, held_until = NULL
                     WHERE erasure = $1",
                    &[&id.0.as_slice(), &millis(due), &maybe_millis(began(due, tx.now))],
                )
                .await?;
            tx.notify(&QueueName::Resolve(subject.installation().clone()));
            if changed == 1 { Ok(()) } else { Err(broken(format!("scheduled erasure {id} has no work"))) }
        }
    }
}

async fn add_resolve(tx: &mut Tx, subject: &Subject, id: ErasureId, due: Timestamp) -> Result<(), LedgerError> {
    let queue = QueueName::Resolve(subject.installation().clone());
    tx.execute(
        "INSERT INTO task (queue, due, began, erasure) VALUES ($1, $2, $3, $4)",
        &[&queue.name(), &millis(due), &maybe_millis(began(due, tx.now)), &id.0.as_slice()],
    )
    .await?;
    tx.notify(&queue);
    Ok(())
}

/// The erasure of a merge key that has not begun. It, and the key, are locked.
async fn mergeable(tx: &Tx, merge_key: &str) -> Result<Option<Waiting>, LedgerError> {
    let sql = "SELECT erasure FROM waiting WHERE merge_key = $1 FOR UPDATE";
    match tx.maybe(sql, &[&merge_key]).await? {
        Some(row) => waiting(tx, erasure_id(row.get(0))?).await.map(Some),
        None => Ok(None),
    }
}

/// All erasures of a subject that have not begun, whether they could become one or not. They, and their keys, are locked.
async fn waiting_of(tx: &Tx, subject: &Subject) -> Result<Vec<Waiting>, LedgerError> {
    // In the order in which a decision schedules: the two would otherwise wait crosswise.
    let sql = "SELECT erasure FROM waiting WHERE subject_key = $1 ORDER BY merge_key FOR UPDATE";
    let mut all = Vec::new();
    for row in tx.rows(sql, &[&subject.key()]).await? {
        all.push(waiting(tx, erasure_id(row.get(0))?).await?);
    }
    Ok(all)
}

async fn waiting(tx: &Tx, id: ErasureId) -> Result<Waiting, LedgerError> {
    let sql = format!("SELECT {WAITING} FROM erasure WHERE id = $1 FOR UPDATE");
    row::waiting(&tx.row(&sql, &[&id.0.as_slice()]).await?)
}

/// An erasure that is not over. Its session, its key and its row are locked.
struct Locked {
    subject: Subject,
    settle_at: Option<Timestamp>,
    state: ErasureState,
    life: Life,
}

/// Locks an erasure that may be waiting, in the order of a merge.
async fn lock(tx: &Tx, id: ErasureId) -> Result<Option<Locked>, LedgerError> {
    // Without a lock, only to know what is locked before it; under the locks it is read again, as it may have begun
    // meanwhile.
    let sql = "SELECT installation, subject, merge_key FROM erasure WHERE id = $1";
    let Some(row) = tx.maybe(sql, &[&id.0.as_slice()]).await? else { return Ok(None) };
    let installation = row.get(0);
    let subject = row.json(1)?;
    let settle_at = settle_at(tx, installation, &subject).await?;
    let merge_key: String = row.get(2);
    tx.maybe("SELECT FROM waiting WHERE merge_key = $1 FOR UPDATE", &[&merge_key]).await?;
    let sql = format!("SELECT {WAITING}, begun, ended FROM erasure WHERE id = $1 FOR UPDATE");
    let row = tx.row(&sql, &[&id.0.as_slice()]).await?;
    let life = match (row.maybe_time(12)?, row.maybe_time(13)?) {
        (_, Some(_)) => return Ok(None),
        (None, None) => Life::Waiting(row::waiting(&row)?),
        (Some(_), None) => {
            // The tasks before the steps: what somebody is claiming at this instant is noted in its step once that has committed.
            tasks::held_of(tx, id).await?;
            Life::Begun(steps::begun(tx, id).await?)
        }
    };
    Ok(Some(Locked { subject, settle_at, state: row.word(1)?, life }))
}

/// When the session of a session's erasure is looked at for settling: it cannot begin before. The session is locked, or it
/// could move at this instant.
async fn settle_at(tx: &Tx, installation: i64, subject: &Subject) -> Result<Option<Timestamp>, LedgerError> {
    let Subject::Session(key) = subject else { return Ok(None) };
    let row = tx
        .maybe(
            "SELECT settle_at FROM session WHERE installation = $1 AND session = $2 FOR UPDATE",
            &[&installation, &key.session.0],
        )
        .await?;
    maybe_time(row.and_then(|row| row.get(0)))
}

/// Moves the session's own erasures with its settling.
pub(super) async fn settling_moved(
    tx: &mut Tx,
    key: &SessionKey,
    settle_at: Option<Timestamp>,
) -> Result<(), LedgerError> {
    let subject = Subject::Session(key.clone());
    for waiting in waiting_of(tx, &subject).await? {
        if let Some((waiting, resolving)) = waiting.settling_moved(settle_at, tx.now) {
            update(tx, &waiting).await?;
            set_resolving(tx, waiting.id, &subject, resolving).await?;
        }
    }
    Ok(())
}

/// Schedules an erasure that waits for approval, if it is still what was seen.
pub(super) async fn approve(tx: &mut Tx, id: ErasureId, seen: Option<&str>) -> Result<bool, LedgerError> {
    let Some(Locked { subject, settle_at, state: before, life: Life::Waiting(waiting) }) = lock(tx, id).await? else {
        return Ok(false);
    };
    if seen.is_some_and(|seen| seen != waiting.version()) {
        return Ok(false);
    }
    let Some((waiting, resolving)) = waiting.approved(settle_at, tx.now) else { return Ok(false) };
    let_begin(tx, &subject, before, &waiting, resolving).await
}

/// The same of one that waits for a link, of which this is one.
pub(super) async fn confirm(
    tx: &mut Tx,
    id: ErasureId,
    (number, link): (i64, Link),
    proof: &LinkProof,
) -> Result<Confirmed, LedgerError> {
    let now = tx.now;
    let waiting = match lock(tx, id).await? {
        Some(Locked { subject, settle_at, state, life: Life::Waiting(waiting) }) if link.is_valid(proof, now) => {
            waiting.confirmed(settle_at, now).map(|(waiting, resolving)| (subject, state, waiting, resolving))
        }
        _ => None,
    };
    let Some((subject, before, waiting, resolving)) = waiting else {
        let sql = "SELECT FROM erasure WHERE id = $1 AND confirmed IS NOT NULL";
        let confirmed = tx.maybe(sql, &[&id.0.as_slice()]).await?.is_some();
        return Ok(if confirmed { Confirmed::Already } else { Confirmed::NotValid });
    };
    let_begin(tx, &subject, before, &waiting, resolving).await?;
    confirming::use_up(tx, number, link).await?;
    Ok(Confirmed::Done(id))
}

/// Writes that nothing stands in its way any more but its time.
async fn let_begin(
    tx: &mut Tx,
    subject: &Subject,
    before: ErasureState,
    waiting: &Waiting,
    resolving: Resolving,
) -> Result<bool, LedgerError> {
    let id = waiting.id;
    // By the key that it has had.
    erasure_state::no_longer_waiting(tx, id).await?;
    tx.execute(
        "INSERT INTO waiting (merge_key, subject_key, erasure) VALUES ($1, $2, $3)",
        &[&waiting.merge_key, &subject.key(), &id.0.as_slice()],
    )
    .await?;
    update(tx, waiting).await?;
    set_resolving(tx, id, subject, resolving).await?;
    tx.tally.leaves(before);
    tx.tally.enters(waiting.state);
    Ok(true)
}

/// Retries an erasure, if what is parked of it is what was seen: it begins now if it has not begun, and goes on where it is parked.
pub(super) async fn retry(tx: &mut Tx, id: ErasureId, seen: Option<&ParkedMark>) -> Result<bool, LedgerError> {
    let locked = lock(tx, id).await?;
    // Under the lock: none of its steps is parked meanwhile.
    if seen.is_some() && tasks::parked_marks(tx, &[id]).await?.get(&id) != seen {
        return Ok(false);
    }
    let made_due = tasks::make_due(tx, id).await?;
    let Some(Locked { subject, state, life, .. }) = locked else { return Ok(made_due > 0) };
    match life.retried(tx.now) {
        None => Ok(made_due > 0),
        Some(Retried::Due(waiting, resolving)) => {
            update(tx, &waiting).await?;
            set_resolving(tx, id, &subject, resolving).await?;
            Ok(true)
        }
        Some(Retried::Steps { change, targets }) => {
            if let Some(change) = &change {
                steps::write(tx, id, state, change, None).await?;
            }
            let resumed = targets::resume_all(tx, &targets).await?;
            for target in &resumed {
                tx.notify(&QueueName::Step(target.clone()));
            }
            Ok(made_due > 0 || change.is_some() || !resumed.is_empty())
        }
    }
}

/// Ends an erasure that only rejected rules demand, or makes it what others do.
pub(super) async fn without_rejected(tx: &mut Tx, claim: &Claim) -> Result<Finished, LedgerError> {
    let id = transition::resolves(claim)?.id;
    let locked = lock(tx, id).await?;
    if !tasks::holds(tx, claim).await? {
        return Ok(Finished::LeaseLost);
    }
    let Some(Locked { subject, settle_at, state, life: Life::Waiting(waiting) }) = locked else {
        return Err(broken(format!("erasure {id} is resolved and does not wait")));
    };
    let versions = rules::versions(tx).await?;
    match waiting.without(|demand| is_rejected(demand, &versions), settle_at) {
        // It was confirmed at this instant.
        None => tasks::give_back(tx, claim).await?,
        Some(WithoutRejected::Others(waiting, resolving)) => {
            update(tx, &waiting).await?;
            set_resolving(tx, id, &subject, resolving).await?;
        }
        Some(WithoutRejected::Nothing { rejected, ended }) => {
            let sql = "UPDATE erasure SET rejected = $2 WHERE id = $1";
            tx.execute(sql, &[&id.0.as_slice(), &json(&rejected)?]).await?;
            cancelled(tx, id, state, Some(ended)).await?;
        }
    }
    Ok(Finished::Done)
}

/// Cancels an erasure that must not begin any more.
pub(super) async fn lapsed(tx: &mut Tx, claim: &Claim) -> Result<Finished, LedgerError> {
    let id = transition::resolves(claim)?.id;
    let locked = lock(tx, id).await?;
    if !tasks::holds(tx, claim).await? {
        return Ok(Finished::LeaseLost);
    }
    if let Some(Locked { state, life, .. }) = locked {
        cancelled(tx, id, state, life.cancelled()).await?;
    }
    Ok(Finished::Done)
}

/// Refuses an erasure that waits for approval.
pub(super) async fn reject(tx: &mut Tx, id: ErasureId) -> Result<bool, LedgerError> {
    let Some(Locked { state, life, .. }) = lock(tx, id).await? else { return Ok(false) };
    cancelled(tx, id, state, life.rejected()).await
}

/// Cancels an erasure, or lets one that is parked be closed as it is.
pub(super) async fn cancel(tx: &mut Tx, id: ErasureId) -> Result<bool, LedgerError> {
    let Some(Locked { state, life, .. }) = lock(tx, id).await? else { return Ok(false) };
    cancelled(tx, id, state, life.cancelled()).await
}

/// Stops an erasure, whatever is under way of it.
pub(super) async fn stop(tx: &mut Tx, id: ErasureId) -> Result<Stopped, LedgerError> {
    let Some(Locked { state, life, .. }) = lock(tx, id).await? else { return Ok(Stopped::Not) };
    let held = tasks::held_of(tx, id).await?;
    let is_called = |step: &Step| held.contains(&*QueueName::Step(step.called.clone()).name());
    let kept_by = holds::named(tx, id).await?;
    let ordered = life.stopped(is_called, holding::why(&kept_by).as_deref(), tx.now);
    let stopped = Stopped::of(ordered.as_ref());
    if let Some(Cancelled::WithReceipt(_)) = &ordered {
        holds::note(tx, id, &kept_by).await?;
    }
    cancelled(tx, id, state, ordered).await?;
    Ok(stopped)
}

/// Cancels a session's own erasures that wait by no other rules than these.
pub(super) async fn rules_no_longer(tx: &mut Tx, key: &SessionKey, rules: &[String]) -> Result<(), LedgerError> {
    if rules.is_empty() {
        return Ok(());
    }
    for waiting in waiting_of(tx, &Subject::Session(key.clone())).await? {
        let id = waiting.id;
        let from = waiting.state;
        if cancelled(tx, id, from, waiting.rules_no_longer(rules)).await? {
            info!(erasure.id = %id, "erasure is cancelled: its rules do not apply to the settled session");
        }
    }
    Ok(())
}

async fn cancelled(
    tx: &mut Tx,
    id: ErasureId,
    from: ErasureState,
    cancelled: Option<Cancelled>,
) -> Result<bool, LedgerError> {
    match cancelled {
        None => Ok(false),
        Some(Cancelled::AtOnce { state }) => {
            erasure_state::no_longer_waiting(tx, id).await?;
            capsules::delete(tx, &[id]).await?;
            // A worker that is resolving it now loses its claim with the task: its result must not begin what was
            // cancelled.
            tx.execute("DELETE FROM task WHERE erasure = $1", &[&id.0.as_slice()]).await?;
            erasure_state::set_state(tx, id, from, state).await?;
            let sql = "UPDATE erasure SET ended = $2, merge_key = '', selection = '{}', demands = '[]', sum = NULL
                       WHERE id = $1";
            tx.execute(sql, &[&id.0.as_slice(), &millis(tx.now)]).await?;
            capsules::end_fingerprints(tx, &[id]).await?;
            rechecks::not_followed(tx, id).await?;
            requests::erasures_ended(tx, &[(id, None)]).await?;
            Ok(true)
        }
        Some(Cancelled::WithReceipt(change)) => {
            steps::write(tx, id, from, &change, None).await?;
            Ok(true)
        }
    }
}
