//! How connections are made: encrypted where they leave the machine, and what their sessions are to be like.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::PostgresPlace;
use super::session::SessionSettings;
use crate::keys::Secret;

/// How long a connection may take to be made, and how long an unanswered byte may be on its way before the connection
/// counts as lost.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// What makes connections.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
    pub(super) settings: SessionSettings,
}

impl Connector {
    pub(super) fn new(place: &PostgresPlace, password: Option<&Secret>) -> anyhow::Result<Self> {
        let mut config = place.config().map_err(|what| anyhow::anyhow!("`ledger.url` {what}"))?;
        if let Some(password) = password {
            config.password(password.expose());
        }
        if config.get_application_name().is_none() {
            config.application_name("quietus");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_MAX);
        }
        config.tcp_user_timeout(CONNECT_MAX * 2).keepalives_idle(CONNECT_MAX * 2);
        config.keepalives_interval(CONNECT_MAX).keepalives_retries(2);
        Ok(Self { config, tls: tls(place.ca_file.as_deref())?, settings: SessionSettings::new(place.statement_max) })
    }
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
