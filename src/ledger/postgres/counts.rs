//! The ledger in numbers, from small indexes and the tally.

use super::claim::{STEP_QUEUES, STEP_TARGET};
use super::columns::{maybe_time, unsigned};
use super::tx::{Connection, NOW_MS};
use super::{Counts, LedgerError};
use crate::erasure::ErasureState;

pub(super) async fn all(connection: &Connection) -> Result<Counts, LedgerError> {
    let number = async |sql: &str| Ok::<_, LedgerError>(unsigned(connection.row(sql, &[]).await?.get(0)));
    let tally = connection
        .row(
            "SELECT COALESCE(SUM(sessions), 0)::BIGINT, COALESCE(SUM(scheduled), 0)::BIGINT,
                    COALESCE(SUM(erasing), 0)::BIGINT, COALESCE(SUM(verifying), 0)::BIGINT,
                    COALESCE(SUM(parked), 0)::BIGINT, COALESCE(SUM(done), 0)::BIGINT,
                    COALESCE(SUM(cancelled), 0)::BIGINT FROM tally",
            &[],
        )
        .await?;
    // `ErasureState::ALL` is in the order of the columns.
    let erasures = ErasureState::ALL.iter().enumerate().map(|(i, state)| (state.as_str(), unsigned(tally.get(i + 1))));
    let steps = async |which: &str| {
        let sql = format!("SELECT {STEP_TARGET}, COUNT(*) FROM task WHERE {which} AND {STEP_QUEUES} GROUP BY queue");
        let rows = connection.rows(&sql, &[]).await?;
        Ok::<_, LedgerError>(rows.iter().map(|row| (row.get(0), unsigned(row.get(1)))).collect())
    };
    Ok(Counts {
        sessions: unsigned(tally.get(0)),
        events_waiting: number(
            "SELECT (SELECT COALESCE(SUM(count), 0)::BIGINT FROM inbox)
                  + (SELECT COUNT(*) FROM task WHERE queue = 'decide' AND NOT parked)",
        )
        .await?,
        sessions_settling: number("SELECT COUNT(*) FROM task WHERE queue = 'settle' AND NOT parked").await?,
        erasures: erasures.collect(),
        // Claimed work is not due before its lease ends, so what is due is what nobody has taken.
        overdue: number(&format!(
            "SELECT (SELECT COUNT(*) FROM task WHERE NOT parked AND queue = 'resolve' AND due <= {NOW_MS})
                  + (SELECT COUNT(*) FROM task WHERE NOT parked AND {STEP_QUEUES} AND due <= {NOW_MS})"
        ))
        .await?,
        oldest_due: oldest_due(connection).await?,
        parked_work: number(&format!("SELECT COUNT(*) FROM task WHERE parked AND NOT {STEP_QUEUES}")).await?,
        parked_steps: steps("parked").await?,
        waiting_steps: steps("NOT parked").await?,
        receipts: number("SELECT sequence FROM chain WHERE name = 'receipts'").await?,
        quarantined: number("SELECT COUNT(*) FROM quarantine").await?,
    })
}

/// Since when the oldest duty is open that is due. A try that fails makes its work due later, but the duty is no younger:
/// of an erasure the rule's time counts, of an event and a session the time when they came.
async fn oldest_due(connection: &Connection) -> Result<Option<jiff::Timestamp>, LedgerError> {
    let sql = format!(
        "WITH clock AS (SELECT {NOW_MS} AS now)
         SELECT LEAST(
           (SELECT due_rule FROM erasure WHERE ended IS NULL AND due_rule <= now ORDER BY due_rule LIMIT 1),
           (SELECT since FROM task WHERE NOT parked AND attempt > 0 AND since IS NOT NULL AND since <= now
            ORDER BY since LIMIT 1),
           (SELECT due FROM task WHERE NOT parked AND queue = 'decide' AND due <= now ORDER BY due LIMIT 1),
           (SELECT due FROM task WHERE NOT parked AND queue = 'settle' AND due <= now ORDER BY due LIMIT 1),
           (SELECT received FROM inbox ORDER BY seq LIMIT 1))
         FROM clock"
    );
    maybe_time(connection.row(&sql, &[]).await?.get(0))
}
