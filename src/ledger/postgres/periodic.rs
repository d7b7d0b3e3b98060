//! What one server does for all of them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::LedgerError;
use super::columns::{maybe_millis, maybe_time, millis, time};
use super::tx::{Connection, NOW_MS};
use crate::ledger::ErasedMark;
use crate::ledger::periodic::{PAUSE_MAX, Periodic, erased_look};
use crate::subject::{InstallationName, SessionId};

/// Takes it if it is due; nobody else does before the lease ends.
pub(super) async fn take(
    connection: &Connection,
    name: &str,
    lease: Duration,
) -> Result<Option<Periodic>, LedgerError> {
    let sql = format!(
        "INSERT INTO periodic (name, due, taken) VALUES ($1, {NOW_MS} + $2, 1)
         ON CONFLICT (name) DO UPDATE SET due = excluded.due, taken = 1
           WHERE periodic.due <= {NOW_MS} OR periodic.due > {NOW_MS} + $3
         RETURNING mark, {NOW_MS}"
    );
    let row = connection.maybe(&sql, &[&name, &span(lease), &span(PAUSE_MAX)]).await?;
    row.map(|row| Ok(Periodic { mark: maybe_time(row.get(0))?, now: time(row.get(1))? })).transpose()
}

/// Ends it: says when it is due again, and how far it has come.
pub(super) async fn put_off(
    connection: &Connection,
    name: &str,
    pause: Duration,
    mark: Option<Timestamp>,
) -> Result<(), LedgerError> {
    let sql = format!(
        "INSERT INTO periodic (name, due, mark) VALUES ($1, {NOW_MS} + $2, $3)
         ON CONFLICT (name) DO UPDATE SET mark = COALESCE(excluded.mark, periodic.mark), taken = 0,
           due = CASE WHEN periodic.taken = 2 THEN {NOW_MS} ELSE excluded.due END"
    );
    connection.execute(&sql, &[&name, &span(pause.min(PAUSE_MAX)), &maybe_millis(mark)]).await?;
    Ok(())
}

/// Keeps it for another lease.
pub(super) async fn renew(
    connection: &Connection,
    name: &str,
    lease: Duration,
    mark: Option<Timestamp>,
) -> Result<(), LedgerError> {
    let sql = format!("UPDATE periodic SET due = {NOW_MS} + $2, mark = COALESCE($3, mark) WHERE name = $1");
    connection.execute(&sql, &[&name, &span(lease), &maybe_millis(mark)]).await?;
    Ok(())
}

/// Has it done at once, or once more after what is done of it just now.
pub(super) async fn want(connection: &Connection, name: &str) -> Result<(), LedgerError> {
    let sql = format!(
        "INSERT INTO periodic (name, due) VALUES ($1, {NOW_MS})
         ON CONFLICT (name) DO UPDATE SET
           due = CASE WHEN periodic.taken > 0 AND periodic.due > {NOW_MS} THEN periodic.due ELSE excluded.due END,
           taken = CASE WHEN periodic.taken > 0 AND periodic.due > {NOW_MS} THEN 2 ELSE 0 END"
    );
    connection.execute(&sql, &[&name]).await?;
    Ok(())
}

pub(super) async fn looked_at_erased(
    connection: &Connection,
    installation: &InstallationName,
    to: ErasedMark,
) -> Result<(), LedgerError> {
    let sql = format!(
        "INSERT INTO periodic (name, due, mark, item) VALUES ($1, {NOW_MS}, $2, $3)
         ON CONFLICT (name) DO UPDATE SET mark = excluded.mark, item = excluded.item"
    );
    connection.execute(&sql, &[&erased_look(installation), &millis(to.at), &to.session.0]).await?;
    Ok(())
}

pub(super) async fn erased_mark(
    connection: &Connection,
    installation: &InstallationName,
) -> Result<Option<ErasedMark>, LedgerError> {
    let sql = "SELECT mark, item FROM periodic WHERE name = $1 AND item IS NOT NULL";
    let row = connection.maybe(sql, &[&erased_look(installation)]).await?;
    row.map(|row| Ok(ErasedMark { at: time(row.get(0))?, session: SessionId(row.get(1)) })).transpose()
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

/// Writes what an alert has told, if it still is as it was read.
pub(super) async fn keep_alert(
    connection: &Connection,
    name: &str,
    read: u64,
    state: &str,
) -> Result<bool, LedgerError> {
    let sql = "INSERT INTO alert (name, version, state) VALUES ($1, $2::BIGINT + 1, $3)
               ON CONFLICT (name) DO UPDATE SET version = excluded.version, state = excluded.state WHERE alert.version = $2";
    Ok(connection.execute(sql, &[&name, &read.cast_signed(), &state]).await? > 0)
}

/// What an alert has told.
pub(super) async fn alert(connection: &Connection, name: &str) -> Result<Option<(u64, String)>, LedgerError> {
    let row = connection.maybe("SELECT version, state FROM alert WHERE name = $1", &[&name]).await?;
    Ok(row.map(|row| (row.get::<_, i64>(0).cast_unsigned(), row.get(1))))
}
