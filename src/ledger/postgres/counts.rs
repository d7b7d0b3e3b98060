//! The ledger in numbers, from small indexes and the tally.

use std::collections::BTreeMap;

use super::claim::{DECIDE_QUEUES, RESOLVE_QUEUES, SETTLE_QUEUES, STEP_QUEUES, STEP_TARGET};
use super::columns::{maybe_time, unsigned};
use super::tx::{Connection, NOW_MS};
use super::{Counts, LedgerError, expired};
use crate::consent::UnknownCause;
use crate::erasure::{ErasureState, Verdict};
use crate::ledger::holding::erasure_is_on_hold;

/// What is counted with what it counts.
pub(super) struct Tallied {
    pub(super) sessions: u64,
    pub(super) erasures: BTreeMap<&'static str, u64>,
    pub(super) verdicts: BTreeMap<&'static str, u64>,
}

pub(super) async fn tally(connection: &Connection) -> Result<Tallied, LedgerError> {
    let columns = ErasureState::ALL.map(ErasureState::as_str).into_iter().chain(Verdict::ALL.map(Verdict::as_str));
    let sums = columns.map(|column| format!(", COALESCE(SUM({column}), 0)::BIGINT")).collect::<String>();
    let sql = format!("SELECT COALESCE(SUM(sessions), 0)::BIGINT{sums} FROM tally");
    let tally = connection.row(&sql, &[]).await?;
    let erasures = ErasureState::ALL.iter().enumerate().map(|(i, state)| (state.as_str(), unsigned(tally.get(1 + i))));
    let after = 1 + ErasureState::ALL.len();
    let verdicts = Verdict::ALL.iter().enumerate();
    let verdicts = verdicts.map(|(i, verdict)| (verdict.as_str(), unsigned(tally.get(after + i))));
    Ok(Tallied { sessions: unsigned(tally.get(0)), erasures: erasures.collect(), verdicts: verdicts.collect() })
}

pub(super) async fn all(connection: &Connection) -> Result<Counts, LedgerError> {
    let number = async |sql: &str| Ok::<_, LedgerError>(unsigned(connection.row(sql, &[]).await?.get(0)));
    let Tallied { sessions, erasures, verdicts } = tally(connection).await?;
    let steps = async |which: &str| {
        let sql = format!("SELECT {STEP_TARGET}, COUNT(*) FROM task WHERE {which} AND {STEP_QUEUES} GROUP BY queue");
        let rows = connection.rows(&sql, &[]).await?;
        Ok::<_, LedgerError>(rows.iter().map(|row| (row.get(0), unsigned(row.get(1)))).collect())
    };
    Ok(Counts {
        sessions,
        events_waiting: number(&format!(
            "SELECT (SELECT COALESCE(SUM(count), 0)::BIGINT FROM inbox WHERE NOT parked)
                  + (SELECT COUNT(*) FROM task WHERE {DECIDE_QUEUES} AND NOT parked)"
        ))
        .await?,
        sessions_settling: number(&format!("SELECT COUNT(*) FROM task WHERE {SETTLE_QUEUES} AND NOT parked")).await?,
        erasures,
        // Claimed work is not due before its lease ends, so what is due is what nobody has taken.
        overdue: number(&format!(
            "SELECT (SELECT COUNT(*) FROM task WHERE NOT parked AND {RESOLVE_QUEUES} AND due <= {NOW_MS})
                  + (SELECT COUNT(*) FROM task WHERE NOT parked AND {STEP_QUEUES} AND due <= {NOW_MS})"
        ))
        .await?,
        oldest_due: oldest_due(connection).await?,
        parked_work: number(&format!(
            "SELECT (SELECT COUNT(*) FROM task WHERE parked AND NOT {STEP_QUEUES})
                  + (SELECT COALESCE(SUM(count), 0)::BIGINT FROM inbox WHERE parked)"
        ))
        .await?,
        parked_steps: steps("parked").await?,
        waiting_steps: steps("NOT parked").await?,
        // Not by the newest one's number: the chain may have gaps.
        receipts: verdicts.values().sum(),
        verdicts,
        archived_receipts: number(
            "SELECT COALESCE(SUM(records), 0)::BIGINT FROM chain_checkpoint WHERE chain = 'receipts'",
        )
        .await?,
        incomplete_unacknowledged: number(
            "SELECT COUNT(*) FROM receipt WHERE verdict = 'incomplete' AND NOT acknowledged",
        )
        .await?,
        unknown_consents: unknown_consents(connection).await?,
        foreign_sessions: number("SELECT COALESCE(SUM(foreign_sessions), 0)::BIGINT FROM installation").await?,
        quarantined: number("SELECT COUNT(*) FROM quarantine").await?,
        expired: expired::expired(connection).await?,
    })
}

pub(super) async fn unknown_consents(connection: &Connection) -> Result<BTreeMap<&'static str, u64>, LedgerError> {
    let mut causes = BTreeMap::new();
    for cause in UnknownCause::ALL {
        let row = connection.row("SELECT COUNT(*) FROM session WHERE unknown_cause = $1", &[&cause.as_str()]).await?;
        causes.insert(cause.as_str(), unsigned(row.get(0)));
    }
    Ok(causes)
}

async fn oldest_due(connection: &Connection) -> Result<Option<jiff::Timestamp>, LedgerError> {
    let sql = format!("WITH clock AS (SELECT {NOW_MS} AS now) SELECT {} FROM clock", oldest_due_sql());
    maybe_time(connection.row(&sql, &[]).await?.get(0))
}

/// Since when the oldest duty is open that is due; `now` is a column. A try that fails makes its work due later, but the
/// duty is no younger: of an erasure the rule's time counts, or when it became known where that was later, of an event and a session the time when they came.
pub(super) fn oldest_due_sql() -> String {
    format!(
        "LEAST(
           (SELECT GREATEST(due_rule, created) FROM erasure
            WHERE ended IS NULL AND state <> 'requested' AND GREATEST(due_rule, created) <= now
              AND NOT {}
            ORDER BY GREATEST(due_rule, created) LIMIT 1),
           (SELECT since FROM task WHERE NOT parked AND attempt > 0 AND since IS NOT NULL AND since <= now
            ORDER BY since LIMIT 1),
           (SELECT MIN(due) FROM task WHERE NOT parked AND {DECIDE_QUEUES} AND due <= now),
           (SELECT MIN(due) FROM task WHERE NOT parked AND {SETTLE_QUEUES} AND due <= now),
           (SELECT received FROM inbox WHERE NOT parked ORDER BY seq LIMIT 1))",
        erasure_is_on_hold("now")
    )
}
