//! Generations of the seal key.

use jiff::SignedDuration;

use super::columns::millis;
use super::tx::{Connection, NOW_MS, Tx};
use super::{LedgerError, failure};
use crate::keys::{KeyId, Sealed};
use crate::ledger::generation::{GenerationState, SealGeneration, must_be_open};

/// Whether anything is sealed under the generation $1, whose bytes are $2, and in JSON $3. One statement: what is expanded from
/// the inbox meanwhile is seen in one place or the other.
const IN_USE: &str = "SELECT EXISTS (SELECT FROM capsule WHERE seal_key = $1)
       OR EXISTS (SELECT FROM request WHERE seal_key = $1)
       OR EXISTS (SELECT FROM sweep_job WHERE seal_key = $1)
       OR EXISTS (SELECT FROM step WHERE (report IS NOT NULL OR resume IS NOT NULL)
                                     AND (substring(report FROM 1 FOR 8) = $2 OR substring(resume FROM 1 FOR 8) = $2))
       OR EXISTS (SELECT FROM quarantine WHERE substring(sealed FROM 1 FOR 8) = $2)
       OR EXISTS (SELECT FROM inbox WHERE position($3::BYTEA IN events) > 0)
       OR EXISTS (SELECT FROM task WHERE event IS NOT NULL AND position($3::BYTEA IN event) > 0)";

/// How often the one that seals is looked for, where each time another one has followed.
const LOOKS_MAX: usize = 8;

/// The oldest first.
pub(super) async fn list(connection: &Connection) -> Result<Vec<SealGeneration>, LedgerError> {
    let sql = format!("SELECT id, state, {NOW_MS} - made FROM seal_generation ORDER BY made, id");
    let mut generations = Vec::new();
    for row in connection.rows(&sql, &[]).await? {
        let id = KeyId::written(row.get(0));
        let state = GenerationState::read(row.get(1))?;
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&id.as_str(), &&id.bytes()[..], &Sealed::mark_in_json(&id)];
        // After its state was read: nothing comes to one that is closed.
        // Nothing is sealed under one that was never opened.
        let in_use = state != GenerationState::New && connection.row(IN_USE, &values).await?.get(0);
        generations.push(SealGeneration { id, state, age: SignedDuration::from_millis(row.get(2)), in_use });
    }
    Ok(generations)
}

/// Notes one before its key is written: a key of which no ledger knows would never be destroyed.
pub(super) async fn begin(tx: &Tx, id: &KeyId) -> Result<(), LedgerError> {
    let insert = "INSERT INTO seal_generation (id, state, made) VALUES ($1, 'new', $2)";
    tx.execute(insert, &[&id.as_str(), &millis(tx.now)]).await?;
    Ok(())
}

/// What it is for, if it is known.
pub(super) async fn state(connection: &Connection, id: &KeyId) -> Result<Option<GenerationState>, LedgerError> {
    let known = connection.maybe("SELECT state FROM seal_generation WHERE id = $1", &[&id.as_str()]).await?;
    known.map(|row| GenerationState::read(row.get(0))).transpose()
}

/// Has it seal from now on, and closes the one that it replaces, once whoever writes something under that has written it; `false`
/// where it was given up, or another one is open meanwhile.
pub(super) async fn open(tx: &Tx, id: &KeyId, replaced: Option<&KeyId>) -> Result<bool, LedgerError> {
    // One at a time: the second does not see the first one that is open.
    tx.maybe("SELECT FROM meta WHERE name = 'id' FOR UPDATE", &[]).await?;
    let present = tx.maybe("SELECT id FROM seal_generation WHERE state = 'open'", &[]).await?;
    if present.map(|row| KeyId::written(row.get(0))).as_ref() != replaced {
        return Ok(false);
    }
    let begun = "SELECT FROM seal_generation WHERE id = $1 AND state = 'new' FOR UPDATE";
    if tx.maybe(begun, &[&id.as_str()]).await?.is_none() {
        return Ok(false);
    }
    tx.execute("UPDATE seal_generation SET state = 'closed' WHERE state = 'open'", &[]).await?;
    become_state(tx, id, GenerationState::New, GenerationState::Open).await
}

/// Whether it was in the first state, and is in the second now.
pub(super) async fn become_state(
    tx: &Tx,
    id: &KeyId,
    from: GenerationState,
    to: GenerationState,
) -> Result<bool, LedgerError> {
    let update = "UPDATE seal_generation SET state = $3 WHERE id = $1 AND state = $2";
    Ok(tx.execute(update, &[&id.as_str(), &from.as_str(), &to.as_str()]).await? > 0)
}

/// Forgets one that is closed or lost, and whose key is destroyed.
pub(super) async fn forget(tx: &Tx, id: &KeyId) -> Result<(), LedgerError> {
    tx.execute("DELETE FROM seal_generation WHERE id = $1 AND state IN ('closed', 'lost')", &[&id.as_str()]).await?;
    Ok(())
}

/// Refuses what is sealed under a generation that is closed. Until the transaction ends, the one that is open is not closed.
pub(super) async fn must_seal(tx: &Tx, sealed: Option<&KeyId>) -> Result<(), LedgerError> {
    for _ in 0..LOOKS_MAX {
        let open = tx.maybe("SELECT id FROM seal_generation WHERE state = 'open' FOR SHARE", &[]).await?;
        if let Some(open) = open {
            return must_be_open(sealed, Some(KeyId::written(open.get(0))));
        }
        // None was open when this statement began, or the one that was is closed by now: the next one sees which has followed.
        if tx.maybe("SELECT FROM seal_generation WHERE state <> 'new' LIMIT 1", &[]).await?.is_none() {
            return Ok(());
        }
    }
    Err(failure::conflict("generations of the seal key follow one another"))
}
