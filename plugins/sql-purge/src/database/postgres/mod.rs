//! PostgreSQL, by tokio-postgres. Every value is sent as text beside the statement, and the server reads it as the type that
//! it found for the parameter. Nothing outlives its transaction at the server, not even a prepared statement, so that a pooler may
//! give each transaction another session.

mod codes;
mod tables;
mod types;
mod value;

use std::time::Duration;

use quietus_plugin::ErrorClass::Retryable;
use quietus_plugin::{Sensitive, tls};
use rustls::pki_types::CertificateDer;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{CancelToken, Client, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::hidden::Trusts;
use super::terms::{Access, CONNECTING_MAX, Fate, Key, Limits, READ_ONLY, Row, Serves};
use crate::address::Address;
use crate::statement::{Bound, Listing};
use crate::trouble::Trouble;
use codes::{says_that_it_is_in_the_future, trouble};
use value::Text;

/// Where the server is.
pub(crate) struct Settings {
    config: tokio_postgres::Config,
    tls: Option<MakeRustlsConnect>,
    trusts: Trusts,
}

/// A connection.
pub(crate) struct Session {
    client: Client,
    driver: tokio::task::JoinHandle<()>,
    tls: Option<MakeRustlsConnect>,
    trusts: Trusts,
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
        trusts: Trusts,
    ) -> Result<Self, String> {
        let mut config = tokio_postgres::Config::new();
        config.host(&address.host).port(address.port).user(&address.user).dbname(&address.database);
        config.application_name("quietus").connect_timeout(CONNECTING_MAX);
        if let Some(password) = password {
            config.password(password.expose());
        }
        config.ssl_mode(if roots.is_some() { SslMode::Require } else { SslMode::Disable });
        Ok(Self { config, tls: roots.map(tls::client).transpose()?.map(MakeRustlsConnect::new), trusts })
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
        Ok(Session { client, driver, tls: self.tls.clone(), trusts: self.trusts })
    }
}

impl Session {
    pub(super) fn stopper(&self) -> Stopper {
        Stopper { token: self.client.cancel_token(), tls: self.tls.clone() }
    }

    pub(super) async fn begin(&mut self, access: Access, limits: Limits) -> Result<Serves, Trouble> {
        let read_only = if access == Access::Look { ", READ ONLY" } else { "" };
        // Off, PostgreSQL refuses what a policy would filter, also what it reaches by a view or a function.
        let row_security = if self.trusts.row_security { "on" } else { "off" };
        let statement = millis(limits.statement);
        let lock = millis(limits.lock);
        // Counting and erasing see one state: a row that others change in between is a conflict, and all is rolled
        // back.
        let begin = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ{read_only}; SET LOCAL statement_timeout = {statement}; \
             SET LOCAL lock_timeout = {lock}; SET LOCAL idle_in_transaction_session_timeout = {statement}; \
             SET LOCAL row_security = {row_security}; \
             SELECT pg_is_in_recovery(), current_setting('transaction_read_only')"
        );
        let begun = self.client.simple_query(&begin).await.map_err(|e| trouble(&e))?;
        let said = begun.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some((row.get(0)?, row.get(1)?)),
            _ => None,
        });
        match said {
            // What is not there may have been erased, or not have arrived.
            Some((_, "on")) if access == Access::Erase => Err(Trouble::said(Retryable, READ_ONLY)),
            Some(("t", _)) => Ok(Serves::Replica),
            Some(_) => Ok(Serves::All),
            None => Err(Trouble::said(Retryable, "the server does not say whether it is a replica")),
        }
    }

    /// Plans a statement without values: that also checks the rights, as preparing it does not.
    pub(super) async fn rehearse(&mut self, bound: &Bound<'_>) -> Result<(), Trouble> {
        let none: Vec<Option<Text<'_>>> = bound.values().map(|_| None).collect();
        let explain = format!("EXPLAIN {}", bound.sql);
        self.client.execute_typed(&explain, &untyped(&none)).await.map(drop).map_err(|e| trouble(&e))
    }

    pub(super) async fn count(&mut self, bound: &Bound<'_>) -> Result<u64, Trouble> {
        let values: Vec<Text<'_>> = bound.values().map(Text).collect();
        let row = self.client.query_typed_one(&bound.sql, &untyped(&values)).await.map_err(|e| trouble(&e))?;
        let count: i64 = row.try_get(0).map_err(|e| trouble(&e))?;
        Ok(count.unsigned_abs())
    }

    pub(super) async fn list(&mut self, list: &Listing, after: Option<&Key>, rows: u32) -> Result<Vec<Row>, Trouble> {
        let after: Vec<Text<'_>> = after.iter().map(|key| Text(&key.text)).collect();
        let sql = list.page(!after.is_empty(), rows);
        let rows = self.client.query_typed(&sql, &untyped(&after)).await.map_err(|e| trouble(&e))?;
        let read = |row: &tokio_postgres::Row| -> Result<Row, tokio_postgres::Error> {
            let key: Option<String> = row.try_get(0)?;
            let others = (1..row.len()).map(|n| row.try_get(n)).collect::<Result<_, _>>()?;
            Ok((key.map(|text| Key { text, is_number: false }), others))
        };
        rows.iter().map(|row| read(row).map_err(|e| trouble(&e))).collect()
    }

    pub(super) async fn find(&mut self, bound: &Bound<'_>) -> Result<Vec<String>, Trouble> {
        let values: Vec<Text<'_>> = bound.values().map(Text).collect();
        let rows = self.client.query_typed(&bound.sql, &untyped(&values)).await.map_err(|e| trouble(&e))?;
        rows.iter().map(|row| row.try_get(0).map_err(|e| trouble(&e))).collect()
    }

    pub(super) async fn erase(&mut self, bound: &Bound<'_>) -> Result<u64, Trouble> {
        let values: Vec<Text<'_>> = bound.values().map(Text).collect();
        self.client.execute_typed(&bound.sql, &untyped(&values)).await.map_err(|e| trouble(&e))
    }

    pub(super) async fn transaction(&mut self) -> Result<String, Trouble> {
        let row = self.client.query_typed_one("SELECT txid_current()::text", &[]).await.map_err(|e| trouble(&e))?;
        row.try_get(0).map_err(|e| trouble(&e))
    }

    pub(super) async fn fate(&mut self, transaction: &str) -> Result<Fate, Trouble> {
        let name = Text(transaction);
        let row = match self.client.query_typed_one("SELECT txid_status($1)", &[(&name, Type::INT8)]).await {
            Ok(row) => row,
            // It was restored from a backup, or followed the one that failed from afar.
            Err(error) if says_that_it_is_in_the_future(&error) => return Ok(Fate::Unknown),
            Err(error) => return Err(trouble(&error)),
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

/// Values whose types the server finds.
fn untyped<T: ToSql + Sync>(values: &[T]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    values.iter().map(|value| (value as &(dyn ToSql + Sync), Type::UNKNOWN)).collect()
}

/// At least one, as 0 would mean no limit.
fn millis(limit: Duration) -> u128 {
    limit.as_millis().clamp(1, i32::MAX as u128)
}
