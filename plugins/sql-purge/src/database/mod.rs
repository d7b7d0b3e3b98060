//! A connection to the database, made for one call and closed after it: statements with their values enter, numbers of rows
//! leave. Two languages, one behaviour.

mod hidden;
mod mysql;
mod postgres;
mod terms;

use std::collections::BTreeSet;
use std::time::Duration;

use quietus_plugin::{ErrorClass, PluginError, Secrets, Sensitive, tls};
use tokio::sync::MutexGuard;

use crate::address::{Address, Engine};
use crate::config::{Config, Tls};
use crate::statement::{Bound, Checked, Listing};
use crate::told;
use crate::trouble::Trouble;
use hidden::Trusts;
use terms::CONNECTING_MAX;

pub(crate) use hidden::{Sight, Triggers};
pub(crate) use terms::{Access, Fate, Key, Limits, Row, Serves};

/// Where the database is, and how it is reached.
pub(crate) enum Database {
    Postgres(Box<postgres::Settings>),
    Mysql(mysql::Settings),
}

/// A connection.
pub(crate) enum Session {
    Postgres(postgres::Session),
    Mysql(mysql::Session),
}

/// What ends whatever a session is doing on the server.
pub(crate) enum Stopper {
    Postgres(postgres::Stopper),
    Mysql(mysql::Stopper),
}

impl Database {
    pub(crate) fn make(config: &Config, address: Address, secrets: &Secrets) -> Result<Self, PluginError> {
        let password = match &config.password {
            Some(password) => Some(secrets.require(&password.secret)?.clone()),
            None => None,
        };
        let encrypted = match config.tls {
            Some(tls) => tls == Tls::Require,
            None => !address.is_loopback(),
        };
        if !encrypted && config.ca_file.is_some() {
            let text = "`ca_file` has no meaning without TLS: write `tls = \"require\"`";
            return Err(PluginError::needs_operator(text));
        }
        let trusts = Trusts::of(config);
        if trusts.row_security && address.engine == Engine::Mysql {
            let text = "`row_security` has no meaning here: MySQL and MariaDB have no row-level security";
            return Err(PluginError::needs_operator(text));
        }
        if trusts.follows && address.engine == Engine::Postgres {
            let text =
                "`follows` has no meaning here: a server of PostgreSQL's that follows another one takes no changes";
            return Err(PluginError::needs_operator(text));
        }
        let roots = encrypted.then(|| tls::roots(config.ca_file.as_deref()));
        let roots = roots.transpose().map_err(PluginError::needs_operator)?;
        Ok(match address.engine {
            Engine::Postgres => {
                let settings = postgres::Settings::new(&address, password.as_ref(), roots, trusts);
                Self::Postgres(Box::new(settings.map_err(PluginError::needs_operator)?))
            }
            Engine::Mysql => {
                Self::Mysql(mysql::Settings::new(&address, password.as_ref().map(Sensitive::expose), roots, trusts))
            }
        })
    }

    /// Waits until this process may erase there: what MySQL counts it locks for reading, and two that then want to write are
    /// in a deadlock.
    pub(crate) async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self {
            Self::Postgres(_) => None,
            Self::Mysql(settings) => Some(settings.one_at_a_time.lock().await),
        }
    }

    pub(crate) async fn connect(&self, longest: Duration) -> Result<Session, Trouble> {
        let connecting = async {
            Ok(match self {
                Self::Postgres(settings) => Session::Postgres(settings.connect().await?),
                Self::Mysql(settings) => Session::Mysql(settings.connect().await?),
            })
        };
        let connected = tokio::time::timeout(longest.min(CONNECTING_MAX), connecting).await;
        let silent = |_| Err(Trouble::said(ErrorClass::Retryable, "the database does not answer"));
        connected.unwrap_or_else(silent).map_err(Trouble::of_connecting)
    }
}

impl Session {
    pub(crate) fn stopper(&self) -> Stopper {
        match self {
            Self::Postgres(session) => Stopper::Postgres(session.stopper()),
            Self::Mysql(session) => Stopper::Mysql(session.stopper()),
        }
    }

    /// The places in a condition that are compared with what cannot hold their values at all, by its type and character set. Asked
    /// before a transaction.
    pub(crate) async fn impossible(&mut self, bound: &Bound<'_>) -> Result<BTreeSet<usize>, Trouble> {
        match self {
            Self::Postgres(session) => session.impossible(bound).await,
            Self::Mysql(session) => session.impossible(bound).await,
        }
    }

    /// Whether a statement's tables show all their rows, can be rolled back, and compare text as it is.
    pub(crate) async fn examine(&mut self, checked: &Checked) -> Result<Sight, Trouble> {
        match self {
            Self::Postgres(session) => session.examine(checked).await,
            Self::Mysql(session) => session.examine(checked).await,
        }
    }

    /// What the server keeps of what went, for the receipt.
    pub(crate) async fn keeps(&mut self) -> Result<Vec<String>, Trouble> {
        match self {
            Self::Postgres(_) => Ok(vec![told::POSTGRES_KEEPS.to_owned()]),
            Self::Mysql(session) => session.keeps().await,
        }
    }

    pub(crate) async fn begin(&mut self, access: Access, limits: Limits) -> Result<Serves, Trouble> {
        match self {
            Self::Postgres(session) => session.begin(access, limits).await,
            Self::Mysql(session) => session.begin(access, limits).await,
        }
    }

    /// What statements are rehearsed in. In MySQL's none: one that is read-only refuses to prepare what writes.
    pub(crate) async fn begin_rehearsal(&mut self, limits: Limits) -> Result<(), Trouble> {
        match self {
            Self::Postgres(session) => session.begin(Access::Look, limits).await.map(drop),
            Self::Mysql(_) => Ok(()),
        }
    }

    /// Lets the server read a statement and check the rights that it needs, and does not run it.
    pub(crate) async fn rehearse(&mut self, bound: &Bound<'_>) -> Result<(), Trouble> {
        match self {
            Self::Postgres(session) => session.rehearse(bound).await,
            Self::Mysql(session) => session.rehearse(bound).await,
        }
    }

    /// The number that a counting statement finds.
    pub(crate) async fn count(&mut self, bound: &Bound<'_>) -> Result<u64, Trouble> {
        match self {
            Self::Postgres(session) => session.count(bound).await,
            Self::Mysql(session) => session.count(bound).await,
        }
    }

    /// The next rows of a list, after a key.
    pub(crate) async fn list(&mut self, list: &Listing, after: Option<&Key>, rows: u32) -> Result<Vec<Row>, Trouble> {
        match self {
            Self::Postgres(session) => session.list(list, after, rows).await,
            Self::Mysql(session) => session.list(list, after, rows).await,
        }
    }

    /// The different values that a finding statement finds.
    pub(crate) async fn find(&mut self, bound: &Bound<'_>) -> Result<Vec<String>, Trouble> {
        match self {
            Self::Postgres(session) => session.find(bound).await,
            Self::Mysql(session) => session.find(bound).await,
        }
    }

    /// The number of rows that an erasing statement met.
    pub(crate) async fn erase(&mut self, bound: &Bound<'_>) -> Result<u64, Trouble> {
        match self {
            Self::Postgres(session) => session.erase(bound).await,
            Self::Mysql(session) => session.erase(bound).await,
        }
    }

    /// The name by which the server knows this transaction later, if it does.
    pub(crate) async fn transaction(&mut self) -> Result<Option<String>, Trouble> {
        match self {
            Self::Postgres(session) => session.transaction().await.map(Some),
            Self::Mysql(_) => Ok(None),
        }
    }

    pub(crate) async fn fate(&mut self, transaction: &str) -> Result<Fate, Trouble> {
        match self {
            Self::Postgres(session) => session.fate(transaction).await,
            Self::Mysql(_) => Ok(Fate::Unknown),
        }
    }

    /// An error that is not answered leaves it open whether it was committed.
    pub(crate) async fn commit(&mut self) -> Result<(), Trouble> {
        match self {
            Self::Postgres(session) => session.commit().await,
            Self::Mysql(session) => session.commit().await,
        }
    }

    /// Ends the connection; what was not committed is rolled back.
    pub(crate) async fn close(self) {
        match self {
            Self::Postgres(session) => session.close().await,
            Self::Mysql(session) => session.close().await,
        }
    }
}

impl Stopper {
    /// Tells the server, on another connection. Nothing can be done when that fails.
    pub(crate) async fn stop(self) {
        match self {
            Self::Postgres(stopper) => stopper.stop().await,
            Self::Mysql(stopper) => stopper.stop().await,
        }
    }
}
