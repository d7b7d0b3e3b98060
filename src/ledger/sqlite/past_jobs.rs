//! Comparisons of the past.

use rusqlite::{Connection, params};

use super::LedgerError;
use super::columns::json;
use super::job::Tx;
use super::row::Row as _;
use crate::ledger::{PAST_JOBS_MAX, PastJob, StoredPastJob};

pub(super) fn add(tx: &Tx<'_>, job: &PastJob) -> Result<i64, LedgerError> {
    let id: i64 = tx
        .prepare_cached(
            "INSERT INTO past_job (id, version, job) SELECT COALESCE(MAX(id), 0) + 1, 1, ?1 FROM past_job RETURNING id",
        )?
        .query_row([json(job)?], |row| row.get(0))?;
    tx.prepare_cached("DELETE FROM past_job WHERE id <= ?1")?.execute([id - PAST_JOBS_MAX])?;
    Ok(id)
}

pub(super) fn save(tx: &Tx<'_>, stored: &StoredPastJob) -> Result<bool, LedgerError> {
    let changed = tx
        .prepare_cached("UPDATE past_job SET version = version + 1, job = ?3 WHERE id = ?1 AND version = ?2")?
        .execute(params![stored.id, stored.version, json(&stored.job)?])?;
    Ok(changed == 1)
}

pub(super) fn list(connection: &Connection) -> Result<Vec<StoredPastJob>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT id, version, job FROM past_job ORDER BY id DESC")?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(StoredPastJob { id: row.get(0)?, version: row.get(1)?, job: row.json(2)? });
    }
    Ok(all)
}
