//! SQLite's own checks of a file: whether it is what SQLite has written.

use std::path::Path;

use rusqlite::Connection;

use super::{LedgerError, schema};

/// The findings that are told of one table.
const FINDINGS_MAX: usize = 3;

/// The findings that the whole check tells.
const ALL_FINDINGS_MAX: usize = 20;

/// What a check has found of a table.
#[derive(Debug, thiserror::Error)]
#[error("the table `{table}`: {what}")]
pub(super) struct Found {
    table: String,
    what: String,
}

/// Checks all tables, as fast as it goes.
pub(super) fn at_once(ledger: &Path) -> Result<(), LedgerError> {
    of_tables(&schema::open_reader(ledger)?)
}

/// SQLite's whole check: also whether indexes have what their tables have, and whether every page belongs to something.
pub(super) fn of_all(connection: &Connection) -> Result<Vec<String>, LedgerError> {
    let mut check = connection.prepare(&format!("PRAGMA integrity_check({ALL_FINDINGS_MAX})"))?;
    let found: Vec<String> = check.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(found.into_iter().filter(|line| line != "ok").collect())
}

/// Checks all tables on a connection, which may work slowly.
pub(super) fn of_tables(connection: &Connection) -> Result<(), LedgerError> {
    let mut all = vec!["sqlite_schema".to_owned()];
    let mut named = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0")?;
    for name in named.query_map([], |row| row.get(0))? {
        all.push(name?);
    }
    drop(named);
    for table in all {
        let sql = format!("PRAGMA quick_check('{table}')");
        let mut check = connection.prepare(&sql)?;
        let mut found = Vec::new();
        let mut rows = check.query([])?;
        while let Some(row) = rows.next()?
            && found.len() < FINDINGS_MAX
        {
            found.push(row.get::<_, String>(0)?);
        }
        if found != ["ok"] {
            return Err(LedgerError::Damaged(Found { table, what: found.join("; ") }.into()));
        }
    }
    Ok(())
}
