//! MySQL and MariaDB, by mysql_async. Every statement with values is prepared on the server, and the values follow it.

mod codes;
mod follows;
mod tables;

use std::collections::BTreeSet;
use std::time::Duration;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, OptsBuilder, Params, SslOpts, Value};
use quietus_plugin::ErrorClass::{Permanent, Retryable};
use rustls::pki_types::CertificateDer;

use super::hidden::Trusts;
use super::terms::{Access, FOLLOWS, Key, Limits, READ_ONLY, Row, Serves};
use crate::address::Address;
use crate::statement::{Bound, Listing};
use crate::told::Maker;
use crate::trouble::Trouble;
use codes::trouble;

/// Where the server is.
pub(crate) struct Settings {
    opts: Opts,
    trusts: Trusts,
    pub(super) one_at_a_time: tokio::sync::Mutex<()>,
}

/// A connection.
pub(crate) struct Session {
    conn: Conn,
    opts: Opts,
    trusts: Trusts,
    maker: Maker,
}

/// Ends a session from another connection, which also rolls back what it did.
pub(crate) struct Stopper {
    opts: Opts,
    id: u32,
}

impl Settings {
    pub(super) fn new(
        address: &Address,
        password: Option<&str>,
        roots: Option<Vec<CertificateDer<'static>>>,
        trusts: Trusts,
    ) -> Self {
        let tls = roots.map(|roots| {
            let roots = roots.iter().map(|root| root.to_vec().into()).collect();
            SslOpts::default().with_root_certs(roots).with_disable_built_in_roots(true)
        });
        let opts = OptsBuilder::default()
            .ip_or_hostname(&address.host)
            .tcp_port(address.port)
            .user(Some(&address.user))
            .pass(password)
            .db_name(Some(&address.database))
            // A socket would be another server than the URL's, say behind a tunnel.
            .prefer_socket(false)
            // An UPDATE is counted by what it met, as the counting statement does.
            .client_found_rows(true)
            .ssl_opts(tls);
        Self { opts: opts.into(), trusts, one_at_a_time: tokio::sync::Mutex::default() }
    }

    pub(super) async fn connect(&self) -> Result<Session, Trouble> {
        let mut conn = Conn::new(self.opts.clone()).await.map_err(|e| codes::connecting(&e))?;
        let version: Option<String> = conn.query_first("SELECT VERSION()").await.map_err(|e| trouble(&e))?;
        let is_mariadb = version.is_some_and(|version| version.contains("MariaDB"));
        let maker = if is_mariadb { Maker::Mariadb } else { Maker::Mysql };
        // Statements were checked in MySQL's own grammar: with a server's ANSI_QUOTES or PIPES_AS_CONCAT, the same text
        // would mean something else.
        let settings = "SET NAMES utf8mb4, SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', \
                        SESSION sql_safe_updates = 0, SESSION completion_type = 0";
        conn.query_drop(settings).await.map_err(|e| trouble(&e))?;
        Ok(Session { conn, opts: self.opts.clone(), trusts: self.trusts, maker })
    }
}

impl Session {
    pub(super) fn stopper(&self) -> Stopper {
        Stopper { opts: self.opts.clone(), id: self.conn.id() }
    }

    /// A character that the column's character set lacks is an error to it, as a conflict of collations is. It can be in no
    /// row; all else that does not fit a column is not equal to it, byte by byte.
    pub(super) async fn impossible(&mut self, bound: &Bound<'_>) -> Result<BTreeSet<usize>, Trouble> {
        let odd = bound.parameters.iter().filter(|parameter| !parameter.value.is_ascii());
        let odd: BTreeSet<usize> = odd.map(|parameter| parameter.place).collect();
        let mut impossible = BTreeSet::new();
        for place in odd {
            if !self.can_compare(bound, Some(place)).await? {
                // Otherwise the conflict is one of the statement's own.
                self.can_compare(bound, None).await?;
                impossible.insert(place);
            }
        }
        Ok(impossible)
    }

    /// Whether the server can compare the value of one place; the others are empty.
    async fn can_compare(&mut self, bound: &Bound<'_>, place: Option<usize>) -> Result<bool, Trouble> {
        let alone = bound.parameters.iter().map(|own| match Some(own.place) == place {
            true => own.value.as_bytes().to_vec(),
            false => Vec::new(),
        });
        let alone = Params::Positional(alone.map(Value::Bytes).collect());
        match self.conn.exec_drop(format!("EXPLAIN {}", bound.sql), alone).await {
            Ok(()) => Ok(true),
            Err(error) if place.is_some() && codes::says_that_the_value_fits_nowhere(&error) => Ok(false),
            Err(error) => Err(trouble(&error)),
        }
    }

    pub(super) async fn begin(&mut self, access: Access, limits: Limits) -> Result<Serves, Trouble> {
        let lock = limits.lock.as_secs().max(1);
        self.run(&format!("SET SESSION innodb_lock_wait_timeout = {lock}")).await?;
        let statement = if self.maker == Maker::Mariadb {
            format!(
                "SET SESSION max_statement_time = {:.3}",
                limits.statement.max(Duration::from_millis(1)).as_secs_f64()
            )
        } else {
            format!("SET SESSION max_execution_time = {}", limits.statement.as_millis().max(1))
        };
        self.run(&statement).await?;
        match access {
            Access::Look => {
                self.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
                self.run("START TRANSACTION READ ONLY").await?;
            }
            // What was counted stays locked, so that exactly this is erased.
            Access::Erase => {
                self.run("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE").await?;
                self.run("START TRANSACTION").await?;
            }
        }
        let is_read_only = self.is_read_only().await?;
        let serves = if is_read_only { Serves::Replica } else { self.follows().await? };
        // What is erased here goes there, too; what has not come from there is not erased, and the answer says so.
        if serves == Serves::Replica && !is_read_only && self.trusts.follows {
            return Ok(Serves::Ring);
        }
        match (serves, access) {
            // What is not there may have been erased, or not have arrived.
            (Serves::Replica, Access::Erase) => {
                Err(Trouble::said(Retryable, if is_read_only { READ_ONLY } else { FOLLOWS }))
            }
            _ => Ok(serves),
        }
    }

    /// Whether the server takes no changes from ordinary users. Text, as later versions have words in place of 0 and 1; Aurora's readers
    /// are told by InnoDB's own. Within the transaction, as proxies choose the server by it.
    async fn is_read_only(&mut self) -> Result<bool, Trouble> {
        let sql = "SELECT CONCAT(@@global.read_only) NOT IN ('0', 'OFF') OR CONCAT(@@global.innodb_read_only) NOT IN ('0', 'OFF')";
        let said: Option<Option<i64>> = self.conn.query_first(sql).await.map_err(|e| trouble(&e))?;
        let said = said
            .flatten()
            .ok_or_else(|| Trouble::said(Retryable, "the server does not say whether it is read-only"))?;
        Ok(said == 1)
    }

    /// Prepares a statement: that also checks the rights.
    pub(super) async fn rehearse(&mut self, bound: &Bound<'_>) -> Result<(), Trouble> {
        let statement = self.conn.prep(bound.sql.as_str()).await.map_err(|e| trouble(&e))?;
        self.conn.close(statement).await.map_err(|e| trouble(&e))
    }

    pub(super) async fn count(&mut self, bound: &Bound<'_>) -> Result<u64, Trouble> {
        let count: Option<u64> =
            self.conn.exec_first(bound.sql.as_str(), parameters(bound)).await.map_err(|e| trouble(&e))?;
        count.ok_or_else(|| Trouble::said(Permanent, "the database counted nothing"))
    }

    pub(super) async fn list(&mut self, list: &Listing, after: Option<&Key>, rows: u32) -> Result<Vec<Row>, Trouble> {
        let sql = list.page(after.is_some(), rows);
        let after = after.map(|key| match key.text.parse() {
            Ok(number) if key.is_number => Value::Int(number),
            _ => Value::Bytes(key.text.as_bytes().to_vec()),
        });
        let after = after.map_or(Params::Empty, |key| Params::Positional(vec![key]));
        let rows: Vec<mysql_async::Row> = self.conn.exec(sql, after).await.map_err(|e| trouble(&e))?;
        rows.into_iter().map(|row| read(row.unwrap())).collect()
    }

    pub(super) async fn find(&mut self, bound: &Bound<'_>) -> Result<Vec<String>, Trouble> {
        let rows: Vec<mysql_async::Row> =
            self.conn.exec(bound.sql.as_str(), parameters(bound)).await.map_err(|e| trouble(&e))?;
        let text = |row: mysql_async::Row| match row.unwrap().pop() {
            Some(Value::Bytes(bytes)) => String::from_utf8(bytes).map_err(|_| Trouble::unreadable()),
            _ => Err(Trouble::unreadable()),
        };
        rows.into_iter().map(text).collect()
    }

    pub(super) async fn erase(&mut self, bound: &Bound<'_>) -> Result<u64, Trouble> {
        self.conn.exec_drop(bound.sql.as_str(), parameters(bound)).await.map_err(|e| trouble(&e))?;
        Ok(self.conn.affected_rows())
    }

    /// After an error other than a deadlock's, it is open whether it was done.
    pub(super) async fn commit(&mut self) -> Result<(), Trouble> {
        self.conn.query_drop("COMMIT").await.map_err(|e| codes::committing(&e))
    }

    pub(super) async fn close(self) {
        // The server has ended it by itself, or does now.
        let _ended = self.conn.disconnect().await;
    }

    async fn run(&mut self, sql: &str) -> Result<(), Trouble> {
        self.conn.query_drop(sql).await.map_err(|e| trouble(&e))
    }
}

impl Stopper {
    pub(super) async fn stop(self) {
        let Ok(mut conn) = Conn::new(self.opts).await else { return };
        // Whether it came through is seen by what the session answers.
        let _asked = conn.query_drop(format!("KILL CONNECTION {}", self.id)).await;
        let _ended = conn.disconnect().await;
    }
}

fn read(values: Vec<Value>) -> Result<Row, Trouble> {
    let mut values = values.into_iter();
    let key = match values.next() {
        Some(Value::Int(number)) => Some(Key { text: number.to_string(), is_number: true }),
        // A greater one would not be compared as it is.
        Some(Value::UInt(number)) if i64::try_from(number).is_ok() => {
            Some(Key { text: number.to_string(), is_number: true })
        }
        Some(Value::Bytes(bytes)) => String::from_utf8(bytes).ok().map(|text| Key { text, is_number: false }),
        _ => None,
    };
    let text = |value| match value {
        Value::NULL => Ok(None),
        Value::Bytes(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| Trouble::unreadable()),
        _ => Err(Trouble::unreadable()),
    };
    Ok((key, values.map(text).collect::<Result<_, _>>()?))
}

fn parameters(bound: &Bound<'_>) -> Params {
    Params::Positional(bound.values().map(|value| Value::Bytes(value.as_bytes().to_vec())).collect())
}
