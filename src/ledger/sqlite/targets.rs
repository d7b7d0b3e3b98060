//! The states of targets, for every process. A target whose breaker is closed has no row; where it is open, it has an end.

use std::num::NonZeroU32;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::bounds::{self, Breaker};
use super::columns::Millis;
use super::job::Tx;
use super::{BreakerLimits, LedgerError, TargetHealth, TargetState};
use crate::erasure::life::after;
use crate::subject::TargetName;

pub(super) fn list(connection: &Connection) -> Result<Vec<TargetHealth>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT name, until, reason, since FROM target ORDER BY name")?;
    let targets = statement.query_map([], read)?;
    Ok(targets.collect::<Result<_, _>>()?)
}

pub(super) fn set(tx: &Tx<'_>, health: &TargetHealth) -> Result<(), LedgerError> {
    let (until, reason) = match &health.state {
        TargetState::Closed => return resume(tx, &health.target).map(drop),
        TargetState::Open { until, reason } => (Some(Millis(*until)), reason),
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

/// Lets the target's queue move again; `false` when it does.
pub(super) fn resume(tx: &Tx<'_>, target: &TargetName) -> Result<bool, LedgerError> {
    let stood = tx.prepare_cached("DELETE FROM target WHERE name = ?1")?.execute([&target.0])?;
    forget_failures(tx, target)?;
    Ok(stood > 0)
}

pub(super) fn breaker(tx: &Tx<'_>, target: &TargetName) -> Result<Breaker, LedgerError> {
    Ok(Breaker::of(&state(tx, target)?, failures(tx, target)?, tx.now))
}

fn state(tx: &Tx<'_>, target: &TargetName) -> Result<TargetState, LedgerError> {
    let found = tx
        .prepare_cached("SELECT name, until, reason, since FROM target WHERE name = ?1")?
        .query_row([&target.0], read)
        .optional()?;
    Ok(found.map_or(TargetState::Closed, |health| health.state))
}

fn failures(tx: &Tx<'_>, target: &TargetName) -> Result<u32, LedgerError> {
    let mut statement = tx.prepare_cached("SELECT failures FROM pace WHERE target = ?1")?;
    Ok(statement.query_row([&target.0], |row| row.get(0)).optional()?.unwrap_or(0))
}

pub(super) fn failed(tx: &Tx<'_>, target: &TargetName, limits: BreakerLimits, reason: &str) -> Result<(), LedgerError> {
    let failures: u32 = tx
        .prepare_cached(
            "INSERT INTO pace (target, failures) VALUES (?1, 1)
             ON CONFLICT DO UPDATE SET failures = failures + 1 RETURNING failures",
        )?
        .query_row([&target.0], |row| row.get(0))?;
    // A parked one stays parked: with a breaker's end, it would be asked again before a person has acted.
    if failures < limits.failures || matches!(state(tx, target)?, TargetState::Parked { .. }) {
        return Ok(());
    }
    let state = TargetState::Open { until: after(tx.now, limits.pause), reason: reason.to_owned() };
    set(tx, &TargetHealth { target: target.clone(), state, since: tx.now })
}

pub(super) fn answered(tx: &Tx<'_>, target: &TargetName) -> Result<(), LedgerError> {
    // Not one that is parked: an answer that comes late must not open what a person was asked about.
    tx.prepare_cached("DELETE FROM target WHERE name = ?1 AND until IS NOT NULL")?.execute([&target.0])?;
    forget_failures(tx, target)
}

/// Sets those of the queues going that are parked; returns how many were.
pub(super) fn open_parked(tx: &Tx<'_>, called: &[TargetName]) -> Result<usize, LedgerError> {
    let mut open = tx.prepare_cached("DELETE FROM target WHERE until IS NULL AND name = ?1")?;
    let mut opened = 0;
    for name in called {
        opened += open.execute([&name.0])?;
    }
    Ok(opened)
}

fn forget_failures(tx: &Tx<'_>, target: &TargetName) -> Result<(), LedgerError> {
    tx.prepare_cached("UPDATE pace SET failures = 0 WHERE target = ?1")?.execute([&target.0])?;
    Ok(())
}

/// The earliest time of the target's next call, in microseconds since 1970.
pub(super) fn next_call_us(tx: &Tx<'_>, target: &TargetName) -> Result<i64, LedgerError> {
    let mut statement = tx.prepare_cached("SELECT next_call_us FROM pace WHERE target = ?1")?;
    Ok(statement.query_row([&target.0], |row| row.get(0)).optional()?.unwrap_or(0))
}

pub(super) fn set_next_call_us(tx: &Tx<'_>, target: &TargetName, next_us: i64) -> Result<(), LedgerError> {
    tx.prepare_cached(
        "INSERT INTO pace (target, next_call_us) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET next_call_us = excluded.next_call_us",
    )?
    .execute(params![target.0, next_us])?;
    Ok(())
}

/// Counts calls beyond those that were granted.
pub(super) fn charge(tx: &Tx<'_>, target: &TargetName, calls: u32, rate: NonZeroU32) -> Result<(), LedgerError> {
    let next_us = bounds::charge(rate, next_call_us(tx, target)?, tx.now.as_microsecond(), calls);
    set_next_call_us(tx, target, next_us)
}

fn read(row: &Row<'_>) -> rusqlite::Result<TargetHealth> {
    let until: Option<Millis> = row.get(1)?;
    let reason = row.get(2)?;
    let Millis(since) = row.get(3)?;
    let state = match until {
        Some(Millis(until)) => TargetState::Open { until, reason },
        None => TargetState::Parked { reason },
    };
    Ok(TargetHealth { target: TargetName(row.get(0)?), state, since })
}
