//! A server at work: what lasts as long as its process, and the configuration that it works by, which another one can take the place of.
//!
//! A request ends with the receiver that has taken it, a claim with the worker that has made it, and a plugin with the last configuration
//! that has it. So nothing is lost, and nothing is done by half of one configuration and half of another.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::at_work::{OperationsNow, operations_at_work};
use super::generation::Generation;
use super::open_files::SIDE_CONNECTIONS_MAX;
use super::operations::operations;
use super::parts::Notices;
use super::pinging::Pinging;
use super::process::{Children, Process};
use super::tasks::Tasks;
use super::{alerting, archiving, log, past, plugins, rechecking, reconciling, sweeping, unconfigured, watching};
use crate::admin::Admin;
use crate::config::Config;
use crate::confirming::{ConfirmingPages, LinkSender, send_links};
use crate::http::{MoreMetrics, Readiness, Receiver, ReceivingState, ServerSettings};
use crate::lock::Replaceable;
use crate::operations::configuration::RunningConfiguration;
use crate::operations::plugins::RunningPlugins;
use crate::panics::{Ending, Task, needed};
use crate::verify::Source;
use crate::worker::{Heartbeat, Worker};

/// A server at work.
pub(super) struct Server {
    pub(super) process: Process,
    pub(super) children: Children,
    /// Where reports are taken.
    pub(super) reports: Option<SocketAddr>,
    /// What it works by now.
    pub(super) current: Arc<Replaceable<Generation>>,
    pub(super) receiving: Arc<ReceivingState>,
    pub(super) receiver: Arc<Replaceable<Receiver>>,
    /// Of the listener for deliveries.
    pub(super) settings: Arc<Replaceable<ServerSettings>>,
    /// Of the other listeners.
    pub(super) aside: Arc<Replaceable<ServerSettings>>,
    pub(super) heartbeat: Arc<Heartbeat>,
    /// Those that work, and those that end.
    pub(super) workers: TaskTracker,
    pub(super) tasks: Tasks,
    pub(super) ending: Ending,
    /// Cancelled once all workers have ended: what they need is there until then.
    pub(super) worked: CancellationToken,
}

impl Server {
    /// What metrics show beside the process's own counters, by whatever configuration there is when somebody asks.
    pub(super) fn more_metrics(&self) -> MoreMetrics {
        let current = Arc::clone(&self.current);
        Arc::new(move || {
            let generation = current.current();
            Box::pin(async move { generation.monitor.render().await })
        })
    }

    /// Whether it is ready, by whatever configuration there is when somebody asks.
    pub(super) fn readiness(&self) -> Arc<Readiness> {
        let current = Arc::clone(&self.current);
        let states = Box::new(move || plugins::states(&current.current().plugins));
        let (ledger, settings) = (Arc::clone(&self.process.ledger), Arc::clone(&self.settings));
        Arc::new(Readiness::new(ledger, states, self.ending.clone(), settings))
    }

    /// What the pages of links need, by whatever configuration there is when somebody comes.
    pub(super) fn confirming_pages(&self) -> ConfirmingPages {
        let of_settings = Arc::clone(&self.current);
        ConfirmingPages {
            settings: Box::new(move || of_settings.current().loaded.config.confirmation.clone()),
            operations: self.operations_at_work(),
            server: Arc::clone(&self.settings),
        }
    }

    /// What the admin API needs, by whatever configuration there is when somebody asks; nothing where there is none.
    /// `running` is what is ordered of this process itself.
    pub(super) fn admin(&self, running: (RunningPlugins, RunningConfiguration)) -> Option<Admin> {
        let settings = self.current.current().loaded.config.admin.clone()?;
        Some(Admin::new(self.operations_at_work(), settings, Arc::clone(&self.settings), running))
    }

    fn operations_at_work(&self) -> OperationsNow {
        operations_at_work(Arc::clone(&self.current), Arc::clone(&self.process.ledger))
    }

    /// Has a configuration that was built do the work; its plugins run.
    pub(super) fn begin(&self, generation: &Arc<Generation>) {
        let Generation { loaded, worker, turn, notices, .. } = &**generation;
        let drain_max = loaded.config.server.drain_max.0;
        // Boxed where it is made: see `Task`.
        let work: Task = Box::pin(Arc::clone(worker).run(turn.clone(), self.ending.clone(), drain_max));
        let (ending, generation) = (self.ending.clone(), Arc::clone(generation));
        self.workers.spawn(async move {
            let _ = needed("worker", &ending, work).await;
            // Its last calls still went to the plugins.
            drop(generation);
        });
        self.keep_periodic(loaded.config.as_ref(), worker, notices, &turn.retired);
    }

    /// What is done now and then by this configuration, until its turn is over.
    fn keep_periodic(&self, config: &Config, worker: &Worker, notices: &Notices, retired: &CancellationToken) {
        let on = {
            let (config, ledger) = (config.clone(), Arc::clone(&self.process.ledger));
            move || operations(config.clone(), Arc::clone(&ledger))
        };
        let watch = config.watch.clone();
        self.tasks.keep("archives", retired, {
            let on = on.clone();
            move |end| Box::pin(archiving::run(on(), end))
        });
        let wake = Arc::new(Notify::new());
        self.tasks.keep("webhooks at mluvii", retired, {
            let (on, every, wake) = (on.clone(), watch.webhooks.0, Arc::clone(&wake));
            move |end| Box::pin(watching::run(on(), every, Arc::clone(&wake), end))
        });
        self.tasks.keep("comparison with mluvii", retired, {
            let (on, watch) = (on.clone(), watch.clone());
            move |end| Box::pin(reconciling::run(on(), watch.clone(), Arc::clone(&wake), end))
        });
        self.tasks.keep("comparisons of the past", retired, {
            let on = on.clone();
            move |end| Box::pin(past::run(on(), end))
        });
        self.tasks.keep("looks after receipts", retired, {
            let (on, targets) = (on.clone(), worker.targets.clone());
            move |end| Box::pin(rechecking::run(on(), targets.clone(), end))
        });
        self.tasks.keep("sweeps that were cut off", retired, {
            let (on, targets) = (on.clone(), worker.targets.clone());
            move |end| Box::pin(sweeping::run(on(), targets.clone(), end))
        });
        self.tasks.keep("what is no longer configured", retired, {
            let (on, notices) = (on.clone(), notices.clone());
            move |end| Box::pin(unconfigured::run(on(), notices.clone(), end))
        });
        let alerts = notices.alerts.clone();
        self.tasks.keep("alerts", retired, move |end| Box::pin(alerting::run(on(), alerts.clone(), end)));
        let links = notices.links.clone().map(|mailer| {
            let (ledger, index) = (Arc::clone(&self.process.ledger), self.process.keys.index.clone());
            Arc::new(LinkSender { ledger, index, seal: self.process.seal.clone(), mailer })
        });
        if let Some(links) = links {
            self.tasks.keep("mails with links", retired, move |end| Box::pin(send_links(Arc::clone(&links), end)));
        }
        let pinging = notices.ping.clone().zip(watch.ping).map(|(sender, settings)| {
            Arc::new(Pinging::new(sender, settings, Arc::clone(&self.process.ledger), self.readiness()))
        });
        if let Some(pinging) = pinging {
            self.tasks.keep("ping", retired, move |end| Box::pin(Arc::clone(&pinging).run(end)));
        }
    }

    /// Has another configuration take the place of the one that there is, at once: what comes from now on is taken by it.
    pub(super) fn turn_to(&self, next: &Arc<Generation>, sources: Vec<Source>) {
        let settings = &next.loaded.config.server;
        self.receiver.replace(Receiver::new(&self.receiving, sources, settings));
        self.settings.replace(settings.clone());
        self.aside.replace(aside(settings));
        self.heartbeat.turn_to(Arc::clone(&next.worker));
        let before = self.current.replace(Arc::clone(next));
        before.turn.retired.cancel();
        if before.loaded.config.log.level != next.loaded.config.log.level {
            log::turn_to(&next.loaded.config.log);
        }
        self.begin(next);
    }
}

/// The bounds of a listener beside the one for deliveries.
pub(super) fn aside(settings: &ServerSettings) -> ServerSettings {
    ServerSettings { connections_max: settings.connections_max.min(SIDE_CONNECTIONS_MAX), ..settings.clone() }
}
