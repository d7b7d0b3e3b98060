//! Targets that nobody calls, because a person has said so.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::LedgerError;
use super::columns::Millis;
use super::job::Tx;
use crate::audit::Actor;
use crate::ledger::target_pause::{self, NewPause, PAUSE, TargetPause};
use crate::subject::TargetName;

/// In the place of what was said before.
pub(super) fn add(tx: &Tx<'_>, new: &NewPause, by: &Actor) -> Result<(), LedgerError> {
    tx.prepare_cached("DELETE FROM target_pause WHERE target = ?1 OR until <= ?2")?
        .execute(params![new.target.0, Millis(tx.now)])?;
    tx.prepare_cached(&format!("INSERT INTO target_pause ({PAUSE}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"))?.execute(
        params![
            new.target.0,
            new.reason.as_str(),
            new.case.as_ref().map(ToString::to_string),
            new.until.map(Millis),
            Millis(tx.now),
            by.as_str()
        ],
    )?;
    Ok(())
}

/// `false` where it is not paused.
pub(super) fn end(tx: &Tx<'_>, target: &TargetName) -> Result<bool, LedgerError> {
    let was = is_paused(tx, target, tx.now)?;
    tx.prepare_cached("DELETE FROM target_pause WHERE target = ?1")?.execute([&target.0])?;
    Ok(was)
}

pub(super) fn is_paused(connection: &Connection, target: &TargetName, now: Timestamp) -> Result<bool, LedgerError> {
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM target_pause WHERE target = ?1 AND (until IS NULL OR until > ?2)")?;
    Ok(statement.exists(params![target.0, Millis(now)])?)
}

pub(super) fn list(connection: &Connection, now: Timestamp) -> Result<Vec<TargetPause>, LedgerError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {PAUSE} FROM target_pause WHERE until IS NULL OR until > ?1 ORDER BY target"
    ))?;
    let mut rows = statement.query([Millis(now)])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(target_pause::pause(row)?);
    }
    Ok(all)
}
