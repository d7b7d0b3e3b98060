//! What one server does for all of them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::LedgerError;
use super::columns::Millis;
use super::job::Tx;
use crate::ledger::ErasedMark;
use crate::ledger::periodic::{PAUSE_MAX, Periodic, erased_look};
use crate::subject::{InstallationName, SessionId};

/// Takes it if it is due; nobody else does before the lease ends.
pub(super) fn take(tx: &Tx<'_>, name: &str, lease: Duration) -> Result<Option<Periodic>, LedgerError> {
    let mut taken = tx.prepare_cached(
        "INSERT INTO periodic (name, due, taken) VALUES (?1, ?2, 1)
         ON CONFLICT (name) DO UPDATE SET due = excluded.due, taken = 1 WHERE periodic.due <= ?3 OR periodic.due > ?4
         RETURNING mark",
    )?;
    let values = params![name, Millis(tx.now + lease), Millis(tx.now), Millis(tx.now + PAUSE_MAX)];
    let mark = taken.query_row(values, |row| row.get::<_, Option<Millis>>(0)).optional()?;
    Ok(mark.map(|mark| Periodic { mark: mark.map(|mark| mark.0), now: tx.now }))
}

/// Ends it: says when it is due again, and how far it has come.
pub(super) fn put_off(tx: &Tx<'_>, name: &str, pause: Duration, mark: Option<Timestamp>) -> Result<(), LedgerError> {
    tx.prepare_cached(
        "INSERT INTO periodic (name, due, mark) VALUES (?1, ?2, ?3)
         ON CONFLICT (name) DO UPDATE SET mark = COALESCE(excluded.mark, periodic.mark), taken = 0,
           due = CASE WHEN periodic.taken = 2 THEN ?4 ELSE excluded.due END",
    )?
    .execute(params![name, Millis(tx.now + pause.min(PAUSE_MAX)), mark.map(Millis), Millis(tx.now)])?;
    Ok(())
}

/// Keeps it for another lease.
pub(super) fn renew(tx: &Tx<'_>, name: &str, lease: Duration, mark: Option<Timestamp>) -> Result<(), LedgerError> {
    tx.prepare_cached("UPDATE periodic SET due = ?2, mark = COALESCE(?3, mark) WHERE name = ?1")?.execute(params![
        name,
        Millis(tx.now + lease),
        mark.map(Millis)
    ])?;
    Ok(())
}

/// Has it done at once, or once more after what is done of it just now.
pub(super) fn want(tx: &Tx<'_>, name: &str) -> Result<(), LedgerError> {
    tx.prepare_cached(
        "INSERT INTO periodic (name, due) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET
           due = CASE WHEN periodic.taken > 0 AND periodic.due > ?2 THEN periodic.due ELSE ?2 END,
           taken = CASE WHEN periodic.taken > 0 AND periodic.due > ?2 THEN 2 ELSE 0 END",
    )?
    .execute(params![name, Millis(tx.now)])?;
    Ok(())
}

pub(super) fn looked_at_erased(
    tx: &Tx<'_>,
    installation: &InstallationName,
    to: ErasedMark,
) -> Result<(), LedgerError> {
    tx.prepare_cached(
        "INSERT INTO periodic (name, due, mark, item) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO UPDATE SET mark = excluded.mark, item = excluded.item",
    )?
    .execute(params![erased_look(installation), Millis(tx.now), Millis(to.at), to.session.0])?;
    Ok(())
}

pub(super) fn erased_mark(
    connection: &Connection,
    installation: &InstallationName,
) -> Result<Option<ErasedMark>, LedgerError> {
    let mut found =
        connection.prepare_cached("SELECT mark, item FROM periodic WHERE name = ?1 AND item IS NOT NULL")?;
    let mark = found.query_row([erased_look(installation)], |row| {
        let Millis(at) = row.get(0)?;
        Ok(ErasedMark { at, session: SessionId(row.get(1)?) })
    });
    Ok(mark.optional()?)
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

/// Writes what an alert has told, if it still is as it was read.
pub(super) fn keep_alert(tx: &Tx<'_>, name: &str, read: u64, state: &str) -> Result<bool, LedgerError> {
    let written = tx
        .prepare_cached(
            "INSERT INTO alert (name, version, state) VALUES (?1, ?2 + 1, ?3)
             ON CONFLICT (name) DO UPDATE SET version = excluded.version, state = excluded.state WHERE alert.version = ?2",
        )?
        .execute(params![name, read.cast_signed(), state])?;
    Ok(written > 0)
}

/// What an alert has told.
pub(super) fn alert(connection: &Connection, name: &str) -> Result<Option<(u64, String)>, LedgerError> {
    let mut found = connection.prepare_cached("SELECT version, state FROM alert WHERE name = ?1")?;
    let row = found.query_row([name], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?))).optional()?;
    Ok(row.map(|(version, state)| (version.cast_unsigned(), state)))
}
