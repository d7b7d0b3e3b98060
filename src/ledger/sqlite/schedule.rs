//! Erasures before they begin: scheduling, merging, moving with the settling of their session; and what people order.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use super::columns::{Json, Millis, Word};
use super::job::Tx;
use super::transition::{self, Merged, Scheduled};
use super::{LedgerError, Queue};
use super::{erasures, failure::broken, sessions, tasks};
use crate::erasure::{Capsule, ErasureId, ErasureState, NewErasure, Outcome, Stage, Subject};
use crate::subject::SessionKey;

/// Schedules an erasure, or merges it into the one of the same subject that has not begun.
pub(super) fn schedule(tx: &Tx<'_>, new: &NewErasure) -> Result<ErasureId, LedgerError> {
    let key = new.subject.key();
    match find(tx, &key)? {
        Some(open) => merge(tx, open, new),
        None => insert(tx, &key, new),
    }
}

fn find(tx: &Tx<'_>, subject_key: &str) -> Result<Option<Scheduled>, LedgerError> {
    let mut statement = tx.prepare_cached(
        "SELECT id, rules, targets, due_rule, due FROM erasure WHERE subject_key = ?1 AND state = 'scheduled'",
    )?;
    let found = statement.query_row([subject_key], |row| {
        let (Json(rules), Json(targets)) = (row.get(1)?, row.get(2)?);
        let (Millis(due_rule), Millis(due)) = (row.get(3)?, row.get(4)?);
        Ok(Scheduled { id: row.get(0)?, rules, targets, due_rule, due })
    });
    Ok(found.optional()?)
}

/// Whoever is resolving it now loses the claim: what they resolve is no longer all of it.
fn write(tx: &Tx<'_>, open: &Scheduled) -> Result<(), LedgerError> {
    tx.prepare_cached("UPDATE erasure SET rules = ?2, targets = ?3, due_rule = ?4, due = ?5 WHERE id = ?1")?
        .execute(params![open.id, Json(&open.rules), Json(&open.targets), Millis(open.due_rule), Millis(open.due)])?;
    let changed = tx
        .prepare_cached(
            "UPDATE task SET due = ?2, fence = fence + 1, attempt = 0, parked = 0, reason = NULL, holder = NULL
             WHERE erasure = ?1 AND queue = 'resolve'",
        )?
        .execute(params![open.id, Millis(open.due)])?;
    if changed == 1 { Ok(()) } else { Err(broken(format!("scheduled erasure {} has no work", open.id))) }
}

fn insert(tx: &Tx<'_>, key: &str, new: &NewErasure) -> Result<ErasureId, LedgerError> {
    let targets = transition::targets_of(new)?;
    let due = due(tx, &new.subject, new.due)?;
    tx.prepare_cached(
        "INSERT INTO erasure (id, subject, subject_key, rules, targets, state, created, due_rule, due)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        new.id,
        Json(&new.subject),
        key,
        Json([&new.rule]),
        Json(&targets),
        Word(ErasureState::Scheduled),
        Millis(tx.now),
        Millis(new.due),
        Millis(due),
    ])?;
    tx.prepare_cached("INSERT INTO task (queue, due, erasure) VALUES ('resolve', ?1, ?2)")?
        .execute(params![Millis(due), new.id])?;
    if let Some(capsule) = &new.capsule {
        add_capsule(tx, new.id, capsule)?;
    }
    Ok(new.id)
}

fn merge(tx: &Tx<'_>, mut open: Scheduled, new: &NewErasure) -> Result<ErasureId, LedgerError> {
    if let Merged::Changed { earlier } = open.merge(new) {
        if earlier {
            open.due = due(tx, &new.subject, new.due)?;
        }
        if let Some(capsule) = &new.capsule {
            add_capsule(tx, open.id, capsule)?;
        }
        write(tx, &open)?;
    }
    Ok(open.id)
}

pub(super) fn add_capsule(tx: &Tx<'_>, id: ErasureId, capsule: &Capsule) -> Result<(), LedgerError> {
    tx.prepare_cached("INSERT INTO capsule (erasure, wrapped_key, content) VALUES (?1, ?2, ?3)")?.execute(params![
        id,
        capsule.wrapped_key.0,
        capsule.content.0
    ])?;
    Ok(())
}

pub(super) fn delete_capsules(tx: &Tx<'_>, id: ErasureId) -> Result<(), LedgerError> {
    tx.prepare_cached("DELETE FROM capsule WHERE erasure = ?1")?.execute([id])?;
    Ok(())
}

/// When an erasure can begin: a session's not before the session is looked at for settling.
fn due(tx: &Tx<'_>, subject: &Subject, rule: Timestamp) -> Result<Timestamp, LedgerError> {
    let Subject::Session(key) = subject else { return Ok(rule) };
    let settle_at = sessions::one(tx, key)?.and_then(|session| session.settle_at);
    Ok(settle_at.map_or(rule, |at| at.max(rule)))
}

/// Moves the session's own erasure with its settling; once it has settled, the rule's time counts.
pub(super) fn settling_moved(tx: &Tx<'_>, key: &SessionKey, settle_at: Option<Timestamp>) -> Result<(), LedgerError> {
    let Some(mut open) = find(tx, &Subject::Session(key.clone()).key())? else { return Ok(()) };
    let due = open.due_rule.max(settle_at.unwrap_or(tx.now));
    if due == open.due {
        return Ok(());
    }
    open.due = due;
    write(tx, &open)
}

/// Sets an erasure going: now, if it has not begun; again, where it is parked.
pub(super) fn retry(tx: &Tx<'_>, id: ErasureId) -> Result<bool, LedgerError> {
    let parked = tx
        .prepare_cached(
            "UPDATE task SET parked = 0, due = ?2, attempt = 0, reason = NULL WHERE erasure = ?1 AND parked = 1",
        )?
        .execute(params![id, Millis(tx.now)])?;
    match erasures::state(tx, id)? {
        Some(ErasureState::Scheduled) => {
            tx.prepare_cached("UPDATE erasure SET due_rule = ?2, due = ?2 WHERE id = ?1")?
                .execute(params![id, Millis(tx.now)])?;
            tx.prepare_cached(
                "UPDATE task SET due = ?2, fence = fence + 1, holder = NULL WHERE erasure = ?1 AND queue = 'resolve'",
            )?
            .execute(params![id, Millis(tx.now)])?;
            Ok(true)
        }
        Some(ErasureState::Erasing | ErasureState::Verifying | ErasureState::Parked) => {
            // A target that still held the data is asked to erase it, not once more whether it did. That is a new
            // round, or it would be taken for the first one's demand, and a report on that one for its own.
            let steps = tx
                .prepare_cached(
                    "UPDATE step SET
                   parked = 0, attempts = 0, reason = NULL,
                   rounds = CASE WHEN outcome = ?2 THEN rounds + 1 ELSE rounds END,
                   stage = CASE WHEN outcome = ?2 THEN ?3 ELSE stage END,
                   outcome = CASE WHEN erased_at IS NOT NULL THEN ?4 END
                 WHERE erasure = ?1 AND parked = 1",
                )?
                .execute(params![id, Word(Outcome::Residual), Word(Stage::Erase), Word(Outcome::Erased)])?;
            if steps > 0 {
                erasures::recompute_state(tx, id)?;
            }
            let targets = tx
                .prepare_cached(
                    "DELETE FROM target WHERE until IS NULL
                     AND name IN (SELECT target FROM step WHERE erasure = ?1 AND stage IS NOT NULL)",
                )?
                .execute([id])?;
            Ok(parked + targets > 0)
        }
        Some(ErasureState::Done | ErasureState::Cancelled) | None => Ok(parked > 0),
    }
}

/// Calls an erasure off, or lets one that is parked be closed as it is.
pub(super) fn cancel(tx: &Tx<'_>, id: ErasureId) -> Result<bool, LedgerError> {
    match erasures::state(tx, id)? {
        Some(ErasureState::Scheduled) => {
            delete_capsules(tx, id)?;
            tx.prepare_cached("DELETE FROM task WHERE erasure = ?1")?.execute([id])?;
            tx.prepare_cached("UPDATE erasure SET state = ?2, ended = ?3 WHERE id = ?1")?.execute(params![
                id,
                Word(ErasureState::Cancelled),
                Millis(tx.now)
            ])?;
            Ok(true)
        }
        Some(ErasureState::Parked) => {
            tx.prepare_cached("DELETE FROM task WHERE erasure = ?1")?.execute([id])?;
            tx.prepare_cached("UPDATE step SET stage = NULL, parked = 0 WHERE erasure = ?1 AND parked = 1")?
                .execute([id])?;
            tx.prepare_cached("UPDATE erasure SET state = ?2 WHERE id = ?1")?
                .execute(params![id, Word(ErasureState::Cancelled)])?;
            tasks::add(tx, &Queue::Close, id)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}
