//! Single values about the ledger itself.

use rusqlite::{Connection, params};

use super::columns::Millis;
use super::job::Tx;
use super::{LedgerError, LedgerId};
use crate::keys::Digest;

/// Notes the check value of the first index key; whether `check` is that one.
pub(super) fn belongs_to(tx: &Tx<'_>, check: Digest) -> Result<bool, LedgerError> {
    tx.prepare_cached("INSERT INTO meta (name, value) VALUES ('index key', ?1) ON CONFLICT DO NOTHING")?
        .execute([check])?;
    let mut statement = tx.prepare_cached("SELECT value FROM meta WHERE name = 'index key'")?;
    let noted: Digest = statement.query_row([], |row| row.get(0))?;
    Ok(noted == check)
}

/// The ledger's own id.
pub(super) fn id(connection: &Connection) -> Result<LedgerId, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT value FROM meta WHERE name = 'id'")?;
    let id: Vec<u8> = statement.query_row([], |row| row.get(0))?;
    Ok(LedgerId(hex::encode(id)))
}

/// Notes that somebody could not keep the newest receipt's place, since the first time in a row; or that they can.
pub(super) fn keeper_ended(tx: &Tx<'_>, keeper: &str, reason: Option<&str>) -> Result<(), LedgerError> {
    match reason {
        Some(reason) => tx
            .prepare_cached(
                "INSERT INTO keeper (name, since, reason) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO UPDATE SET reason = excluded.reason",
            )?
            .execute(params![keeper, Millis(tx.now), reason])?,
        None => tx.prepare_cached("DELETE FROM keeper WHERE name = ?1")?.execute([keeper])?,
    };
    Ok(())
}

pub(super) fn forget_keepers(tx: &Tx<'_>) -> Result<(), LedgerError> {
    tx.prepare_cached("DELETE FROM keeper")?.execute([])?;
    Ok(())
}

/// Writes something, to see whether that is possible.
pub(super) fn touch(tx: &Tx<'_>) -> Result<(), LedgerError> {
    tx.prepare_cached("REPLACE INTO meta (name, value) VALUES ('written', ?1)")?.execute(params![Millis(tx.now)])?;
    Ok(())
}
