//! One transaction, and what a statement is: prepared once per connection, and the same text every time.

use deadpool_postgres::{Object, Pool};
use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use super::tally::Tally;
use super::{LedgerError, Queue, broken};

/// The ledger's clock: the server's, in whole milliseconds.
pub(super) const NOW_MS: &str = "FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT";

/// Values of a statement.
pub(super) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection.
pub(super) struct Connection(Object);

impl Connection {
    pub(super) async fn of(pool: &Pool) -> Result<Self, LedgerError> {
        Ok(Self(pool.get().await?))
    }

    pub(super) async fn rows(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, LedgerError> {
        Ok(self.0.query(&self.prepared(sql).await?, values).await?)
    }

    pub(super) async fn maybe(&self, sql: &str, values: Values<'_>) -> Result<Option<Row>, LedgerError> {
        Ok(self.0.query_opt(&self.prepared(sql).await?, values).await?)
    }

    pub(super) async fn row(&self, sql: &str, values: Values<'_>) -> Result<Row, LedgerError> {
        self.maybe(sql, values).await?.ok_or_else(|| broken("a row was expected and there is none"))
    }

    /// Returns how many rows it touched.
    pub(super) async fn execute(&self, sql: &str, values: Values<'_>) -> Result<u64, LedgerError> {
        Ok(self.0.execute(&self.prepared(sql).await?, values).await?)
    }

    async fn prepared(&self, sql: &str) -> Result<Statement, LedgerError> {
        Ok(self.0.prepare_cached(sql).await?)
    }
}

/// A transaction. Dropped without its end, it is rolled back.
pub(super) struct Tx {
    connection: Option<Connection>,
    /// The ledger's clock at its beginning.
    pub(super) now: Timestamp,
    pub(super) tally: Tally,
    /// The queues that have work after the commit.
    pub(super) rings: Vec<Queue>,
}

impl Tx {
    pub(super) async fn begin(pool: &Pool) -> Result<Self, LedgerError> {
        let connection = Connection::of(pool).await?;
        let now = connection.prepared(&format!("SELECT {NOW_MS}")).await?;
        let mut tx =
            Self { connection: Some(connection), now: Timestamp::MIN, tally: Tally::default(), rings: Vec::new() };
        let object = &tx.0;
        // Both are sent at once; a transaction costs one exchange less.
        let (begun, row) = tokio::join!(object.batch_execute("BEGIN"), object.query_one(&now, &[]));
        begun?;
        tx.now = super::columns::time(row?.get(0))?;
        Ok(tx)
    }

    /// Commits, and returns the queues that now have work.
    pub(super) async fn commit(mut self) -> Result<Vec<Queue>, LedgerError> {
        self.tally.write(&self).await?;
        self.0.batch_execute("COMMIT").await?;
        // It goes back to those that are free.
        drop(self.connection.take());
        Ok(std::mem::take(&mut self.rings))
    }

    /// Undoes everything and gives the connection back.
    pub(super) async fn rollback(mut self) {
        if self.0.batch_execute("ROLLBACK").await.is_ok() {
            drop(self.connection.take());
        }
    }
}

impl std::ops::Deref for Tx {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("only its end takes the connection away")
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // The server rolls back when the connection ends, which it does with this.
            drop(Object::take(connection.0));
        }
    }
}
