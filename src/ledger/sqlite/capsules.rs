//! What an erasure knows of the person: capsules, which only the seal key opens, and fingerprints, by which it is found.

use rusqlite::{Connection, params};

use super::job::Tx;
use super::{LedgerError, generations};
use crate::erasure::{Capsule, ErasureId};
use crate::keys::{KeyId, Sealed};
use crate::ledger::holding::ShownSession;
use crate::subject::Fingerprinted;

pub(super) fn add(tx: &Tx<'_>, id: ErasureId, capsule: &Capsule) -> Result<(), LedgerError> {
    generations::must_seal(tx, Some(&capsule.seal_key))?;
    tx.prepare_cached("INSERT INTO capsule (erasure, wrapped_key, content, seal_key) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id, capsule.wrapped_key.0, capsule.content.0, capsule.seal_key.as_str()])?;
    Ok(())
}

/// The capsules of an erasure.
pub(super) fn of(connection: &Connection, id: ErasureId) -> Result<Vec<Capsule>, LedgerError> {
    let mut statement = connection
        .prepare_cached("SELECT wrapped_key, content, seal_key FROM capsule WHERE erasure = ?1 ORDER BY id")?;
    let capsules = statement.query_map([id], |row| {
        let seal_key = KeyId::written(row.get(2)?);
        Ok(Capsule { wrapped_key: Sealed(row.get(0)?), content: Sealed(row.get(1)?), seal_key })
    })?;
    Ok(capsules.collect::<Result<_, _>>()?)
}

pub(super) fn delete(tx: &Tx<'_>, id: ErasureId) -> Result<(), LedgerError> {
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

/// By these a hold finds the sessions that the erasure reaches, whether there are records of them or not.
pub(super) fn add_shown(tx: &Tx<'_>, id: ErasureId, shown: &[ShownSession]) -> Result<(), LedgerError> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO erasure_shown (erasure, session, digest, version, kind, supplementary)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    )?;
    for row in shown.iter().flat_map(ShownSession::rows) {
        insert.execute(params![id, row.session, row.digest, row.version, row.kind, row.supplementary])?;
    }
    Ok(())
}
