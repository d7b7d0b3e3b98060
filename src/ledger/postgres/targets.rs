//! How targets are, for every process. One whose breaker is closed has no row in `target`.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio_postgres::Row;

use super::bounds;
use super::columns::{json, json_at, maybe_millis, millis, small, text, time};
use super::health::{BreakerLimits, CallEnd, Health, Limited, Pace};
use super::tx::{Connection, Tx};
use super::{LedgerError, TargetHealth, TargetState};
use crate::subject::TargetName;

const OPEN: &str = "until, reason, needs_person, tries, since";

pub(super) async fn list(connection: &Connection) -> Result<Vec<TargetHealth>, LedgerError> {
    let rows = connection.rows(&format!("SELECT {OPEN}, name FROM target ORDER BY name"), &[]).await?;
    let read = |row: &Row| Ok(TargetHealth { target: TargetName(row.get::<_, &str>(5).into()), state: open(row)? });
    rows.iter().map(read).collect()
}

/// Lets the target be called again; `false` when it is.
pub(super) async fn resume(tx: &Tx, target: &TargetName) -> Result<bool, LedgerError> {
    // First what is counted, then the state, as wherever both change: two could otherwise wait crosswise. What it was slowed
    // down to stays: it asked for that.
    let sql = "UPDATE pace SET failures = 0, failed = '[]', refused = '[]', refused_why = '' WHERE target = $1";
    tx.execute(sql, &[&&*target.0]).await?;
    Ok(tx.execute("DELETE FROM target WHERE name = $1", &[&&*target.0]).await? > 0)
}

/// Lets those of them be called again that are out; returns which were.
pub(super) async fn resume_all(tx: &Tx, called: &[TargetName]) -> Result<Vec<TargetName>, LedgerError> {
    let mut names: Vec<_> = called.to_vec();
    // Always in one order, as each is locked.
    names.sort();
    let mut resumed = Vec::new();
    for target in names {
        if resume(tx, &target).await? {
            resumed.push(target);
        }
    }
    Ok(resumed)
}

/// Locks the target: other claims for it wait for this transaction's end.
pub(super) async fn lock(tx: &Tx, target: &TargetName) -> Result<Health, LedgerError> {
    let select = "SELECT failures, failed, refused, refused_why, at_once, next_call_us, limited_sort, limited_since,
                         limited_until
                  FROM pace WHERE target = $1 FOR UPDATE";
    let row = match tx.maybe(select, &[&&*target.0]).await? {
        Some(row) => row,
        None => {
            tx.execute("INSERT INTO pace (target) VALUES ($1) ON CONFLICT DO NOTHING", &[&&*target.0]).await?;
            tx.row(select, &[&&*target.0]).await?
        }
    };
    let pace = Pace {
        failures: small(row.get(0)),
        failed: json_at(&row, 1)?,
        refused: json_at(&row, 2)?,
        refused_why: row.get(3),
        at_once: row.get::<_, Option<i64>>(4).map(small),
        next_call_us: row.get(5),
        limited: limited(&row)?,
    };
    // A statement of its own: the lock was waited for, and one that began before it would see the state of before.
    let found = tx.maybe(&format!("SELECT {OPEN} FROM target WHERE name = $1"), &[&&*target.0]).await?;
    let state = found.as_ref().map_or(Ok(TargetState::Closed), open)?;
    Ok(Health { pace, state })
}

pub(super) async fn set_next_call_us(tx: &Tx, target: &TargetName, next_us: i64) -> Result<(), LedgerError> {
    let sql = "UPDATE pace SET next_call_us = $2, began = GREATEST(began, $3) WHERE target = $1";
    tx.execute(sql, &[&&*target.0, &next_us, &millis(tx.now)]).await?;
    Ok(())
}

/// Counts calls beyond those that were granted.
pub(super) async fn charge(
    tx: &Tx,
    target: &TargetName,
    calls: u32,
    rate: NonZeroU32,
) -> Result<Duration, LedgerError> {
    let Health { pace, .. } = lock(tx, target).await?;
    let now_us = tx.now.as_microsecond();
    let next_us = bounds::charge(rate, pace.next_call_us, now_us, calls);
    set_next_call_us(tx, target, next_us).await?;
    Ok(bounds::wait(rate, next_us, now_us))
}

pub(super) async fn call_ended(
    tx: &Tx,
    target: &TargetName,
    end: &CallEnd,
    limits: BreakerLimits,
) -> Result<(), LedgerError> {
    let Health { pace, state } = lock(tx, target).await?.after(end, limits, tx.now);
    // What was counted from a time that is still to come is taken over here, and moved when somebody looks at the clock: until
    // then, that time stays.
    tx.execute(
        "UPDATE pace SET failures = $2, failed = $3, refused = $4, refused_why = $5, at_once = $6, limited_sort = $7,
                limited_since = $8, limited_until = $9, next_call_us = $10, began = GREATEST(began, $11)
         WHERE target = $1",
        &[
            &&*target.0,
            &i64::from(pace.failures),
            &json(&pace.failed)?,
            &json(&pace.refused)?,
            &text(&pace.refused_why),
            &pace.at_once.map(i64::from),
            &pace.limited.as_ref().map(|limited| &*limited.sort),
            &maybe_millis(pace.limited.as_ref().map(|limited| limited.since)),
            &maybe_millis(pace.limited.as_ref().map(|limited| limited.until)),
            &pace.next_call_us,
            &millis(tx.now),
        ],
    )
    .await?;
    match state {
        TargetState::Closed => tx.execute("DELETE FROM target WHERE name = $1", &[&&*target.0]).await?,
        TargetState::Open { until, reason, needs_person, tries, since } => {
            tx.execute(
                &format!(
                    "INSERT INTO target (name, {OPEN}, began) VALUES ($1, $2, $3, $4, $5, $6, $7)
                     ON CONFLICT (name) DO UPDATE SET until = excluded.until, reason = excluded.reason,
                       needs_person = excluded.needs_person, tries = excluded.tries, since = excluded.since,
                       began = GREATEST(target.began, excluded.began)"
                ),
                &[
                    &&*target.0,
                    &millis(until),
                    &text(&reason),
                    &needs_person,
                    &i64::from(tries),
                    &millis(since),
                    &millis(tx.now),
                ],
            )
            .await?
        }
    };
    Ok(())
}

fn limited(row: &Row) -> Result<Option<Limited>, LedgerError> {
    let Some(sort) = row.get(6) else { return Ok(None) };
    Ok(Some(Limited { sort, since: time(row.get(7))?, until: time(row.get(8))? }))
}

/// The state of a row that begins with [`OPEN`].
fn open(row: &Row) -> Result<TargetState, LedgerError> {
    let (until, since) = (time(row.get(0))?, time(row.get(4))?);
    Ok(TargetState::Open { until, reason: row.get(1), needs_person: row.get(2), tries: small(row.get(3)), since })
}
