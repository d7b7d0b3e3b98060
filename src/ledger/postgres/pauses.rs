//! Targets that nobody calls, because a person has said so. Whether one is, is asked with the look for work (`claiming::is_due`).

use jiff::Timestamp;

use super::LedgerError;
use super::columns::{maybe_millis, millis};
use super::tx::{Connection, Tx};
use crate::audit::Actor;
use crate::ledger::target_pause::{self, NewPause, PAUSE, TargetPause};
use crate::subject::TargetName;

/// In the place of what was said before.
pub(super) async fn add(tx: &Tx, new: &NewPause, by: &Actor) -> Result<(), LedgerError> {
    let sql = "DELETE FROM target_pause WHERE target = $1 OR until <= $2";
    tx.execute(sql, &[&&*new.target.0, &millis(tx.now)]).await?;
    tx.execute(
        &format!("INSERT INTO target_pause ({PAUSE}) VALUES ($1, $2, $3, $4, $5, $6)"),
        &[
            &&*new.target.0,
            &new.reason.as_str(),
            &new.case.as_ref().map(ToString::to_string),
            &maybe_millis(new.until),
            &millis(tx.now),
            &by.as_str(),
        ],
    )
    .await?;
    Ok(())
}

/// `false` where it is not paused.
pub(super) async fn end(tx: &Tx, target: &TargetName) -> Result<bool, LedgerError> {
    let sql = "DELETE FROM target_pause WHERE target = $1 RETURNING until IS NULL OR until > $2";
    let row = tx.maybe(sql, &[&&*target.0, &millis(tx.now)]).await?;
    Ok(row.is_some_and(|row| row.get(0)))
}

pub(super) async fn list(connection: &Connection, now: Timestamp) -> Result<Vec<TargetPause>, LedgerError> {
    let sql = format!("SELECT {PAUSE} FROM target_pause WHERE until IS NULL OR until > $1 ORDER BY target");
    connection.rows(&sql, &[&millis(now)]).await?.iter().map(target_pause::pause).collect()
}
