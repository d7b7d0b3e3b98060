//! The ledger in numbers, from small indexes and the tally.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::claim::{DECIDE_QUEUES, RESOLVE_QUEUES, SETTLE_QUEUES, STEP_QUEUES, STEP_TARGET};
use super::columns::Millis;
use super::expired;
use super::{Counts, LedgerError};
use crate::consent::UnknownCause;
use crate::erasure::{ErasureState, Verdict};
use crate::ledger::expiry::{Expired, RecordKind};
use crate::ledger::holding::erasure_is_on_hold;

pub(super) fn all(connection: &Connection, now: Timestamp) -> Result<Counts, LedgerError> {
    let number = |sql: &str| -> Result<u64, LedgerError> {
        let number: i64 = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(number.unsigned_abs())
    };
    let tally = tally(connection)?;
    let tallied = |name: &str| tally.get(name).copied().unwrap_or(0);
    let erasures = ErasureState::ALL.iter().map(|state| (state.as_str(), tallied(state.as_str())));
    let verdicts =
        Verdict::ALL.iter().map(|verdict| (verdict.as_str(), tallied(&format!("verdict:{}", verdict.as_str()))));
    let verdicts: BTreeMap<_, u64> = verdicts.collect();
    Ok(Counts {
        sessions: tallied("sessions"),
        events_waiting: number(&format!(
            "SELECT (SELECT COALESCE(SUM(count), 0) FROM inbox WHERE parked = 0)
                  + (SELECT COUNT(*) FROM task WHERE {DECIDE_QUEUES} AND parked = 0)"
        ))?,
        sessions_settling: number(&format!("SELECT COUNT(*) FROM task WHERE {SETTLE_QUEUES} AND parked = 0"))?,
        erasures: erasures.collect(),
        overdue: overdue(connection, now)?,
        oldest_due: oldest_due(connection, now)?,
        parked_work: number(&format!(
            "SELECT (SELECT COUNT(*) FROM task WHERE parked = 1 AND NOT {STEP_QUEUES})
                  + (SELECT COALESCE(SUM(count), 0) FROM inbox WHERE parked = 1)"
        ))?,
        parked_steps: steps(connection, "parked = 1")?,
        waiting_steps: steps(connection, "parked = 0")?,
        // Not by the newest one's number: the chain may have gaps.
        receipts: verdicts.values().sum(),
        verdicts,
        archived_receipts: number("SELECT COALESCE(SUM(records), 0) FROM chain_checkpoint WHERE chain = 'receipts'")?,
        incomplete_unacknowledged: number(
            "SELECT COUNT(*) FROM receipt WHERE verdict = 'incomplete' AND acknowledged = 0",
        )?,
        unknown_consents: unknown_consents(connection)?,
        foreign_sessions: number("SELECT COALESCE(SUM(foreign_sessions), 0) FROM installation")?,
        quarantined: number("SELECT COUNT(*) FROM quarantine")?,
        expired: expired(connection)?,
    })
}

pub(super) fn expired(connection: &Connection) -> Result<BTreeMap<&'static str, Expired>, LedgerError> {
    RecordKind::ALL.into_iter().map(|kind| Ok((kind.as_str(), expired::expired(connection, kind)?))).collect()
}

pub(super) fn unknown_consents(connection: &Connection) -> Result<BTreeMap<&'static str, u64>, LedgerError> {
    let mut count = connection.prepare_cached("SELECT COUNT(*) FROM session WHERE unknown_cause = ?1")?;
    let mut causes = BTreeMap::new();
    for cause in UnknownCause::ALL {
        let sessions: i64 = count.query_row([cause.as_str()], |row| row.get(0))?;
        causes.insert(cause.as_str(), sessions.unsigned_abs());
    }
    Ok(causes)
}

pub(super) fn tally(connection: &Connection) -> Result<BTreeMap<String, u64>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT name, n FROM tally")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Claimed work is not due before its lease ends, so what is due is what nobody has taken.
fn overdue(connection: &Connection, now: Timestamp) -> Result<u64, LedgerError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT (SELECT COUNT(*) FROM task WHERE parked = 0 AND {RESOLVE_QUEUES} AND due <= ?1)
              + (SELECT COUNT(*) FROM task WHERE parked = 0 AND {STEP_QUEUES} AND due <= ?1)",
    ))?;
    Ok(statement.query_row(params![Millis(now)], |row| row.get::<_, i64>(0))?.unsigned_abs())
}

/// Since when the oldest duty is open that is due. A try that fails makes its work due later, but the duty is no younger:
/// of an erasure the rule's time counts, or when it became known where that was later, of an event and a session the time when they came.
pub(super) fn oldest_due(connection: &Connection, now: Timestamp) -> Result<Option<Timestamp>, LedgerError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT MIN(due) FROM (
           SELECT MAX(due_rule, created) AS due FROM (
             SELECT due_rule, created FROM erasure
             WHERE ended IS NULL AND state <> 'requested' AND MAX(due_rule, created) <= ?1 AND NOT {}
             ORDER BY MAX(due_rule, created) LIMIT 1)
           UNION ALL
           SELECT MIN(since) FROM task WHERE parked = 0 AND attempt > 0 AND since IS NOT NULL AND since <= ?1
           UNION ALL
           SELECT MIN(due) FROM task WHERE parked = 0 AND {DECIDE_QUEUES} AND due <= ?1
           UNION ALL
           SELECT MIN(due) FROM task WHERE parked = 0 AND {SETTLE_QUEUES} AND due <= ?1
           UNION ALL
           SELECT MIN(received) FROM (SELECT received FROM inbox WHERE parked = 0 ORDER BY seq LIMIT 1))",
        erasure_is_on_hold("?1")
    ))?;
    let oldest: Option<Millis> = statement.query_row(params![Millis(now)], |row| row.get(0))?;
    Ok(oldest.map(|oldest| oldest.0))
}

/// By target.
fn steps(connection: &Connection, which: &str) -> Result<BTreeMap<String, u64>, LedgerError> {
    let sql = format!("SELECT {STEP_TARGET}, COUNT(*) FROM task WHERE {which} AND {STEP_QUEUES} GROUP BY queue");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
