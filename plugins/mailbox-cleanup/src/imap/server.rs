//! Which server, and how the way to it is kept secret: connects by the settings.

use std::io::{self, ErrorKind};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use quietus_plugin::{PluginError, is_loopback, tls};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::clock::Clock;
use super::settings::Settings;
use super::wire::Wire;

/// The longest that connecting to one address may take.
const CONNECTING_MAX: Duration = Duration::from_secs(10);

/// A server, and what protects the way to it.
pub(super) struct Server {
    host: String,
    port: u16,
    pub(super) security: Security,
    tls: Arc<ClientConfig>,
    name: ServerName<'static>,
}

/// What protects the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    Tls,
    Starttls,
    Plaintext,
}

impl Server {
    /// The error names the setting that is wrong.
    pub(super) fn new(settings: &Settings) -> Result<Self, String> {
        let (scheme, rest) = settings.url.split_once("://").unwrap_or_default();
        let wrong = |why: &str| Err(format!("url: {why}, such as imaps://mail.example.com"));
        let (standard, security) = match (scheme, settings.starttls) {
            ("imaps", true) => (993, Security::Tls),
            ("imaps", false) => return Err("starttls: it is for imap://; imaps:// has TLS from the start".into()),
            ("imap", true) => (143, Security::Starttls),
            ("imap", false) => (143, Security::Plaintext),
            _ => return wrong("it begins with neither imaps:// nor imap://"),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#', '@', ' ']) {
            return wrong("it has more than a host and a port");
        }
        let written = authority.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']'));
        let (host, port) = match written {
            Some((host, port)) => (host, port.parse().map_err(|_| "url: its port is not a number up to 65535")?),
            None => (authority, standard),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if security == Security::Plaintext && !settings.allow_plaintext && !is_loopback(&host) {
            return Err("starttls: without it nothing is encrypted; leave it out, or set `allow_plaintext`".into());
        }
        let Ok(name) = ServerName::try_from(host.clone()) else { return wrong("its host is not the name of one") };
        Ok(Self { host, port, security, tls: Arc::new(tls::client(tls::roots(settings.ca_file.as_deref())?)?), name })
    }

    /// A connection, with TLS where it is there from the start.
    pub(super) fn connect(&self, clock: &Clock<'_>) -> Result<Wire, PluginError> {
        let stream = self.dial(clock)?;
        let wire = Wire::new(stream).map_err(|e| lost(&e))?;
        match self.security {
            Security::Tls => self.encrypt(wire, clock),
            Security::Starttls | Security::Plaintext => Ok(wire),
        }
    }

    fn dial(&self, clock: &Clock<'_>) -> Result<TcpStream, PluginError> {
        let addresses = (self.host.as_str(), self.port).to_socket_addrs();
        let addresses = addresses.map_err(|_| PluginError::retryable("the server's host was not found"))?;
        let mut last = PluginError::retryable("the server's host has no address");
        for address in addresses {
            let patience = clock.patience(Instant::now())?.min(CONNECTING_MAX);
            match TcpStream::connect_timeout(&address, patience) {
                Ok(stream) => return Ok(stream),
                Err(e) => last = PluginError::retryable(format!("the server cannot be reached: {}", e.kind())),
            }
        }
        Err(last)
    }

    /// TLS from now on; what the server has sent before is not kept.
    pub(super) fn encrypt(&self, wire: Wire, clock: &Clock<'_>) -> Result<Wire, PluginError> {
        let connection = ClientConnection::new(self.tls.clone(), self.name.clone())
            .map_err(|e| PluginError::retryable(format!("TLS failed: {e}")))?;
        let mut wire = wire.encrypted(connection);
        let since = Instant::now();
        loop {
            match wire.shake_hands() {
                Ok(()) => return Ok(wire),
                Err(e) if waits(&e) => clock.patience(since).map(drop)?,
                Err(e) => return Err(untrusted(&e)),
            }
        }
    }
}

/// Whether nothing came within one look.
pub(super) fn waits(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

pub(super) fn lost(error: &io::Error) -> PluginError {
    PluginError::retryable(format!("the connection to the server was lost: {}", error.kind()))
}

fn untrusted(error: &io::Error) -> PluginError {
    if tls::distrusts(error) {
        return PluginError::needs_operator(
            "the server's certificate is not trusted (see `ca_file`), or it speaks no TLS",
        );
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(other) => PluginError::retryable(format!("TLS failed: {other}")),
        None => lost(error),
    }
}
