//! Erasures before they begin: scheduling, merging, moving with the settling of their session; and what people order.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use super::columns::{Json, Millis, Word};
use super::job::Tx;
use super::{LedgerError, Queue};
use super::{erasures, failure::broken, sessions, tasks};
use crate::erasure::{Capsule, ErasureId, ErasureState, NewErasure, Outcome, Stage, Subject};
use crate::subject::{SessionKey, TargetName};

/// Schedules an erasure, or merges it into the one of the same subject that has not begun.
pub(super) fn schedule(tx: &Tx<'_>, new: &NewErasure) -> Result<ErasureId, LedgerError> {
    if new.targets.is_empty() {
        return Err(broken(format!("erasure {} has no targets", new.id)));
    }
    let key = new.subject.key();
    match Scheduled::find(tx, &key)? {
        Some(open) => merge(tx, open, new),
        None => insert(tx, &key, new),
    }
}

/// What counts of an erasure that has not begun.
struct Scheduled {
    id: ErasureId,
    rules: Vec<String>,
    targets: Vec<TargetName>,
    due_rule: Timestamp,
    due: Timestamp,
}

impl Scheduled {
    fn find(tx: &Tx<'_>, subject_key: &str) -> Result<Option<Self>, LedgerError> {
        let mut statement = tx.prepare_cached(
            "SELECT id, rules, targets, due_rule, due FROM erasure WHERE subject_key = ?1 AND state = 'scheduled'",
        )?;
        let found = statement.query_row([subject_key], |row| {
            let (Json(rules), Json(targets)) = (row.get(1)?, row.get(2)?);
            let (Millis(due_rule), Millis(due)) = (row.get(3)?, row.get(4)?);
            Ok(Self { id: row.get(0)?, rules, targets, due_rule, due })
        });
        Ok(found.optional()?)
    }

    /// Whoever is resolving it now loses the claim: what they resolve is no longer all of it.
    fn write(&self, tx: &Tx<'_>) -> Result<(), LedgerError> {
        tx.prepare_cached("UPDATE erasure SET rules = ?2, targets = ?3, due_rule = ?4, due = ?5 WHERE id = ?1")?
            .execute(params![
                self.id,
                Json(&self.rules),
                Json(&self.targets),
                Millis(self.due_rule),
                Millis(self.due)
            ])?;
        let changed = tx
            .prepare_cached(
                "UPDATE task SET due = ?2, fence = fence + 1, attempt = 0, parked = 0, reason = NULL
                 WHERE erasure = ?1 AND queue = 'resolve'",
            )?
            .execute(params![self.id, Millis(self.due)])?;
        if changed == 1 { Ok(()) } else { Err(broken(format!("scheduled erasure {} has no work", self.id))) }
    }
}

fn insert(tx: &Tx<'_>, key: &str, new: &NewErasure) -> Result<ErasureId, LedgerError> {
    let mut targets = Vec::new();
    add_missing(&mut targets, &new.targets);
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
    let targets = add_missing(&mut open.targets, &new.targets);
    let rules = add_missing(&mut open.rules, std::slice::from_ref(&new.rule));
    let earlier = new.due < open.due_rule;
    if earlier {
        open.due_rule = new.due;
        open.due = due(tx, &new.subject, new.due)?;
    }
    if let Some(capsule) = &new.capsule {
        add_capsule(tx, open.id, capsule)?;
    }
    // The same again changes nothing, and takes the work from no one.
    if targets || rules || earlier || new.capsule.is_some() {
        open.write(tx)?;
    }
    Ok(open.id)
}

/// Adds what is missing; says whether anything was.
fn add_missing<T: Clone + PartialEq>(all: &mut Vec<T>, more: &[T]) -> bool {
    let before = all.len();
    for item in more {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
    all.len() > before
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
    let Some(mut open) = Scheduled::find(tx, &Subject::Session(key.clone()).key())? else { return Ok(()) };
    let due = open.due_rule.max(settle_at.unwrap_or(tx.now));
    if due == open.due {
        return Ok(());
    }
    open.due = due;
    open.write(tx)
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
            tx.prepare_cached("UPDATE task SET due = ?2, fence = fence + 1 WHERE erasure = ?1 AND queue = 'resolve'")?
                .execute(params![id, Millis(tx.now)])?;
            Ok(true)
        }
        Some(ErasureState::Erasing | ErasureState::Verifying | ErasureState::Parked) => {
            // A target that still held the data is asked to erase it, not once more whether it did.
            let steps = tx
                .prepare_cached(
                    "UPDATE step SET
                   parked = 0, attempts = 0, rounds = 0, reason = NULL,
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
