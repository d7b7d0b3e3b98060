//! What was done on each of some days.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::columns::Millis;
use super::{LedgerError, counts, deliveries};
use crate::erasure::{ErasureId, ErasureState};
use crate::ledger::days::{hour, open_states, spread};
use crate::ledger::{COUNTED_MAX, DayCounts, Days};

pub(super) fn all(connection: &Connection, bounds: &[Timestamp]) -> Result<Days, LedgerError> {
    let tally = counts::tally(connection)?;
    let open = open_states().map(|state| tally.get(state.as_str()).copied().unwrap_or(0)).sum();
    let days = bounds.windows(2).map(|day| of_day(connection, day[0], day[1]));
    let mut days = days.collect::<Result<Vec<_>, _>>()?;
    if let Some(first) = bounds.first() {
        spread(&mut days, bounds, deliveries::taken(connection, hour(*first))?);
    }
    Ok(Days { days, open })
}

/// Those that ended in a time, those of them that are incomplete, and those without a receipt.
pub(super) fn ended_sql() -> String {
    format!(
        "SELECT COUNT(*), COALESCE(SUM(verdict = 'incomplete'), 0), COALESCE(SUM(verdict IS NULL), 0)
         FROM (SELECT verdict FROM erasure WHERE ended >= ?1 AND ended < ?2 LIMIT {COUNTED_MAX})"
    )
}

/// Those of a state whose ids are of a time.
pub(super) fn created_sql() -> String {
    format!(
        "SELECT COUNT(*) FROM (SELECT 1 FROM erasure WHERE state = ?1 AND id >= ?2 AND id < ?3 LIMIT {COUNTED_MAX})"
    )
}

fn of_day(connection: &Connection, from: Timestamp, to: Timestamp) -> Result<DayCounts, LedgerError> {
    let mut ended = connection.prepare_cached(&ended_sql())?;
    let mut created = connection.prepare_cached(&created_sql())?;
    let number = |number: i64| number.unsigned_abs();
    let mut day = ended.query_row(params![Millis(from), Millis(to)], |row| {
        Ok(DayCounts {
            ended: number(row.get(0)?),
            incomplete: number(row.get(1)?),
            without_receipt: number(row.get(2)?),
            ..DayCounts::default()
        })
    })?;
    for state in ErasureState::ALL {
        let of_state = params![state.as_str(), ErasureId::least(from), ErasureId::least(to)];
        day.created += number(created.query_row(of_state, |row| row.get(0))?);
    }
    Ok(day)
}
