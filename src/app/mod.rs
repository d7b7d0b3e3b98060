//! The server put together from a configuration: builds the handles, owns the tasks, and shuts them down in order at a
//! signal. Also builds operations for commands. What the parts do, they know themselves.

mod archiving;
mod check;
mod control;
mod due;
mod log;
mod monitor;
mod notify;
mod open_files;
mod operations;
mod parts;
mod past;
mod plugins;
mod reconcile_metrics;
mod reconciling;
mod rules;
mod schemas;
mod sealing;
mod secrecy;
mod signals;
mod silence;
mod sockets;
mod tasks;
mod watching;

pub(crate) use check::{CheckDepth, CheckFinding, check};
pub(crate) use log::init as init_log;
pub(crate) use open_files::TooManyConnections;
pub(crate) use operations::open_operations;
pub(crate) use rules::{RulesTested, TestRun, test_rules};
pub(crate) use schemas::schemas;
pub(crate) use secrecy::harden_process;
pub(crate) use signals::StoppedAtOnce;
pub(crate) use sockets::PassedSockets;

use parts::Parts;
use signals::Signals;
use sockets::{Listeners, MetricsListener};
use tasks::Tasks;

use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::causes::with_causes;
use crate::config::Config;
use crate::http::{self, Drained, Metrics, Readiness, Receiver, Reports, ServerSettings, Stop};
use crate::ledger::ProcessInfo;
use crate::mluvii;
use crate::outside;
use crate::panics::{Ending, describe_panics, needed};
use notify::ServiceManager;
use open_files::SIDE_CONNECTIONS_MAX;

/// Serves until SIGTERM or SIGINT, and returns when everything in flight is finished or released; at a second signal, at once.
pub(crate) async fn serve(mut config: Config, passed: PassedSockets) -> anyhow::Result<()> {
    // Before the parts are built: a counter that is made earlier counts nowhere.
    let metrics = Metrics::install().context("metrics could not be set up")?;
    log::describe_dropped();
    describe_panics();
    mluvii::describe_calls();
    reconcile_metrics::describe(config.mluvii.iter().map(|settings| settings.name.clone()));
    for idle in &config.idle_variables {
        warn!("{idle}");
    }
    let connections = open_files::raise(config.server.connections_max, config.connections_max_is_said)?;
    config.server.connections_max = connections;
    let parts = Parts::build(&config).await?;
    // Before anything runs: where an address is taken, the start fails with nothing begun.
    let listeners = Listeners::open(passed, &config.server, config.metrics_listen_is_said).await?;
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
    let seal = worker.seal.clone();
    // Deliveries are taken, metrics can be read, and plugins are there, until the worker has finished.
    let worked = CancellationToken::new();

    let mut tasks = Tasks::new(&ending);
    let upkeep = metrics.clone();
    tasks.keep("upkeep of the metrics", &worked, move |end| Box::pin(upkeep.clone().upkeep(end)));
    let readiness = Arc::new(Readiness::new(ledger.clone(), plugins.states(), ending.clone(), server));
    let more = monitor::more_metrics(config, &worker, &plugins);
    let router = http::metrics_router(metrics, more, Arc::clone(&readiness));
    tasks.need("metrics".to_owned(), serve_metrics(listeners.metrics, router, server.clone(), worked.clone()));
    if let Some(listener) = listeners.reports {
        worker.reports.get_or_insert(format!("http://{}", listener.local_addr()?));
        let reports = Reports::new(ledger.clone(), keys.index.clone(), seal.clone(), server);
        let stop = Stop { draining: ending.stopping.clone(), closing: worked.clone() };
        tasks.need("reports".to_owned(), serve_reports(listener, reports, server.clone(), stop));
    }
    for (name, host) in plugins.hosts() {
        tasks.need(format!("plugin {name}"), host.run(worked.clone()));
    }
    tasks.keep("control socket", &worked, control::run(config, ledger.clone(), &plugins));
    let newest = Arc::clone(&worker.newest);
    let targets = worker.targets.keys().cloned().collect();
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let process = ProcessInfo { version, place: place_of_this_process(), targets };
    ledger.register(&process).await.context("the ledger does not take this process on its list")?;
    let worker = tokio::spawn(worker.run(ending.clone(), server.drain_max.0));

    for source in &sources {
        let base = server.public_url.as_deref().unwrap_or("");
        info!(source = %source.name(), webhook = format!("{base}/webhooks/{}", source.name()), "deliveries are taken");
    }
    tasks.keep("state file and witnesses", &worked, {
        let (keepers, ledger, ending) = (config.keepers(), ledger.clone(), ending.clone());
        move |end| {
            let (ledger, newest, ending) = (Arc::clone(&ledger), Arc::clone(&newest), ending.clone());
            Box::pin(outside::keep(keepers.clone(), ledger, newest, ending, end))
        }
    });
    tasks.keep("archives", &ending.stopping, {
        let (config, ledger) = (config.clone(), ledger.clone());
        move |end| {
            let on = operations::operations(config.clone(), ledger.clone());
            Box::pin(archiving::run(on, end))
        }
    });
    tasks.keep("webhooks at mluvii", &ending.stopping, {
        let (config, ledger) = (config.clone(), ledger.clone());
        move |end| {
            let on = operations::operations(config.clone(), ledger.clone());
            Box::pin(watching::run(on, config.watch.webhooks.0, end))
        }
    });
    tasks.keep("comparison with mluvii", &ending.stopping, {
        let (config, ledger) = (config.clone(), ledger.clone());
        move |end| {
            let on = operations::operations(config.clone(), ledger.clone());
            Box::pin(reconciling::run(on, config.watch.clone(), end))
        }
    });
    tasks.keep("comparisons of the past", &ending.stopping, {
        let (config, ledger) = (config.clone(), ledger.clone());
        move |end| {
            let on = operations::operations(config.clone(), ledger.clone());
            Box::pin(past::run(on, end))
        }
    });
    tasks.keep("seal keys", &ending.stopping, {
        let parts = (ledger.clone(), keys.clone(), config.seal_store(), seal.clone());
        move |end| {
            let (ledger, keys, store, seal) = parts.clone();
            Box::pin(sealing::run(ledger, keys, store, seal, end))
        }
    });
    let receiver = Arc::new(Receiver::new(sources, ledger.clone(), keys.index, seal, server));
    let received = CancellationToken::new();
    let refused = (Arc::clone(&receiver), ledger.clone());
    tasks.keep("refused deliveries", &received, move |end| {
        let (receiver, ledger) = refused.clone();
        Box::pin(http::write_refused(receiver, ledger, end))
    });
    let delivered = (Arc::clone(&receiver), ledger.clone());
    tasks.keep("sources that deliver", &received, move |end| {
        let (receiver, ledger) = delivered.clone();
        Box::pin(http::write_delivered(receiver, ledger, end))
    });
    let router = http::router(receiver, Arc::clone(&readiness));
    info!(listen = %listeners.listen.local_addr()?, version = env!("CARGO_PKG_VERSION"), "quietus listens");
    let working = async {
        // Not its error: that holds the panic's text, which may be personal.
        if worker.await.is_err() {
            ending.die();
        }
        // Not earlier: the worker's last calls still go to the plugins.
        worked.cancel();
    };
    let stop = Stop { draining: ending.stopping.clone(), closing: worked.clone() };
    let manager = ServiceManager::of_environment();
    // The listener is open: what comes from now on waits for its turn, and is taken.
    manager.ready(&format!("deliveries are taken at {}", listeners.listen.local_addr()?));
    tasks.keep("service manager", &received, {
        let (manager, stopping) = (Arc::new(manager), ending.stopping.clone());
        move |end| {
            let (manager, readiness, stopping) = (Arc::clone(&manager), Arc::clone(&readiness), stopping.clone());
            Box::pin(async move { manager.watch(|| readiness.worker(), stopping, end).await })
        }
    });
    let receiving = needed("receiving", &ending, http::serve(listeners.listen, router, server, stop));
    let ((), drained) = tokio::join!(working, receiving);
    received.cancel();
    if let Ok(Drained::Cut(connections)) = drained {
        warn!(connections, "connections were cut at the end of the drain");
    }
    tasks.ended().await;
    if let Err(error) = ledger.deregister().await {
        warn!(error = %with_causes(&error), "this process stays on the ledger's list until it counts as lost");
    }
    // Last: everything above may still write to it.
    ledger.shutdown().await;
    info!("quietus has stopped");
    anyhow::ensure!(!ending.dying.is_cancelled(), "a task panicked, and the process cannot go on; please report it");
    Ok(())
}

async fn serve_metrics(
    listener: MetricsListener,
    router: axum::Router,
    server: ServerSettings,
    shutdown: CancellationToken,
) {
    let Some(listener) = listener.opened(&shutdown).await else { return };
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    info!(metrics_listen = address, "metrics are served");
    let (Drained::All | Drained::Cut(_)) = http::serve(listener, router, &aside(server), Stop::at_once(shutdown)).await;
}

async fn serve_reports(listener: TcpListener, reports: Reports, server: ServerSettings, stop: Stop) {
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    info!(reports_listen = address, "reports are taken");
    let (Drained::All | Drained::Cut(_)) =
        http::serve(listener, http::reports_router(Arc::new(reports)), &aside(server), stop).await;
}

/// The bounds of a listener beside the one for deliveries.
fn aside(server: ServerSettings) -> ServerSettings {
    ServerSettings { connections_max: server.connections_max.min(SIDE_CONNECTIONS_MAX), ..server }
}

/// The machine's name and the process's number there.
fn place_of_this_process() -> String {
    format!("{}/{}", outside::machine_name(), std::process::id())
}
