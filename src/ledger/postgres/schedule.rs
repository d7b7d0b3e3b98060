//! Erasures before they begin: scheduling, merging, moving with the settling of their session; and what people order.
//!
//! Rows are locked in one order everywhere: session, subject, erasure, task. Two transactions then wait for each other,
//! and not crosswise. Closing (`receipts`) takes its sessions last: whoever holds one of those wants no erasure that is over.

use jiff::Timestamp;

use super::claim::{STEP_QUEUES, STEP_TARGET};
use super::columns::{erasure_id, ids, json, json_at, maybe_time, millis, time};
use super::transition::{self, Merged, Scheduled};
use super::tx::Tx;
use super::{LedgerError, PostgresLedger, Queue, broken, erasures, failure, tasks};
use crate::erasure::{Capsule, ErasureId, ErasureState, NewErasure, Outcome, Stage, Subject};
use crate::subject::TargetName;

/// Schedules an erasure, or merges it into the one of the same subject that has not begun.
pub(super) async fn schedule(ledger: &PostgresLedger, tx: &mut Tx, new: &NewErasure) -> Result<ErasureId, LedgerError> {
    let targets = transition::targets_of(new)?;
    let settle_at = settle_at(ledger, tx, &new.subject).await?;
    let key = new.subject.key();
    // Whoever schedules the same subject at this instant has committed, or is gone, when the insertion returns.
    let first = tx
        .execute(
            "INSERT INTO scheduled (subject_key, erasure) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            &[&key, &new.id.0.as_slice()],
        )
        .await?;
    if first == 0 {
        return match find(tx, &key).await? {
            Some(open) => merge(tx, open, new, settle_at).await,
            // It has begun or was called off in this moment.
            None => Err(failure::conflict("the subject's erasure has just begun")),
        };
    }
    let due = settle_at.map_or(new.due, |at| at.max(new.due));
    let id = new.id.0.as_slice();
    tx.execute(
        "INSERT INTO erasure (id, subject, subject_key, rules, targets, state, created, due_rule, due)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            &id,
            &json(&new.subject)?,
            &key,
            &json(&[&new.rule])?,
            &json(&targets)?,
            &ErasureState::Scheduled.as_str(),
            &millis(tx.now),
            &millis(new.due),
            &millis(due),
        ],
    )
    .await?;
    tx.execute("INSERT INTO task (queue, due, erasure) VALUES ('resolve', $1, $2)", &[&millis(due), &id]).await?;
    if let Some(capsule) = &new.capsule {
        add_capsule(tx, new.id, capsule).await?;
    }
    tx.tally.enters(ErasureState::Scheduled);
    tx.rings.push(Queue::Resolve);
    Ok(new.id)
}

/// The scheduled erasure of a subject. It, and the subject, are locked.
async fn find(tx: &Tx, subject_key: &str) -> Result<Option<Scheduled>, LedgerError> {
    let subject = tx.maybe("SELECT erasure FROM scheduled WHERE subject_key = $1 FOR UPDATE", &[&subject_key]).await?;
    let Some(subject) = subject else { return Ok(None) };
    let id = erasure_id(subject.get(0))?;
    let row = tx
        .row("SELECT rules, targets, due_rule, due FROM erasure WHERE id = $1 FOR UPDATE", &[&id.0.as_slice()])
        .await?;
    let (rules, targets) = (json_at(&row, 0)?, json_at(&row, 1)?);
    let (due_rule, due) = (time(row.get(2))?, time(row.get(3))?);
    Ok(Some(Scheduled { id, rules, targets, due_rule, due }))
}

async fn merge(
    tx: &mut Tx,
    mut open: Scheduled,
    new: &NewErasure,
    settle_at: Option<Timestamp>,
) -> Result<ErasureId, LedgerError> {
    if let Merged::Changed { earlier } = open.merge(new) {
        if earlier {
            open.due = settle_at.map_or(new.due, |at| at.max(new.due));
        }
        if let Some(capsule) = &new.capsule {
            add_capsule(tx, open.id, capsule).await?;
        }
        write(tx, &open).await?;
    }
    Ok(open.id)
}

/// Whoever is resolving it now loses the claim: what they resolve is no longer all of it.
async fn write(tx: &mut Tx, open: &Scheduled) -> Result<(), LedgerError> {
    let (id, due) = (open.id.0.as_slice(), millis(open.due));
    tx.execute(
        "UPDATE erasure SET rules = $2, targets = $3, due_rule = $4, due = $5 WHERE id = $1",
        &[&id, &json(&open.rules)?, &json(&open.targets)?, &millis(open.due_rule), &due],
    )
    .await?;
    let changed = tx
        .execute(
            "UPDATE task SET due = $2, fence = fence + 1, attempt = 0, parked = FALSE, reason = NULL, holder = NULL
             WHERE erasure = $1 AND queue = 'resolve'",
            &[&id, &due],
        )
        .await?;
    tx.rings.push(Queue::Resolve);
    if changed == 1 { Ok(()) } else { Err(broken(format!("scheduled erasure {} has no work", open.id))) }
}

pub(super) async fn add_capsule(tx: &Tx, id: ErasureId, capsule: &Capsule) -> Result<(), LedgerError> {
    tx.execute(
        "INSERT INTO capsule (erasure, wrapped_key, content) VALUES ($1, $2, $3)",
        &[&id.0.as_slice(), &capsule.wrapped_key.0, &capsule.content.0],
    )
    .await?;
    Ok(())
}

pub(super) async fn delete_capsules(tx: &Tx, all: &[ErasureId]) -> Result<(), LedgerError> {
    tx.execute("DELETE FROM capsule WHERE erasure = ANY($1)", &[&ids(all)]).await?;
    Ok(())
}

/// The subject may be scheduled anew.
pub(super) async fn no_longer_scheduled(tx: &Tx, subject_key: &str, id: ErasureId) -> Result<(), LedgerError> {
    tx.execute("DELETE FROM scheduled WHERE subject_key = $1 AND erasure = $2", &[&subject_key, &id.0.as_slice()])
        .await?;
    Ok(())
}

/// When the session of a session's erasure is looked at for settling: it cannot begin before. The session is locked, or it
/// could move at this instant.
async fn settle_at(ledger: &PostgresLedger, tx: &Tx, subject: &Subject) -> Result<Option<Timestamp>, LedgerError> {
    let Subject::Session(key) = subject else { return Ok(None) };
    let Some(source) = ledger.sources.known(tx, &key.source).await? else { return Ok(None) };
    let row = tx
        .maybe(
            "SELECT settle_at FROM session WHERE source = $1 AND session = $2 FOR UPDATE",
            &[&source, &key.session.0],
        )
        .await?;
    maybe_time(row.and_then(|row| row.get(0)))
}

/// Moves the session's own erasure with its settling; once it has settled, the rule's time counts.
pub(super) async fn settling_moved(
    tx: &mut Tx,
    subject: &Subject,
    settle_at: Option<Timestamp>,
) -> Result<(), LedgerError> {
    let Some(mut open) = find(tx, &subject.key()).await? else { return Ok(()) };
    let due = open.due_rule.max(settle_at.unwrap_or(tx.now));
    if due == open.due {
        return Ok(());
    }
    open.due = due;
    write(tx, &open).await
}

/// Sets an erasure going: now, if it has not begun; again, where it is parked.
pub(super) async fn retry(tx: &mut Tx, id: ErasureId) -> Result<bool, LedgerError> {
    let state = erasures::lock(tx, id).await?;
    let (bytes, now) = (id.0.as_slice(), millis(tx.now));
    let parked = tx
        .rows(
            &format!(
                "UPDATE task SET parked = FALSE, due = $2, attempt = 0, reason = NULL WHERE erasure = $1 AND parked
                 RETURNING CASE WHEN {STEP_QUEUES} THEN {STEP_TARGET} END"
            ),
            &[&bytes, &now],
        )
        .await?;
    let target = |row: &tokio_postgres::Row| Some(TargetName(row.get::<_, Option<&str>>(0)?.into()));
    tx.rings.extend(parked.iter().filter_map(target).map(Queue::Step).chain([Queue::Close, Queue::Resolve]));
    match state {
        Some(ErasureState::Scheduled) => {
            tx.execute("UPDATE erasure SET due_rule = $2, due = $2 WHERE id = $1", &[&bytes, &now]).await?;
            tx.execute(
                "UPDATE task SET due = $2, fence = fence + 1, holder = NULL WHERE erasure = $1 AND queue = 'resolve'",
                &[&bytes, &now],
            )
            .await?;
            Ok(true)
        }
        Some(ErasureState::Erasing | ErasureState::Verifying | ErasureState::Parked) => {
            // A target that still held the data is asked to erase it, not once more whether it did. That is a new
            // round, or it would be taken for the first one's demand, and a report on that one for its own.
            let steps = tx
                .execute(
                    "UPDATE step SET
                       parked = FALSE, attempts = 0, reason = NULL,
                       rounds = CASE WHEN outcome = $2 THEN rounds + 1 ELSE rounds END,
                       stage = CASE WHEN outcome = $2 THEN $3 ELSE stage END,
                       outcome = CASE WHEN erased_at IS NOT NULL THEN $4 END
                     WHERE erasure = $1 AND parked",
                    &[&bytes, &Outcome::Residual.as_str(), &Stage::Erase.as_str(), &Outcome::Erased.as_str()],
                )
                .await?;
            if steps > 0 {
                erasures::recompute_state(tx, id).await?;
            }
            let opened = tx
                .rows(
                    "DELETE FROM target WHERE until IS NULL
                     AND name IN (SELECT target FROM step WHERE erasure = $1 AND stage IS NOT NULL) RETURNING name",
                    &[&bytes],
                )
                .await?;
            tx.rings.extend(opened.iter().filter_map(target).map(Queue::Step));
            Ok(!parked.is_empty() || !opened.is_empty())
        }
        Some(ErasureState::Done | ErasureState::Cancelled) | None => Ok(!parked.is_empty()),
    }
}

/// Calls an erasure off, or lets one that is parked be closed as it is.
pub(super) async fn cancel(tx: &mut Tx, id: ErasureId) -> Result<bool, LedgerError> {
    let bytes = id.0.as_slice();
    let key = tx.maybe("SELECT subject_key FROM erasure WHERE id = $1", &[&bytes]).await?;
    let Some(key) = key.map(|row| row.get::<_, String>(0)) else { return Ok(false) };
    tx.maybe("SELECT FROM scheduled WHERE subject_key = $1 FOR UPDATE", &[&key]).await?;
    let state = erasures::lock(tx, id).await?;
    let cancelled = ErasureState::Cancelled.as_str();
    match state {
        Some(ErasureState::Scheduled) => {
            no_longer_scheduled(tx, &key, id).await?;
            delete_capsules(tx, &[id]).await?;
            tx.execute("DELETE FROM task WHERE erasure = $1", &[&bytes]).await?;
            tx.execute(
                "UPDATE erasure SET state = $2, ended = $3 WHERE id = $1",
                &[&bytes, &cancelled, &millis(tx.now)],
            )
            .await?;
            tx.tally.leaves(ErasureState::Scheduled);
        }
        Some(ErasureState::Parked) => {
            tx.execute("DELETE FROM task WHERE erasure = $1", &[&bytes]).await?;
            tx.execute("UPDATE step SET stage = NULL, parked = FALSE WHERE erasure = $1 AND parked", &[&bytes]).await?;
            tx.execute("UPDATE erasure SET state = $2 WHERE id = $1", &[&bytes, &cancelled]).await?;
            tasks::add(tx, Queue::Close, id).await?;
            tx.tally.leaves(ErasureState::Parked);
        }
        _ => return Ok(false),
    }
    tx.tally.enters(ErasureState::Cancelled);
    Ok(true)
}
