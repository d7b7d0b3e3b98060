//! Single values about the ledger itself.

use jiff::Timestamp;
use tokio_postgres::types::ToSql;

use super::columns::{millis, text, time};
use super::tx::{Connection, NOW_MS, Tx};
use super::{LedgerError, LedgerId};
use crate::keys::{KeyId, KeyIds, KeyKind, fill_random};
use crate::ledger::{RotatedKey, index_key_replaced, name_of_key};

/// Notes the ids of keys that are used for the first time; those that are noted.
pub(super) async fn key_ids(connection: &Connection, used: &KeyIds) -> Result<KeyIds, LedgerError> {
    let noted = async |kind| {
        let name = name_of_key(kind);
        let insert = "INSERT INTO meta (name, value) VALUES ($1, convert_to($2, 'UTF8')) ON CONFLICT DO NOTHING";
        connection.execute(insert, &[&name, &used.of(kind).as_str()]).await?;
        let row = connection.row("SELECT convert_from(value, 'UTF8') FROM meta WHERE name = $1", &[&name]).await?;
        Ok::<_, LedgerError>(KeyId::written(row.get(0)))
    };
    let index = noted(KeyKind::Index).await?;
    let seal = noted(KeyKind::Seal).await?;
    let receipt = noted(KeyKind::Receipt).await?;
    Ok(KeyIds { index, seal, receipt })
}

/// The ledger's own id.
pub(super) async fn id(connection: &Connection) -> Result<LedgerId, LedgerError> {
    let row = connection.row("SELECT value FROM meta WHERE name = 'id'", &[]).await?;
    Ok(LedgerId(hex::encode(row.get::<_, &[u8]>(0))))
}

/// Notes that somebody could not keep the newest receipt's place, since the first time in a row; or that they can.
pub(super) async fn keeper_ended(
    connection: &Connection,
    keeper: &str,
    reason: Option<&str>,
) -> Result<(), LedgerError> {
    match reason {
        Some(reason) => {
            let sql = format!(
                "INSERT INTO keeper (name, since, reason) VALUES ($1, {NOW_MS}, $2)
                 ON CONFLICT (name) DO UPDATE SET reason = excluded.reason"
            );
            connection.execute(&sql, &[&text(keeper), &text(reason)]).await?
        }
        None => connection.execute("DELETE FROM keeper WHERE name = $1", &[&text(keeper)]).await?,
    };
    Ok(())
}

pub(super) async fn forget_keepers(connection: &Connection) -> Result<(), LedgerError> {
    connection
        .execute("DELETE FROM keeper WHERE name = 'ledger' OR name LIKE 'state file %' OR name LIKE 'witness %'", &[])
        .await?;
    Ok(())
}

/// Notes since when all that comes, comes from one address, or that it does not.
pub(super) async fn one_client(connection: &Connection, is_one: bool) -> Result<(), LedgerError> {
    // Emptied, as the server's role may delete nothing here.
    let sql = if is_one {
        &format!(
            "INSERT INTO meta (name, value) VALUES ('one_client', convert_to({NOW_MS}::TEXT, 'UTF8'))
             ON CONFLICT (name) DO UPDATE SET value = CASE WHEN meta.value = '' THEN excluded.value ELSE meta.value END"
        )
    } else {
        "UPDATE meta SET value = '' WHERE name = 'one_client'"
    };
    connection.execute(sql, &[]).await?;
    Ok(())
}

/// Since when that is so.
pub(super) async fn one_client_since(connection: &Connection) -> Result<Option<Timestamp>, LedgerError> {
    let sql = "SELECT convert_from(value, 'UTF8')::BIGINT FROM meta WHERE name = 'one_client' AND value <> ''";
    connection.maybe(sql, &[]).await?.map(|row| time(row.get(0))).transpose()
}

/// Refuses what a process orders or claims that knows only of an index key that was replaced since it began: what it digests
/// would be found by nobody. `key` is the one that was noted then, where it has asked.
pub(super) async fn must_be_index_key(tx: &Tx, key: Option<&KeyId>) -> Result<(), LedgerError> {
    let Some(key) = key else { return Ok(()) };
    let sql = "SELECT FROM meta WHERE name = $1 AND value = convert_to($2, 'UTF8')";
    let same = tx.maybe(sql, &[&name_of_key(KeyKind::Index), &key.as_str()]).await?;
    if same.is_some() { Ok(()) } else { Err(index_key_replaced(key)) }
}

/// Notes a key in place of another; whether that one was noted.
pub(super) async fn rotate_key(tx: &Tx, RotatedKey { kind, from, to }: &RotatedKey) -> Result<bool, LedgerError> {
    let update = "UPDATE meta SET value = convert_to($3, 'UTF8') WHERE name = $1 AND value = convert_to($2, 'UTF8')";
    Ok(tx.execute(update, &[&name_of_key(*kind), &from.as_str(), &to.as_str()]).await? > 0)
}

/// As large as a row of the inbox is under load, so that a disk without room for one is noticed.
const TRIAL_BYTES: usize = 16 * 1024;

/// Writes what receiving writes, and takes it away again, to see whether that is possible: a lock or a full disk can stop
/// deliveries while every other table can be written.
pub(super) async fn try_out(tx: &Tx) -> Result<(), LedgerError> {
    let now = millis(tx.now);
    let mut digest = [0; 16];
    fill_random(&mut digest);
    // No delivery has this key: sources and kinds are counted from 1.
    let key: [&(dyn ToSql + Sync); 2] = [&now, &digest.as_slice()];
    tx.execute(
        "INSERT INTO event (happened, source, session, kind, digest, received) VALUES ($1, 0, 0, 0, $2, $1)",
        &key,
    )
    .await?;
    let trial = "INSERT INTO inbox (installation, received, count, events) VALUES (0, $1, 0, $2) RETURNING seq";
    let seq: i64 = tx.row(trial, &[&now, &[0_u8; TRIAL_BYTES].as_slice()]).await?.get(0);
    tx.execute("DELETE FROM inbox WHERE seq = $1", &[&seq]).await?;
    tx.execute(
        "DELETE FROM event WHERE happened = $1 AND source = 0 AND session = 0 AND kind = 0 AND digest = $2",
        &key,
    )
    .await?;
    tx.execute(
        "INSERT INTO meta (name, value) VALUES ('written', convert_to(($1::BIGINT)::TEXT, 'UTF8'))
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &[&now],
    )
    .await?;
    Ok(())
}
