//! Connections that only read, a few of them, each used by one reader at a time off the asynchronous threads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::LedgerError;
use super::damage::Damage;
use super::failure::broken;
use super::files::Files;
use super::schema;
use crate::lock::lock;

/// Readers at once; further ones wait.
const READERS_MAX: usize = 4;

/// The connections.
pub(super) struct Readers {
    path: PathBuf,
    damage: Arc<Damage>,
    files: Arc<Files>,
    free: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, damage: Arc<Damage>, files: Arc<Files>) -> Arc<Self> {
        let permits = Arc::new(Semaphore::new(READERS_MAX));
        Arc::new(Self { path, damage, files, free: Mutex::default(), permits })
    }

    /// Runs `look` on one state of the ledger, however many statements it takes.
    pub(super) async fn read<T, F>(self: &Arc<Self>, look: F) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, LedgerError> + Send + 'static,
    {
        let closed = || LedgerError::Busy(anyhow::anyhow!("the ledger is closed"));
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| closed())?;
        let readers = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            // The permit goes with the work, which outlives a caller that gave up.
            let _permit = permit;
            readers.damage.seen(readers.look(look))
        });
        reading.await.unwrap_or_else(|_| Err(broken("a reader of the ledger panicked")))
    }

    /// Lets no one in any more, waits for those inside and closes the connections.
    pub(super) async fn close(&self) {
        if let Ok(all) = self.permits.acquire_many(READERS_MAX as u32).await {
            // Not given back: a reader that waits would get in before the semaphore is closed.
            all.forget();
        }
        self.permits.close();
        self.free().clear();
    }

    /// A connection that failed is not used again.
    fn look<T>(&self, look: impl FnOnce(&Connection) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        // A statement of its own: within the match, the lock would be held while a connection is opened.
        let free = self.free().pop();
        let mut connection = match free {
            Some(connection) => connection,
            None => {
                // What is opened by its name would be another ledger.
                self.files.unchanged()?;
                schema::open_reader(&self.path)?
            }
        };
        let transaction = connection.transaction()?;
        let seen = look(&transaction)?;
        transaction.commit()?;
        self.free().push(connection);
        Ok(seen)
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        lock(&self.free)
    }
}
