//! The accept loop: owns every connection, bounds their number and the time of their headers, and drains them.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
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
use super::routes::draining;
use super::settings::ServerSettings;

/// Larger headers are answered 431.
const HEADER_BYTES_MAX: usize = 32 << 10;

/// The most that a connection buffers.
const BUFFER_BYTES_MAX: usize = 64 << 10;

/// A client that takes no answers for so long is cut off.
const UNACKNOWLEDGED_MS_MAX: u32 = 30_000;

/// How long a shutdown keeps idle connections, so that a request that was on its way is answered and not reset.
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

/// Serves until the shutdown; then answers what is in flight, and what still arrives with 503.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    settings: &ServerSettings,
    shutdown: CancellationToken,
) -> Drained {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(settings.header_read_max.0)
        .max_header_size(HEADER_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES_MAX);
    let mut connections = JoinSet::new();
    let accepting = Accepting::new();
    loop {
        select! {
            // In this order: a flood of new connections must neither hold up a shutdown nor keep the places of those
            // that have ended.
            biased;
            () = shutdown.cancelled() => break,
            Some(ended) = connections.join_next() => log_abnormal_end(ended),
            (stream, peer) = accepting.next(|| listener.accept()), if connections.len() < settings.connections_max => {
                // A token of its own: a shared one's lock would be taken with every poll of every connection.
                let shutdown = shutdown.child_token();
                connections.spawn(connection(stream, peer, http.clone(), router.clone(), shutdown));
            }
        }
    }
    // Closed first: who connects from now on is told at once, and does not wait for nobody to accept.
    drop(listener);
    drain(connections, settings.drain_max.0).await
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    http: http1::Builder,
    router: Router,
    shutdown: CancellationToken,
) {
    let options = stream.set_nodelay(true).and_then(|()| Ok(set_tcp_user_timeout(&stream, UNACKNOWLEDGED_MS_MAX)?));
    if let Err(error) = options {
        debug!(%error, "a connection was gone before it was served");
        return;
    }
    let peer = Peer(peer.ip());
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        let routed = (!shutdown.is_cancelled()).then(|| {
            request.extensions_mut().insert(peer);
            router.clone().call(request.map(Body::new))
        });
        async move {
            match routed {
                Some(response) => response.await,
                None => Ok(draining()),
            }
        }
    });
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let served = select! {
        biased;
        served = connection.as_mut() => served,
        () = shutdown.cancelled() => match timeout(IDLE_DRAIN, connection.as_mut()).await {
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
