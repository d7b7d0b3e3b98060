//! The worker: claims due work from the ledger, looks sessions up, decides, erases, verifies and writes receipts. It
//! takes no input but the ledger, so that recovery and the happy path are one; it never sees an HTTP request.

mod close;
mod decide;
mod evaluate;
mod lease;
mod patience;
mod queue_worker;
mod resolve;
mod resolver;
mod settings;
mod settle;
mod step;

pub(crate) use patience::Patience;
pub(crate) use resolver::{Found, OnUnread, Question, ResolveError, Resolver, ScopeResolution};
pub(crate) use settings::{ErasingSettings, SettlingSettings};

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::keys::{IndexKey, SealKey};
use crate::ledger::{Bounds, Keep, Ledger, LedgerError, QueueName};
use crate::mluvii::MluviiClient;
use crate::policy::{PersonSettings, Policy};
use crate::receipt::ReceiptKey;
use crate::subject::{Fingerprinter, InstallationName, Params, SourceName, TargetName, TenantId};
use crate::target::{Target, TargetError};
use queue_worker::QueueWorker;

/// How often what needs no signal is looked at: leases that ended, work whose time has come.
const POLL: Duration = Duration::from_secs(1);

/// How often the ledger is maintained.
const MAINTENANCE_EVERY: Duration = Duration::from_secs(60);

/// How long it may take to find out whom an erasure reaches: a guest can have had many sessions.
const RESOLVE_MAX: Duration = Duration::from_secs(600);

/// How long a claim is ours without being renewed: so long after a crash its work goes on.
const LEASE: Duration = Duration::from_secs(12);

/// How often a lease is renewed in its time while its work is under way.
const RENEWALS: u32 = 4;

/// Steps that are parked at once because their target is no longer there; it takes less time than their lease.
const ORPHANS_MAX: usize = 64;

/// Receipts that are written together.
const CLOSED_AT_ONCE: usize = 64;

/// How often this process says that it is still there.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(5);

/// How long writing a receipt may take.
const CLOSE_MAX: Duration = Duration::from_secs(60);

/// Everything the worker works with.
pub(crate) struct Worker {
    pub(crate) ledger: Arc<dyn Ledger>,
    /// Each company's client.
    pub(crate) mluvii: BTreeMap<InstallationName, Arc<MluviiClient>>,
    /// By the name under which a target is called ([`TargetName::called_for`]).
    pub(crate) targets: BTreeMap<TargetName, Arc<dyn Target>>,
    /// Calls to a target that may begin in a second, over all processes on the ledger; those without a rate are missing.
    /// By the name under which it is called.
    pub(crate) rates: BTreeMap<TargetName, NonZeroU32>,
    pub(crate) policy: Policy,
    pub(crate) person: PersonSettings,
    /// The names of form fields that identify a person, at each installation.
    pub(crate) params: BTreeMap<InstallationName, Params>,
    /// How identifiers are compared within each installation.
    pub(crate) fingerprinters: BTreeMap<InstallationName, Fingerprinter>,
    /// The tenants of each source; all when empty.
    pub(crate) tenants: BTreeMap<SourceName, Vec<TenantId>>,
    /// The tenants of all sources of an installation; all when empty.
    pub(crate) departments: BTreeMap<InstallationName, Vec<TenantId>>,
    /// Targets that are expected to be unverifiable.
    pub(crate) expected: BTreeSet<TargetName>,
    pub(crate) settling: SettlingSettings,
    pub(crate) patience: Patience,
    pub(crate) erasing: ErasingSettings,
    pub(crate) keep: Keep,
    /// The address of the listener for reports, as it is seen from outside; nobody can report without one.
    pub(crate) reports: Option<String>,
    pub(crate) index: IndexKey,
    pub(crate) seal: SealKey,
    pub(crate) receipt: ReceiptKey,
}

impl Worker {
    /// Works until `shutdown`; what is under way is then finished, or released when it takes longer than `drain_max`.
    pub(crate) async fn run(self, shutdown: CancellationToken, drain_max: Duration) {
        let worker = Arc::new(self);
        // Work is cancelled only when the drain has taken too long.
        let abandon = CancellationToken::new();
        let mut queue_workers = JoinSet::new();
        for queue_worker in worker.queue_workers(&abandon) {
            queue_workers.spawn(queue_worker.run(Arc::clone(&worker), shutdown.clone()));
        }
        queue_workers.spawn(Arc::clone(&worker).maintain(shutdown.clone()));
        queue_workers.spawn(Arc::clone(&worker).heartbeat(shutdown.clone()));
        queue_workers.spawn(Arc::clone(&worker).look_for_orphans(shutdown.clone(), abandon.clone()));

        let drained = async {
            shutdown.cancelled().await;
            tokio::time::sleep(drain_max).await;
        };
        tokio::pin!(drained);
        loop {
            tokio::select! {
                () = &mut drained, if !abandon.is_cancelled() => abandon.cancel(),
                ended = queue_workers.join_next() => match ended {
                    None => return,
                    Some(Ok(())) => {}
                    // Not the error itself: it holds the panic's text, and that may be personal.
                    Some(Err(panic)) => {
                        error!(panicked = panic.is_panic(), "a queue_worker of the worker ended; its work waits for a restart");
                    }
                },
            }
        }
    }

    /// One queue_worker per queue. All that asks one mluvii shares its breaker and its rate.
    fn queue_workers(&self, abandon: &CancellationToken) -> Vec<QueueWorker> {
        let mut queue_workers = Vec::new();
        let mut rooms = BTreeMap::new();
        for (installation, client) in &self.mluvii {
            let mluvii = TargetName::mluvii_of(installation);
            let room = Arc::new(Notify::new());
            let ask = |queue, call_max| QueueWorker {
                queue,
                concurrency_max: client.concurrency_max,
                calls_per_s: self.rates.get(&mluvii).copied(),
                asks: Some(mluvii.clone()),
                room: Arc::clone(&room),
                target: None,
                call_max,
                abandon: abandon.clone(),
            };
            // A look-up is three calls at most: the session, its call params and the contact.
            let look_up = client.call_max * 3;
            queue_workers.push(ask(QueueName::Decide(installation.clone()), look_up));
            queue_workers.push(ask(QueueName::Settle(installation.clone()), look_up));
            queue_workers.push(ask(QueueName::Resolve(installation.clone()), RESOLVE_MAX));
            rooms.insert(mluvii, room);
        }
        queue_workers.push(QueueWorker {
            queue: QueueName::Close,
            concurrency_max: CLOSED_AT_ONCE,
            calls_per_s: None,
            asks: None,
            room: Arc::default(),
            target: None,
            call_max: CLOSE_MAX,
            abandon: abandon.clone(),
        });
        for (name, target) in &self.targets {
            queue_workers.push(QueueWorker {
                queue: QueueName::Step(name.clone()),
                concurrency_max: target.concurrency_max(),
                calls_per_s: self.rates.get(name).copied(),
                asks: Some(name.clone()),
                room: rooms.get(name).map(Arc::clone).unwrap_or_default(),
                target: Some(Arc::clone(target)),
                call_max: target.call_max(),
                abandon: abandon.clone(),
            });
        }
        queue_workers
    }

    /// Steps of targets that are no longer in the configuration have no queue_worker. They are parked, so that a person hears of
    /// them.
    async fn look_for_orphans(self: Arc<Self>, shutdown: CancellationToken, abandon: CancellationToken) {
        loop {
            if let Err(error) = self.park_orphans(&abandon).await {
                warn!(error = %chain(&error), "could not look for steps of targets that are no longer there");
            }
            if shutdown.run_until_cancelled(tokio::time::sleep(MAINTENANCE_EVERY)).await.is_none() {
                return;
            }
        }
    }

    async fn park_orphans(&self, abandon: &CancellationToken) -> Result<(), LedgerError> {
        let processes = self.ledger.processes().await?;
        // Another process may have been started with a newer configuration.
        let known: BTreeSet<_> =
            processes.iter().filter(|process| !process.is_lost()).flat_map(|p| &p.targets).collect();
        for target in self.ledger.awaited_targets().await? {
            if self.targets.contains_key(&target) || known.contains(&target) {
                continue;
            }
            let queue_worker = QueueWorker {
                queue: QueueName::Step(target),
                concurrency_max: ORPHANS_MAX,
                calls_per_s: None,
                asks: None,
                room: Arc::default(),
                target: None,
                call_max: CLOSE_MAX,
                abandon: abandon.clone(),
            };
            let asked = tokio::time::Instant::now();
            for claim in self.ledger.claim(&queue_worker.queue, ORPHANS_MAX, LEASE, &Bounds::NONE).await?.claims {
                self.work(&queue_worker, claim, asked).await;
            }
        }
        Ok(())
    }

    async fn heartbeat(self: Arc<Self>, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(HEARTBEAT_EVERY)).await.is_some() {
            if let Err(error) = self.ledger.heartbeat().await {
                warn!(error = %chain(&error), "could not say that this process is there");
            }
        }
    }

    async fn maintain(self: Arc<Self>, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(MAINTENANCE_EVERY)).await.is_some() {
            if let Err(error) = self.ledger.maintain(self.keep).await {
                warn!(error = %chain(&error), "could not maintain the ledger");
            }
        }
    }
}

/// What is kept for each installation. Work of one that is no longer in the configuration needs a person.
impl Worker {
    fn client_of(&self, installation: &InstallationName) -> Result<&MluviiClient, Failure> {
        self.mluvii.get(installation).map(|client| &**client).ok_or_else(|| no_installation(installation))
    }

    fn fingerprinter_of(&self, installation: &InstallationName) -> Result<&Fingerprinter, Failure> {
        self.fingerprinters.get(installation).ok_or_else(|| no_installation(installation))
    }

    fn params_of(&self, installation: &InstallationName) -> Result<&Params, Failure> {
        self.params.get(installation).ok_or_else(|| no_installation(installation))
    }
}

fn no_installation(installation: &InstallationName) -> Failure {
    Failure::Permanent(format!("there is no mluvii `{installation}` in the configuration; it was there when this came"))
}

/// Why a piece of work is not finished now.
#[derive(Debug)]
enum Failure {
    /// The ledger did not take it: the lease runs out, and the work is done again.
    Ledger(LedgerError),
    /// The call failed.
    Call(TargetError),
    /// We called it off: at a shutdown, or because the lease is no longer ours.
    Cancelled,
    /// It waits for something else of ours; nothing was tried.
    Postponed(Duration),
    /// What was looked at may only be early: it is looked at again.
    Early { pause: Duration, why: String },
    /// Trying again cannot help.
    Permanent(String),
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// A number in 0..1 for jitter.
fn random() -> f64 {
    let mut bytes = [0; 4];
    crate::keys::fill_random(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}
