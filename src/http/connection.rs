//! One connection's life: its requests are answered, until it ends, is displaced by others, or the listener closes.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustix::net::sockopt::set_tcp_user_timeout;
use tokio::net::TcpStream;
use tokio::select;
use tokio::time::timeout;
use tower::Service as _;
use tracing::debug;

use super::client::Peer;
use super::known::Seat;
use super::serve::Stop;

/// A client that takes no answers for so long is cut off.
const UNACKNOWLEDGED_MS_MAX: u32 = 30_000;

/// How long connections are kept that are idle when they are to end, so that a request that was on its way is answered and not reset.
const IDLE_DRAIN: Duration = Duration::from_millis(250);

/// In the extensions of a request over a connection that has no place.
#[derive(Clone, Copy)]
pub(super) struct Excess;

/// A connection that was accepted.
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) peer: Peer,
    /// In the extensions of each request, so that it is known when its sender is; without one, it gets one answer.
    pub(super) seat: Option<Arc<Seat>>,
    pub(super) stop: Stop,
}

impl Connection {
    /// Serves it to its end.
    pub(super) async fn serve(self, http: http1::Builder, router: Router) {
        let Self { stream, peer, seat, stop } = self;
        let options = stream.set_nodelay(true).and_then(|()| Ok(set_tcp_user_timeout(&stream, UNACKNOWLEDGED_MS_MAX)?));
        if let Err(error) = options {
            debug!(%error, "a connection was gone before it was served");
            return;
        }
        let (stop, seat) = (&stop, seat.as_ref());
        let service = service_fn(|mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer);
            match seat {
                Some(seat) => {
                    seat.begin();
                    request.extensions_mut().insert(Arc::clone(seat));
                }
                None => drop(request.extensions_mut().insert(Excess)),
            }
            let routed = router.clone().call(request.map(Body::new));
            async move {
                let mut response = routed.await?;
                seat.inspect(|seat| seat.end());
                // Whoever keeps connections is elsewhere then when the listener closes.
                if seat.is_none_or(|seat| seat.is_leaving()) || stop.has_begun() {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response)
            }
        });
        let displaced = async {
            match seat {
                Some(seat) => seat.displaced().await,
                None => std::future::pending().await,
            }
        };
        let leaves = async {
            match seat {
                Some(seat) => select! { () = seat.leaves() => {}, () = stop.closing.cancelled() => {} },
                None => stop.closing.cancelled().await,
            }
        };
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
        let served = select! {
            biased;
            served = connection.as_mut() => served,
            () = displaced => return,
            () = leaves => match timeout(IDLE_DRAIN, connection.as_mut()).await {
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
}
