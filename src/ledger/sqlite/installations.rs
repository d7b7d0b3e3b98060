//! What is known of a whole installation.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::job::Tx;
use super::names::Names;
use super::{InstallationFacts, LedgerError};
use crate::subject::InstallationName;

pub(super) fn facts(connection: &Connection, name: &InstallationName) -> Result<InstallationFacts, LedgerError> {
    let found = connection
        .prepare_cached("SELECT tenants_are_departments FROM installation WHERE name = ?1")?
        .query_row([&name.0], |row| row.get(0))
        .optional()?;
    Ok(InstallationFacts { tenants_are_departments: found.flatten() })
}

/// Notes what a session showed. One that contradicts is enough, for good.
pub(super) fn tenants_are_departments(tx: &Tx<'_>, name: &InstallationName, shown: bool) -> Result<(), LedgerError> {
    let id = Names::Installation.intern(tx, &name.0)?;
    tx.prepare_cached(
        "UPDATE installation SET tenants_are_departments = COALESCE(tenants_are_departments, 1) AND ?2 WHERE id = ?1",
    )?
    .execute(params![id, shown])?;
    Ok(())
}

/// Counts a session of a tenant that is not ours.
pub(super) fn count_foreign(tx: &Tx<'_>, name: &InstallationName) -> Result<(), LedgerError> {
    let id = Names::Installation.intern(tx, &name.0)?;
    tx.prepare_cached("UPDATE installation SET foreign_sessions = foreign_sessions + 1 WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}
