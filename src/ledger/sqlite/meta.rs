//! Single values about the ledger itself.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::columns::Millis;
use super::job::Tx;
use super::{LedgerError, LedgerId};
use crate::keys::{KeyId, KeyIds, KeyKind, fill_random};
use crate::ledger::{RotatedKey, index_key_replaced, name_of_key};

/// Notes the ids of keys that are used for the first time; those that are noted.
pub(super) fn key_ids(tx: &Tx<'_>, used: &KeyIds) -> Result<KeyIds, LedgerError> {
    let noted = |kind| {
        let name = name_of_key(kind);
        // As bytes, like everything else that stands there.
        let insert = "INSERT INTO meta (name, value) VALUES (?1, CAST(?2 AS BLOB)) ON CONFLICT DO NOTHING";
        tx.prepare_cached(insert)?.execute(params![name, used.of(kind).as_str()])?;
        let mut statement = tx.prepare_cached("SELECT CAST(value AS TEXT) FROM meta WHERE name = ?1")?;
        Ok::<_, LedgerError>(KeyId::written(statement.query_row([name], |row| row.get(0))?))
    };
    Ok(KeyIds { index: noted(KeyKind::Index)?, seal: noted(KeyKind::Seal)?, receipt: noted(KeyKind::Receipt)? })
}

/// Refuses what a process orders or claims that knows only of an index key that was replaced since it began: what it digests
/// would be found by nobody. `key` is the one that was noted then, where it has asked.
pub(super) fn must_be_index_key(tx: &Tx<'_>, key: Option<&KeyId>) -> Result<(), LedgerError> {
    let Some(key) = key else { return Ok(()) };
    let mut same = tx.prepare_cached("SELECT 1 FROM meta WHERE name = ?1 AND value = CAST(?2 AS BLOB)")?;
    let is_same = same.exists(params![name_of_key(KeyKind::Index), key.as_str()])?;
    if is_same { Ok(()) } else { Err(index_key_replaced(key)) }
}

/// Notes a key in place of another; whether that one was noted.
pub(super) fn rotate_key(tx: &Tx<'_>, RotatedKey { kind, from, to }: &RotatedKey) -> Result<bool, LedgerError> {
    let update = "UPDATE meta SET value = CAST(?3 AS BLOB) WHERE name = ?1 AND value = CAST(?2 AS BLOB)";
    Ok(tx.prepare_cached(update)?.execute(params![name_of_key(*kind), from.as_str(), to.as_str()])? > 0)
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
    tx.prepare_cached("DELETE FROM keeper WHERE name = 'ledger' OR name LIKE 'state file %' OR name LIKE 'witness %'")?
        .execute([])?;
    Ok(())
}

/// What is so since a time, or is not.
#[derive(Clone, Copy)]
pub(super) enum State {
    /// The log is long.
    LogLong,
    /// All that comes, comes from one address.
    OneClient,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::LogLong => "log_long",
            Self::OneClient => "one_client",
        }
    }

    /// Notes since when it is so, or that it is not.
    pub(super) fn note(self, tx: &Tx<'_>, is_so: bool) -> Result<(), LedgerError> {
        if is_so {
            tx.prepare_cached("INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
                .execute(params![self.name(), Millis(tx.now)])?;
        } else {
            tx.prepare_cached("DELETE FROM meta WHERE name = ?1")?.execute([self.name()])?;
        }
        Ok(())
    }

    /// Since when it is so.
    pub(super) fn since(self, connection: &Connection) -> Result<Option<Timestamp>, LedgerError> {
        let mut statement = connection.prepare_cached("SELECT CAST(value AS INTEGER) FROM meta WHERE name = ?1")?;
        let since: Option<Millis> = statement.query_row([self.name()], |row| row.get(0)).optional()?;
        Ok(since.map(|since| since.0))
    }
}

/// Writes what receiving writes, and takes it away again, to see whether that is possible: what is wrong with its tables can stop
/// deliveries while every other table can be written.
pub(super) fn try_out(tx: &Tx<'_>) -> Result<(), LedgerError> {
    let mut digest = [0; 16];
    fill_random(&mut digest);
    // No delivery has this key: sources and kinds are counted from 1.
    tx.prepare_cached(
        "INSERT INTO event (source, session, kind, digest, received, happened) VALUES (0, 0, 0, ?1, ?2, ?2)",
    )?
    .execute(params![digest, Millis(tx.now)])?;
    tx.prepare_cached("INSERT INTO inbox (installation, received, count, events) VALUES (0, ?1, 0, x'')")?
        .execute(params![Millis(tx.now)])?;
    tx.prepare_cached("DELETE FROM inbox WHERE seq = ?1")?.execute([tx.last_insert_rowid()])?;
    tx.prepare_cached("DELETE FROM event WHERE source = 0 AND session = 0 AND kind = 0 AND digest = ?1")?
        .execute([digest])?;
    tx.prepare_cached("REPLACE INTO meta (name, value) VALUES ('written', ?1)")?.execute(params![Millis(tx.now)])?;
    Ok(())
}
