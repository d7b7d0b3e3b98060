//! Single values about the ledger itself.

use super::LedgerError;
use super::tx::{Connection, NOW_MS};
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
