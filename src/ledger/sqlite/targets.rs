//! How targets are, for every process. One whose breaker is closed has no row in `target`.

use std::num::NonZeroU32;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::bounds;
use super::columns::{Json, Millis};
use super::health::{BreakerLimits, CallEnd, Health, Limited, Pace};
use super::job::Tx;
use super::{LedgerError, TargetHealth, TargetState};
use crate::attention::LimitedTarget;
use crate::subject::TargetName;

pub(super) fn list(connection: &Connection) -> Result<Vec<TargetHealth>, LedgerError> {
    let mut statement = connection
        .prepare_cached("SELECT until, reason, needs_person, tries, since, name FROM target ORDER BY name")?;
    let targets =
        statement.query_map([], |row| Ok(TargetHealth { target: TargetName(row.get(5)?), state: open_at(row, 0)? }))?;
    Ok(targets.collect::<Result<_, _>>()?)
}

/// Those that have only asked for fewer calls.
pub(super) fn limited(connection: &Connection) -> Result<Vec<LimitedTarget>, LedgerError> {
    let mut statement = connection
        .prepare_cached("SELECT target, limited_since, limited_until FROM pace WHERE limited_sort IS NOT NULL")?;
    let targets = statement.query_map([], |row| {
        let (Millis(since), Millis(until)) = (row.get(1)?, row.get(2)?);
        Ok(LimitedTarget { target: TargetName(row.get(0)?), since, until })
    })?;
    Ok(targets.collect::<Result<_, _>>()?)
}

/// Lets the target be called again; `false` when it is.
pub(super) fn resume(tx: &Tx<'_>, target: &TargetName) -> Result<bool, LedgerError> {
    let stood = tx.prepare_cached("DELETE FROM target WHERE name = ?1")?.execute([&target.0])?;
    // What it was slowed down to stays: it asked for that.
    tx.prepare_cached(
        "UPDATE pace SET failures = 0, failed = '[]', refused = '[]', refused_why = '' WHERE target = ?1",
    )?
    .execute([&target.0])?;
    Ok(stood > 0)
}

/// Lets those of them be called again that are out; returns how many were.
pub(super) fn resume_all(tx: &Tx<'_>, called: &[TargetName]) -> Result<usize, LedgerError> {
    let mut resumed = 0;
    for target in called {
        resumed += usize::from(resume(tx, target)?);
    }
    Ok(resumed)
}

pub(super) fn health(tx: &Tx<'_>, target: &TargetName) -> Result<Health, LedgerError> {
    let found = tx
        .prepare_cached(
            "SELECT until, reason, needs_person, tries, since,
                    failures, failed, refused, refused_why, at_once, limited_sort, limited_since, limited_until,
                    next_call_us
             FROM pace LEFT JOIN target ON name = target WHERE pace.target = ?1",
        )?
        .query_row([&target.0], |row| {
            let is_open = row.get::<_, Option<Millis>>(0)?.is_some();
            let state = if is_open { open_at(row, 0)? } else { TargetState::Closed };
            Ok(Health { pace: pace_at(row, 5)?, state })
        })
        .optional()?;
    Ok(found.unwrap_or(Health { pace: Pace::default(), state: TargetState::Closed }))
}

pub(super) fn call_ended(
    tx: &Tx<'_>,
    target: &TargetName,
    end: &CallEnd,
    limits: BreakerLimits,
) -> Result<(), LedgerError> {
    let Health { pace, state } = health(tx, target)?.after(end, limits, tx.now);
    // What was counted from a time that is still to come is taken over here, and moved when somebody looks at the clock: until
    // then, that time stays.
    tx.prepare_cached(
        "REPLACE INTO pace (target, failures, failed, refused, refused_why, at_once, limited_sort, limited_since,
                            limited_until, next_call_us, began)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
                 MAX(?11, COALESCE((SELECT began FROM pace WHERE target = ?1), 0)))",
    )?
    .execute(params![
        target.0,
        pace.failures,
        Json(&pace.failed),
        Json(&pace.refused),
        pace.refused_why,
        pace.at_once,
        pace.limited.as_ref().map(|limited| &limited.sort),
        pace.limited.as_ref().map(|limited| Millis(limited.since)),
        pace.limited.as_ref().map(|limited| Millis(limited.until)),
        pace.next_call_us,
        Millis(tx.now)
    ])?;
    match state {
        TargetState::Closed => tx.prepare_cached("DELETE FROM target WHERE name = ?1")?.execute([&target.0])?,
        TargetState::Open { until, reason, needs_person, tries, since } => tx
            .prepare_cached(
                "REPLACE INTO target (name, until, reason, needs_person, tries, since, began)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, MAX(?7, COALESCE((SELECT began FROM target WHERE name = ?1), 0)))",
            )?
            .execute(params![target.0, Millis(until), reason, needs_person, tries, Millis(since), Millis(tx.now)])?,
    };
    Ok(())
}

/// The earliest time of the target's next call, in microseconds since 1970.
pub(super) fn next_call_us(tx: &Tx<'_>, target: &TargetName) -> Result<i64, LedgerError> {
    let mut statement = tx.prepare_cached("SELECT next_call_us FROM pace WHERE target = ?1")?;
    Ok(statement.query_row([&target.0], |row| row.get(0)).optional()?.unwrap_or(0))
}

pub(super) fn set_next_call_us(tx: &Tx<'_>, target: &TargetName, next_us: i64) -> Result<(), LedgerError> {
    tx.prepare_cached(
        "INSERT INTO pace (target, next_call_us, began) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET next_call_us = excluded.next_call_us,
           began = MAX(COALESCE(pace.began, 0), excluded.began)",
    )?
    .execute(params![target.0, next_us, Millis(tx.now)])?;
    Ok(())
}

/// Counts calls beyond those that were granted.
pub(super) fn charge(tx: &Tx<'_>, target: &TargetName, calls: u32, rate: NonZeroU32) -> Result<Duration, LedgerError> {
    let now_us = tx.now.as_microsecond();
    let next_us = bounds::charge(rate, next_call_us(tx, target)?, now_us, calls);
    set_next_call_us(tx, target, next_us)?;
    Ok(bounds::wait(rate, next_us, now_us))
}

fn open_at(row: &Row<'_>, column: usize) -> rusqlite::Result<TargetState> {
    let (Millis(until), Millis(since)) = (row.get(column)?, row.get(column + 4)?);
    let (reason, needs_person, tries) = (row.get(column + 1)?, row.get(column + 2)?, row.get(column + 3)?);
    Ok(TargetState::Open { until, reason, needs_person, tries, since })
}

fn pace_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Pace> {
    let Json(failed) = row.get(column + 1)?;
    let Json(refused) = row.get(column + 2)?;
    let limited = match row.get(column + 5)? {
        Some(sort) => {
            let (Millis(since), Millis(until)) = (row.get(column + 6)?, row.get(column + 7)?);
            Some(Limited { sort, since, until })
        }
        None => None,
    };
    Ok(Pace {
        failures: row.get(column)?,
        failed,
        refused,
        refused_why: row.get(column + 3)?,
        at_once: row.get(column + 4)?,
        limited,
        next_call_us: row.get(column + 8)?,
    })
}
