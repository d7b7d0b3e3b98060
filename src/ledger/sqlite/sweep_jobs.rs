//! Sweeps of `erase-again`.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::job::Tx;
use super::{LedgerError, generations};
use crate::attention::UnfinishedSweep;
use crate::ledger::expiry::ago;
use crate::ledger::sweep_job::{
    self, ADD, ASK, ASKED, AskedAgain, FORGET, FORGET_ASKED, KEEP, KeptProgress, LISTED, ListedSweep, MOVE_ON, ONE,
    OPEN, OVER, SAVE, SWEEPS_MAX, StoredSweepJob, SweepJob, UNFINISHED, kept, over_before, stored, versioned, written,
};
use crate::subject::{InstallationName, TargetName};

/// `None` where what it replaces has changed.
pub(super) fn add(tx: &Tx<'_>, job: &SweepJob, replaced: i64) -> Result<Option<StoredSweepJob>, LedgerError> {
    let mut added = tx.prepare_cached(ADD)?;
    let mut rows = added.query(params![job.target.0, job.mluvii.0, job.state.as_str(), written(job)?, replaced])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let version = row.get(0)?;
    tx.prepare_cached(FORGET_ASKED)?.execute(params![job.target.0, job.mluvii.0])?;
    Ok(Some(StoredSweepJob { version, job: job.clone(), progress: None }))
}

/// `false` where somebody else has changed it.
pub(super) fn save(
    tx: &Tx<'_>,
    StoredSweepJob { version, job, .. }: &StoredSweepJob,
    progress: &KeptProgress,
) -> Result<bool, LedgerError> {
    let mut save = tx.prepare_cached(SAVE)?;
    if save.execute(params![job.state.as_str(), written(job)?, job.target.0, job.mluvii.0, version])? != 1 {
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

/// Notes that one was asked for by a job that is unchanged.
pub(super) fn asked(tx: &Tx<'_>, of: &StoredSweepJob, asked: AskedAgain) -> Result<(), LedgerError> {
    let SweepJob { target, mluvii, .. } = &of.job;
    tx.prepare_cached(ASK)?.execute(params![target.0, mluvii.0, asked.erasure, asked.again])?;
    tx.prepare_cached(MOVE_ON)?.execute(params![target.0, mluvii.0, of.version])?;
    Ok(())
}

/// Whether nobody has changed it since it was read.
pub(super) fn is_unchanged(tx: &Tx<'_>, of: &StoredSweepJob) -> Result<bool, LedgerError> {
    let mut same =
        tx.prepare_cached("SELECT 1 FROM sweep_job WHERE target = ?1 AND installation = ?2 AND version = ?3")?;
    Ok(same.exists(params![of.job.target.0, of.job.mluvii.0, of.version])?)
}

pub(super) fn one(
    connection: &Connection,
    target: &TargetName,
    installation: &InstallationName,
) -> Result<Option<StoredSweepJob>, LedgerError> {
    let mut statement = connection.prepare_cached(ONE)?;
    let mut rows = statement.query(params![target.0, installation.0])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut one = stored(row)?;
    let mut statement = connection.prepare_cached(ASKED)?;
    let mut rows = statement.query(params![target.0, installation.0])?;
    while let Some(row) = rows.next()? {
        one.job.asked.push(sweep_job::asked(row)?);
    }
    Ok(Some(one))
}

pub(super) fn list(connection: &Connection) -> Result<Vec<ListedSweep>, LedgerError> {
    let mut statement = connection.prepare_cached(LISTED)?;
    let mut rows = statement.query([SWEEPS_MAX])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(sweep_job::listed(row)?);
    }
    Ok(all)
}

/// Those that are under way, or were cut off.
pub(super) fn open(connection: &Connection) -> Result<Vec<(TargetName, InstallationName)>, LedgerError> {
    let mut statement = connection.prepare_cached(OPEN)?;
    let mut rows = statement.query([SWEEPS_MAX])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(sweep_job::open(row)?);
    }
    Ok(all)
}

/// Those that do not go on by themselves, perhaps.
pub(super) fn unfinished(connection: &Connection) -> Result<Vec<UnfinishedSweep>, LedgerError> {
    let mut statement = connection.prepare_cached(UNFINISHED)?;
    let mut rows = statement.query([SWEEPS_MAX])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(sweep_job::job(row)?);
    }
    Ok(sweep_job::unfinished(all))
}

/// Those that were over so long ago go, and who was asked for by them.
pub(super) fn forget_old(tx: &Tx<'_>, kept_for: Option<Duration>) -> Result<(), LedgerError> {
    let Some(before) = ago(tx.now, kept_for) else { return Ok(()) };
    let mut over = tx.prepare_cached(OVER)?;
    let mut rows = over.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(versioned(row)?);
    }
    let mut forget = tx.prepare_cached(FORGET)?;
    let mut forget_asked = tx.prepare_cached(FORGET_ASKED)?;
    for (version, job) in over_before(all, before) {
        if forget.execute(params![job.target.0, job.mluvii.0, version])? == 1 {
            forget_asked.execute(params![job.target.0, job.mluvii.0])?;
        }
    }
    Ok(())
}
