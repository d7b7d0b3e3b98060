//! Transactions of others that stay open: what was deleted since they began cannot be removed.

use super::LedgerError;
use super::columns::unsigned;
use super::tx::Connection;
use crate::attention::HeldSnapshot;

/// Anybody may read these columns; since when a transaction is open is told only to roles that may see others' activity. Sessions on
/// other databases hold nothing up here, a standby that asks for it (without a database) does.
pub(super) const OLDEST: &str = "SELECT age(backend_xmin)::BIGINT, pid::BIGINT FROM pg_stat_activity
     WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid() AND (datname = current_database() OR datname IS NULL)
     ORDER BY 1 DESC LIMIT 1";

/// The oldest one that is held.
pub(super) async fn oldest(connection: &Connection) -> Result<Option<HeldSnapshot>, LedgerError> {
    let row = connection.maybe(OLDEST, &[]).await?;
    Ok(row.map(|row| HeldSnapshot { transactions: unsigned(row.get(0)), process: unsigned(row.get(1)) }))
}
