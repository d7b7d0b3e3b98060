//! Sweeps of `erase-again`.

use std::time::Duration;

use super::tx::{Connection, Tx};
use super::{LedgerError, generations};
use crate::attention::UnfinishedSweep;
use crate::ledger::expiry::ago;
use crate::ledger::sweep_job::{
    self, ADD, ASK, ASKED, AskedAgain, FORGET, FORGET_ASKED, KEEP, KeptProgress, LISTED, ListedSweep, MOVE_ON, ONE,
    OPEN, OVER, SAVE, SWEEPS_MAX, StoredSweepJob, SweepJob, UNFINISHED, kept, over_before, stored, versioned, written,
};
use crate::subject::{InstallationName, TargetName};

/// `None` where what it replaces has changed.
pub(super) async fn add(tx: &Tx, job: &SweepJob, replaced: i64) -> Result<Option<StoredSweepJob>, LedgerError> {
    let state = job.state.as_str();
    let added = tx.maybe(ADD, &[&&*job.target.0, &&*job.mluvii.0, &state, &written(job)?, &replaced]).await?;
    let Some(row) = added else { return Ok(None) };
    tx.execute(FORGET_ASKED, &[&&*job.target.0, &&*job.mluvii.0]).await?;
    Ok(Some(StoredSweepJob { version: row.get(0), job: job.clone(), progress: None }))
}

/// `false` where somebody else has changed it.
pub(super) async fn save(
    tx: &Tx,
    StoredSweepJob { version, job, .. }: &StoredSweepJob,
    progress: &KeptProgress,
) -> Result<bool, LedgerError> {
    let state = job.state.as_str();
    if tx.execute(SAVE, &[&state, &written(job)?, &&*job.target.0, &&*job.mluvii.0, version]).await? != 1 {
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

/// Notes that one was asked for by a job that is unchanged.
pub(super) async fn asked(tx: &Tx, of: &StoredSweepJob, asked: AskedAgain) -> Result<(), LedgerError> {
    let SweepJob { target, mluvii, .. } = &of.job;
    let ids = [asked.erasure.0, asked.again.0];
    tx.execute(ASK, &[&&*target.0, &&*mluvii.0, &ids[0].as_slice(), &ids[1].as_slice()]).await?;
    tx.execute(MOVE_ON, &[&&*target.0, &&*mluvii.0, &of.version]).await?;
    Ok(())
}

/// Whether nobody has changed it since it was read, and nobody does before this transaction ends.
pub(super) async fn is_unchanged(tx: &Tx, of: &StoredSweepJob) -> Result<bool, LedgerError> {
    let sql = "SELECT FROM sweep_job WHERE target = $1 AND installation = $2 AND version = $3 FOR UPDATE";
    Ok(tx.maybe(sql, &[&&*of.job.target.0, &&*of.job.mluvii.0, &of.version]).await?.is_some())
}

pub(super) async fn one(
    connection: &Connection,
    target: &TargetName,
    installation: &InstallationName,
) -> Result<Option<StoredSweepJob>, LedgerError> {
    let Some(row) = connection.maybe(ONE, &[&&*target.0, &&*installation.0]).await? else { return Ok(None) };
    let mut one = stored(&row)?;
    for row in connection.rows(ASKED, &[&&*target.0, &&*installation.0]).await? {
        one.job.asked.push(sweep_job::asked(&row)?);
    }
    Ok(Some(one))
}

pub(super) async fn list(connection: &Connection) -> Result<Vec<ListedSweep>, LedgerError> {
    connection.rows(LISTED, &[&SWEEPS_MAX]).await?.iter().map(sweep_job::listed).collect()
}

/// Those that are under way, or were cut off.
pub(super) async fn open(connection: &Connection) -> Result<Vec<(TargetName, InstallationName)>, LedgerError> {
    connection.rows(OPEN, &[&SWEEPS_MAX]).await?.iter().map(sweep_job::open).collect()
}

/// Those that do not go on by themselves, perhaps.
pub(super) async fn unfinished(connection: &Connection) -> Result<Vec<UnfinishedSweep>, LedgerError> {
    let all = connection.rows(UNFINISHED, &[&SWEEPS_MAX]).await?;
    let all = all.iter().map(sweep_job::job).collect::<Result<_, _>>()?;
    Ok(sweep_job::unfinished(all))
}

/// Those that were over so long ago go, and who was asked for by them.
pub(super) async fn forget_old(tx: &Tx, kept_for: Option<Duration>) -> Result<(), LedgerError> {
    let Some(before) = ago(tx.now, kept_for) else { return Ok(()) };
    let all = tx.rows(OVER, &[]).await?.iter().map(versioned).collect::<Result<_, _>>()?;
    for (version, job) in over_before(all, before) {
        if tx.execute(FORGET, &[&&*job.target.0, &&*job.mluvii.0, &version]).await? == 1 {
            tx.execute(FORGET_ASKED, &[&&*job.target.0, &&*job.mluvii.0]).await?;
        }
    }
    Ok(())
}
