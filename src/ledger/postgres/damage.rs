//! What the database says of its own damage. One page that cannot be read fails only those who need it, and would seem to be their
//! fault; what else is on that disk nobody knows. So it is a state, as in SQLite: from then on this process writes nothing, and
//! says so. It ends with the process, which a person restarts once the database is mended. A note in the database tells commands
//! and the next start, which reads all tables before it goes on.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use tokio_postgres::Client;

use super::columns::{millis, text, time};
use super::connection::{self, Pauses};
use super::connector::Connector;
use super::failure::told;
use super::session::SCHEMA;
use super::{LedgerError, OpenError, PostgresPlace};
use crate::attention;

/// How often it is tried to write the note.
const NOTE_TRIES: u32 = 20;

/// The damage of one ledger, as far as this process has seen it.
pub(super) struct Damage {
    connector: Connector,
    known: OnceLock<attention::Damage>,
}

impl Damage {
    pub(super) fn none(connector: Connector) -> Arc<Self> {
        Arc::new(Self { connector, known: OnceLock::new() })
    }

    pub(super) fn connector(&self) -> &Connector {
        &self.connector
    }

    /// Fails once a damage was seen.
    pub(super) fn refuse(&self) -> Result<(), LedgerError> {
        match self.known.get() {
            Some(known) => Err(LedgerError::Damaged(anyhow::Error::msg(known.what.clone()))),
            None => Ok(()),
        }
    }

    /// What was seen, for those who look for what needs a person.
    pub(super) fn known(&self) -> Option<attention::Damage> {
        self.known.get().cloned()
    }

    /// Passes a result on, and remembers the first damage that one tells of: logs it, in the one line that there is of it, and
    /// notes it in the database.
    pub(super) fn seen<T>(&self, result: Result<T, LedgerError>) -> Result<T, LedgerError> {
        if let Err(LedgerError::Damaged(cause)) = &result {
            let damage = attention::Damage { since: Timestamp::now(), what: format!("{cause:#}") };
            if self.known.set(damage.clone()).is_ok() {
                tracing::error!(
                    error = damage.what,
                    "the database is damaged: nothing is received or erased until a person has acted"
                );
                tokio::spawn(note(self.connector.clone(), damage));
            }
        }
        result
    }
}

async fn note(connector: Connector, damage: attention::Damage) {
    let mut pauses = Pauses::default();
    for _ in 0..NOTE_TRIES {
        let noted = async {
            let client = connection::open(&connector).await?;
            let insert = "INSERT INTO damage (since, what) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            client.execute(insert, &[&millis(damage.since), &text(&damage.what)]).await.map_err(told)
        };
        match noted.await {
            Ok(_) => return,
            Err(_) => pauses.wait().await,
        }
    }
    tracing::warn!("could not note the damage in the database: commands may not know of it");
}

/// A database of which a damage is noted is read as a whole, before anything is acknowledged in it. Where a person has mended it, the
/// note is removed.
pub(super) async fn heal(connector: &Connector, place: &PostgresPlace) -> Result<(), OpenError> {
    let failed = |source| OpenError::Failed { ledger: place.shown(), source };
    let client = connection::open(connector).await.map_err(failed)?;
    let noted = client.query_opt("SELECT since, what FROM damage", &[]).await.map_err(|error| failed(told(error)))?;
    let Some(noted) = noted else { return Ok(()) };
    let since = time(noted.get(0)).map_err(|error| failed(error.into_cause()))?;
    match read_all(&client).await {
        Ok(()) => {}
        Err(LedgerError::Damaged(cause)) => {
            let advice = "restore a backup, or let a standby take over, and start again";
            return Err(OpenError::Damaged { ledger: place.shown(), what: format!("{cause:#}"), advice });
        }
        Err(other) => return Err(failed(other.into_cause())),
    }
    client.execute("DELETE FROM damage", &[]).await.map_err(|error| failed(told(error)))?;
    let damage: &str = noted.get(1);
    tracing::warn!(damage, %since, "the database was damaged, and all tables can be read");
    Ok(())
}

/// Reads every row of every table, with what is stored beside it. Of indexes it says nothing: for them there is `amcheck`.
async fn read_all(client: &Client) -> Result<(), LedgerError> {
    // However many rows there are.
    client.batch_execute("SET statement_timeout = 0").await?;
    // Parts of a table by way of it: a server's role has rights on the whole only.
    let tables = "SELECT pg_class.oid::regclass::TEXT FROM pg_class
                  JOIN pg_namespace ON pg_namespace.oid = relnamespace
                  WHERE nspname = $1 AND relkind IN ('r', 'p') AND NOT relispartition
                    AND has_table_privilege(pg_class.oid, 'SELECT')";
    for table in client.query(tables, &[&SCHEMA]).await? {
        let table: &str = table.get(0);
        client.query_one(&format!("SELECT COUNT(t::TEXT) FROM {table} AS t"), &[]).await?;
    }
    Ok(())
}
