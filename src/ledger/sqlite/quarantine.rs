//! Sealed bodies that could not be read.

use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};

use super::columns::Millis;
use super::job::Tx;
use super::names::Names;
use super::{
    Cursor, LedgerError, Page, PutAside, QuarantineId, QuarantineRange, Quarantined, Stored, generations, query,
};
use crate::keys::{KeyId, Sealed};
use crate::ledger::is_full;
use crate::subject::SourceName;

pub(super) fn add(tx: &Tx<'_>, item: &Quarantined) -> Result<PutAside, LedgerError> {
    let source = Names::Source.intern(tx, &item.source.0)?;
    let mut same = tx.prepare_cached("SELECT 1 FROM quarantine WHERE source = ?1 AND digest = ?2")?;
    if same.exists(params![source, item.digest])? {
        return Ok(PutAside::Duplicate);
    }
    // The lengths stand at the begin of the rows: no body is read.
    let mut held =
        tx.prepare_cached("SELECT COUNT(*), COALESCE(SUM(LENGTH(sealed)), 0) FROM quarantine WHERE source = ?1")?;
    let (count, bytes): (u32, i64) = held.query_row([source], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if is_full(count, bytes.unsigned_abs(), item) {
        return Ok(PutAside::Full);
    }
    generations::must_seal(tx, item.sealed.generation().as_ref())?;
    tx.prepare_cached("INSERT INTO quarantine (source, digest, reason, received, sealed) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![source, item.digest, item.reason, Millis(tx.now), item.sealed.0])?;
    Ok(PutAside::New)
}

pub(super) fn list(connection: &Connection, range: &QuarantineRange) -> Result<Page<Stored, Cursor>, LedgerError> {
    let query::Statement { sql, values } = query::quarantined(range);
    let mut statement = connection.prepare_cached(&sql)?;
    let stored = statement.query_map(params_from_iter(values), |row| {
        let Millis(received) = row.get(3)?;
        Ok(Stored {
            id: QuarantineId(row.get(0)?),
            source: SourceName(row.get(1)?),
            reason: row.get(2)?,
            received,
            sealed_bytes: row.get::<_, i64>(4)?.unsigned_abs(),
        })
    })?;
    Ok(range.page(stored.collect::<Result<_, _>>()?))
}

pub(super) fn one(connection: &Connection, id: QuarantineId) -> Result<Option<Quarantined>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT source.name, digest, reason, sealed
         FROM quarantine JOIN source ON source.id = quarantine.source WHERE quarantine.id = ?1",
    )?;
    let found = statement.query_row([id.0], |row| {
        Ok(Quarantined {
            source: SourceName(row.get(0)?),
            digest: row.get(1)?,
            reason: row.get(2)?,
            sealed: Sealed(row.get(3)?),
        })
    });
    Ok(found.optional()?)
}

pub(super) fn drop(tx: &Tx<'_>, id: QuarantineId) -> Result<bool, LedgerError> {
    Ok(tx.prepare_cached("DELETE FROM quarantine WHERE id = ?1")?.execute([id.0])? > 0)
}

/// The next one that is sealed under a generation of the seal key.
pub(super) fn under(
    connection: &Connection,
    generation: &KeyId,
    after: QuarantineId,
) -> Result<Option<(QuarantineId, Quarantined)>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT quarantine.id FROM quarantine WHERE id > ?2 AND substr(sealed, 1, 8) = ?1 ORDER BY id LIMIT 1",
    )?;
    let id = statement.query_row(params![generation.bytes(), after.0], |row| row.get(0)).optional()?;
    let Some(id) = id.map(QuarantineId) else { return Ok(None) };
    Ok(one(connection, id)?.map(|item| (id, item)))
}

/// Puts the same, sealed anew, in the place of what was sealed.
pub(super) fn reseal(tx: &Tx<'_>, id: QuarantineId, before: &Sealed, after: &Sealed) -> Result<(), LedgerError> {
    generations::must_seal(tx, after.generation().as_ref())?;
    tx.prepare_cached("UPDATE quarantine SET sealed = ?3 WHERE id = ?1 AND sealed = ?2")?
        .execute(params![id.0, before.0, after.0])?;
    Ok(())
}
