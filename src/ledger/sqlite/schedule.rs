//! Erasures before they begin: scheduling, merging, approval, moving with the settling of their session; and what people
//! order.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, params};

use super::columns::{Json, Millis, Word};
use super::job::Tx;
use super::names::{Names, Place};
use super::transition::{self, Merged, Waiting};
use super::{LedgerError, QueueName};
use super::{erasures, failure::broken, sessions, tasks};
use crate::erasure::{Capsule, ErasureId, ErasureState, NewErasure, Outcome, Stage, Subject};
use crate::subject::{Fingerprinted, SessionKey};

/// Schedules an erasure, or merges it into the one with the same merge key that has not begun.
pub(super) fn schedule(tx: &Tx<'_>, new: &NewErasure) -> Result<ErasureId, LedgerError> {
    let key = new.merge_key();
    let id = match mergeable(tx, &key)? {
        Some(waiting) => merge(tx, waiting, new)?,
        None => insert(tx, &key, new)?,
    };
    add_fingerprints(tx, id, &new.fingerprints)?;
    Ok(id)
}

const COLUMNS: &str = "id, state, rules, targets, due_rule, due";

fn mergeable(tx: &Tx<'_>, merge_key: &str) -> Result<Option<Waiting>, LedgerError> {
    let sql = format!("SELECT {COLUMNS} FROM erasure WHERE merge_key = ?1 AND state IN ('requested', 'scheduled')");
    Ok(tx.prepare_cached(&sql)?.query_row([merge_key], read).optional()?)
}

/// All erasures of a subject that have not begun, whether they could become one or not.
fn waiting_of(tx: &Tx<'_>, subject: &Subject) -> Result<Vec<Waiting>, LedgerError> {
    let sql = format!("SELECT {COLUMNS} FROM erasure WHERE subject_key = ?1 AND state IN ('requested', 'scheduled')");
    let mut statement = tx.prepare_cached(&sql)?;
    let waiting = statement.query_map([subject.key()], read)?;
    Ok(waiting.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Waiting> {
    let Word(state) = row.get(1)?;
    let (Json(rules), Json(targets)) = (row.get(2)?, row.get(3)?);
    let (Millis(due_rule), Millis(due)) = (row.get(4)?, row.get(5)?);
    Ok(Waiting { id: row.get(0)?, state, rules, targets, due_rule, due })
}

/// Whoever is resolving it now loses the claim: what they resolve is no longer all of it.
fn write(tx: &Tx<'_>, waiting: &Waiting) -> Result<(), LedgerError> {
    tx.prepare_cached("UPDATE erasure SET rules = ?2, targets = ?3, due_rule = ?4, due = ?5 WHERE id = ?1")?.execute(
        params![
            waiting.id,
            Json(&waiting.rules),
            Json(&waiting.targets),
            Millis(waiting.due_rule),
            Millis(waiting.due)
        ],
    )?;
    if waiting.state == ErasureState::Requested {
        // There is no work before it is approved.
        return Ok(());
    }
    let changed = tx
        .prepare_cached(
            "UPDATE task SET due = ?2, fence = fence + 1, attempt = 0, parked = 0, reason = NULL, holder = NULL
             WHERE erasure = ?1",
        )?
        .execute(params![waiting.id, Millis(waiting.due)])?;
    if changed == 1 { Ok(()) } else { Err(broken(format!("scheduled erasure {} has no work", waiting.id))) }
}

fn insert(tx: &Tx<'_>, merge_key: &str, new: &NewErasure) -> Result<ErasureId, LedgerError> {
    let targets = transition::targets_of(new)?;
    let state = transition::first_state(new);
    let due = due(tx, &new.subject, new.due)?;
    tx.prepare_cached(
        "INSERT INTO erasure (id, installation, subject, subject_key, merge_key, selection, rules, targets, state, created,
                              due_rule, due)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        new.id,
        Names::Installation.intern(tx, &new.subject.installation().0)?,
        Json(&new.subject),
        new.subject.key(),
        merge_key,
        Json(&new.selection),
        Json([&new.rule]),
        Json(&targets),
        Word(state),
        Millis(tx.now),
        Millis(new.due),
        Millis(due),
    ])?;
    if state == ErasureState::Scheduled {
        add_resolve(tx, &new.subject, new.id, due)?;
    }
    if let Some(capsule) = &new.capsule {
        add_capsule(tx, new.id, capsule)?;
    }
    Ok(new.id)
}

fn add_resolve(tx: &Tx<'_>, subject: &Subject, id: ErasureId, due: Timestamp) -> Result<(), LedgerError> {
    let queue = QueueName::Resolve(subject.installation().clone());
    tx.prepare_cached("INSERT INTO task (queue, due, erasure) VALUES (?1, ?2, ?3)")?.execute(params![
        queue.name(),
        Millis(due),
        id
    ])?;
    Ok(())
}

fn merge(tx: &Tx<'_>, mut waiting: Waiting, new: &NewErasure) -> Result<ErasureId, LedgerError> {
    if let Merged::Changed { earlier } = waiting.merge(new) {
        if earlier {
            waiting.due = due(tx, &new.subject, new.due)?;
        }
        if let Some(capsule) = &new.capsule {
            add_capsule(tx, waiting.id, capsule)?;
        }
        write(tx, &waiting)?;
    }
    Ok(waiting.id)
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

/// By these the erasure is found again.
pub(super) fn add_fingerprints(tx: &Tx<'_>, id: ErasureId, fingerprints: &[Fingerprinted]) -> Result<(), LedgerError> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO erasure_fingerprint (fingerprint, erasure, version, kind) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
    )?;
    for one in fingerprints {
        insert.execute(params![one.fingerprint, id, one.version, one.kind.as_str()])?;
    }
    Ok(())
}

/// Writes an erasure's end. Its fingerprints are kept for a while from now on.
pub(super) fn end(tx: &Tx<'_>, id: ErasureId, state: ErasureState) -> Result<(), LedgerError> {
    tx.prepare_cached("UPDATE erasure SET state = ?2, ended = ?3 WHERE id = ?1")?.execute(params![
        id,
        Word(state),
        Millis(tx.now)
    ])?;
    tx.prepare_cached("UPDATE erasure_fingerprint SET ended = ?2 WHERE erasure = ?1")?
        .execute(params![id, Millis(tx.now)])?;
    Ok(())
}

/// When an erasure can begin: a session's not before the session is looked at for settling.
fn due(tx: &Tx<'_>, subject: &Subject, rule: Timestamp) -> Result<Timestamp, LedgerError> {
    let Subject::Session(key) = subject else { return Ok(rule) };
    let Some(place) = Place::known(tx, key)? else { return Ok(rule) };
    let settle_at = sessions::one(tx, place)?.and_then(|session| session.settle_at);
    Ok(settle_at.map_or(rule, |at| at.max(rule)))
}

/// Moves the session's own erasures with its settling; once it has settled, the rule's time counts.
pub(super) fn settling_moved(tx: &Tx<'_>, key: &SessionKey, settle_at: Option<Timestamp>) -> Result<(), LedgerError> {
    for mut waiting in waiting_of(tx, &Subject::Session(key.clone()))? {
        let due = waiting.due_rule.max(settle_at.unwrap_or(tx.now));
        if due != waiting.due {
            waiting.due = due;
            write(tx, &waiting)?;
        }
    }
    Ok(())
}

/// Schedules an erasure that waits for approval, under a key of its own. It was to begin now at the earliest.
pub(super) fn approve(tx: &Tx<'_>, id: ErasureId) -> Result<bool, LedgerError> {
    let found = tx
        .prepare_cached("SELECT subject, due_rule FROM erasure WHERE id = ?1 AND state = ?2")?
        .query_row(params![id, Word(ErasureState::Requested)], |row| {
            let (Json(subject), Millis(due_rule)) = (row.get(0)?, row.get(1)?);
            Ok((subject, due_rule))
        })
        .optional()?;
    let Some((subject, due_rule)) = found else { return Ok(false) };
    let due_rule = tx.now.max(due_rule);
    let due = due(tx, &subject, due_rule)?;
    tx.prepare_cached(
        "UPDATE erasure SET state = ?2, merge_key = ?3, approved = ?4, due_rule = ?5, due = ?6 WHERE id = ?1",
    )?
    .execute(params![
        id,
        Word(ErasureState::Scheduled),
        transition::approved_key(id),
        Millis(tx.now),
        Millis(due_rule),
        Millis(due)
    ])?;
    add_resolve(tx, &subject, id, due)?;
    Ok(true)
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
            tx.prepare_cached("UPDATE task SET due = ?2, fence = fence + 1, holder = NULL WHERE erasure = ?1")?
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
                     AND name IN (SELECT called FROM step WHERE erasure = ?1 AND stage IS NOT NULL)",
                )?
                .execute([id])?;
            Ok(parked + targets > 0)
        }
        Some(ErasureState::Requested | ErasureState::Done | ErasureState::Cancelled) | None => Ok(parked > 0),
    }
}

/// Cancels an erasure, or lets one that is parked be closed as it is.
pub(super) fn cancel(tx: &Tx<'_>, id: ErasureId) -> Result<bool, LedgerError> {
    match erasures::state(tx, id)? {
        Some(ErasureState::Requested | ErasureState::Scheduled) => {
            delete_capsules(tx, id)?;
            tx.prepare_cached("DELETE FROM task WHERE erasure = ?1")?.execute([id])?;
            end(tx, id, ErasureState::Cancelled)?;
            Ok(true)
        }
        Some(ErasureState::Parked) => {
            tx.prepare_cached("DELETE FROM task WHERE erasure = ?1")?.execute([id])?;
            tx.prepare_cached("UPDATE step SET stage = NULL, parked = 0 WHERE erasure = ?1 AND parked = 1")?
                .execute([id])?;
            tx.prepare_cached("UPDATE erasure SET state = ?2 WHERE id = ?1")?
                .execute(params![id, Word(ErasureState::Cancelled)])?;
            tasks::add(tx, &QueueName::Close, id)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}
