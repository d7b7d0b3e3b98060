//! The accept loop: owns every connection, bounds their number and the time of their headers, and drains them.
//!
//! It stops in two steps, so that as few as possible are refused: while it is draining, everything is answered, and each answer
//! ends its connection; when it is closing, nothing more is accepted, and what is in flight is answered.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::net::sockopt::set_tcp_user_timeout;
use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::Service as _;
use tracing::{debug, error};

use super::accepting::Accepting;
use super::client::Peer;
use super::settings::ServerSettings;

/// Larger headers are answered 431.
const HEADER_BYTES_MAX: usize = 32 << 10;

/// The most that a connection buffers.
const BUFFER_BYTES_MAX: usize = 64 << 10;

/// A client that takes no answers for so long is cut off.
const UNACKNOWLEDGED_MS_MAX: u32 = 30_000;

/// So many connections are accepted beyond `connections_max`. Each gets one answer: a delivery when to come again, and who asks
/// whether the server lives that it does. Further ones wait, which is short, as these end soon.
pub(crate) const EXCESS_MAX: usize = 256;

/// How long one of them may take to send its headers.
const EXCESS_READ_MAX: Duration = Duration::from_secs(2);

/// In the extensions of a request over such a connection.
#[derive(Clone, Copy)]
pub(super) struct Excess;

/// How long connections are kept that are idle when it closes, so that a request that was on its way is answered and not reset.
const IDLE_DRAIN: Duration = Duration::from_millis(250);

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

    fn has_begun(&self) -> bool {
        self.draining.is_cancelled() || self.closing.is_cancelled()
    }
}

/// Serves until it is to close; then answers what is in flight.
pub(crate) async fn serve(listener: TcpListener, router: Router, settings: &ServerSettings, stop: Stop) -> Drained {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(settings.header_read_max.0)
        .max_header_size(HEADER_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES_MAX);
    let mut excess = http.clone();
    excess.header_read_timeout(settings.header_read_max.0.min(EXCESS_READ_MAX));
    let mut connections = JoinSet::new();
    let accepting = Accepting::new();
    loop {
        select! {
            // In this order: a flood of new connections must neither hold up a shutdown nor keep the places of those
            // that have ended.
            biased;
            () = stop.closing.cancelled() => break,
            Some(ended) = connections.join_next() => log_abnormal_end(ended),
            accepted = accepting.next(|| listener.accept()), if connections.len() < settings.connections_max + EXCESS_MAX => {
                let (http, excess) = match connections.len() < settings.connections_max {
                    true => (&http, None),
                    false => (&excess, Some(Excess)),
                };
                connections.spawn(connection(accepted, excess, http.clone(), router.clone(), stop.child()));
            }
        }
    }
    // Closed first: who connects from now on is told at once, or reaches the next process on the same socket, and does not
    // wait for nobody to accept.
    drop(listener);
    drain(connections, settings.drain_max.0).await
}

async fn connection(
    (stream, peer): (TcpStream, SocketAddr),
    excess: Option<Excess>,
    http: http1::Builder,
    router: Router,
    stop: Stop,
) {
    let options = stream.set_nodelay(true).and_then(|()| Ok(set_tcp_user_timeout(&stream, UNACKNOWLEDGED_MS_MAX)?));
    if let Err(error) = options {
        debug!(%error, "a connection was gone before it was served");
        return;
    }
    let peer = Peer(peer.ip());
    let stop = &stop;
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        if let Some(excess) = excess {
            request.extensions_mut().insert(excess);
        }
        let routed = router.clone().call(request.map(Body::new));
        async move {
            let mut response = routed.await?;
            // Whoever keeps connections is elsewhere then when the listener closes.
            if excess.is_some() || stop.has_begun() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let served = select! {
        biased;
        served = connection.as_mut() => served,
        () = stop.closing.cancelled() => match timeout(IDLE_DRAIN, connection.as_mut()).await {
            Ok(served) => served,
            Err(_) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        },
    };
    if let Err(error) = served {
        debug!(%error, "a connection ended early");
    }
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
