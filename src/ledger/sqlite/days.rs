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

/// Which of those that ended are counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ended {
    All,
    Incomplete,
    WithoutReceipt,
}

impl Ended {
    /// Those that ended in a time. The index is named, as SQLite would walk that of all for the few as well.
    pub(super) fn sql(self) -> String {
        let (index, which) = match self {
            Self::All => ("erasure_ended", "TRUE"),
            Self::Incomplete => ("erasure_incomplete", "verdict = 'incomplete'"),
            Self::WithoutReceipt => ("erasure_without_receipt", "verdict IS NULL"),
        };
        format!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM erasure INDEXED BY {index}
               WHERE {which} AND ended >= ?1 AND ended < ?2 LIMIT {COUNTED_MAX})"
        )
    }
}

/// Those of a state whose ids are of a time.
pub(super) fn created_sql() -> String {
    format!(
        "SELECT COUNT(*) FROM (SELECT 1 FROM erasure WHERE state = ?1 AND id >= ?2 AND id < ?3 LIMIT {COUNTED_MAX})"
    )
}

fn of_day(connection: &Connection, from: Timestamp, to: Timestamp) -> Result<DayCounts, LedgerError> {
    let ended = |which: Ended| -> Result<u64, LedgerError> {
        let mut count = connection.prepare_cached(&which.sql())?;
        Ok(count.query_row(params![Millis(from), Millis(to)], |row| row.get::<_, i64>(0))?.unsigned_abs())
    };
    let mut day = DayCounts {
        ended: ended(Ended::All)?,
        incomplete: ended(Ended::Incomplete)?,
        without_receipt: ended(Ended::WithoutReceipt)?,
        ..DayCounts::default()
    };
    let mut created = connection.prepare_cached(&created_sql())?;
    for state in ErasureState::ALL {
        let of_state = params![state.as_str(), ErasureId::least(from), ErasureId::least(to)];
        day.created += created.query_row(of_state, |row| row.get::<_, i64>(0))?.unsigned_abs();
    }
    Ok(day)
}
