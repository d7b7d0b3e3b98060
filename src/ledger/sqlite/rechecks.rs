//! What came of looking again after a receipt.

use rusqlite::{Connection, params};

use super::LedgerError;
use super::columns::{Json, Millis, Word};
use super::job::Tx;
use crate::attention::UnsettledRechecks;
use crate::erasure::{ErasureId, NewErasure, Recheck, recheck};
use crate::ledger::recheck::{RECHECK, group, recheck as read, settled_by, unsettle, unsettled};
use crate::subject::TargetName;

/// What was looked at before is settled by it, as far as it says more.
pub(super) fn write(tx: &Tx<'_>, looked: &[Recheck]) -> Result<(), LedgerError> {
    let mut insert = tx.prepare_cached(&format!(
        "INSERT INTO recheck ({RECHECK}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (erasure, target, due) DO UPDATE SET looked = excluded.looked, outcome = excluded.outcome,
           why = excluded.why, records = excluded.records, unsettled = excluded.unsettled"
    ))?;
    for one in looked {
        if let Some(those) = settled_by(one.outcome) {
            let settle = "UPDATE recheck SET unsettled = 0 WHERE erasure = ?1 AND target = ?2 AND unsettled = 1";
            tx.prepare_cached(&format!("{settle} AND {those}"))?.execute(params![one.erasure, one.target.0])?;
        }
        insert.execute(params![
            one.erasure,
            one.target.0,
            Millis(one.due),
            Millis(one.looked),
            Word(one.outcome),
            one.why,
            i64::try_from(one.records).unwrap_or(i64::MAX),
            one.unsettled
        ])?;
    }
    Ok(())
}

/// An erasure was asked for that follows others: what was seen of them at its targets is seen to. Returns which it follows.
pub(super) fn followed(tx: &Tx<'_>, erasure: &NewErasure) -> Result<Vec<ErasureId>, LedgerError> {
    let before = recheck::followed(std::slice::from_ref(&erasure.rule));
    let mut settle =
        tx.prepare_cached("UPDATE recheck SET unsettled = 0 WHERE erasure = ?1 AND target = ?2 AND unsettled = 1")?;
    for id in &before {
        for target in &erasure.targets {
            settle.execute(params![id, target.0])?;
        }
    }
    Ok(before)
}

/// An erasure ends without having begun: what it followed needs a person again, at its targets.
pub(super) fn not_followed(tx: &Tx<'_>, id: ErasureId) -> Result<(), LedgerError> {
    let (Json(rules), Json(targets)): (Json<Vec<String>>, Json<Vec<TargetName>>) = tx
        .prepare_cached("SELECT rules, targets FROM erasure WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut unsettle = tx.prepare_cached(&unsettle("1"))?;
    for before in recheck::followed(&rules) {
        for target in &targets {
            unsettle.execute(params![before, target.0])?;
        }
    }
    Ok(())
}

/// What came of looking again at what these have ended with, by when it was done.
pub(super) fn of(connection: &Connection, erasures: &[ErasureId]) -> Result<Vec<Recheck>, LedgerError> {
    let mut statement = connection
        .prepare_cached(&format!("SELECT {RECHECK} FROM recheck WHERE erasure = ?1 ORDER BY looked, due, target"))?;
    let mut all = Vec::new();
    for id in erasures {
        let mut rows = statement.query([id])?;
        while let Some(row) = rows.next()? {
            all.push(read(row)?);
        }
    }
    Ok(all)
}

pub(super) fn open(connection: &Connection) -> Result<Vec<UnsettledRechecks>, LedgerError> {
    let mut statement = connection.prepare_cached(&unsettled("recheck.unsettled = 1"))?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(group(row)?);
    }
    Ok(all)
}
