//! Comparisons of the past.

use super::LedgerError;
use super::columns::{json, json_at};
use super::tx::Connection;
use crate::ledger::{PAST_JOBS_MAX, PastJob, StoredPastJob};

pub(super) async fn add(connection: &Connection, job: &PastJob) -> Result<i64, LedgerError> {
    let sql = "INSERT INTO past_job (id, version, job) SELECT COALESCE(MAX(id), 0) + 1, 1, $1::TEXT FROM past_job RETURNING id";
    let id: i64 = connection.row(sql, &[&json(job)?]).await?.get(0);
    connection.execute("DELETE FROM past_job WHERE id <= $1", &[&(id - PAST_JOBS_MAX)]).await?;
    Ok(id)
}

pub(super) async fn save(connection: &Connection, stored: &StoredPastJob) -> Result<bool, LedgerError> {
    let sql = "UPDATE past_job SET version = version + 1, job = $3 WHERE id = $1 AND version = $2";
    Ok(connection.execute(sql, &[&stored.id, &stored.version, &json(&stored.job)?]).await? == 1)
}

pub(super) async fn list(connection: &Connection) -> Result<Vec<StoredPastJob>, LedgerError> {
    let rows = connection.rows("SELECT id, version, job FROM past_job ORDER BY id DESC", &[]).await?;
    rows.iter().map(|row| Ok(StoredPastJob { id: row.get(0), version: row.get(1), job: json_at(row, 2)? })).collect()
}
