//! Single values about the ledger itself.

use super::columns::text;
use super::tx::{Connection, NOW_MS};
use super::{LedgerError, LedgerId};
use crate::keys::Digest;

/// Notes the check value of the first index key; whether `check` is that one.
pub(super) async fn belongs_to(connection: &Connection, check: Digest) -> Result<bool, LedgerError> {
    connection
        .execute(
            "INSERT INTO meta (name, value) VALUES ('index key', $1) ON CONFLICT DO NOTHING",
            &[&check.0.as_slice()],
        )
        .await?;
    let noted = connection.row("SELECT value FROM meta WHERE name = 'index key'", &[]).await?;
    Ok(noted.get::<_, &[u8]>(0) == check.0)
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
    connection.execute("DELETE FROM keeper", &[]).await?;
    Ok(())
}

/// Writes something, to see whether that is possible.
pub(super) async fn touch(connection: &Connection) -> Result<(), LedgerError> {
    connection
        .execute(
            &format!(
                "INSERT INTO meta (name, value) VALUES ('written', convert_to(({NOW_MS})::TEXT, 'UTF8'))
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value"
            ),
            &[],
        )
        .await?;
    Ok(())
}
