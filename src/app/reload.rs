//! A running server takes its configuration anew: read, checked as `quietus check` does, and built whole beside the one at work; then it
//! takes that one's place in one step, or nothing changes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use metrics::{counter, describe_counter};
use tokio::time::timeout;
use tracing::{debug, error, info, warn};

use super::check::{CheckFinding, in_itself};
use super::generation::Generation;
use super::loaded::{Digester, Loaded, Signature};
use super::notify::ServiceManager;
use super::open_files;
use super::parts::Parts;
use super::server::Server;
use super::starting::started;
use crate::attention::NotReloaded as ToldOfReload;
use crate::causes::with_causes;
use crate::config::{Config, Schemas};
use crate::ledger::RuleState;
use crate::lock::lock;
use crate::operations::configuration::{Changed, Difference, NotReloaded, Reloaded, RunningConfiguration};
use crate::panics::caught;

const RELOADS: &str = "quietus_reloads_total";

/// How a reload can end.
const OUTCOMES: [&str; 5] = ["applied", "unchanged", "wrong", "needs_restart", "not_now"];

/// How long it is waited, beyond the drain of who decides now, until the new rules are in force. They will be, however long it takes.
const WORKS_MAX: Duration = Duration::from_secs(10);

/// Says what is counted, from 0 on.
pub(super) fn describe_reloads() {
    describe_counter!(RELOADS, "How often this process was to take its configuration anew, by how that ended.");
    for outcome in OUTCOMES {
        counter!(RELOADS, "outcome" => outcome).increment(0);
    }
}

/// Has a server take its configuration anew, once at a time.
pub(super) struct Reloader {
    pub(super) server: Arc<Server>,
    file: PathBuf,
    digester: Digester,
    manager: Arc<ServiceManager>,
    /// Where deliveries are taken.
    address: SocketAddr,
    busy: tokio::sync::Mutex<()>,
    /// What was refused last, as far as it could be read.
    refused: Mutex<Option<Arc<Loaded>>>,
}

impl Reloader {
    pub(super) fn new(
        server: Arc<Server>,
        digester: Digester,
        manager: Arc<ServiceManager>,
        address: SocketAddr,
    ) -> Arc<Self> {
        let file = server.current.current().loaded.config.file.clone();
        let (busy, refused) = (tokio::sync::Mutex::default(), Mutex::default());
        Arc::new(Self { server, file, digester, manager, address, busy, refused })
    }

    /// For those who order it.
    pub(super) fn running(self: &Arc<Self>) -> RunningConfiguration {
        let (reloader, comparer) = (Arc::clone(self), Arc::clone(self));
        RunningConfiguration {
            ledger: Arc::clone(&self.server.process.ledger),
            place: self.server.process.place.clone(),
            reload: Arc::new(move || {
                let reloader = Arc::clone(&reloader);
                Box::pin(async move { reloader.reload().await })
            }),
            compare: Arc::new(move |file| {
                let comparer = Arc::clone(&comparer);
                Box::pin(async move { comparer.compare(file).await })
            }),
        }
    }

    /// Returns once no reload is under way, after the server was told to stop: none begins from then on.
    pub(super) async fn ended(&self) {
        drop(self.busy.lock().await);
    }

    async fn reload(&self) -> Result<Reloaded, NotReloaded> {
        let reloading = async {
            let _one_at_a_time = self.busy.lock().await;
            self.manager.reloading();
            let reloaded =
                caught(self.reload_now()).await.unwrap_or_else(|_| Err(not_now("it panicked; please report it")));
            self.tell(&reloaded).await;
            reloaded
        };
        let stopping = &self.server.ending.stopping;
        stopping.run_until_cancelled(reloading).await.unwrap_or_else(|| Err(not_now("the server stops")))
    }

    async fn reload_now(&self) -> Result<Reloaded, NotReloaded> {
        let before = self.server.current.current();
        *lock(&self.refused) = None;
        let (loaded, problems) = self.read().await?;
        let changed = before.loaded.difference(&loaded, &Schemas::new());
        if changed.is_empty() {
            return Ok(Reloaded { changed: Vec::new(), waiting_rules: Vec::new() });
        }
        let loaded = Arc::new(loaded);
        let parts = match self.built(&loaded, &before, &changed, problems).await {
            Ok(parts) => parts,
            Err(why) => {
                *lock(&self.refused) = Some(loaded);
                return Err(why);
            }
        };
        let next = self.take(loaded, parts, &before).await?;
        Ok(Reloaded {
            changed: changed.into_iter().map(|changed| changed.key).collect(),
            waiting_rules: self.waiting_rules(&next).await,
        })
    }

    /// Everything that the configuration describes, its plugins up, where nothing at all stands against it.
    async fn built(
        &self,
        loaded: &Arc<Loaded>,
        before: &Arc<Generation>,
        changed: &[Changed],
        mut problems: Vec<String>,
    ) -> Result<Parts, NotReloaded> {
        let keys = changed.iter().filter(|changed| changed.needs_restart).map(|changed| changed.key.clone());
        let keys: Vec<_> = keys.collect();
        let parts = match self.build(loaded, before).await {
            Ok(parts) if keys.is_empty() => {
                problems.extend(started(&self.server, &loaded.config, &parts, before).await);
                Some(parts)
            }
            // Not to be taken anyway: no plugin need be started for it.
            Ok(_) => None,
            Err(wrong) => {
                problems.extend(wrong);
                None
            }
        };
        match parts {
            Some(parts) if problems.is_empty() => Ok(parts),
            _ if problems.is_empty() => Err(NotReloaded::NeedsRestart { keys }),
            _ => {
                problems.extend((!keys.is_empty()).then(|| NotReloaded::NeedsRestart { keys }.reason()));
                Err(NotReloaded::Wrong { problems })
            }
        }
    }

    /// Has it take the place of the one at work.
    async fn take(
        &self,
        loaded: Arc<Loaded>,
        parts: Parts,
        before: &Arc<Generation>,
    ) -> Result<Arc<Generation>, NotReloaded> {
        let Server { process, ending, reports, .. } = &*self.server;
        let (next, sources) = Generation::new(loaded, parts, process, *reports, Some(before), &ending.stopping);
        // The last thing that can fail. Others are not to park steps of a target that they do not know of.
        let targets: Vec<_> = next.worker.targets.keys().cloned().collect();
        if let Err(error) = process.ledger.retarget(&targets).await {
            return Err(not_now(&format!("the ledger is not there: {}", with_causes(&error))));
        }
        self.server.turn_to(&next, sources);
        Ok(next)
    }

    /// The configuration in the file, and what is wrong with it although it can be read.
    async fn read(&self) -> Result<(Loaded, Vec<String>), NotReloaded> {
        let (file, digester) = (self.file.clone(), self.digester.clone());
        let read = tokio::task::spawn_blocking(move || {
            let mut config = load(&file)?;
            let raised = open_files::raise(config.server.connections_max, config.connections_max_is_said);
            let mut problems = Vec::new();
            match raised {
                Ok(connections) => config.server.connections_max = connections,
                Err(error) => problems.push(format!("{}: {error}", config.shown("server.connections_max"))),
            }
            let loaded = Loaded::of(config, &digester);
            problems.extend(in_itself(&loaded.config).iter().filter_map(CheckFinding::problem));
            Ok((loaded, problems))
        });
        match read.await {
            Ok(read) => read.map_err(|problems| NotReloaded::Wrong { problems }),
            Err(_) => Err(not_now("it panicked; please report it")),
        }
    }

    /// Off the runtime's threads: files are read, and clients made.
    async fn build(&self, loaded: &Arc<Loaded>, before: &Arc<Generation>) -> Result<Parts, Vec<String>> {
        let (server, loaded, before) = (Arc::clone(&self.server), Arc::clone(loaded), Arc::clone(before));
        let built = tokio::task::spawn_blocking(move || {
            let built = Parts::build(&loaded, Some(before.as_before()), &server.children, &server.worked);
            built.map_err(|faults| {
                let told =
                    |fault: &super::parts::Fault| format!("{}: {:#}", loaded.config.shown(&fault.key), fault.error);
                faults.iter().map(told).collect()
            })
        });
        built.await.unwrap_or_else(|_| Err(vec!["it panicked; please report it".to_owned()]))
    }

    /// Waits until the rules are in force; those that wait for a person then.
    async fn waiting_rules(&self, next: &Generation) -> Vec<String> {
        let longest = next.loaded.config.server.drain_max.0 + WORKS_MAX;
        if timeout(longest, next.turn.works.cancelled()).await.is_err() {
            warn!("the configuration is taken, but nothing is decided by it yet");
            return Vec::new();
        }
        let versions = match self.server.process.ledger.rule_versions().await {
            Ok(versions) => versions,
            Err(error) => {
                debug!(error = %with_causes(&error), "which rules wait cannot be read now");
                return Vec::new();
            }
        };
        let waits = |rule: &&str| {
            let newest = versions.iter().rev().find(|version| version.rule.name == **rule);
            newest.is_some_and(|version| version.rule.state == RuleState::Waiting)
        };
        next.worker.policy.rule_names().filter(waits).map(str::to_owned).collect()
    }

    /// The log, the metrics, the ledger and the service manager.
    async fn tell(&self, reloaded: &Result<Reloaded, NotReloaded>) {
        let ready = format!("deliveries are taken at {}", self.address);
        let (outcome, status, note) = match reloaded {
            Ok(Reloaded { changed, .. }) if changed.is_empty() => {
                info!("nothing has changed in the configuration");
                ("unchanged", ready, None)
            }
            Ok(Reloaded { changed, .. }) => {
                info!(changed = changed.join(", "), "the configuration is reloaded");
                ("applied", ready, None)
            }
            Err(why) => {
                let reason = why.reason();
                error!(reason, "the configuration is not reloaded; the server works by the one that it had");
                let outcome = match why {
                    NotReloaded::Wrong { .. } => "wrong",
                    NotReloaded::NeedsRestart { .. } => "needs_restart",
                    NotReloaded::NotNow { .. } => "not_now",
                };
                let status = format!("{ready}; the configuration in the file was not taken");
                (outcome, status, Some(ToldOfReload { since: Timestamp::now(), reason }))
            }
        };
        counter!(RELOADS, "outcome" => outcome).increment(1);
        self.server.heartbeat.note_reload(note);
        // At once, so that who asks for the status now is told.
        if let Err(error) = self.server.heartbeat.beat().await {
            debug!(error = %with_causes(&error), "whether the configuration is reloaded is noted later");
        }
        self.manager.ready(&status);
    }

    /// By what a file differs from what the server works by.
    async fn compare(&self, file: PathBuf) -> Result<Difference, String> {
        let (current, digester) = (self.server.current.current(), self.digester.clone());
        let compared = tokio::task::spawn_blocking(move || {
            let loaded = Loaded::of(load(&file).map_err(|problems| problems.join("\n"))?, &digester);
            Ok(Difference { changed: current.loaded.difference(&loaded, &Schemas::new()) })
        });
        compared.await.unwrap_or_else(|_| Err("it panicked; please report it".to_owned()))
    }

    /// Whether the configuration is to be taken when it changes by itself.
    pub(super) fn is_watched(&self) -> bool {
        self.server.current.current().loaded.config.server.reload_on_change
    }

    /// What was read last: what the server works by, and with it what was refused.
    pub(super) fn read_last(&self) -> Signature {
        self.server.current.current().loaded.signature()
    }

    /// The configuration that was refused last, as it was when it was read.
    pub(super) fn refused_as_read(&self) -> Option<Signature> {
        lock(&self.refused).as_ref().map(|refused| refused.signature())
    }

    /// The same as it is on the disk now, and what stands behind the configuration that was refused. Reads files.
    pub(super) fn signature_now(&self) -> (Signature, Option<Signature>) {
        let now = self.server.current.current().loaded.signature_now(&self.digester);
        let of_refused = lock(&self.refused).as_ref().map(|refused| refused.signature_now(&self.digester));
        (now, of_refused)
    }
}

fn load(file: &Path) -> Result<Config, Vec<String>> {
    Config::load(file).map_err(|error| error.0.iter().map(ToString::to_string).collect())
}

fn not_now(reason: &str) -> NotReloaded {
    NotReloaded::NotNow { reason: reason.to_owned() }
}
