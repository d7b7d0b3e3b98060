//! What was done on each of some days.

use jiff::Timestamp;

use super::columns::{ids, millis, unsigned};
use super::tx::Connection;
use super::{LedgerError, counts, deliveries};
use crate::erasure::{ErasureId, ErasureState};
use crate::ledger::days::{hour, open_states, spread};
use crate::ledger::{COUNTED_MAX, DayCounts, Days};

pub(super) async fn all(connection: &Connection, bounds: &[Timestamp]) -> Result<Days, LedgerError> {
    let tallied = counts::tally(connection).await?.erasures;
    let open = open_states().map(|state| tallied.get(state.as_str()).copied().unwrap_or(0)).sum();
    let mut days = ended(connection, bounds).await?;
    for (day, created) in days.iter_mut().zip(created(connection, bounds).await?) {
        day.created = created;
    }
    if let Some(first) = bounds.first() {
        spread(&mut days, bounds, deliveries::taken(connection, hour(*first)).await?);
    }
    Ok(Days { days, open })
}

async fn ended(connection: &Connection, bounds: &[Timestamp]) -> Result<Vec<DayCounts>, LedgerError> {
    let begins: Vec<i64> = bounds.windows(2).map(|day| millis(day[0])).collect();
    let ends: Vec<i64> = bounds.windows(2).map(|day| millis(day[1])).collect();
    let sql = format!(
        "SELECT counted.ended, counted.incomplete, counted.without_receipt
         FROM UNNEST($1::BIGINT[], $2::BIGINT[]) WITH ORDINALITY AS day (begins, ends, place)
         CROSS JOIN LATERAL (
           SELECT COUNT(*) AS ended, COUNT(*) FILTER (WHERE verdict = 'incomplete') AS incomplete,
                  COUNT(*) FILTER (WHERE verdict IS NULL) AS without_receipt
           FROM (SELECT verdict FROM erasure WHERE erasure.ended >= day.begins AND erasure.ended < day.ends
                 LIMIT {COUNTED_MAX}) AS of_day) AS counted
         ORDER BY place"
    );
    let rows = connection.rows(&sql, &[&begins, &ends]).await?;
    let of = |row: &tokio_postgres::Row| DayCounts {
        ended: unsigned(row.get(0)),
        incomplete: unsigned(row.get(1)),
        without_receipt: unsigned(row.get(2)),
        ..DayCounts::default()
    };
    Ok(rows.iter().map(of).collect())
}

async fn created(connection: &Connection, bounds: &[Timestamp]) -> Result<Vec<u64>, LedgerError> {
    let least: Vec<ErasureId> = bounds.iter().copied().map(ErasureId::least).collect();
    let (begins, ends) = (ids(least.iter().take(least.len().saturating_sub(1))), ids(least.iter().skip(1)));
    let states = ErasureState::ALL.map(ErasureState::as_str).to_vec();
    let sql = format!(
        "SELECT (SELECT SUM(of_state.created)::BIGINT
                 FROM UNNEST($3::TEXT[]) AS named (word)
                 CROSS JOIN LATERAL (
                   SELECT COUNT(*) AS created
                   FROM (SELECT 1 FROM erasure
                         WHERE state = named.word AND id >= day.begins AND id < day.ends
                         LIMIT {COUNTED_MAX}) AS of_day) AS of_state)
         FROM UNNEST($1::BYTEA[], $2::BYTEA[]) WITH ORDINALITY AS day (begins, ends, place)
         ORDER BY place"
    );
    let rows = connection.rows(&sql, &[&begins, &ends, &states]).await?;
    Ok(rows.iter().map(|row| unsigned(row.get(0))).collect())
}
