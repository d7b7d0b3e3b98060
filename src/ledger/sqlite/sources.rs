//! Sources are kept once, by name, and are a small number elsewhere.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};

use super::LedgerError;
use super::job::Tx;
use crate::subject::SourceName;

/// The writer's memory of the numbers. It is forgotten with a transaction that fails, as it may know a source that was
/// never committed.
#[derive(Default)]
pub(super) struct Sources(HashMap<SourceName, i64>);

impl Sources {
    pub(super) fn id(&mut self, tx: &Tx<'_>, name: &SourceName) -> Result<i64, LedgerError> {
        if let Some(id) = self.0.get(name) {
            return Ok(*id);
        }
        let id = intern(tx, name)?;
        self.0.insert(name.clone(), id);
        Ok(id)
    }

    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

/// The number of a source, given to it now if it has none.
pub(super) fn intern(tx: &Tx<'_>, name: &SourceName) -> Result<i64, LedgerError> {
    if let Some(id) = known(tx, name)? {
        return Ok(id);
    }
    tx.prepare_cached("INSERT INTO source (name) VALUES (?1)")?.execute([&name.0])?;
    Ok(tx.last_insert_rowid())
}

/// The number of a source that was seen before.
pub(super) fn known(connection: &Connection, name: &SourceName) -> Result<Option<i64>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT id FROM source WHERE name = ?1")?;
    Ok(statement.query_row([&name.0], |row| row.get(0)).optional()?)
}

pub(super) fn name(connection: &Connection, id: i64) -> Result<SourceName, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT name FROM source WHERE id = ?1")?;
    Ok(SourceName(statement.query_row([id], |row| row.get(0))?))
}
