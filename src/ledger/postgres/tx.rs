//! One transaction, and what a statement is: prepared once per connection, and the same text every time.

mod fate;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use jiff::Timestamp;
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use self::fate::Fate;
use super::damage::Damage;
use super::session::{SYNCHRONOUS_COMMIT, commits_to_disk};
use super::tally::{self, Tally};
use super::{LedgerError, QueueName, broken, failure, query};
use crate::clock::BootTime;
use crate::ledger::clock::Look;
use crate::ledger::copy::Value;

/// The ledger's clock: the server's, in whole milliseconds.
pub(super) const NOW_MS: &str = "FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT";

/// Values of a statement.
pub(super) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Connections of one kind, and how long a statement on them is waited for.
pub(super) struct Connections {
    pub(super) pool: Pool,
    /// Longer than the server's own limit: for a server that does not answer at all.
    pub(super) answer_max: Duration,
    pub(super) damage: Arc<Damage>,
}

impl Connections {
    pub(super) async fn get(&self) -> Result<Connection, LedgerError> {
        let object = Some(self.pool.get().await?);
        let sound = AtomicBool::new(true);
        Ok(Connection { object, answer_max: self.answer_max, damage: Arc::clone(&self.damage), sound })
    }
}

/// A connection. When it is dropped it goes back to those that are free, unless something was wrong with it.
pub(super) struct Connection {
    object: Option<Object>,
    answer_max: Duration,
    damage: Arc<Damage>,
    sound: AtomicBool,
}

impl Connection {
    pub(super) async fn rows(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, LedgerError> {
        self.bounded(async { self.object().query(&self.object().prepare_cached(sql).await?, values).await }).await
    }

    /// A page of a list.
    pub(super) async fn listed(&self, statement: &query::Statement) -> Result<Vec<Row>, LedgerError> {
        let values = statement.values.iter().map(Value::as_sql).collect::<Result<Vec<_>, _>>()?;
        self.rows(&statement.sql, &values).await
    }

    /// Returns how many rows it touched.
    pub(super) async fn run(&self, statement: &query::Statement) -> Result<u64, LedgerError> {
        let values = statement.values.iter().map(Value::as_sql).collect::<Result<Vec<_>, _>>()?;
        self.execute(&statement.sql, &values).await
    }

    pub(super) async fn maybe(&self, sql: &str, values: Values<'_>) -> Result<Option<Row>, LedgerError> {
        self.bounded(async { self.object().query_opt(&self.object().prepare_cached(sql).await?, values).await }).await
    }

    pub(super) async fn row(&self, sql: &str, values: Values<'_>) -> Result<Row, LedgerError> {
        self.maybe(sql, values).await?.ok_or_else(|| broken("a row was expected and there is none"))
    }

    /// Returns how many rows it touched.
    pub(super) async fn execute(&self, sql: &str, values: Values<'_>) -> Result<u64, LedgerError> {
        self.bounded(async { self.object().execute(&self.object().prepare_cached(sql).await?, values).await }).await
    }

    /// Does a part of a transaction, of which nothing is left where the database refuses it: that is the result within.
    pub(super) async fn apart<T>(
        &self,
        part: impl Future<Output = Result<T, LedgerError>>,
    ) -> Result<Result<T, LedgerError>, LedgerError> {
        self.command("SAVEPOINT part").await?;
        match part.await {
            Err(other @ (LedgerError::Busy(_) | LedgerError::Damaged(_))) => Err(other),
            Ok(done) => {
                self.command("RELEASE SAVEPOINT part").await?;
                Ok(Ok(done))
            }
            Err(refused) => {
                self.command("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part").await?;
                Ok(Err(refused))
            }
        }
    }

    async fn command(&self, sql: &str) -> Result<(), LedgerError> {
        self.bounded(self.object().batch_execute(sql)).await
    }

    /// Waits for an answer, but not for ever. A connection that gives none, or whose server cannot be written, is not used
    /// again: the next one may find the new primary.
    async fn bounded<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, LedgerError> {
        let answered = match timeout(self.answer_max, answer).await {
            Ok(answered) => answered,
            Err(_) => {
                self.sound.store(false, Ordering::Relaxed);
                return Err(LedgerError::Busy(anyhow::anyhow!("the database gave no answer in time")));
            }
        };
        self.damage.seen(answered.map_err(|error| {
            if error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION) {
                self.sound.store(false, Ordering::Relaxed);
            }
            error.into()
        }))
    }

    fn object(&self) -> &Object {
        self.object.as_ref().expect("only its end takes it away")
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(object) = self.object.take_if(|_| !*self.sound.get_mut()) {
            drop(Object::take(object));
        }
    }
}

/// A transaction. Dropped without its end, it is rolled back.
pub(super) struct Tx {
    connection: Connection,
    ended: bool,
    /// The server's name of it.
    id: String,
    /// The ledger's clock at its beginning.
    pub(super) now: Timestamp,
    /// The same, and when that was by this machine's time since its start.
    pub(super) look: Look,
    pub(super) tally: Tally,
    /// The names of the queues that have work after the commit.
    pub(super) news: Vec<String>,
}

impl Tx {
    pub(super) async fn begin(connections: &Connections) -> Result<Self, LedgerError> {
        connections.damage.refuse()?;
        let connection = connections.get().await?;
        let tally = Tally::default();
        let news = Vec::new();
        let before = BootTime::now();
        let look = Look { now: Timestamp::MIN, before, after: before };
        let mut tx = Self { connection, ended: false, id: String::new(), now: look.now, look, tally, news };
        // That the commit will be on disk is asked of the session that will commit.
        let sql = format!("SELECT {NOW_MS}, current_setting('{}'), pg_current_xact_id()::TEXT", SYNCHRONOUS_COMMIT.0);
        tx.bounded(async { tx.object().prepare_cached(&sql).await.map(drop) }).await?;
        tx.look.before = BootTime::now();
        // Both are sent at once; a transaction costs one exchange less.
        // `biased`, as BEGIN has to be sent before what is to be in the transaction.
        let (begun, row) = tokio::join!(biased; tx.command("BEGIN"), tx.row(&sql, &[]));
        begun?;
        let row = row?;
        commits_to_disk(row.get(1)).map_err(|refused| LedgerError::Busy(refused.into()))?;
        tx.now = super::columns::time(row.get(0))?;
        tx.id = row.get(2);
        tx.look = Look { now: tx.now, after: BootTime::now(), ..tx.look };
        Ok(tx)
    }

    /// A queue has work after the commit.
    pub(super) fn notify(&mut self, queue: &QueueName) {
        self.news.push(queue.name().into_owned());
    }

    /// Commits, and returns the names of the queues that now have work. Where the connection is lost before the answer, the
    /// server is asked on another of these `connections` what became of it.
    pub(super) async fn commit(mut self, connections: &Connections) -> Result<Vec<String>, LedgerError> {
        // Last: others count in the same row, and it is held for the commit alone.
        if let Some(values) = self.tally.values() {
            let values = values.each_ref().map(|value| value as &(dyn ToSql + Sync));
            self.execute(tally::ADD, &values).await?;
        }
        let news = std::mem::take(&mut self.news);
        let unanswered = match self.command("COMMIT").await {
            Ok(()) => {
                self.ended = true;
                return Ok(news);
            }
            Err(error @ LedgerError::Busy(_)) if !failure::is_conflict(&error) => error,
            Err(error) => return Err(error),
        };
        let id = std::mem::take(&mut self.id);
        // It leaves its place in the pool: where there is only one, asking would wait for it.
        drop(self);
        match fate::of(connections, &id).await {
            Some(Fate::Committed) => Ok(news),
            Some(Fate::Aborted) => Err(failure::conflict("the connection was lost before the commit")),
            None => Err(unanswered),
        }
    }

    /// Undoes everything and gives the connection back.
    pub(super) async fn rollback(mut self) {
        // A connection on which it failed may still be in the transaction, and is not used again.
        self.ended = self.command("ROLLBACK").await.is_ok();
    }
}

impl std::ops::Deref for Tx {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        // The server rolls back when the connection ends.
        if !self.ended {
            self.connection.sound.store(false, Ordering::Relaxed);
        }
    }
}
