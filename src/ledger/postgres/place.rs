//! Where a PostgreSQL ledger is, and how its connections are made. A URL enters, a connector leaves; nothing is opened here.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::keys::Secret;

/// The schema in which the ledger's tables are.
pub(super) const SCHEMA: &str = "quietus";

/// How long a connection may take to be made, and how long an unanswered byte may be on its way before the connection
/// counts as lost.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// A session that stands still within a transaction holds its locks; after so long the server ends it. A process that
/// was stopped must not keep the others waiting.
const IDLE_IN_TRANSACTION_MS: u32 = 5_000;

/// How long one statement waits for a lock.
const LOCK_MS: u32 = 5_000;

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
        let url = self.url.replace("sslmode=verify-full", "sslmode=require");
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
        if config.get_hosts().len() > 1 {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        Ok(config)
    }

    /// How connections are made.
    pub(super) fn connector(&self, password: Option<&Secret>) -> anyhow::Result<Connector> {
        let mut config = self.config().map_err(|what| anyhow::anyhow!("`ledger.url` {what}"))?;
        if let Some(password) = password {
            config.password(password.expose());
        }
        if config.get_application_name().is_none() {
            config.application_name("quietus");
        }
        config.connect_timeout(CONNECT_MAX).tcp_user_timeout(CONNECT_MAX * 2).keepalives_idle(CONNECT_MAX * 6);
        config.options(format!(
            "-c search_path={SCHEMA} -c synchronous_commit=on -c statement_timeout={} -c lock_timeout={LOCK_MS} \
             -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS} \
             -c default_transaction_isolation=read\\ committed -c jit=off -c random_page_cost=1.1 \
             -c enable_seqscan=off -c enable_bitmapscan=off",
            self.statement_max.as_millis()
        ));
        Ok(Connector { config, tls: tls(self.ca_file.as_deref())? })
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

/// What makes connections.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
}

/// Whether every host is this machine.
fn is_local(config: &Config) -> bool {
    let local = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
    };
    config.get_hosts().iter().all(local)
}

fn tls(ca_file: Option<&Path>) -> anyhow::Result<MakeRustlsConnect> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let own = match ca_file {
        Some(path) => {
            let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            read.with_context(|| format!("`ledger.ca_file` {} cannot be read", path.display()))?
        }
        None => Vec::new(),
    };
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(own, Arc::clone(&provider))
        .context("the system's certificates cannot be read")?;
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS cannot be set up")?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
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
        mode("postgres://quietus@localhost,db.example.com/quietus", SslMode::Require);
    }

    #[test]
    fn of_several_hosts_the_one_that_can_be_written_is_used() {
        let config = place("postgres://quietus@a.example.com,b.example.com/quietus").config().expect("a place");
        assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
    }

    #[test]
    fn what_is_no_place_or_holds_a_password_is_refused() {
        for url in
            ["postgres://user:hunter2@host/quietus", "postgres://host:port/quietus", "postgres://host", "postgres:"]
        {
            let wrong = place(url).config().expect_err(url);
            assert!(!wrong.contains("hunter2"), "{wrong}");
        }
    }
}
