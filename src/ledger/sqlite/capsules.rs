//! What an erasure knows of the person: capsules, which only the seal key opens, and fingerprints, by which it is found.

use rusqlite::{Connection, params};

use super::LedgerError;
use super::job::Tx;
use crate::erasure::{Capsule, ErasureId};
use crate::keys::KeyId;
use crate::subject::Fingerprinted;

pub(super) fn add(tx: &Tx<'_>, id: ErasureId, capsule: &Capsule) -> Result<(), LedgerError> {
    tx.prepare_cached("INSERT INTO capsule (erasure, wrapped_key, content, seal_key) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id, capsule.wrapped_key.0, capsule.content.0, capsule.seal_key.as_str()])?;
    Ok(())
}

pub(super) fn delete(tx: &Tx<'_>, id: ErasureId) -> Result<(), LedgerError> {
    tx.prepare_cached("DELETE FROM capsule WHERE erasure = ?1")?.execute([id])?;
    Ok(())
}

/// The ids of the keys under which there are any.
pub(super) fn seal_keys(connection: &Connection) -> Result<Vec<KeyId>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT seal_key FROM capsule ORDER BY seal_key")?;
    let ids = statement.query_map([], |row| row.get(0).map(KeyId::written))?;
    Ok(ids.collect::<Result<_, _>>()?)
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
