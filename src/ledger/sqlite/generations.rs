//! Generations of the seal key.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::LedgerError;
use super::columns::Millis;
use super::job::Tx;
use crate::keys::{KeyId, Sealed};
use crate::ledger::generation::{GenerationState, SealGeneration, must_be_open};

/// Whether anything is sealed under the generation ?1, whose bytes are ?2, and in JSON ?3.
const IN_USE: &str = "SELECT EXISTS (SELECT 1 FROM capsule WHERE seal_key = ?1)
       OR EXISTS (SELECT 1 FROM request WHERE seal_key = ?1)
       OR EXISTS (SELECT 1 FROM sweep_job WHERE seal_key = ?1)
       OR EXISTS (SELECT 1 FROM step WHERE (report IS NOT NULL OR resume IS NOT NULL)
                                       AND (substr(report, 1, 8) = ?2 OR substr(resume, 1, 8) = ?2))
       OR EXISTS (SELECT 1 FROM quarantine WHERE substr(sealed, 1, 8) = ?2)
       OR EXISTS (SELECT 1 FROM inbox WHERE instr(events, ?3) > 0)
       OR EXISTS (SELECT 1 FROM task WHERE event IS NOT NULL AND instr(event, ?3) > 0)";

/// The oldest first.
pub(super) fn list(connection: &Connection, now: Timestamp) -> Result<Vec<SealGeneration>, LedgerError> {
    let mut all = connection.prepare_cached("SELECT id, state, made FROM seal_generation ORDER BY made, id")?;
    let mut rows = all.query([])?;
    let mut generations = Vec::new();
    while let Some(row) = rows.next()? {
        let id = KeyId::written(row.get(0)?);
        let state = GenerationState::read(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?;
        let Millis(made) = row.get(2)?;
        // Nothing is sealed under one that was never opened.
        let in_use = state != GenerationState::New
            && connection
                .prepare_cached(IN_USE)?
                .query_row(params![id.as_str(), id.bytes(), Sealed::mark_in_json(&id)], |row| row.get(0))?;
        generations.push(SealGeneration { id, state, age: now.duration_since(made), in_use });
    }
    Ok(generations)
}

/// Notes one before its key is written: a key of which no ledger knows would never be destroyed.
pub(super) fn begin(tx: &Tx<'_>, id: &KeyId) -> Result<(), LedgerError> {
    tx.prepare_cached("INSERT INTO seal_generation (id, state, made) VALUES (?1, 'new', ?2)")?
        .execute(params![id.as_str(), Millis(tx.now)])?;
    Ok(())
}

/// What it is for, if it is known.
pub(super) fn state(connection: &Connection, id: &KeyId) -> Result<Option<GenerationState>, LedgerError> {
    let mut known = connection.prepare_cached("SELECT state FROM seal_generation WHERE id = ?1")?;
    let word: Option<String> = known.query_row([id.as_str()], |row| row.get(0)).optional()?;
    word.map(|word| GenerationState::read(&word)).transpose()
}

/// Has it seal from now on, and closes the one that it replaces; `false` where it was given up, or another one is open meanwhile.
pub(super) fn open(tx: &Tx<'_>, id: &KeyId, replaced: Option<&KeyId>) -> Result<bool, LedgerError> {
    if present(tx)?.as_ref() != replaced {
        return Ok(false);
    }
    let mut begun = tx.prepare_cached("SELECT 1 FROM seal_generation WHERE id = ?1 AND state = 'new'")?;
    if !begun.exists([id.as_str()])? {
        return Ok(false);
    }
    tx.prepare_cached("UPDATE seal_generation SET state = 'closed' WHERE state = 'open'")?.execute([])?;
    become_state(tx, id, GenerationState::New, GenerationState::Open)
}

/// Whether it was in the first state, and is in the second now.
pub(super) fn become_state(
    tx: &Tx<'_>,
    id: &KeyId,
    from: GenerationState,
    to: GenerationState,
) -> Result<bool, LedgerError> {
    let update = "UPDATE seal_generation SET state = ?3 WHERE id = ?1 AND state = ?2";
    Ok(tx.prepare_cached(update)?.execute([id.as_str(), from.as_str(), to.as_str()])? > 0)
}

/// Forgets one that is closed or lost, and whose key is destroyed.
pub(super) fn forget(tx: &Tx<'_>, id: &KeyId) -> Result<(), LedgerError> {
    tx.prepare_cached("DELETE FROM seal_generation WHERE id = ?1 AND state IN ('closed', 'lost')")?
        .execute([id.as_str()])?;
    Ok(())
}

/// Refuses what is sealed under a generation that is closed.
pub(super) fn must_seal(tx: &Tx<'_>, sealed: Option<&KeyId>) -> Result<(), LedgerError> {
    must_be_open(sealed, present(tx)?)
}

/// The one that seals.
pub(super) fn present(tx: &Tx<'_>) -> Result<Option<KeyId>, LedgerError> {
    let mut open = tx.prepare_cached("SELECT id FROM seal_generation WHERE state = 'open'")?;
    Ok(open.query_row([], |row| row.get(0).map(KeyId::written)).optional()?)
}
