//! `[server]`: where to listen, and the bounds of what is received.

use std::net::SocketAddr;
use std::path::PathBuf;

use quietus_plugin::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use crate::verify::Network;

/// The server's addresses and limits.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerSettings {
    pub(crate) listen: SocketAddr,
    /// Where Prometheus may ask for `/metrics`, and an orchestrator for `/healthz` and `/readyz`, however full `listen` is; nowhere when it is
    /// empty. Keep it inside your network. The default is an address of this machine only; where another program has it, as a second server
    /// here, the server starts without, says so, and takes it once it is free. One that was written refuses the start.
    #[serde(deserialize_with = "address_or_empty")]
    #[schemars(with = "String")]
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// Where third parties report the outcome of an erasure that they have accepted; nowhere when it is not given. Keep it inside your
    /// network, or put a proxy with TLS before it.
    pub(crate) reports_listen: Option<SocketAddr>,
    /// What they are told to call: `reports_listen` as it is seen from outside, of this process or of another one on the same
    /// ledger; needed unless it is an address of this machine.
    pub(crate) reports_url: Option<String>,
    /// The socket on which `quietus plugin list` and others ask the server; beside a ledger in a file, with the ending
    /// `.sock`, when it is not given. With a ledger in PostgreSQL there is none then.
    pub(crate) control: Option<PathBuf>,
    /// A folder in which it is remembered what the ledger was, so that an older one, or an empty one, is noticed. Beside a ledger
    /// in a file, with the ending `.state`, when it is not given; with a ledger in PostgreSQL `state` beside the configuration
    /// file. Processes of a fleet may share one, or have one each. Empty: nothing is remembered.
    pub(crate) state_dir: Option<PathBuf>,
    /// Whether the server reloads its configuration by itself once the file, or a secret's, has changed and stays so for a moment.
    pub(crate) reload_on_change: bool,
    /// What mluvii calls: the address of `listen` as it is seen from outside.
    pub(crate) public_url: Option<String>,
    /// A larger body is answered 413.
    pub(crate) body_bytes_max: usize,
    /// With slower headers, or without a request for so long, the connection is closed.
    pub(crate) header_read_max: Span,
    /// A slower body is answered 408.
    pub(crate) body_read_max: Span,
    /// Over further connections, deliveries are answered 503, and each is closed after one answer. The process raises the number of files
    /// that it may open as far as it may; where that is too few, it does not start, or where nobody has said a number has fewer.
    pub(crate) connections_max: usize,
    /// Further deliveries of one source at once are answered 503. They count once their sender is known.
    pub(crate) requests_max: usize,
    /// Memory for bodies that are not whole yet, so that their senders are not known, in bytes with the buffers of their connections
    /// (16 KiB each); a quarter for one client. Beyond that, the oldest is answered 503.
    pub(crate) unverified_bytes_max: usize,
    /// How long a delivery waits for the ledger before it is answered 503.
    pub(crate) record_max: Span,
    /// How long a shutdown waits for calls under way, and then again for what is still being received.
    pub(crate) drain_max: Span,
    /// Networks whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Vec<Network>,
}

/// An address, or nothing where the text is empty.
fn address_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(serde::de::Error::custom)
}
