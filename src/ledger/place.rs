//! Where a ledger is. Parses its URL; nothing is opened here.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

/// Where a ledger is.
#[derive(Clone, Debug)]
pub(crate) enum LedgerPlace {
    /// The embedded ledger's file.
    Sqlite(PathBuf),
    Postgres(PostgresPlace),
}

impl LedgerPlace {
    /// The place in words, without a user.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Sqlite(path) => path.display().to_string(),
            Self::Postgres(place) => place.shown(),
        }
    }
}

/// A PostgreSQL database, as the configuration names it.
#[derive(Clone, Debug)]
pub(crate) struct PostgresPlace {
    pub(crate) url: String,
    /// Who connects, in place of the URL's user.
    pub(crate) user: Option<String>,
    /// Certificates (PEM) that are trusted beside the system's own.
    pub(crate) ca_file: Option<PathBuf>,
    /// The longest that one statement may take.
    pub(crate) statement_max: Duration,
    /// Connections that this process works with, beside the few that receive, read and listen.
    pub(crate) connections_max: usize,
}

impl PostgresPlace {
    /// What the URL says, or why it says nothing. The text does not repeat the URL.
    pub(crate) fn config(&self) -> Result<Config, &'static str> {
        // This is what `require` does here in any case: a certificate is always verified, its name included.
        let url =
            self.url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
        let mut config: Config =
            url.parse().map_err(|_| "is not a PostgreSQL URL, `postgres://USER@HOST:PORT/DATABASE`")?;
        if config.get_password().is_some() {
            return Err("has a password in it; write it as `ledger.password = { file = \"…\" }`");
        }
        if let Some(user) = &self.user {
            config.user(user.as_str());
        }
        if config.get_hosts().is_empty() || config.get_dbname().is_none() {
            return Err("names no host or no database; `postgres://USER@HOST:PORT/DATABASE` does");
        }
        if config.get_ssl_mode() == SslMode::Prefer {
            config.ssl_mode(if is_local(&config) { SslMode::Disable } else { SslMode::Require });
        }
        if config.get_options().is_some() {
            return Err("has `options` in it; quietus sets the session's own");
        }
        // After a failover, the old primary may still answer and can only be read: the other hosts are tried then.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        Ok(config)
    }

    /// The place in words, without a user.
    pub(crate) fn shown(&self) -> String {
        let Ok(config) = self.config() else { return "postgres".to_owned() };
        let hosts = config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
        format!("{} at {}", config.get_dbname().unwrap_or("?"), hosts.collect::<Vec<_>>().join(", "))
    }
}

/// Whether every host is this machine.
fn is_local(config: &Config) -> bool {
    let local = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
    };
    config.get_hosts().iter().all(local) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> PostgresPlace {
        let statement_max = Duration::from_secs(1);
        PostgresPlace { url: url.to_owned(), user: None, ca_file: None, statement_max, connections_max: 1 }
    }

    #[track_caller]
    fn mode(url: &str, expected: SslMode) {
        assert_eq!(place(url).config().expect("a place").get_ssl_mode(), expected, "{url}");
    }

    #[test]
    fn a_connection_that_leaves_the_machine_is_encrypted_unless_told_otherwise() {
        mode("postgres://quietus@db.example.com/quietus", SslMode::Require);
        mode("postgres://quietus@10.0.0.7:5433/quietus?sslmode=verify-full", SslMode::Require);
        mode("postgres://quietus@db.example.com/quietus?sslmode=disable", SslMode::Disable);
        mode("postgres://quietus@127.0.0.1/quietus", SslMode::Disable);
        mode("postgres://quietus@localhost/quietus?sslmode=require", SslMode::Require);
        mode("postgres:///quietus?host=/run/postgresql&user=quietus", SslMode::Disable);
        mode("postgres://quietus@localhost/quietus?hostaddr=10.0.0.7", SslMode::Require);
        mode("postgres://quietus@localhost,db.example.com/quietus", SslMode::Require);
    }

    #[test]
    fn a_server_that_can_be_written_is_used() {
        let config = place("postgres://quietus@a.example.com,b.example.com/quietus").config().expect("a place");
        assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
    }

    #[test]
    fn what_is_no_place_or_holds_a_password_is_refused() {
        for url in [
            "postgres://user:hunter2@host/quietus",
            "postgres://host:port/quietus",
            "postgres://host",
            "postgres:",
            "postgres://host/q?options=-c%20fsync%3Doff",
        ] {
            let wrong = place(url).config().expect_err(url);
            assert!(!wrong.contains("hunter2"), "{wrong}");
        }
    }
}
