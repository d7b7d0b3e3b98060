//! The oldest records of a chain leave, and a checkpoint takes their place.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::columns::{Json, Millis};
use super::job::Tx;
use super::{AgingRecord, Archived, Held, LedgerError, clock, query};
use crate::chain::Head;
use crate::erasure::ErasureId;
use crate::receipt::{ChainName, SignedCheckpoint};

pub(super) fn oldest_records(
    connection: &Connection,
    chain: ChainName,
    most: u32,
) -> Result<Vec<AgingRecord>, LedgerError> {
    let mut statement = connection.prepare_cached(query::oldest_records(chain))?;
    let records = statement.query_map([most], |row| {
        let Millis(at) = row.get(1)?;
        let held = Held::by(row.get(2)?, row.get(3)?);
        Ok(AgingRecord { sequence: row.get::<_, i64>(0)?.unsigned_abs(), at, held })
    })?;
    Ok(records.collect::<Result<_, _>>()?)
}

pub(super) fn checkpoints(connection: &Connection, chain: ChainName) -> Result<Vec<SignedCheckpoint>, LedgerError> {
    let mut statement = connection
        .prepare_cached("SELECT checkpoint FROM chain_checkpoint WHERE chain = ?1 ORDER BY first_sequence")?;
    let checkpoints = statement.query_map([chain.as_str()], |row| row.get(0).map(|Json(checkpoint)| checkpoint))?;
    Ok(checkpoints.collect::<Result<_, _>>()?)
}

/// Where a chain goes on whose records have all moved to archives.
pub(super) fn end(connection: &Connection, chain: ChainName) -> Result<Option<Head>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT last_sequence, hash FROM chain_checkpoint WHERE chain = ?1 ORDER BY first_sequence DESC LIMIT 1",
    )?;
    let head = statement.query_row([chain.as_str()], |row| {
        Ok(Head { sequence: row.get::<_, i64>(0)?.unsigned_abs(), hash: row.get(1)? })
    });
    Ok(head.optional()?)
}

pub(super) fn receipt_of(connection: &Connection, erasure: ErasureId) -> Result<Option<u64>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT archived FROM erasure WHERE id = ?1")?;
    let number: Option<Option<i64>> = statement.query_row([erasure], |row| row.get(0)).optional()?;
    Ok(number.flatten().map(i64::unsigned_abs))
}

pub(super) fn archive(tx: &Tx<'_>, signed: &SignedCheckpoint) -> Result<Archived, LedgerError> {
    if !clock::trust(tx)?.erasing {
        return Ok(Archived::ClockDoubted);
    }
    let checkpoint = &signed.checkpoint;
    let (first, last) = (checkpoint.first as i64, checkpoint.last as i64);
    let leaving = tx.prepare_cached(query::leaving(checkpoint.chain))?.query_row([first, last], |row| {
        Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, Option<String>>(1)?, row.get::<_, i64>(2)?))
    })?;
    if leaving != (checkpoint.records, Some(checkpoint.hash.clone()), 0) {
        return Ok(Archived::Overtaken);
    }
    tx.prepare_cached(
        "INSERT INTO chain_checkpoint (chain, first_sequence, last_sequence, hash, records, checkpoint)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        checkpoint.chain.as_str(),
        first,
        last,
        checkpoint.hash,
        checkpoint.records as i64,
        Json(signed)
    ])?;
    match checkpoint.chain {
        ChainName::Receipts => {
            tx.prepare_cached(
                "UPDATE erasure SET archived = receipt.sequence FROM receipt
                 WHERE receipt.erasure = erasure.id AND receipt.sequence BETWEEN ?1 AND ?2",
            )?
            .execute([first, last])?;
            tx.prepare_cached("DELETE FROM receipt WHERE sequence BETWEEN ?1 AND ?2")?.execute([first, last])?;
        }
        ChainName::Audit => {
            tx.prepare_cached("DELETE FROM audit WHERE sequence BETWEEN ?1 AND ?2")?.execute([first, last])?;
        }
    }
    Ok(Archived::Done)
}
