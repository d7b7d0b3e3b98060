//! Sources and installations are kept once, by name, and are a small number elsewhere.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::LedgerError;
use super::failure::broken;
use super::job::Tx;
use crate::subject::{InstallationName, SessionId, SessionKey};

/// A table of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Names {
    Source,
    Installation,
}

impl Names {
    fn table(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Installation => "installation",
        }
    }

    /// The number of a name, given to it now if it has none.
    pub(super) fn intern(self, tx: &Tx<'_>, name: &str) -> Result<i64, LedgerError> {
        if let Some(id) = self.known(tx, name)? {
            return Ok(id);
        }
        tx.prepare_cached(&format!("INSERT INTO {} (name) VALUES (?1)", self.table()))?.execute([name])?;
        Ok(tx.last_insert_rowid())
    }

    /// The number of a name that was seen before.
    pub(super) fn known(self, connection: &Connection, name: &str) -> Result<Option<i64>, LedgerError> {
        let mut statement = connection.prepare_cached(&format!("SELECT id FROM {} WHERE name = ?1", self.table()))?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }
}

/// The writer's memory of the numbers. It is forgotten with a transaction that fails, as it may know a name that was
/// never committed.
#[derive(Default)]
pub(super) struct Remembered(HashMap<(Names, Arc<str>), i64>);

impl Remembered {
    pub(super) fn id(&mut self, tx: &Tx<'_>, names: Names, name: &Arc<str>) -> Result<i64, LedgerError> {
        let key = (names, Arc::clone(name));
        if let Some(id) = self.0.get(&key) {
            return Ok(*id);
        }
        let id = names.intern(tx, name)?;
        // Only deliveries remember: a job may be undone alone, and the names that it gave out with it.
        self.0.insert(key, id);
        Ok(id)
    }

    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

/// A session's place in its table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) installation: i64,
    pub(super) session: i64,
}

impl Place {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { installation: row.get(0)?, session: row.get(1)? })
    }

    pub(super) fn intern(tx: &Tx<'_>, key: &SessionKey) -> Result<Self, LedgerError> {
        let installation = Names::Installation.intern(tx, &key.installation.0)?;
        Ok(Self { installation, session: key.session.0 })
    }

    pub(super) fn known(connection: &Connection, key: &SessionKey) -> Result<Option<Self>, LedgerError> {
        let installation = Names::Installation.known(connection, &key.installation.0)?;
        Ok(installation.map(|installation| Self { installation, session: key.session.0 }))
    }

    pub(super) fn key(self, connection: &Connection) -> Result<SessionKey, LedgerError> {
        let mut statement = connection.prepare_cached("SELECT name FROM installation WHERE id = ?1")?;
        let name: Option<Arc<str>> = statement.query_row([self.installation], |row| row.get(0)).optional()?;
        let name = name.ok_or_else(|| broken(format!("there is no installation {}", self.installation)))?;
        Ok(SessionKey { installation: InstallationName(name), session: SessionId(self.session) })
    }
}
