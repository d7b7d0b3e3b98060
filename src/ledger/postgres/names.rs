//! Sources and installations are kept once, by name, and are a small number elsewhere. They are never deleted, so what is
//! known stays true.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::sessions::Place;
use super::tx::Connection;
use super::{LedgerError, broken};
use crate::lock::lock;
use crate::subject::{InstallationName, SessionId, SessionKey};

/// A table of names, and the numbers that this process has met.
pub(super) struct Names {
    table: &'static str,
    known: Mutex<HashMap<Arc<str>, i64>>,
}

impl Names {
    pub(super) fn of(table: &'static str) -> Self {
        Self { table, known: Mutex::default() }
    }

    /// The number of a name, given to it now if it has none. It is committed at once, so that nobody learns a number that
    /// is rolled back; hence never within a transaction.
    pub(super) async fn id(&self, connection: &Connection, name: &Arc<str>) -> Result<i64, LedgerError> {
        if let Some(id) = self.known(connection, name).await? {
            return Ok(id);
        }
        let insert = format!("INSERT INTO {} (name) VALUES ($1) ON CONFLICT DO NOTHING", self.table);
        connection.execute(&insert, &[&&**name]).await?;
        self.known(connection, name).await?.ok_or_else(|| broken("a name is not there after it was written"))
    }

    /// The number of a name that was seen before.
    pub(super) async fn known(&self, connection: &Connection, name: &Arc<str>) -> Result<Option<i64>, LedgerError> {
        let remembered = self.lock().get(name).copied();
        if remembered.is_some() {
            return Ok(remembered);
        }
        let select = format!("SELECT id FROM {} WHERE name = $1", self.table);
        let found = connection.maybe(&select, &[&&**name]).await?;
        let id = found.map(|row| row.get(0));
        if let Some(id) = id {
            self.lock().insert(Arc::clone(name), id);
        }
        Ok(id)
    }

    pub(super) async fn name(&self, connection: &Connection, id: i64) -> Result<Arc<str>, LedgerError> {
        let remembered = self.lock().iter().find(|(_, known)| **known == id).map(|(name, _)| Arc::clone(name));
        if let Some(name) = remembered {
            return Ok(name);
        }
        let row = connection.row(&format!("SELECT name FROM {} WHERE id = $1", self.table), &[&id]).await?;
        let name: Arc<str> = row.get::<_, &str>(0).into();
        self.lock().insert(Arc::clone(&name), id);
        Ok(name)
    }

    /// The session at a place; these names are those of installations.
    pub(super) async fn key(&self, connection: &Connection, place: Place) -> Result<SessionKey, LedgerError> {
        let installation = InstallationName(self.name(connection, place.installation).await?);
        Ok(SessionKey { installation, session: SessionId(place.session) })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, i64>> {
        lock(&self.known)
    }
}
