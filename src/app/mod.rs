//! The server put together from a configuration: builds the handles, owns the tasks, and shuts them down in order at a
//! signal; a configuration is taken anew while it runs (`reload`). Also builds operations for commands. What the parts do, they know themselves.

mod alerting;
mod archiving;
mod at_work;
mod check;
mod control;
mod due;
mod generation;
mod ledger;
mod loaded;
mod log;
mod monitor;
mod notify;
mod on_change;
mod open_files;
mod operations;
mod parts;
mod past;
mod pinging;
mod plugins;
mod process;
mod rechecking;
mod reconcile_metrics;
mod reconciling;
mod reload;
mod rules;
mod schemas;
mod sealing;
mod secrecy;
mod server;
mod signals;
mod silence;
mod sockets;
mod starting;
mod sweeping;
mod tasks;
mod telling;
mod unconfigured;
mod watching;

pub(crate) use check::{CheckDepth, CheckFinding, check};
pub(crate) use log::init as init_log;
pub(crate) use open_files::TooManyConnections;
pub(crate) use operations::open_operations;
pub(crate) use rules::{RulesTested, TestRun, test_rules};
pub(crate) use schemas::schemas;
pub(crate) use secrecy::harden_process;
pub(crate) use signals::{Hangups, StoppedAtOnce};
pub(crate) use sockets::PassedSockets;

use generation::Generation;
use loaded::{Digester, Loaded};
use notify::ServiceManager;
use parts::Parts;
use process::{Children, Process};
use reload::Reloader;
use server::{Server, aside};
use signals::Signals;
use sockets::{Listeners, MetricsListener};
use tasks::Tasks;

use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::admin;
use crate::alert;
use crate::audit::Actor;
use crate::causes::with_causes;
use crate::config::Config;
use crate::confirming;
use crate::http::{self, Drained, Metrics, Readiness, Receiver, ReceivingState, Reports, ServerSettings, Stop};
use crate::key_files::Keys;
use crate::ledger::ProcessInfo;
use crate::lock::Replaceable;
use crate::mluvii;
use crate::operations::configuration::RunningConfiguration;
use crate::outside;
use crate::panics::{Ending, describe_panics, needed};
use crate::worker::Heartbeat;

/// Serves until SIGTERM or SIGINT, and returns when everything in flight is finished or released; at a second signal, at once.
pub(crate) async fn serve(mut config: Config, passed: PassedSockets, hangups: Hangups) -> anyhow::Result<()> {
    // Before the parts are built: a counter that is made earlier counts nowhere.
    let metrics = Metrics::install().context("metrics could not be set up")?;
    log::describe_dropped();
    describe_panics();
    mluvii::describe_calls();
    rechecking::describe();
    reconcile_metrics::describe(config.mluvii.iter().map(|settings| settings.name.clone()));
    alert::describe_sent();
    reload::describe_reloads();
    for idle in &config.idle_variables {
        warn!("{idle}");
    }
    let connections = open_files::raise(config.server.connections_max, config.connections_max_is_said)?;
    config.server.connections_max = connections;
    let metrics_listen_is_said = config.metrics_listen_is_said;
    let digester = Digester::new();
    let loaded = Arc::new(Loaded::of(config, &digester));
    let (ending, children, worked) = (Ending::default(), Children::default(), CancellationToken::new());
    let keys = Keys::load(&loaded.config.keys_dir())?;
    let parts = Parts::build(&loaded, None, &children, &worked);
    let parts = parts.map_err(|mut faults| faults.remove(0).error)?;
    // After what can be wrong without it: to open a ledger in SQLite migrates it, and a start that is refused
    // should not.
    let process = Process::open(&loaded.config, keys).await?;
    // Before anything runs: where an address is taken, the start fails with nothing begun.
    let admin = loaded.config.admin.as_ref().map(|admin| admin.listen);
    let listeners = Listeners::open(passed, &loaded.config.server, admin, metrics_listen_is_said).await?;
    let reports = listeners.reports.as_ref().map(TcpListener::local_addr).transpose()?;
    let (generation, sources) = Generation::new(loaded, parts, &process, reports, None, &ending.stopping);
    let server = of_generation(process, children, reports, generation, sources, ending.clone(), worked);
    let signals = Signals::new()?;
    tokio::select! {
        ended = run(Arc::new(server), digester, listeners, metrics, hangups) => ended,
        () = signals.second(&ending.stopping) => Err(StoppedAtOnce.into()),
    }
}

/// The server that works by the first configuration of its process.
fn of_generation(
    process: Process,
    children: Children,
    reports: Option<std::net::SocketAddr>,
    generation: Arc<Generation>,
    sources: Vec<crate::verify::Source>,
    ending: Ending,
    worked: CancellationToken,
) -> Server {
    let settings = &generation.loaded.config.server;
    let (ledger, index, seal) = (process.ledger.clone(), process.keys.index.clone(), process.seal.clone());
    let receiving = ReceivingState::new(ledger, index, seal);
    let receiver = Receiver::new(&receiving, sources, settings);
    let heartbeat = Heartbeat::new(process.place.clone(), Arc::clone(&generation.worker));
    Server {
        children,
        reports,
        receiving,
        receiver: Arc::new(Replaceable::new(receiver)),
        settings: Arc::new(Replaceable::new(settings.clone())),
        aside: Arc::new(Replaceable::new(aside(settings))),
        heartbeat: Arc::new(heartbeat),
        workers: TaskTracker::new(),
        tasks: Tasks::new(&ending),
        current: Arc::new(Replaceable::new(generation)),
        process,
        ending,
        worked,
    }
}

/// Runs a server until it is to stop. The order in which all of it ends: the worker, as it needs the plugins; then the listener for
/// deliveries, so that as few as possible are refused; then everything else, and the ledger last.
async fn run(
    server: Arc<Server>,
    digester: Digester,
    listeners: Listeners,
    metrics: Metrics,
    hangups: Hangups,
) -> anyhow::Result<()> {
    let Listeners { listen, metrics: metrics_listener, reports, admin } = listeners;
    let Server { tasks, ending, .. } = &*server;
    let address = listen.local_addr()?;
    let manager = Arc::new(ServiceManager::of_environment());
    let reloader = Reloader::new(Arc::clone(&server), digester, Arc::clone(&manager), address);
    let readiness = server.readiness();
    serve_aside(&server, metrics_listener, reports, metrics, &readiness);
    serve_admin(&reloader, admin);
    begin(&server, &reloader).await?;

    let received = CancellationToken::new();
    let (refused, delivered) = (Arc::clone(&server.receiving), Arc::clone(&server.receiving));
    tasks.keep("refused deliveries", &received, move |end| Box::pin(http::write_refused(Arc::clone(&refused), end)));
    tasks.keep("sources that deliver", &received, move |end| {
        Box::pin(http::write_delivered(Arc::clone(&delivered), end))
    });
    let router = http::router(Arc::clone(&server.receiver), Arc::clone(&readiness));
    let router = router.merge(confirming::router(server.confirming_pages()));
    info!(listen = %address, version = env!("CARGO_PKG_VERSION"), "quietus listens");
    // The listener is open: what comes from now on waits for its turn, and is taken.
    manager.ready(&format!("deliveries are taken at {address}"));
    tasks.need("reload at SIGHUP".to_owned(), reload_at(hangups, reloader.running(), ending.stopping.clone()));
    tasks.keep("reload on change", &ending.stopping, {
        let reloader = Arc::clone(&reloader);
        move |end| Box::pin(on_change::run(Arc::clone(&reloader), end))
    });
    tasks.keep("service manager", &received, {
        let stopping = ending.stopping.clone();
        move |end| {
            let (manager, readiness, stopping) = (Arc::clone(&manager), Arc::clone(&readiness), stopping.clone());
            Box::pin(async move { manager.watch(|| readiness.worker(), stopping, end).await })
        }
    });
    receive(&server, &reloader, listen, router).await;
    received.cancel();
    end(&server).await
}

/// The listeners beside the one for deliveries: metrics can be read, and reports are taken, until the workers have finished.
fn serve_aside(
    server: &Server,
    listener: MetricsListener,
    reports: Option<TcpListener>,
    metrics: Metrics,
    readiness: &Arc<Readiness>,
) {
    let Server { process, tasks, ending, worked, aside, .. } = server;
    let upkeep = metrics.clone();
    tasks.keep("upkeep of the metrics", worked, move |end| Box::pin(upkeep.clone().upkeep(end)));
    let router = http::metrics_router(metrics, server.more_metrics(), Arc::clone(readiness));
    tasks.need("metrics".to_owned(), serve_metrics(listener, router, Arc::clone(aside), worked.clone()));
    if let Some(listener) = reports {
        let (ledger, index, seal) = (process.ledger.clone(), process.keys.index.clone(), process.seal.clone());
        let reports = Reports::new(ledger, index, seal, Arc::clone(&server.settings));
        let stop = Stop { draining: ending.stopping.clone(), closing: worked.clone() };
        tasks.need("reports".to_owned(), serve_reports(listener, reports, Arc::clone(aside), stop));
    }
}

/// The admin API's listener, where there is one: orders are taken until the workers have finished.
fn serve_admin(reloader: &Arc<Reloader>, listener: Option<TcpListener>) {
    let server = &reloader.server;
    let config = Arc::clone(&server.current.current().loaded.config);
    let running = (control::running_plugins(&config, server), reloader.running());
    let Some((listener, admin)) = listener.zip(server.admin(running)) else { return };
    let Server { tasks, ending, worked, aside, .. } = &**server;
    let stop = Stop { draining: ending.stopping.clone(), closing: worked.clone() };
    let aside = Arc::clone(aside);
    tasks.need("admin API".to_owned(), async move {
        let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
        info!(admin_listen = address, "the admin API is served");
        let (Drained::All | Drained::Cut(_)) = http::serve(listener, admin::router(admin), &aside, stop).await;
    });
}

/// Has the first configuration do the work.
async fn begin(server: &Server, reloader: &Arc<Reloader>) -> anyhow::Result<()> {
    let Server { process, tasks, worked, .. } = server;
    let first = server.current.current();
    let config = &first.loaded.config;
    for (name, plugin) in &first.plugins {
        tasks.need(format!("plugin {name}"), plugin.run());
    }
    tasks.keep("control socket", worked, control::run(config, reloader));
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let targets = first.worker.targets.keys().cloned().collect();
    let info = ProcessInfo { version, place: process.place.clone(), targets };
    process.ledger.register(&info).await.context("the ledger does not take this process on its list")?;
    // For as long as workers take to drain: where this process looks lost, others park the steps of its targets.
    tasks.keep("heartbeat", worked, {
        let heartbeat = Arc::clone(&server.heartbeat);
        move |end| Box::pin(Arc::clone(&heartbeat).run(end))
    });
    server.begin(&first);
    for source in &config.sources {
        let base = config.server.public_url.as_deref().unwrap_or("");
        info!(source = source.name, webhook = format!("{base}/webhooks/{}", source.name), "deliveries are taken");
    }
    keep_for_the_process(server, config);
    Ok(())
}

/// Takes deliveries until all workers have finished, and answers what is in flight then.
async fn receive(server: &Server, reloader: &Reloader, listener: TcpListener, router: axum::Router) {
    let Server { ending, worked, .. } = server;
    let working = async {
        ending.stopping.cancelled().await;
        // Which would begin another worker.
        reloader.ended().await;
        server.workers.close();
        server.workers.wait().await;
        // Not earlier: the workers' last calls still go to the plugins.
        worked.cancel();
    };
    let stop = Stop { draining: ending.stopping.clone(), closing: worked.clone() };
    let receiving = needed("receiving", ending, http::serve(listener, router, &server.settings, stop));
    let ((), drained) = tokio::join!(working, receiving);
    if let Ok(Drained::Cut(connections)) = drained {
        warn!(connections, "connections were cut at the end of the drain");
    }
}

/// Waits until everything else has ended, and lets go of the ledger.
async fn end(server: &Server) -> anyhow::Result<()> {
    let Server { process, tasks, ending, .. } = server;
    tasks.ended().await;
    if let Err(error) = process.ledger.deregister().await {
        warn!(error = %with_causes(&error), "this process stays on the ledger's list until it counts as lost");
    }
    // Last: everything above may still write to it.
    process.ledger.shutdown().await;
    info!("quietus has stopped");
    anyhow::ensure!(!ending.dying.is_cancelled(), "a task panicked, and the process cannot go on; please report it");
    Ok(())
}

/// What is done by the first configuration for as long as the process is there: what says otherwise needs a restart.
fn keep_for_the_process(server: &Server, config: &Config) {
    let Server { process, tasks, ending, worked, .. } = server;
    tasks.keep("state file and witnesses", worked, {
        let (keepers, ledger, ending) = (config.keepers(), process.ledger.clone(), ending.clone());
        let newest = Arc::clone(&process.newest);
        move |end| {
            let (ledger, newest, ending) = (Arc::clone(&ledger), Arc::clone(&newest), ending.clone());
            Box::pin(outside::keep(keepers.clone(), ledger, newest, ending, end))
        }
    });
    tasks.keep("seal keys", &ending.stopping, {
        let parts = (process.ledger.clone(), process.keys.clone(), config.seal_store(), process.seal.clone());
        move |end| {
            let (ledger, keys, store, seal) = parts.clone();
            Box::pin(sealing::run(ledger, keys, store, seal, end))
        }
    });
}

/// Has the configuration reloaded at each SIGHUP. What comes of it is told by the log and the status.
async fn reload_at(mut hangups: Hangups, on: RunningConfiguration, stopping: CancellationToken) {
    while let Some(Some(())) = stopping.run_until_cancelled(hangups.next()).await {
        if let Err(error) = crate::operations::configuration::reload(&on, &Actor::signal()).await {
            warn!(error = %with_causes(&error), "SIGHUP: the configuration is not reloaded; send it again");
        }
    }
}

async fn serve_metrics(
    listener: MetricsListener,
    router: axum::Router,
    settings: Arc<Replaceable<ServerSettings>>,
    shutdown: CancellationToken,
) {
    let Some(listener) = listener.opened(&shutdown).await else { return };
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    info!(metrics_listen = address, "metrics are served");
    let (Drained::All | Drained::Cut(_)) = http::serve(listener, router, &settings, Stop::at_once(shutdown)).await;
}

async fn serve_reports(
    listener: TcpListener,
    reports: Reports,
    settings: Arc<Replaceable<ServerSettings>>,
    stop: Stop,
) {
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    info!(reports_listen = address, "reports are taken");
    let (Drained::All | Drained::Cut(_)) =
        http::serve(listener, http::reports_router(Arc::new(reports)), &settings, stop).await;
}
