//! What one server does for all of them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::LedgerError;
use super::columns::{maybe_millis, maybe_time, time};
use super::tx::{Connection, NOW_MS};
use crate::ledger::periodic::{PAUSE_MAX, Periodic};

/// Takes it if it is due; nobody else does before the lease ends.
pub(super) async fn take(
    connection: &Connection,
    name: &str,
    lease: Duration,
) -> Result<Option<Periodic>, LedgerError> {
    let sql = format!(
        "INSERT INTO periodic (name, due) VALUES ($1, {NOW_MS} + $2)
         ON CONFLICT (name) DO UPDATE SET due = excluded.due WHERE periodic.due <= {NOW_MS} OR periodic.due > {NOW_MS} + $3
         RETURNING mark, {NOW_MS}"
    );
    let row = connection.maybe(&sql, &[&name, &span(lease), &span(PAUSE_MAX)]).await?;
    row.map(|row| Ok(Periodic { mark: maybe_time(row.get(0))?, now: time(row.get(1))? })).transpose()
}

/// Says when it is due again, and how far it has come.
pub(super) async fn put_off(
    connection: &Connection,
    name: &str,
    pause: Duration,
    mark: Option<Timestamp>,
) -> Result<(), LedgerError> {
    let sql = format!(
        "INSERT INTO periodic (name, due, mark) VALUES ($1, {NOW_MS} + $2, $3)
         ON CONFLICT (name) DO UPDATE SET due = excluded.due, mark = COALESCE(excluded.mark, periodic.mark)"
    );
    connection.execute(&sql, &[&name, &span(pause.min(PAUSE_MAX)), &maybe_millis(mark)]).await?;
    Ok(())
}

/// How far all of it has come.
pub(super) async fn marks(connection: &Connection) -> Result<BTreeMap<String, Timestamp>, LedgerError> {
    let rows = connection.rows("SELECT name, mark FROM periodic WHERE mark IS NOT NULL", &[]).await?;
    rows.iter().map(|row| Ok((row.get(0), time(row.get(1))?))).collect()
}

/// In milliseconds.
fn span(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
