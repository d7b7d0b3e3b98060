//! Erasures before they begin: scheduling, merging, approval, moving with the settling of their session; and what people
//! order.
//!
//! Rows are locked in one order everywhere: session, `waiting`, erasure, task, installation. Two transactions then wait for
//! each other, and not crosswise. Closing (`receipts`) takes its sessions last: whoever holds one of those wants no erasure
//! that is over.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::columns::{erasure_id, ids, json, json_at, maybe_time, millis, time, word};
use super::transition::{self, Merged, Waiting};
use super::tx::Tx;
use super::{LedgerError, QueueName, broken, erasures, failure, tasks};
use crate::erasure::{Capsule, ErasureId, ErasureState, NewErasure, Outcome, Stage, Subject};
use crate::subject::{Fingerprinted, TargetName};

/// Schedules an erasure, or merges it into the one with the same merge key that has not begun. `installation` is the number
/// of its own.
pub(super) async fn schedule(tx: &mut Tx, installation: i64, new: &NewErasure) -> Result<ErasureId, LedgerError> {
    let targets = transition::targets_of(new)?;
    let settle_at = settle_at(tx, installation, &new.subject).await?;
    let merge_key = new.merge_key();
    // Whoever schedules the same at this instant has committed, or is gone, when the insertion returns.
    let first = tx
        .execute(
            "INSERT INTO waiting (merge_key, subject_key, erasure) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            &[&merge_key, &new.subject.key(), &new.id.0.as_slice()],
        )
        .await?;
    let id = if first > 0 {
        insert(tx, installation, new, &targets, settle_at).await?;
        new.id
    } else {
        match mergeable(tx, &merge_key).await? {
            Some(waiting) => merge(tx, waiting, new, settle_at).await?,
            // It has begun or was cancelled in this trigger.
            None => return Err(failure::conflict("the subject's erasure has just begun")),
        }
    };
    add_fingerprints(tx, id, &new.fingerprints).await?;
    Ok(id)
}

async fn insert(
    tx: &mut Tx,
    installation: i64,
    new: &NewErasure,
    targets: &[TargetName],
    settle_at: Option<Timestamp>,
) -> Result<(), LedgerError> {
    let state = transition::first_state(new);
    let due = settle_at.map_or(new.due, |at| at.max(new.due));
    tx.execute(
        "INSERT INTO erasure (id, installation, subject, subject_key, merge_key, selection, rules, targets, state, created,
                              due_rule, due)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
            &new.id.0.as_slice(),
            &installation,
            &json(&new.subject)?,
            &new.subject.key(),
            &new.merge_key(),
            &json(&new.selection)?,
            &json(&[&new.rule])?,
            &json(&targets)?,
            &state.as_str(),
            &millis(tx.now),
            &millis(new.due),
            &millis(due),
        ],
    )
    .await?;
    if state == ErasureState::Scheduled {
        add_resolve(tx, &new.subject, new.id, due).await?;
    }
    if let Some(capsule) = &new.capsule {
        add_capsule(tx, new.id, capsule).await?;
    }
    tx.tally.enters(state);
    Ok(())
}

async fn add_resolve(tx: &mut Tx, subject: &Subject, id: ErasureId, due: Timestamp) -> Result<(), LedgerError> {
    let queue = QueueName::Resolve(subject.installation().clone());
    tx.execute(
        "INSERT INTO task (queue, due, erasure) VALUES ($1, $2, $3)",
        &[&queue.name(), &millis(due), &id.0.as_slice()],
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
    let sql = "SELECT erasure FROM waiting WHERE subject_key = $1 ORDER BY merge_key FOR UPDATE";
    let mut all = Vec::new();
    for row in tx.rows(sql, &[&subject.key()]).await? {
        all.push(waiting(tx, erasure_id(row.get(0))?).await?);
    }
    Ok(all)
}

async fn waiting(tx: &Tx, id: ErasureId) -> Result<Waiting, LedgerError> {
    let sql = "SELECT state, rules, targets, due_rule, due FROM erasure WHERE id = $1 FOR UPDATE";
    let row = tx.row(sql, &[&id.0.as_slice()]).await?;
    let state = word(row.get(0))?;
    let (rules, targets) = (json_at(&row, 1)?, json_at(&row, 2)?);
    let (due_rule, due) = (time(row.get(3))?, time(row.get(4))?);
    Ok(Waiting { id, state, rules, targets, due_rule, due })
}

async fn merge(
    tx: &mut Tx,
    mut waiting: Waiting,
    new: &NewErasure,
    settle_at: Option<Timestamp>,
) -> Result<ErasureId, LedgerError> {
    if let Merged::Changed { earlier } = waiting.merge(new) {
        if earlier {
            waiting.due = settle_at.map_or(new.due, |at| at.max(new.due));
        }
        if let Some(capsule) = &new.capsule {
            add_capsule(tx, waiting.id, capsule).await?;
        }
        write(tx, &new.subject, &waiting).await?;
    }
    Ok(waiting.id)
}

/// Whoever is resolving it now loses the claim: what they resolve is no longer all of it.
async fn write(tx: &mut Tx, subject: &Subject, waiting: &Waiting) -> Result<(), LedgerError> {
    let (id, due) = (waiting.id.0.as_slice(), millis(waiting.due));
    tx.execute(
        "UPDATE erasure SET rules = $2, targets = $3, due_rule = $4, due = $5 WHERE id = $1",
        &[&id, &json(&waiting.rules)?, &json(&waiting.targets)?, &millis(waiting.due_rule), &due],
    )
    .await?;
    if waiting.state == ErasureState::Requested {
        // There is no work before it is approved.
        return Ok(());
    }
    let changed = tx
        .execute(
            "UPDATE task SET due = $2, fence = fence + 1, attempt = 0, parked = FALSE, reason = NULL, holder = NULL
             WHERE erasure = $1",
            &[&id, &due],
        )
        .await?;
    tx.notify(&QueueName::Resolve(subject.installation().clone()));
    if changed == 1 { Ok(()) } else { Err(broken(format!("scheduled erasure {} has no work", waiting.id))) }
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

/// By these the erasure is found again.
pub(super) async fn add_fingerprints(
    tx: &Tx,
    id: ErasureId,
    fingerprints: &[Fingerprinted],
) -> Result<(), LedgerError> {
    if fingerprints.is_empty() {
        return Ok(());
    }
    let values: Vec<&[u8]> = fingerprints.iter().map(|one| one.fingerprint.0.as_slice()).collect();
    let versions: Vec<i64> = fingerprints.iter().map(|one| i64::from(one.version)).collect();
    let kinds: Vec<&str> = fingerprints.iter().map(|one| one.kind.as_str()).collect();
    tx.execute(
        "INSERT INTO erasure_fingerprint (fingerprint, erasure, version, kind)
         SELECT fingerprint, $1, version, kind FROM unnest($2::BYTEA[], $3::BIGINT[], $4::TEXT[])
                                                    AS new (fingerprint, version, kind)
         ON CONFLICT DO NOTHING",
        &[&id.0.as_slice(), &values, &versions, &kinds],
    )
    .await?;
    Ok(())
}

/// The fingerprints of erasures that have ended are kept for a while from now on.
pub(super) async fn end_fingerprints(tx: &Tx, all: &[ErasureId]) -> Result<(), LedgerError> {
    let sql = "UPDATE erasure_fingerprint SET ended = $2 WHERE erasure = ANY($1)";
    tx.execute(sql, &[&ids(all), &millis(tx.now)]).await?;
    Ok(())
}

/// Locks the key of an erasure that may be waiting.
pub(super) async fn lock_key(tx: &Tx, id: ErasureId) -> Result<Option<Locked>, LedgerError> {
    let sql = "SELECT installation, subject, merge_key FROM erasure WHERE id = $1";
    let Some(row) = tx.maybe(sql, &[&id.0.as_slice()]).await? else { return Ok(None) };
    let (installation, subject) = (row.get(0), json_at(&row, 1)?);
    let settle_at = settle_at(tx, installation, &subject).await?;
    let merge_key: String = row.get(2);
    tx.maybe("SELECT FROM waiting WHERE merge_key = $1 FOR UPDATE", &[&merge_key]).await?;
    let state = erasures::lock(tx, id).await?;
    Ok(Some(Locked { subject, settle_at, state }))
}

/// An erasure whose session, key and row are locked.
pub(super) struct Locked {
    subject: Subject,
    settle_at: Option<Timestamp>,
    state: Option<ErasureState>,
}

/// The same may be asked for anew from here on.
pub(super) async fn no_longer_waiting(tx: &Tx, id: ErasureId) -> Result<(), LedgerError> {
    // By the key, which may have become another's since the erasure was read.
    tx.execute(
        "DELETE FROM waiting WHERE merge_key = (SELECT merge_key FROM erasure WHERE id = $1) AND erasure = $1",
        &[&id.0.as_slice()],
    )
    .await?;
    Ok(())
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

/// Moves the session's own erasures with its settling; once it has settled, the rule's time counts.
pub(super) async fn settling_moved(
    tx: &mut Tx,
    subject: &Subject,
    settle_at: Option<Timestamp>,
) -> Result<(), LedgerError> {
    for mut waiting in waiting_of(tx, subject).await? {
        let due = waiting.due_rule.max(settle_at.unwrap_or(tx.now));
        if due != waiting.due {
            waiting.due = due;
            write(tx, subject, &waiting).await?;
        }
    }
    Ok(())
}

/// Schedules an erasure that waits for approval, under a key of its own. It was to begin now at the earliest.
pub(super) async fn approve(tx: &mut Tx, id: ErasureId) -> Result<bool, LedgerError> {
    let Some(Locked { subject, settle_at, state: Some(ErasureState::Requested) }) = lock_key(tx, id).await? else {
        return Ok(false);
    };
    let bytes = id.0.as_slice();
    let row = tx.row("SELECT due_rule FROM erasure WHERE id = $1", &[&bytes]).await?;
    let due_rule = time(row.get(0))?.max(tx.now);
    let due = settle_at.map_or(due_rule, |at| at.max(due_rule));
    let merge_key = transition::approved_key(id);
    no_longer_waiting(tx, id).await?;
    tx.execute(
        "INSERT INTO waiting (merge_key, subject_key, erasure) VALUES ($1, $2, $3)",
        &[&merge_key, &subject.key(), &bytes],
    )
    .await?;
    tx.execute(
        "UPDATE erasure SET state = $2, merge_key = $3, approved = $4, due_rule = $5, due = $6 WHERE id = $1",
        &[&bytes, &ErasureState::Scheduled.as_str(), &merge_key, &millis(tx.now), &millis(due_rule), &millis(due)],
    )
    .await?;
    add_resolve(tx, &subject, id, due).await?;
    tx.tally.leaves(ErasureState::Requested);
    tx.tally.enters(ErasureState::Scheduled);
    Ok(true)
}

/// Sets an erasure going: now, if it has not begun; again, where it is parked.
pub(super) async fn retry(tx: &mut Tx, id: ErasureId) -> Result<bool, LedgerError> {
    let state = erasures::lock(tx, id).await?;
    let (bytes, now) = (id.0.as_slice(), millis(tx.now));
    let parked = tx
        .rows(
            "UPDATE task SET parked = FALSE, due = $2, attempt = 0, reason = NULL WHERE erasure = $1 AND parked
             RETURNING queue",
            &[&bytes, &now],
        )
        .await?;
    let name = |row: &Row| row.get::<_, String>(0);
    tx.news.extend(parked.iter().map(name));
    match state {
        Some(ErasureState::Scheduled) => {
            tx.execute("UPDATE erasure SET due_rule = $2, due = $2 WHERE id = $1", &[&bytes, &now]).await?;
            let due = tx
                .rows(
                    "UPDATE task SET due = $2, fence = fence + 1, holder = NULL WHERE erasure = $1 RETURNING queue",
                    &[&bytes, &now],
                )
                .await?;
            tx.news.extend(due.iter().map(name));
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
                     AND name IN (SELECT called FROM step WHERE erasure = $1 AND stage IS NOT NULL) RETURNING name",
                    &[&bytes],
                )
                .await?;
            for target in &opened {
                tx.notify(&QueueName::Step(TargetName(target.get::<_, &str>(0).into())));
            }
            Ok(!parked.is_empty() || !opened.is_empty())
        }
        Some(ErasureState::Requested | ErasureState::Done | ErasureState::Cancelled) | None => Ok(!parked.is_empty()),
    }
}

/// Cancels an erasure, or lets one that is parked be closed as it is.
pub(super) async fn cancel(tx: &mut Tx, id: ErasureId) -> Result<bool, LedgerError> {
    let Some(Locked { state: Some(state), .. }) = lock_key(tx, id).await? else { return Ok(false) };
    let bytes = id.0.as_slice();
    let cancelled = ErasureState::Cancelled.as_str();
    match state {
        ErasureState::Requested | ErasureState::Scheduled => {
            no_longer_waiting(tx, id).await?;
            delete_capsules(tx, &[id]).await?;
            tx.execute("DELETE FROM task WHERE erasure = $1", &[&bytes]).await?;
            tx.execute(
                "UPDATE erasure SET state = $2, ended = $3 WHERE id = $1",
                &[&bytes, &cancelled, &millis(tx.now)],
            )
            .await?;
            end_fingerprints(tx, &[id]).await?;
        }
        ErasureState::Parked => {
            tx.execute("DELETE FROM task WHERE erasure = $1", &[&bytes]).await?;
            tx.execute("UPDATE step SET stage = NULL, parked = FALSE WHERE erasure = $1 AND parked", &[&bytes]).await?;
            tx.execute("UPDATE erasure SET state = $2 WHERE id = $1", &[&bytes, &cancelled]).await?;
            tasks::add(tx, &QueueName::Close, id).await?;
        }
        _ => return Ok(false),
    }
    tx.tally.leaves(state);
    tx.tally.enters(ErasureState::Cancelled);
    Ok(true)
}
