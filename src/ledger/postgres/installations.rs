//! What is known of a whole installation. Its row is locked last of all, for as long as a commit takes.

use super::tx::{Connection, Tx};
use super::{InstallationFacts, LedgerError};
use crate::subject::InstallationName;

pub(super) async fn facts(connection: &Connection, name: &InstallationName) -> Result<InstallationFacts, LedgerError> {
    let row =
        connection.maybe("SELECT tenants_are_departments FROM installation WHERE name = $1", &[&&*name.0]).await?;
    Ok(InstallationFacts { tenants_are_departments: row.and_then(|row| row.get(0)) })
}

/// Notes what a session showed. One that contradicts is enough, for good; what is known already is not written again.
pub(super) async fn tenants_are_departments(tx: &Tx, installation: i64, shown: bool) -> Result<(), LedgerError> {
    tx.execute(
        "UPDATE installation SET tenants_are_departments = COALESCE(tenants_are_departments, TRUE) AND $2
         WHERE id = $1 AND tenants_are_departments IS DISTINCT FROM (COALESCE(tenants_are_departments, TRUE) AND $2)",
        &[&installation, &shown],
    )
    .await?;
    Ok(())
}

/// Counts a session of a tenant that is not ours.
pub(super) async fn count_foreign(tx: &Tx, installation: i64) -> Result<(), LedgerError> {
    let sql = "UPDATE installation SET foreign_sessions = foreign_sessions + 1 WHERE id = $1";
    tx.execute(sql, &[&installation]).await?;
    Ok(())
}
