//! The oldest records of a chain leave, and a checkpoint takes their place. The servers' role can delete none: a function of the
//! owner's does, and only those that a checkpoint names.

use super::columns::{json, json_at, time, unsigned};
use super::tx::{Connection, Tx};
use super::{AgingRecord, Archived, Held, LedgerError, broken, clock, query};
use crate::chain::Head;
use crate::erasure::{ErasureId, Verdict};
use crate::receipt::{ChainName, SignedCheckpoint};

pub(super) async fn oldest_records(
    connection: &Connection,
    chain: ChainName,
    most: u32,
) -> Result<Vec<AgingRecord>, LedgerError> {
    let rows = connection.rows(query::oldest_records(chain), &[&i64::from(most)]).await?;
    let record = |row: &tokio_postgres::Row| {
        let held = Held::by(row.get(2), row.get(3));
        Ok(AgingRecord { sequence: unsigned(row.get(0)), at: time(row.get(1))?, held })
    };
    rows.iter().map(record).collect()
}

pub(super) async fn checkpoints(
    connection: &Connection,
    chain: ChainName,
) -> Result<Vec<SignedCheckpoint>, LedgerError> {
    let sql = "SELECT checkpoint FROM chain_checkpoint WHERE chain = $1 ORDER BY first_sequence";
    let rows = connection.rows(sql, &[&chain.as_str()]).await?;
    rows.iter().map(|row| json_at(row, 0)).collect()
}

/// Where a chain goes on whose records have all moved to archives.
pub(super) async fn end(connection: &Connection, chain: ChainName) -> Result<Option<Head>, LedgerError> {
    let sql = "SELECT last_sequence, hash FROM chain_checkpoint WHERE chain = $1 ORDER BY first_sequence DESC LIMIT 1";
    let row = connection.maybe(sql, &[&chain.as_str()]).await?;
    Ok(row.map(|row| Head { sequence: unsigned(row.get(0)), hash: row.get(1) }))
}

pub(super) async fn receipt_of(connection: &Connection, erasure: ErasureId) -> Result<Option<u64>, LedgerError> {
    let row = connection.maybe("SELECT archived FROM erasure WHERE id = $1", &[&erasure.0.as_slice()]).await?;
    Ok(row.and_then(|row| row.get::<_, Option<i64>>(0)).map(i64::unsigned_abs))
}

pub(super) async fn archive(tx: &mut Tx, signed: &SignedCheckpoint) -> Result<Archived, LedgerError> {
    if !clock::trust(tx).await?.erasing {
        return Ok(Archived::ClockDoubted);
    }
    let checkpoint = &signed.checkpoint;
    let name = checkpoint.chain.as_str();
    let (first, last) = (checkpoint.first as i64, checkpoint.last as i64);
    let row = tx.row(query::leaving(checkpoint.chain), &[&first, &last]).await?;
    let leaving = (unsigned(row.get(0)), row.get::<_, Option<String>>(1), row.get::<_, i64>(2));
    if leaving != (checkpoint.records, Some(checkpoint.hash.clone()), 0) {
        return Ok(Archived::Overtaken);
    }
    // Of two processes that archive the same records, the second waits here for the first one's commit.
    let written = tx
        .execute(
            "INSERT INTO chain_checkpoint (chain, first_sequence, last_sequence, hash, records, checkpoint)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (chain, first_sequence) DO NOTHING",
            &[&name, &first, &last, &checkpoint.hash, &(checkpoint.records as i64), &json(signed)?],
        )
        .await?;
    if written == 0 {
        return Ok(Archived::Overtaken);
    }
    if checkpoint.chain == ChainName::Receipts {
        tx.execute(
            "UPDATE erasure SET archived = receipt.sequence FROM receipt
             WHERE receipt.erasure = erasure.id AND receipt.sequence BETWEEN $1 AND $2",
            &[&first, &last],
        )
        .await?;
        for verdict in Verdict::ALL {
            let sql = "SELECT COUNT(*) FROM receipt WHERE sequence BETWEEN $1 AND $2 AND verdict = $3";
            let count = tx.row(sql, &[&first, &last, &verdict.as_str()]).await?.get(0);
            tx.tally.receipts_left(verdict, count);
        }
    }
    let deleted = tx.row("SELECT drop_archived($1, $2, $3)", &[&name, &first, &last]).await?;
    if unsigned(deleted.get(0)) != checkpoint.records {
        return Err(broken("other records left the ledger than were archived"));
    }
    Ok(Archived::Done)
}
