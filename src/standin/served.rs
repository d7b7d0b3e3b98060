//! Something that is being served, until it is told to stop.

use std::future::Future;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long calls that are under way at the end may still take.
const DRAIN_MAX: Duration = Duration::from_secs(1);

/// A server, and where it is.
#[derive(Debug)]
pub(crate) struct Served {
    /// Where it is, without a slash at the end.
    pub(crate) url: String,
    task: JoinHandle<()>,
}

impl Served {
    /// Serves `router`, with `beside` at its side, until told to stop.
    pub(super) fn begin(
        listener: TcpListener,
        router: Router,
        path: &str,
        shutdown: CancellationToken,
        beside: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<Self> {
        let url = format!("http://{}{path}", listener.local_addr()?);
        let stopping = shutdown.clone();
        let served = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned());
        let task = tokio::spawn(async move {
            let drained = async {
                stopping.cancelled().await;
                tokio::time::sleep(DRAIN_MAX).await;
            };
            let served = async {
                let (_, ()) = tokio::join!(served, beside);
            };
            tokio::select! {
                () = served => {}
                () = drained => {}
            }
        });
        Ok(Self { url, task })
    }

    /// Returns when it was told to stop and has stopped.
    pub(crate) async fn stopped(self) {
        // A panic inside has been reported by then.
        let _ = self.task.await;
    }
}
