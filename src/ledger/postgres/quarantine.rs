//! Sealed bodies that could not be read.

use super::columns::{digest, millis, small, text, time, unsigned};
use super::tx::{Connection, Tx};
use super::{
    Cursor, LedgerError, Page, PutAside, QuarantineId, QuarantineRange, Quarantined, Stored, generations, query,
};
use crate::keys::{KeyId, Sealed};
use crate::ledger::is_full;
use crate::subject::SourceName;

pub(super) async fn add(tx: &Tx, source: i64, item: &Quarantined) -> Result<PutAside, LedgerError> {
    generations::must_seal(tx, item.sealed.generation().as_ref()).await?;
    // One at a time of a source, so that the bound holds over all processes.
    tx.maybe("SELECT FROM source WHERE id = $1 FOR UPDATE", &[&source]).await?;
    let same = "SELECT FROM quarantine WHERE source = $1 AND digest = $2";
    if tx.maybe(same, &[&source, &item.digest.0.as_slice()]).await?.is_some() {
        return Ok(PutAside::Duplicate);
    }
    let held = "SELECT COUNT(*), COALESCE(SUM(LENGTH(sealed)), 0)::BIGINT FROM quarantine WHERE source = $1";
    let held = tx.row(held, &[&source]).await?;
    if is_full(small(held.get(0)), unsigned(held.get(1)), item) {
        return Ok(PutAside::Full);
    }
    tx.execute(
        "INSERT INTO quarantine (source, digest, reason, received, sealed) VALUES ($1, $2, $3, $4, $5)",
        &[&source, &item.digest.0.as_slice(), &text(&item.reason), &millis(tx.now), &item.sealed.0],
    )
    .await?;
    Ok(PutAside::New)
}

pub(super) async fn list(
    connection: &Connection,
    range: &QuarantineRange,
) -> Result<Page<Stored, Cursor>, LedgerError> {
    let rows = connection.listed(&query::quarantined(range)).await?;
    let stored = rows.iter().map(|row| {
        Ok(Stored {
            id: QuarantineId(row.get(0)),
            source: SourceName(row.get::<_, &str>(1).into()),
            reason: row.get(2),
            received: time(row.get(3))?,
            sealed_bytes: unsigned(row.get(4)),
        })
    });
    Ok(range.page(stored.collect::<Result<_, LedgerError>>()?))
}

pub(super) async fn one(connection: &Connection, id: QuarantineId) -> Result<Option<Quarantined>, LedgerError> {
    let row = connection
        .maybe(
            "SELECT source.name, digest, reason, sealed
             FROM quarantine JOIN source ON source.id = quarantine.source WHERE quarantine.id = $1",
            &[&id.0],
        )
        .await?;
    let read = |row: tokio_postgres::Row| {
        Ok(Quarantined {
            source: SourceName(row.get::<_, &str>(0).into()),
            digest: digest(row.get(1))?,
            reason: row.get(2),
            sealed: Sealed(row.get(3)),
        })
    };
    row.map(read).transpose()
}

pub(super) async fn drop(tx: &Tx, id: QuarantineId) -> Result<bool, LedgerError> {
    Ok(tx.execute("DELETE FROM quarantine WHERE id = $1", &[&id.0]).await? > 0)
}

/// The next one that is sealed under a generation of the seal key.
pub(super) async fn under(
    connection: &Connection,
    generation: &KeyId,
    after: QuarantineId,
) -> Result<Option<(QuarantineId, Quarantined)>, LedgerError> {
    let sql = "SELECT id FROM quarantine WHERE id > $2 AND substring(sealed FROM 1 FOR 8) = $1 ORDER BY id LIMIT 1";
    let row = connection.maybe(sql, &[&&generation.bytes()[..], &after.0]).await?;
    let Some(id) = row.map(|row| QuarantineId(row.get(0))) else { return Ok(None) };
    Ok(one(connection, id).await?.map(|item| (id, item)))
}

/// Puts the same, sealed anew, in the place of what was sealed.
pub(super) async fn reseal(tx: &Tx, id: QuarantineId, before: &Sealed, after: &Sealed) -> Result<(), LedgerError> {
    generations::must_seal(tx, after.generation().as_ref()).await?;
    let update = "UPDATE quarantine SET sealed = $3 WHERE id = $1 AND sealed = $2";
    tx.execute(update, &[&id.0, &before.0, &after.0]).await?;
    Ok(())
}
