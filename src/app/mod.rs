//! The server put together from a configuration: builds the handles, owns the tasks, and shuts them down in order at a
//! signal. Also builds operations for commands. What the parts do, they know themselves.

mod check;
mod control;
mod log;
mod operations;
mod parts;
mod plugins;
mod secrecy;

pub(crate) use check::{CheckFinding, check};
pub(crate) use log::init as init_log;
pub(crate) use operations::open_operations;
pub(crate) use secrecy::harden_process;

use parts::Parts;

use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::causes::with_causes;
use crate::config::Config;
use crate::http::{self, Drained, Metrics, Readiness, Receiver, Reports, ServerSettings};
use crate::ledger::{Ledger, ProcessInfo};
use crate::outside::{self, Keeper, KnownKeys, Newest};

/// Serves until SIGTERM or SIGINT, and returns when everything in flight is finished or released.
pub(crate) async fn serve(config: Config) -> anyhow::Result<()> {
    // Before the parts are built: a counter that is made earlier counts nowhere.
    let metrics = Metrics::install().context("metrics could not be set up")?;
    let Parts { keys, sources, ledger, plugins, mut worker } = Parts::build(&config).await?;
    let server = &config.server;
    // Before anything runs: where the address is taken, the start fails with nothing begun.
    let listener = listen(server.listen).await?;
    let shutdown = CancellationToken::new();
    // Metrics can be read, and plugins are there, until the worker has finished.
    let worked = CancellationToken::new();

    let mut tasks = JoinSet::new();
    tasks.spawn(metrics.clone().upkeep(worked.clone()));
    if let Some(address) = server.metrics_listen {
        tasks.spawn(serve_metrics(listen(address).await?, metrics, server.clone(), worked.clone()));
    }
    if let Some(address) = server.reports_listen {
        let listener = listen(address).await?;
        worker.reports.get_or_insert(format!("http://{}", listener.local_addr()?));
        let reports = Reports::new(ledger.clone(), keys.index.clone(), keys.seal.clone(), server);
        tasks.spawn(serve_reports(listener, reports, server.clone(), worked.clone()));
    }
    tasks.spawn(stop_at_signal(shutdown.clone())?);
    let mut children = plugins.run(&worked);
    tasks.spawn(control::run(&config, ledger.clone(), &plugins, worked.clone()));
    let newest = Arc::clone(&worker.newest);
    let targets = worker.targets.keys().cloned().collect();
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let process = ProcessInfo { version, place: place_of_this_process(), targets };
    ledger.register(&process).await.context("the ledger does not take this process on its list")?;
    let dying = CancellationToken::new();
    let worker = tokio::spawn(worker.run(shutdown.clone(), server.drain_max.0, dying.clone()));

    for source in &sources {
        let base = server.public_url.as_deref().unwrap_or("");
        info!(source = %source.name(), webhook = format!("{base}/webhooks/{}", source.name()), "deliveries are taken");
    }
    tasks.spawn(keep_outside(config.keepers(), ledger.clone(), KnownKeys::of(&keys), newest, worked.clone()));
    let receiver = Receiver::new(sources, ledger.clone(), keys.index, keys.seal, server);
    let readiness = Readiness::new(ledger.clone(), plugins.states(), dying.clone(), server);
    let router = http::router(Arc::new(receiver), Arc::new(readiness));
    info!(listen = %listener.local_addr()?, version = env!("CARGO_PKG_VERSION"), "quietus listens");
    if let Drained::Cut(connections) = http::serve(listener, router, server, shutdown).await {
        warn!(connections, "connections were cut at the end of the drain");
    }
    // Without the cause: it holds the panic's text, and that may be personal.
    worker.await.map_err(|_| anyhow::anyhow!("the worker ended abnormally"))?;
    // Not earlier: the worker's last calls still go to the plugins.
    worked.cancel();
    while children.join_next().await.is_some() {}
    while tasks.join_next().await.is_some() {}
    if let Err(error) = ledger.deregister().await {
        warn!(error = %with_causes(&error), "this process stays on the ledger's list until it counts as lost");
    }
    // Last: everything above may still write to it.
    ledger.shutdown().await;
    info!("quietus has stopped");
    anyhow::ensure!(!dying.is_cancelled(), "a task of the worker panicked again and again; please report it");
    Ok(())
}

async fn keep_outside(
    keepers: Vec<Keeper>,
    ledger: Arc<dyn Ledger>,
    keys: KnownKeys,
    newest: Arc<Newest>,
    shutdown: CancellationToken,
) {
    if let Err(error) = outside::keep(keepers, ledger, keys, &newest, shutdown).await {
        warn!(error = %with_causes(&error), "the newest receipt's number is not kept outside of the ledger");
    }
}

async fn serve_metrics(listener: TcpListener, metrics: Metrics, server: ServerSettings, shutdown: CancellationToken) {
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    info!(metrics_listen = address, "metrics are served");
    let (Drained::All | Drained::Cut(_)) =
        http::serve(listener, http::metrics_router(metrics), &server, shutdown).await;
}

async fn serve_reports(listener: TcpListener, reports: Reports, server: ServerSettings, shutdown: CancellationToken) {
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    info!(reports_listen = address, "reports are taken");
    let (Drained::All | Drained::Cut(_)) =
        http::serve(listener, http::reports_router(Arc::new(reports)), &server, shutdown).await;
}

/// The machine's name and the process's number there.
fn place_of_this_process() -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}/{}", machine.trim(), std::process::id())
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
