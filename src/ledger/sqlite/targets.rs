//! The states of targets, for every process. A target that is open has no row; one that rests has an end.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::columns::Millis;
use super::job::Tx;
use super::{LedgerError, TargetHealth, TargetState};
use crate::subject::TargetName;

pub(super) fn list(connection: &Connection) -> Result<Vec<TargetHealth>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT name, until, reason, since FROM target ORDER BY name")?;
    let targets = statement.query_map([], read)?;
    Ok(targets.collect::<Result<_, _>>()?)
}

pub(super) fn set(tx: &Tx<'_>, health: &TargetHealth) -> Result<(), LedgerError> {
    let (until, reason) = match &health.state {
        TargetState::Open => {
            tx.prepare_cached("DELETE FROM target WHERE name = ?1")?.execute([&health.target.0])?;
            return Ok(());
        }
        TargetState::Resting { until, reason } => (Some(Millis(*until)), reason),
        TargetState::Parked { reason } => (None, reason),
    };
    tx.prepare_cached("REPLACE INTO target (name, until, reason, since) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        health.target.0,
        until,
        reason,
        Millis(health.since)
    ])?;
    Ok(())
}

/// Whether nothing is claimed for the target now.
pub(super) fn stand_still(tx: &Tx<'_>, target: &TargetName) -> Result<bool, LedgerError> {
    let found = tx
        .prepare_cached("SELECT name, until, reason, since FROM target WHERE name = ?1")?
        .query_row([&target.0], read)
        .optional()?;
    Ok(match found.map(|health| health.state) {
        None | Some(TargetState::Open) => false,
        Some(TargetState::Resting { until, .. }) => until > tx.now,
        Some(TargetState::Parked { .. }) => true,
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<TargetHealth> {
    let until: Option<Millis> = row.get(1)?;
    let reason = row.get(2)?;
    let Millis(since) = row.get(3)?;
    let state = match until {
        Some(Millis(until)) => TargetState::Resting { until, reason },
        None => TargetState::Parked { reason },
    };
    Ok(TargetHealth { target: TargetName(row.get(0)?), state, since })
}
