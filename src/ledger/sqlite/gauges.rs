//! What metrics show of the ledger: each number from an index that holds nothing else, and no more counted than is bounded.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::columns::Millis;
use super::{LedgerError, counts, deliveries, periodic, processes, receipts, requests, targets};
use crate::deadline::Calendar;
use crate::erasure::{ErasureState, Verdict};
use crate::ledger::holding::erasure_is_on_hold;
use crate::ledger::{COUNTED_MAX, Gauges, QueueGauge, Size, gauges};

pub(super) fn all(
    connection: &Connection,
    queues: &[String],
    calendar: &Calendar,
    now: Timestamp,
) -> Result<Gauges, LedgerError> {
    let tally = counts::tally(connection)?;
    let tallied = |name: &str| tally.get(name).copied().unwrap_or(0);
    let verdict = |verdict: Verdict| (verdict.as_str(), tallied(&format!("verdict:{}", verdict.as_str())));
    let number = |sql: &str| -> Result<u64, LedgerError> {
        Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))?.unsigned_abs())
    };
    Ok(Gauges {
        now,
        erasures: ErasureState::ALL.into_iter().map(|state| (state.as_str(), tallied(state.as_str()))).collect(),
        late: late(connection, calendar.late_before(now), now)?,
        requests: gauges::requests(requests::counts(connection)?),
        requests_late: requests::late(connection, gauges::today(calendar, now))?,
        oldest_due: counts::oldest_due(connection, now)?,
        queues: queues.iter().map(|queue| of_queue(connection, queue, now)).collect::<Result<_, _>>()?,
        inbox: inbox(connection)?,
        verdicts: Verdict::ALL.into_iter().map(verdict).collect(),
        archived_receipts: number("SELECT COALESCE(SUM(records), 0) FROM chain_checkpoint WHERE chain = 'receipts'")?,
        incomplete: number("SELECT COUNT(*) FROM receipt WHERE verdict = 'incomplete' AND acknowledged = 0")?,
        head: receipts::end(connection)?.head.map_or(0, |head| head.sequence),
        sessions: tallied("sessions"),
        unknown_consents: counts::unknown_consents(connection)?,
        quarantined: number("SELECT COUNT(*) FROM quarantine")?,
        oldest_quarantined: oldest_quarantined(connection)?,
        targets: targets::list(connection)?,
        processes: processes::list(connection, now)?,
        marks: periodic::marks(connection)?,
        delivered: deliveries::last_of_all(connection)?,
        size: Size::default(),
    })
}

/// What the ledger's file takes, with its log, and what is left of its disk.
pub(super) fn size(ledger: &Path, log_bytes: u64) -> Size {
    let bytes = std::fs::metadata(ledger).ok().map(|found| found.len() + log_bytes);
    let disk = rustix::fs::statvfs(ledger).ok();
    Size { bytes, free_bytes: disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)) }
}

fn late(connection: &Connection, before: Option<Timestamp>, now: Timestamp) -> Result<u64, LedgerError> {
    // Before the calendar began, nothing was due.
    let Some(before) = before else { return Ok(0) };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT COUNT(*) FROM (SELECT 1 FROM erasure
           WHERE ended IS NULL AND state <> 'requested' AND MAX(due_rule, created) < ?1 AND NOT {} LIMIT ?2)",
        erasure_is_on_hold("?3")
    ))?;
    Ok(statement
        .query_row(params![Millis(before), COUNTED_MAX, Millis(now)], |row| row.get::<_, i64>(0))?
        .unsigned_abs())
}

fn of_queue(connection: &Connection, queue: &str, now: Timestamp) -> Result<QueueGauge, LedgerError> {
    let count = |which: &str| -> Result<u64, LedgerError> {
        let sql = format!("SELECT COUNT(*) FROM (SELECT 1 FROM task WHERE queue = ?1 AND {which} LIMIT {COUNTED_MAX})");
        // All take the time, which what is parked does not depend on.
        let mut statement = connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![queue, Millis(now)], |row| row.get::<_, i64>(0))?.unsigned_abs())
    };
    let working = count("holder IS NOT NULL AND due > ?2")?;
    let later = count("parked = 0 AND due > ?2")?;
    let oldest: Option<Millis> = connection
        .prepare_cached("SELECT MIN(due) FROM task WHERE parked = 0 AND queue = ?1 AND due <= ?2")?
        .query_row(params![queue, Millis(now)], |row| row.get(0))?;
    Ok(QueueGauge {
        due: count("parked = 0 AND due <= ?2")?,
        working,
        waiting: later.saturating_sub(working),
        parked: count("parked = 1 AND ?2 IS NOT NULL")?,
        oldest: oldest.map(|oldest| oldest.0),
    })
}

fn inbox(connection: &Connection) -> Result<QueueGauge, LedgerError> {
    let count = |which: &str| -> Result<u64, LedgerError> {
        let sql = format!("SELECT COALESCE(SUM(count), 0) FROM (SELECT count FROM inbox WHERE {which} LIMIT ?1)");
        let mut statement = connection.prepare_cached(&sql)?;
        Ok(statement.query_row([COUNTED_MAX], |row| row.get::<_, i64>(0))?.unsigned_abs())
    };
    let oldest: Option<Millis> = connection
        .prepare_cached("SELECT received FROM inbox WHERE parked = 0 ORDER BY seq LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let (due, parked) = (count("parked = 0")?, count("parked = 1")?);
    Ok(QueueGauge { due, parked, oldest: oldest.map(|oldest| oldest.0), ..QueueGauge::default() })
}

fn oldest_quarantined(connection: &Connection) -> Result<Option<Timestamp>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT received FROM quarantine ORDER BY id LIMIT 1")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?.map(|Millis(received)| received))
}
