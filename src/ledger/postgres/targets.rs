//! The states of targets, for every process. A target whose breaker is closed has no row; where it is open, it has an end.

use std::num::NonZeroU32;

use tokio_postgres::Row;

use super::bounds::{self, Breaker};
use super::columns::{maybe_millis, maybe_time, millis, small, text, time};
use super::tx::{Connection, Tx};
use super::{BreakerLimits, LedgerError, TargetHealth, TargetState};
use crate::erasure::life::after;
use crate::subject::TargetName;

const SELECT: &str = "SELECT name, until, reason, since FROM target";

pub(super) async fn list(connection: &Connection) -> Result<Vec<TargetHealth>, LedgerError> {
    connection.rows(&format!("{SELECT} ORDER BY name"), &[]).await?.iter().map(read).collect()
}

pub(super) async fn set(tx: &Tx, health: &TargetHealth) -> Result<(), LedgerError> {
    let (until, reason) = match &health.state {
        TargetState::Closed => return resume(tx, &health.target).await.map(drop),
        TargetState::Open { until, reason } => (Some(*until), reason),
        TargetState::Parked { reason } => (None, reason),
    };
    // In the order of a claim and of a failure: first what is counted, then the state.
    lock(tx, &health.target).await?;
    tx.execute(
        "INSERT INTO target (name, until, reason, since) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE SET until = excluded.until, reason = excluded.reason, since = excluded.since",
        &[&&*health.target.0, &maybe_millis(until), &text(reason), &millis(health.since)],
    )
    .await?;
    Ok(())
}

/// Lets the target's queue move again; `false` when it does.
pub(super) async fn resume(tx: &Tx, target: &TargetName) -> Result<bool, LedgerError> {
    // In the same order as above.
    lock(tx, target).await?;
    let stood = tx.execute("DELETE FROM target WHERE name = $1", &[&&*target.0]).await?;
    forget_failures(tx, target).await?;
    Ok(stood > 0)
}

pub(super) async fn breaker(tx: &Tx, target: &TargetName, failures: u32) -> Result<Breaker, LedgerError> {
    Ok(Breaker::of(&state(tx, target).await?, failures, tx.now))
}

async fn state(tx: &Tx, target: &TargetName) -> Result<TargetState, LedgerError> {
    let row = tx.maybe(&format!("{SELECT} WHERE name = $1"), &[&&*target.0]).await?;
    Ok(row.as_ref().map(read).transpose()?.map_or(TargetState::Closed, |health| health.state))
}

/// What is counted of a target.
pub(super) struct Pace {
    pub(super) failures: u32,
    /// The earliest time of its next call, in microseconds since 1970.
    pub(super) next_call_us: i64,
}

/// Locks the target: other claims for it wait for this transaction's end.
pub(super) async fn lock(tx: &Tx, target: &TargetName) -> Result<Pace, LedgerError> {
    let select = "SELECT failures, next_call_us FROM pace WHERE target = $1 FOR UPDATE";
    let row = match tx.maybe(select, &[&&*target.0]).await? {
        Some(row) => row,
        None => {
            tx.execute("INSERT INTO pace (target) VALUES ($1) ON CONFLICT DO NOTHING", &[&&*target.0]).await?;
            tx.row(select, &[&&*target.0]).await?
        }
    };
    Ok(Pace { failures: small(row.get(0)), next_call_us: row.get(1) })
}

pub(super) async fn set_next_call_us(tx: &Tx, target: &TargetName, next_us: i64) -> Result<(), LedgerError> {
    tx.execute("UPDATE pace SET next_call_us = $2 WHERE target = $1", &[&&*target.0, &next_us]).await?;
    Ok(())
}

/// Counts calls beyond those that were granted.
pub(super) async fn charge(tx: &Tx, target: &TargetName, calls: u32, rate: NonZeroU32) -> Result<(), LedgerError> {
    let pace = lock(tx, target).await?;
    let next_us = bounds::charge(rate, pace.next_call_us, tx.now.as_microsecond(), calls);
    set_next_call_us(tx, target, next_us).await
}

pub(super) async fn failed(
    tx: &Tx,
    target: &TargetName,
    limits: BreakerLimits,
    reason: &str,
) -> Result<(), LedgerError> {
    let row = tx
        .row(
            "INSERT INTO pace (target, failures) VALUES ($1, 1)
             ON CONFLICT (target) DO UPDATE SET failures = pace.failures + 1 RETURNING failures",
            &[&&*target.0],
        )
        .await?;
    // A parked one stays parked: with a breaker's end, it would be asked again before a person has acted.
    if small(row.get(0)) < limits.failures || matches!(state(tx, target).await?, TargetState::Parked { .. }) {
        return Ok(());
    }
    let state = TargetState::Open { until: after(tx.now, limits.pause), reason: reason.to_owned() };
    set(tx, &TargetHealth { target: target.clone(), state, since: tx.now }).await
}

pub(super) async fn answered(tx: &Tx, target: &TargetName) -> Result<(), LedgerError> {
    // First what is counted, as in `set`: the two could otherwise wait crosswise.
    forget_failures(tx, target).await?;
    tx.execute("DELETE FROM target WHERE name = $1 AND until IS NOT NULL", &[&&*target.0]).await?;
    Ok(())
}

/// Sets those of the queues going that are parked; returns which.
pub(super) async fn open_parked(tx: &Tx, called: &[TargetName]) -> Result<Vec<TargetName>, LedgerError> {
    let names: Vec<&str> = called.iter().map(|name| &*name.0).collect();
    let sql = "DELETE FROM target WHERE until IS NULL AND name = ANY($1) RETURNING name";
    let opened = tx.rows(sql, &[&names]).await?;
    Ok(opened.iter().map(|row| TargetName(row.get::<_, &str>(0).into())).collect())
}

async fn forget_failures(tx: &Tx, target: &TargetName) -> Result<(), LedgerError> {
    tx.execute("UPDATE pace SET failures = 0 WHERE target = $1", &[&&*target.0]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<TargetHealth, LedgerError> {
    let reason = row.get(2);
    let state = match maybe_time(row.get(1))? {
        Some(until) => TargetState::Open { until, reason },
        None => TargetState::Parked { reason },
    };
    Ok(TargetHealth { target: TargetName(row.get::<_, &str>(0).into()), state, since: time(row.get(3))? })
}
