//! The accept loop: owns every connection, bounds their number and the time of their headers, and drains them.
//!
//! It stops in two steps, so that as few as possible are refused: while it is draining, everything is answered, and each answer
//! ends its connection; when it is closing, nothing more is accepted, and what is in flight is answered.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;
use tokio::select;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::accepting::Accepting;
use super::client::Peer;
use super::connection::Connection;
use super::known::{IDLE_AFTER, Known, Seat};
use super::log_rate_limit::LogRateLimit;
use super::settings::ServerSettings;
use super::strangers::{Client, Strangers};
use crate::lock::Replaceable;

/// The most that a connection buffers of what it has read. It times `connections_max` is what strangers can make the process hold
/// with headers that do not end, so it is as small as headers allow.
pub(super) const BUFFER_BYTES_MAX: usize = 16 << 10;

/// Larger headers are answered 431.
const HEADER_BYTES_MAX: usize = BUFFER_BYTES_MAX;

/// So many connections are there beyond `connections_max`: those that have made way and are still ending, and those without a place. Each
/// of these gets one answer: a delivery when to come again, and who asks whether the server lives that it does. Further ones wait, which is short, as these end soon.
pub(crate) const EXCESS_MAX: usize = 256;

/// How long one of them may take to send its headers.
const EXCESS_READ_MAX: Duration = Duration::from_secs(2);

/// How the connections ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Drained {
    /// Everything in flight was answered.
    All,
    /// So many connections were still open at the end of `drain_max`.
    Cut(usize),
}

/// When a listener stops.
#[derive(Clone)]
pub(crate) struct Stop {
    /// From then on, each answer ends its connection.
    pub(crate) draining: CancellationToken,
    /// From then on, nothing more is accepted.
    pub(crate) closing: CancellationToken,
}

impl Stop {
    /// Without a time before in which it is draining.
    pub(crate) fn at_once(closing: CancellationToken) -> Self {
        Self { draining: closing.clone(), closing }
    }

    /// For a connection. With the listener's own tokens, a shared lock would be taken with every poll of every connection.
    fn child(&self) -> Self {
        Self { draining: self.draining.child_token(), closing: self.closing.child_token() }
    }

    pub(super) fn has_begun(&self) -> bool {
        self.draining.is_cancelled() || self.closing.is_cancelled()
    }
}

/// Who gets a place among the connections.
struct Places {
    settings: Arc<ServerSettings>,
    strangers: Arc<Strangers>,
    known: Arc<Known>,
    crowded: LogRateLimit,
}

impl Places {
    fn new(settings: Arc<ServerSettings>) -> Self {
        let most = settings.connections_max;
        Self { settings, strangers: Strangers::new(most), known: Known::new(most), crowded: LogRateLimit::new() }
    }

    /// From now on by these settings; connections that are there stay.
    fn by(&mut self, settings: Arc<ServerSettings>) {
        self.strangers.resize(settings.connections_max);
        self.known.resize(settings.connections_max);
        self.settings = settings;
    }

    /// The seat of a new connection; `None` where all are taken, and nobody makes way. Whoever has made way for another one counts no
    /// more, although it may still be there for a moment.
    fn of(&self, peer: IpAddr) -> Option<Arc<Seat>> {
        let ServerSettings { connections_max, trusted_proxies, .. } = &*self.settings;
        if self.strangers.size() + self.known.count() >= *connections_max {
            if self.crowded.passes() {
                let connections = connections_max;
                warn!(
                    connections,
                    "no more connections fit; the oldest are closed on which nobody has authenticated, then idle ones"
                );
            }
            if !self.strangers.displace_oldest() && !self.known.displace_idlest(IDLE_AFTER) {
                return None;
            }
        }
        // A proxy's connections are not one client's.
        let is_proxy = trusted_proxies.iter().any(|network| network.contains(peer));
        let stranger = self.strangers.enter(Some(Client::of(peer)).filter(|_| !is_proxy), 1);
        Some(self.known.seat(stranger).into())
    }
}

/// How the connections of those with a place are served, and of those without.
fn builders(settings: &ServerSettings) -> (http1::Builder, http1::Builder) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(settings.header_read_max.0)
        .max_header_size(HEADER_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES_MAX);
    let mut excess = http.clone();
    excess.header_read_timeout(settings.header_read_max.0.min(EXCESS_READ_MAX));
    (http, excess)
}

/// Serves until it is to close; then answers what is in flight. Each connection is served by the settings of when it came.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    settings: &Replaceable<ServerSettings>,
    stop: Stop,
) -> Drained {
    let mut connections = JoinSet::new();
    let mut places = Places::new(settings.current());
    let (mut http, mut excess) = builders(&places.settings);
    let accepting = Accepting::new();
    loop {
        select! {
            // In this order: a flood of new connections must neither hold up a shutdown nor keep the places of those
            // that have ended.
            biased;
            () = stop.closing.cancelled() => break,
            Some(ended) = connections.join_next() => log_abnormal_end(ended),
            accepted = accepting.next(|| listener.accept()), if connections.len() < settings.current().connections_max + EXCESS_MAX => {
                let (stream, peer) = accepted;
                let current = settings.current();
                if !Arc::ptr_eq(&current, &places.settings) {
                    (http, excess) = builders(&current);
                    places.by(current);
                }
                let seat = places.of(peer.ip());
                let http = if seat.is_some() { &http } else { &excess };
                let connection = Connection { stream, peer: Peer(peer.ip()), seat, stop: stop.child() };
                connections.spawn(connection.serve(http.clone(), router.clone()));
            }
        }
    }
    // Closed first: who connects from now on is told at once, or reaches the next process on the same socket, and does not
    // wait for nobody to accept.
    drop(listener);
    drain(connections, settings.current().drain_max.0).await
}

async fn drain(mut connections: JoinSet<()>, drain_max: Duration) -> Drained {
    let all = async {
        while let Some(ended) = connections.join_next().await {
            log_abnormal_end(ended);
        }
    };
    if timeout(drain_max, all).await.is_ok() {
        return Drained::All;
    }
    let cut = connections.len();
    connections.shutdown().await;
    Drained::Cut(cut)
}

fn log_abnormal_end(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        // Not the error itself: it holds the panic's text, and that could be what was received.
        error!(panicked = error.is_panic(), "a connection's task failed");
    }
}
