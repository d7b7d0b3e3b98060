//! Sweeps of `erase-again`.

use std::time::Duration;

use super::columns::json;
use super::tx::{Connection, Tx};
use super::{LedgerError, generations};
use crate::attention::UnfinishedSweep;
use crate::ledger::expiry::ago;
use crate::ledger::sweep_job::{
    self, ADD, AskedAgain, FORGET, JOBS, KEEP, KeptProgress, LIST, SAVE, StoredSweepJob, SweepJob, kept, over_before,
    stored,
};

/// `None` where what it replaces has changed.
pub(super) async fn add(
    connection: &Connection,
    job: &SweepJob,
    replaced: i64,
) -> Result<Option<StoredSweepJob>, LedgerError> {
    let row = connection.maybe(ADD, &[&&*job.target.0, &&*job.mluvii.0, &json(job)?, &replaced]).await?;
    Ok(row.map(|row| StoredSweepJob { version: row.get(0), job: job.clone(), progress: None }))
}

/// `false` where somebody else has changed it.
pub(super) async fn save(
    tx: &Tx,
    StoredSweepJob { version, job, .. }: &StoredSweepJob,
    progress: &KeptProgress,
) -> Result<bool, LedgerError> {
    if tx.execute(SAVE, &[&json(job)?, &&*job.target.0, &&*job.mluvii.0, version]).await? != 1 {
        return Ok(false);
    }
    if let Some(capsule) = kept(job, progress) {
        if let Some(capsule) = capsule {
            generations::must_seal(tx, Some(&capsule.seal_key)).await?;
        }
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 5] = [
            &capsule.map(|capsule| &capsule.wrapped_key.0),
            &capsule.map(|capsule| &capsule.content.0),
            &capsule.map(|capsule| capsule.seal_key.as_str()),
            &&*job.target.0,
            &&*job.mluvii.0,
        ];
        tx.execute(KEEP, &values).await?;
    }
    Ok(true)
}

/// Notes that one was asked for; `false` where somebody else has changed the job.
pub(super) async fn asked(tx: &Tx, of: &StoredSweepJob, asked: AskedAgain) -> Result<bool, LedgerError> {
    let mut next = of.clone();
    next.job.asked.push(asked);
    save(tx, &next, &KeptProgress::Same).await
}

/// Whether nobody has changed it since it was read, and nobody does before this transaction ends.
pub(super) async fn is_unchanged(tx: &Tx, of: &StoredSweepJob) -> Result<bool, LedgerError> {
    let sql = "SELECT FROM sweep_job WHERE target = $1 AND installation = $2 AND version = $3 FOR UPDATE";
    Ok(tx.maybe(sql, &[&&*of.job.target.0, &&*of.job.mluvii.0, &of.version]).await?.is_some())
}

pub(super) async fn list(connection: &Connection) -> Result<Vec<StoredSweepJob>, LedgerError> {
    connection.rows(LIST, &[]).await?.iter().map(stored).collect()
}

/// Those that do not go on by themselves, perhaps.
pub(super) async fn unfinished(connection: &Connection) -> Result<Vec<UnfinishedSweep>, LedgerError> {
    let all = connection.rows(JOBS, &[]).await?.iter().map(sweep_job::job).collect::<Result<_, _>>()?;
    Ok(sweep_job::unfinished(all))
}

/// Those that were over so long ago go.
pub(super) async fn forget_old(tx: &Tx, kept_for: Option<Duration>) -> Result<(), LedgerError> {
    let Some(before) = ago(tx.now, kept_for) else { return Ok(()) };
    let all = tx.rows(LIST, &[]).await?.iter().map(stored).collect::<Result<_, _>>()?;
    for StoredSweepJob { version, job, .. } in over_before(all, before) {
        tx.execute(FORGET, &[&&*job.target.0, &&*job.mluvii.0, &version]).await?;
    }
    Ok(())
}
