//! What one server does for all of them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::LedgerError;
use super::columns::Millis;
use super::job::Tx;
use crate::ledger::periodic::{PAUSE_MAX, Periodic};

/// Takes it if it is due; nobody else does before the lease ends.
pub(super) fn take(tx: &Tx<'_>, name: &str, lease: Duration) -> Result<Option<Periodic>, LedgerError> {
    let mut taken = tx.prepare_cached(
        "INSERT INTO periodic (name, due) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET due = excluded.due WHERE periodic.due <= ?3 OR periodic.due > ?4
         RETURNING mark",
    )?;
    let values = params![name, Millis(tx.now + lease), Millis(tx.now), Millis(tx.now + PAUSE_MAX)];
    let mark = taken.query_row(values, |row| row.get::<_, Option<Millis>>(0)).optional()?;
    Ok(mark.map(|mark| Periodic { mark: mark.map(|mark| mark.0), now: tx.now }))
}

/// Says when it is due again, and how far it has come.
pub(super) fn put_off(tx: &Tx<'_>, name: &str, pause: Duration, mark: Option<Timestamp>) -> Result<(), LedgerError> {
    tx.prepare_cached(
        "INSERT INTO periodic (name, due, mark) VALUES (?1, ?2, ?3)
         ON CONFLICT (name) DO UPDATE SET due = excluded.due, mark = COALESCE(excluded.mark, periodic.mark)",
    )?
    .execute(params![name, Millis(tx.now + pause.min(PAUSE_MAX)), mark.map(Millis)])?;
    Ok(())
}

/// How far all of it has come.
pub(super) fn marks(connection: &Connection) -> Result<BTreeMap<String, Timestamp>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT name, mark FROM periodic WHERE mark IS NOT NULL")?;
    let marks = statement.query_map([], |row| {
        let Millis(mark) = row.get(1)?;
        Ok((row.get(0)?, mark))
    })?;
    Ok(marks.collect::<Result<_, _>>()?)
}
