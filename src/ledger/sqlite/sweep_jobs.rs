//! Sweeps of `erase-again`.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::columns::json;
use super::job::Tx;
use super::{LedgerError, generations};
use crate::attention::UnfinishedSweep;
use crate::ledger::expiry::ago;
use crate::ledger::sweep_job::{
    self, ADD, AskedAgain, FORGET, JOBS, KEEP, KeptProgress, LIST, SAVE, StoredSweepJob, SweepJob, kept, over_before,
    stored,
};

/// `None` where what it replaces has changed.
pub(super) fn add(tx: &Tx<'_>, job: &SweepJob, replaced: i64) -> Result<Option<StoredSweepJob>, LedgerError> {
    let mut added = tx.prepare_cached(ADD)?;
    let mut rows = added.query(params![job.target.0, job.mluvii.0, json(job)?, replaced])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(StoredSweepJob { version: row.get(0)?, job: job.clone(), progress: None }))
}

/// `false` where somebody else has changed it.
pub(super) fn save(
    tx: &Tx<'_>,
    StoredSweepJob { version, job, .. }: &StoredSweepJob,
    progress: &KeptProgress,
) -> Result<bool, LedgerError> {
    if tx.prepare_cached(SAVE)?.execute(params![json(job)?, job.target.0, job.mluvii.0, version])? != 1 {
        return Ok(false);
    }
    if let Some(capsule) = kept(job, progress) {
        if let Some(capsule) = capsule {
            generations::must_seal(tx, Some(&capsule.seal_key))?;
        }
        tx.prepare_cached(KEEP)?.execute(params![
            capsule.map(|capsule| &capsule.wrapped_key.0),
            capsule.map(|capsule| &capsule.content.0),
            capsule.map(|capsule| capsule.seal_key.as_str()),
            job.target.0,
            job.mluvii.0
        ])?;
    }
    Ok(true)
}

/// Notes that one was asked for; `false` where somebody else has changed the job.
pub(super) fn asked(tx: &Tx<'_>, of: &StoredSweepJob, asked: AskedAgain) -> Result<bool, LedgerError> {
    let mut next = of.clone();
    next.job.asked.push(asked);
    save(tx, &next, &KeptProgress::Same)
}

/// Whether nobody has changed it since it was read.
pub(super) fn is_unchanged(tx: &Tx<'_>, of: &StoredSweepJob) -> Result<bool, LedgerError> {
    let mut same =
        tx.prepare_cached("SELECT 1 FROM sweep_job WHERE target = ?1 AND installation = ?2 AND version = ?3")?;
    Ok(same.exists(params![of.job.target.0, of.job.mluvii.0, of.version])?)
}

pub(super) fn list(connection: &Connection) -> Result<Vec<StoredSweepJob>, LedgerError> {
    let mut statement = connection.prepare_cached(LIST)?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(stored(row)?);
    }
    Ok(all)
}

/// Those that do not go on by themselves, perhaps.
pub(super) fn unfinished(connection: &Connection) -> Result<Vec<UnfinishedSweep>, LedgerError> {
    let mut statement = connection.prepare_cached(JOBS)?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(sweep_job::job(row)?);
    }
    Ok(sweep_job::unfinished(all))
}

/// Those that were over so long ago go.
pub(super) fn forget_old(tx: &Tx<'_>, kept_for: Option<Duration>) -> Result<(), LedgerError> {
    let Some(before) = ago(tx.now, kept_for) else { return Ok(()) };
    let mut forget = tx.prepare_cached(FORGET)?;
    for StoredSweepJob { version, job, .. } in over_before(list(tx)?, before) {
        forget.execute(params![job.target.0, job.mluvii.0, version])?;
    }
    Ok(())
}
