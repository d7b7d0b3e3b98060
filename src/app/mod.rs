//! The server put together from a configuration: builds the handles, owns the tasks, and shuts them down in order at a
//! signal. Also builds operations for commands. What the parts do, they know themselves.

mod archiving;
mod check;
mod control;
mod log;
mod operations;
mod parts;
mod plugins;
mod secrecy;
mod signals;
mod sockets;

pub(crate) use check::{CheckFinding, check};
pub(crate) use log::init as init_log;
pub(crate) use operations::open_operations;
pub(crate) use secrecy::harden_process;
pub(crate) use signals::StoppedAtOnce;
pub(crate) use sockets::PassedSockets;

use parts::Parts;
use signals::Signals;
use sockets::Listeners;

use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::causes::with_causes;
use crate::config::Config;
use crate::http::{self, Drained, Ending, Metrics, Readiness, Receiver, Reports, ServerSettings, Stop};
use crate::ledger::{Ledger, ProcessInfo};
use crate::outside::{self, Keeper, KnownKeys, Newest};

/// Serves until SIGTERM or SIGINT, and returns when everything in flight is finished or released; at a second signal, at once.
pub(crate) async fn serve(config: Config, passed: PassedSockets) -> anyhow::Result<()> {
    // Before the parts are built: a counter that is made earlier counts nowhere.
    let metrics = Metrics::install().context("metrics could not be set up")?;
    log::describe_dropped();
    let parts = Parts::build(&config).await?;
    // Before anything runs: where an address is taken, the start fails with nothing begun.
    let listeners = Listeners::open(passed, &config.server).await?;
    let ending = Ending::default();
    let signals = Signals::new()?;
    tokio::select! {
        ended = run(&config, parts, listeners, metrics, ending.clone()) => ended,
        () = signals.second(&ending.stopping) => Err(StoppedAtOnce.into()),
    }
}

/// Runs the parts until they are to stop. The order in which they end: the worker, as it needs the plugins; then the listener for
/// deliveries, so that as few as possible are refused; then everything else, and the ledger last.
async fn run(
    config: &Config,
    parts: Parts,
    listeners: Listeners,
    metrics: Metrics,
    ending: Ending,
) -> anyhow::Result<()> {
    let Parts { keys, sources, ledger, plugins, mut worker } = parts;
    let server = &config.server;
    // Deliveries are taken, metrics can be read, and plugins are there, until the worker has finished.
    let worked = CancellationToken::new();

    let mut tasks = JoinSet::new();
    tasks.spawn(metrics.clone().upkeep(worked.clone()));
    if let Some(listener) = listeners.metrics {
        tasks.spawn(serve_metrics(listener, metrics, server.clone(), worked.clone()));
    }
    if let Some(listener) = listeners.reports {
        worker.reports.get_or_insert(format!("http://{}", listener.local_addr()?));
        let reports = Reports::new(ledger.clone(), keys.index.clone(), keys.seal.clone(), server);
        let stop = Stop { draining: ending.stopping.clone(), closing: worked.clone() };
        tasks.spawn(serve_reports(listener, reports, server.clone(), stop));
    }
    let mut children = plugins.run(&worked);
    tasks.spawn(control::run(config, ledger.clone(), &plugins, worked.clone()));
    let newest = Arc::clone(&worker.newest);
    let targets = worker.targets.keys().cloned().collect();
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let process = ProcessInfo { version, place: place_of_this_process(), targets };
    ledger.register(&process).await.context("the ledger does not take this process on its list")?;
    let worker = tokio::spawn(worker.run(ending.stopping.clone(), server.drain_max.0, ending.dying.clone()));

    for source in &sources {
        let base = server.public_url.as_deref().unwrap_or("");
        info!(source = %source.name(), webhook = format!("{base}/webhooks/{}", source.name()), "deliveries are taken");
    }
    tasks.spawn(keep_outside(config.keepers(), ledger.clone(), KnownKeys::of(&keys), newest, worked.clone()));
    let on = operations::operations(config.clone(), ledger.clone());
    tasks.spawn(archiving::run(on, ending.stopping.clone()));
    let receiver = Arc::new(Receiver::new(sources, ledger.clone(), keys.index, keys.seal, server));
    let received = CancellationToken::new();
    tasks.spawn(http::write_refused(Arc::clone(&receiver), ledger.clone(), received.clone()));
    let readiness = Readiness::new(ledger.clone(), plugins.states(), ending.clone(), server);
    let router = http::router(receiver, Arc::new(readiness));
    info!(listen = %listeners.listen.local_addr()?, version = env!("CARGO_PKG_VERSION"), "quietus listens");
    let working = async {
        let ended = worker.await;
        // Not earlier: the worker's last calls still go to the plugins.
        worked.cancel();
        ended
    };
    let stop = Stop { draining: ending.stopping.clone(), closing: worked.clone() };
    let (worked_out, drained) = tokio::join!(working, http::serve(listeners.listen, router, server, stop));
    received.cancel();
    if let Drained::Cut(connections) = drained {
        warn!(connections, "connections were cut at the end of the drain");
    }
    // Without the cause: it holds the panic's text, and that may be personal.
    worked_out.map_err(|_| anyhow::anyhow!("the worker ended abnormally"))?;
    while children.join_next().await.is_some() {}
    while tasks.join_next().await.is_some() {}
    if let Err(error) = ledger.deregister().await {
        warn!(error = %with_causes(&error), "this process stays on the ledger's list until it counts as lost");
    }
    // Last: everything above may still write to it.
    ledger.shutdown().await;
    info!("quietus has stopped");
    anyhow::ensure!(!ending.dying.is_cancelled(), "a task of the worker panicked again and again; please report it");
    Ok(())
}

async fn keep_outside(
    keepers: Vec<Keeper>,
    ledger: Arc<dyn Ledger>,
    keys: KnownKeys,
    newest: Arc<Newest>,
    shutdown: CancellationToken,
) {
    outside::keep(keepers, ledger, keys, &newest, shutdown).await;
}

async fn serve_metrics(listener: TcpListener, metrics: Metrics, server: ServerSettings, shutdown: CancellationToken) {
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    info!(metrics_listen = address, "metrics are served");
    let (Drained::All | Drained::Cut(_)) =
        http::serve(listener, http::metrics_router(metrics), &server, Stop::at_once(shutdown)).await;
}

async fn serve_reports(listener: TcpListener, reports: Reports, server: ServerSettings, stop: Stop) {
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    info!(reports_listen = address, "reports are taken");
    let (Drained::All | Drained::Cut(_)) =
        http::serve(listener, http::reports_router(Arc::new(reports)), &server, stop).await;
}

/// The machine's name and the process's number there.
fn place_of_this_process() -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}/{}", machine.trim(), std::process::id())
}
