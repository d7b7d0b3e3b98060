//! Sources are kept once, by name, and are a small number elsewhere. They are never deleted, so what is known stays true.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::tx::Connection;
use super::{LedgerError, broken};
use crate::subject::{SessionId, SessionKey, SourceName};

/// The numbers that this process has met.
#[derive(Default)]
pub(super) struct Sources(Mutex<HashMap<SourceName, i64>>);

impl Sources {
    /// The number of a source, given to it now if it has none. It is committed at once, so that nobody learns a number that
    /// is rolled back; hence never within a transaction.
    pub(super) async fn id(&self, connection: &Connection, name: &SourceName) -> Result<i64, LedgerError> {
        if let Some(id) = self.known(connection, name).await? {
            return Ok(id);
        }
        connection.execute("INSERT INTO source (name) VALUES ($1) ON CONFLICT DO NOTHING", &[&&*name.0]).await?;
        self.known(connection, name).await?.ok_or_else(|| broken("a source is not there after it was written"))
    }

    /// The number of a source that was seen before.
    pub(super) async fn known(&self, connection: &Connection, name: &SourceName) -> Result<Option<i64>, LedgerError> {
        let remembered = self.lock().get(name).copied();
        if remembered.is_some() {
            return Ok(remembered);
        }
        let found = connection.maybe("SELECT id FROM source WHERE name = $1", &[&&*name.0]).await?;
        let id = found.map(|row| row.get(0));
        if let Some(id) = id {
            self.lock().insert(name.clone(), id);
        }
        Ok(id)
    }

    pub(super) async fn name(&self, connection: &Connection, id: i64) -> Result<SourceName, LedgerError> {
        let remembered = self.lock().iter().find(|(_, known)| **known == id).map(|(name, _)| name.clone());
        if let Some(name) = remembered {
            return Ok(name);
        }
        let row = connection.row("SELECT name FROM source WHERE id = $1", &[&id]).await?;
        let name = SourceName(row.get::<_, &str>(0).into());
        self.lock().insert(name.clone(), id);
        Ok(name)
    }

    pub(super) async fn key(
        &self,
        connection: &Connection,
        source: i64,
        session: i64,
    ) -> Result<SessionKey, LedgerError> {
        Ok(SessionKey { source: self.name(connection, source).await?, session: SessionId(session) })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SourceName, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
