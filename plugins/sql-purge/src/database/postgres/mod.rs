//! PostgreSQL, by tokio-postgres. Every value is sent as text beside the statement, and the server reads it as the type that
//! it found for the parameter.

mod codes;
mod value;

use std::collections::BTreeSet;
use std::time::Duration;

use quietus_plugin::{ErrorClass, Sensitive, tls};
use rustls::pki_types::CertificateDer;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{CancelToken, Client, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::terms::{Access, CONNECTING_MAX, Fate, Limits};
use crate::address::Address;
use crate::statement::{Bound, Uses};
use crate::trouble::Trouble;
use codes::{says_that_the_value_fits_nowhere, trouble};
use value::Text;

/// Where the server is.
pub(crate) struct Settings {
    config: tokio_postgres::Config,
    tls: Option<MakeRustlsConnect>,
}

/// A connection.
pub(crate) struct Session {
    client: Client,
    driver: tokio::task::JoinHandle<()>,
    tls: Option<MakeRustlsConnect>,
}

/// Ends what a session is doing, by PostgreSQL's request for that.
pub(crate) struct Stopper {
    token: CancelToken,
    tls: Option<MakeRustlsConnect>,
}

impl Settings {
    pub(super) fn new(
        address: &Address,
        password: Option<&Sensitive>,
        roots: Option<Vec<CertificateDer<'static>>>,
    ) -> Result<Self, String> {
        let mut config = tokio_postgres::Config::new();
        config.host(&address.host).port(address.port).user(&address.user).dbname(&address.database);
        config.application_name("quietus").connect_timeout(CONNECTING_MAX);
        if let Some(password) = password {
            config.password(password.expose());
        }
        config.ssl_mode(if roots.is_some() { SslMode::Require } else { SslMode::Disable });
        Ok(Self { config, tls: roots.map(tls::client).transpose()?.map(MakeRustlsConnect::new) })
    }

    pub(super) async fn connect(&self) -> Result<Session, Trouble> {
        let (client, driver) = match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await.map_err(|e| trouble(&e))?;
                (client, tokio::spawn(async { drop(connection.await) }))
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await.map_err(|e| trouble(&e))?;
                (client, tokio::spawn(async { drop(connection.await) }))
            }
        };
        Ok(Session { client, driver, tls: self.tls.clone() })
    }
}

impl Session {
    pub(super) fn stopper(&self) -> Stopper {
        Stopper { token: self.client.cancel_token(), tls: self.tls.clone() }
    }

    pub(super) async fn impossible<'v>(&mut self, bound: &Bound<'v>) -> Result<BTreeSet<&'v str>, Trouble> {
        let statement = self.client.prepare(&bound.sql).await.map_err(|e| trouble(&e))?;
        let mut impossible = BTreeSet::new();
        for ((kind, value), column) in bound.kinds.iter().zip(&bound.values).zip(statement.params()) {
            if !self.can_hold(column, value).await? {
                impossible.insert(*kind);
            }
        }
        Ok(impossible)
    }

    async fn can_hold(&mut self, column: &Type, value: &str) -> Result<bool, Trouble> {
        // `char(n)` has no trailing spaces, and passes over a value's.
        if value.contains('\0') || (*column == Type::BPCHAR && value.ends_with(' ')) {
            return Ok(false);
        }
        let alone =
            self.client.prepare_typed("SELECT $1", std::slice::from_ref(column)).await.map_err(|e| trouble(&e))?;
        match self.client.execute(&alone, &[&Text(value)]).await {
            Ok(_) => Ok(true),
            Err(error) if says_that_the_value_fits_nowhere(&error) => Ok(false),
            Err(error) => Err(trouble(&error)),
        }
    }

    /// A collation that is not deterministic takes different texts for equal. Other types are of no concern here.
    pub(super) async fn suits(&mut self, uses: &Uses) -> Result<(), Trouble> {
        let columns: Vec<&str> = uses.columns.iter().map(String::as_str).collect();
        let tables: Vec<&str> = uses.tables.iter().map(String::as_str).collect();
        let sql = "SELECT 1 FROM unnest($1::text[]) AS t(name) \
                   JOIN pg_attribute a ON a.attrelid = to_regclass(t.name) AND a.attname::text = ANY($2::text[]) \
                   JOIN pg_collation c ON c.oid = a.attcollation WHERE NOT c.collisdeterministic LIMIT 1";
        let loose = self.client.query_opt(sql, &[&tables, &columns]).await.map_err(|e| trouble(&e))?;
        match loose {
            None => Ok(()),
            Some(_) => Err(Trouble::said(
                ErrorClass::NeedsOperator,
                "a column of its condition has a collation that is not deterministic, to which different identifiers can \
                 be equal: give the column another collation",
            )),
        }
    }

    pub(super) async fn begin(&mut self, access: Access, limits: Limits) -> Result<(), Trouble> {
        let read_only = if access == Access::Look { ", READ ONLY" } else { "" };
        let statement = millis(limits.statement);
        let lock = millis(limits.lock);
        // Counting and erasing see one state: a row that others change in between is a conflict, and all is rolled
        // back.
        self.run(&format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ{read_only}; SET LOCAL statement_timeout = {statement}; \
             SET LOCAL lock_timeout = {lock}; SET LOCAL idle_in_transaction_session_timeout = {statement}"
        ))
        .await
    }

    pub(super) async fn prepare(&mut self, sql: &str) -> Result<(), Trouble> {
        self.statement(sql).await.map(drop)
    }

    pub(super) async fn count(&mut self, bound: &Bound<'_>) -> Result<u64, Trouble> {
        let statement = self.statement(&bound.sql).await?;
        let values: Vec<Text<'_>> = bound.values.iter().map(|value| Text(value)).collect();
        let row = self.client.query_one(&statement, &parameters(&values)).await.map_err(|e| trouble(&e))?;
        let count: i64 = row.try_get(0).map_err(|e| trouble(&e))?;
        Ok(count.unsigned_abs())
    }

    pub(super) async fn erase(&mut self, bound: &Bound<'_>) -> Result<u64, Trouble> {
        let statement = self.statement(&bound.sql).await?;
        let values: Vec<Text<'_>> = bound.values.iter().map(|value| Text(value)).collect();
        self.client.execute(&statement, &parameters(&values)).await.map_err(|e| trouble(&e))
    }

    pub(super) async fn transaction(&mut self) -> Result<String, Trouble> {
        let row = self.client.query_one("SELECT txid_current()::text", &[]).await.map_err(|e| trouble(&e))?;
        row.try_get(0).map_err(|e| trouble(&e))
    }

    pub(super) async fn fate(&mut self, transaction: &str) -> Result<Fate, Trouble> {
        let asked =
            self.client.prepare_typed("SELECT txid_status($1)", &[Type::INT8]).await.map_err(|e| trouble(&e))?;
        let Ok(row) = self.client.query_one(&asked, &[&Text(transaction)]).await else {
            // A number that the server has not come to: it was restored from a backup.
            return Ok(Fate::Unknown);
        };
        let status: Option<String> = row.try_get(0).map_err(|e| trouble(&e))?;
        Ok(match status.as_deref() {
            Some("committed") => Fate::Committed,
            Some("aborted") => Fate::RolledBack,
            Some("in progress") => Fate::UnderWay,
            _ => Fate::Unknown,
        })
    }

    pub(super) async fn commit(&mut self) -> Result<(), Trouble> {
        self.run("COMMIT").await
    }

    pub(super) async fn close(self) {
        drop(self.client);
        let _the_task_ends = self.driver.await;
    }

    async fn run(&mut self, sql: &str) -> Result<(), Trouble> {
        self.client.batch_execute(sql).await.map_err(|e| trouble(&e))
    }

    async fn statement(&mut self, sql: &str) -> Result<Statement, Trouble> {
        self.client.prepare(sql).await.map_err(|e| trouble(&e))
    }
}

impl Stopper {
    pub(super) async fn stop(self) {
        // Whether it came through is seen by what the session answers.
        let _asked = match self.tls {
            Some(tls) => self.token.cancel_query(tls).await,
            None => self.token.cancel_query(NoTls).await,
        };
    }
}

fn parameters<'v>(values: &'v [Text<'_>]) -> Vec<&'v (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// At least one, as 0 would mean no limit.
fn millis(limit: Duration) -> u128 {
    limit.as_millis().clamp(1, i32::MAX as u128)
}
