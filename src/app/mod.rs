//! The server put together: a configuration enters; handles are built, tasks are owned and, at a signal, shut down in
//! order. What the parts do, they know themselves.

mod log;
mod parts;

pub(crate) use log::init as init_log;
pub(crate) use parts::{Parts, StartError};

use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::Config;
use crate::http::{self, Drained, Metrics, Readiness, Receiver};

/// Serves until SIGTERM or SIGINT, and returns when everything in flight is finished or released.
pub(crate) async fn serve(config: Config) -> anyhow::Result<()> {
    let shutdown = CancellationToken::new();
    let drain_max = config.server.drain_max.get();
    let metrics = Metrics::install().context("metrics could not be set up")?;
    let parts = Parts::build(&config).await?;
    let listener = listen(config.server.listen).await?;
    let metrics_listener = match config.server.metrics_listen {
        Some(address) => Some(listen(address).await?),
        None => None,
    };

    let mut tasks = JoinSet::new();
    tasks.spawn(stop_at_signal(shutdown.clone())?);
    tasks.spawn(metrics.clone().upkeep(shutdown.clone()));
    if let Some(listener) = metrics_listener {
        let (router, settings, shutdown) = (http::metrics_router(metrics), config.server.clone(), shutdown.clone());
        tasks.spawn(async move {
            let _ = http::serve(listener, router, &settings, shutdown).await;
        });
    }
    let plugins = parts.plugins.clone();
    let ledger = Arc::clone(&parts.ledger);
    let receiver = Receiver::new(parts.sources, parts.ledger.clone(), parts.keys.index.clone(), parts.keys.seal.clone(), &config.server);
    let readiness = Readiness::new(parts.ledger.clone(), parts.plugins.states(), &config.server);
    tasks.spawn(parts.worker.run(shutdown.clone(), drain_max));

    let address = listener.local_addr()?;
    info!(listen = %address, version = env!("CARGO_PKG_VERSION"), "quietus listens");
    let router = http::router(Arc::new(receiver), Arc::new(readiness));
    match http::serve(listener, router, &config.server, shutdown.clone()).await {
        Drained::All => {}
        Drained::Cut(connections) => warn!(connections, "connections were cut at the end of the drain"),
    }
    while tasks.join_next().await.is_some() {}
    plugins.shut_down().await;
    ledger.shut_down().await;
    info!("quietus has stopped");
    Ok(())
}

async fn listen(address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}; is another program there?"))
}

/// Cancels the token at the first SIGTERM or SIGINT; ends with it.
fn stop_at_signal(shutdown: CancellationToken) -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be awaited")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be awaited")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => info!("SIGTERM: no new work; what is in flight is finished"),
            _ = interrupt.recv() => info!("SIGINT: no new work; what is in flight is finished"),
            () = shutdown.cancelled() => {}
        }
        shutdown.cancel();
    })
}
