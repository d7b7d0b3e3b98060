//! The embedded ledger: SQLite in one file. Calls of the port enter and become statements; which rule or target they
//! come from is not known here.
//!
//! One thread writes (`writer`), a few connections read (`readers`). What is received goes a short way of its own
//! (`record`, later expanded by `inbox`); everything else is a function on a transaction, one file for each noun.

mod access;
mod accounts;
mod admin;
mod answers;
mod archive;
mod attention;
mod audit;
mod backup;
mod capsules;
mod carry;
mod check;
mod checkpoint;
mod claiming;
mod clock;
mod columns;
mod confirming;
mod copy;
mod counts;
mod damage;
mod days;
mod deaths;
mod deciding;
mod deliveries;
mod erasures;
mod exclusive;
mod expired;
mod expiry;
mod failure;
mod files;
mod finding;
mod gauges;
mod generations;
mod holds;
mod inbox;
mod installations;
mod integrity;
mod job;
mod maintenance;
mod meta;
mod named;
mod names;
mod past_jobs;
mod pauses;
mod people;
mod periodic;
mod processes;
mod quarantine;
mod readers;
mod receipts;
mod rechecks;
mod record;
mod records;
mod refused;
mod requests;
mod rules;
mod schedule;
mod schema;
mod session_list;
mod sessions;
mod steps;
mod sweep_jobs;
mod targets;
mod tasks;
mod wal;
mod work;
mod writer;

pub(crate) use backup::{SqliteView, back_up, inspect, inspect_backup};
pub(crate) use copy::SqliteRows;
pub(crate) use schema::migrate_file;

use std::num::NonZeroU32;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

pub(crate) use self::access::must_be_allowed;
use self::check::Checks;
use self::checkpoint::LOG_BYTES_LONG;
use self::claim::Writes;
use self::claiming::Holder;
use self::damage::{Damage, Notes};
pub(crate) use self::exclusive::Exclusive;
use self::expiry::Passes;
use self::files::Files;
use self::job::{Tx, Wakes};
use self::maintenance::Walk;
use self::readers::Readers;
use self::writer::Writer;
use super::notifier::Notifier;
use super::sweep_job::{KeptProgress, StoredSweepJob, SweepJob};
use super::{
    Admin, AgingRecord, Archived, Attempt, AuditRange, Bounds, BreakerLimits, CallEnd, Claim, Claimed, ClaimedStep,
    ClockView, Closed, Closing, Counts, Cursor, DecideWork, Decided, Decision, EndedErasure, EndedMark, EraseWork,
    ErasedMark, ErasureCursor, ErasureFilter, Finished, Held, HeldWork, InstallationFacts, Intake, Keep, LedgerError,
    LedgerId, LinkMail, NewRuleVersion, NextLook, OpenError, PROCESS_FORGOTTEN_S, Page, PastJob, Periodic, ProcessInfo,
    ProcessView, PutAside, QuarantineId, QuarantineRange, Quarantined, Queue, QueueName, REFUSED_KEPT_S, ReceiptRange,
    Recorded, RefusedDeliveries, Reported, Resolution, SessionChange, SessionView, SettleWork, StepEnd, StepWork,
    Stored, StoredPastJob, TakenDeliveries, TargetConditions, TargetHealth, TargetState, UnreadSessions, Work, acts,
    bounds, claim, health, line, query, row, sum, transition,
};
use crate::attention::ClockDoubt;
use crate::audit::AuditEntry;
use crate::erasure::confirmation::{LinkBounds, LinkMailEnd, LinkProof};
use crate::erasure::{Halt, Outcome, Reportable};
use crate::event::StoredEvent;
use crate::keys::{KeyId, Sealed};
use crate::lock::lock;
use crate::subject::{InstallationName, TargetName};

/// A ledger in a file. Several processes may have it open at once.
pub(crate) struct SqliteLedger {
    writer: Writer,
    thread: Mutex<Option<JoinHandle<()>>>,
    readers: Arc<Readers>,
    notifier: Arc<Notifier>,
    walk: Walk,
    passes: Passes,
    /// The number of this process; 0 until it is registered.
    process: AtomicI64,
    /// The index key that the ledger belonged to when this process asked.
    index_key: Mutex<Option<KeyId>>,
    damage: Arc<Damage>,
    files: Arc<Files>,
    /// Of a server.
    checks: Mutex<Option<Checks>>,
    _exclusive: Option<Exclusive>,
}

impl SqliteLedger {
    /// Opens the file, makes it where it is missing, and brings its schema up to date. Blocks for a moment. A command does so
    /// beside a server.
    pub(crate) fn open(path: &Path) -> Result<Arc<Self>, OpenError> {
        must_be_allowed(path)?;
        wal::look(path, None)?;
        Self::opened(path, Notes::Nowhere, None)
    }

    /// The same for a server: it has the file for itself, but for commands, and looks for damage for as long as it is open.
    pub(crate) fn serve(path: &Path) -> Result<Arc<Self>, OpenError> {
        must_be_allowed(path)?;
        let exclusive = Exclusive::take(path)?;
        // Before its log is looked at, which a ledger that was overwritten has spoilt as well.
        must_not_be_overwritten(path)?;
        wal::look(path, Some(&exclusive))?;
        heal(path)?;
        Self::opened(path, Notes::Beside, Some(exclusive))
    }

    fn opened(path: &Path, notes: Notes, exclusive: Option<Exclusive>) -> Result<Arc<Self>, OpenError> {
        let failed =
            |error: std::io::Error| OpenError::Failed { ledger: path.display().to_string(), source: error.into() };
        let mut connection = schema::open(path).map_err(|error| known_damage(path, error))?;
        match &exclusive {
            Some(_) => checkpoint::settle(&connection),
            None => schema::be_patient(&mut connection).map_err(|error| failed(std::io::Error::other(error)))?,
        }
        let is_server = exclusive.is_some();
        let files = Arc::new(Files::of(path, is_server).map_err(failed)?);
        let damage = Damage::of(Arc::clone(&files), notes);
        let notifier = Arc::<Notifier>::default();
        let (own_damage, own_files) = (Arc::clone(&damage), (Arc::clone(&files), is_server));
        let (writer, thread) =
            Writer::start(connection, own_damage, own_files, Arc::clone(&notifier)).map_err(failed)?;
        let readers = Readers::new(path.to_owned(), Arc::clone(&damage), Arc::clone(&files));
        let checks = match exclusive {
            Some(_) => Some(Checks::start(path.to_owned(), Arc::clone(&damage)).map_err(failed)?),
            None => None,
        };
        Ok(Arc::new(Self {
            writer,
            thread: Mutex::new(Some(thread)),
            readers,
            notifier,
            walk: Walk::new(),
            passes: Passes::default(),
            process: AtomicI64::new(0),
            index_key: Mutex::default(),
            damage,
            files,
            checks: Mutex::new(checks),
            _exclusive: exclusive,
        }))
    }

    fn process(&self) -> i64 {
        self.process.load(Ordering::Relaxed)
    }

    /// Cuts the log to nothing; `false` while a reader needs it.
    async fn empty_log(&self) -> Result<bool, LedgerError> {
        let files = Arc::clone(&self.files);
        // Where another file is at its path, the writer finds that, and saves what is in the log.
        let beforehand = move || files.unchanged().map_or(Ok(true), |()| checkpoint::beforehand(&files));
        let moved = tokio::task::spawn_blocking(beforehand).await;
        let moved = moved.map_err(|_| failure::broken("moving the ledger's log panicked"))?;
        Ok(self.damage.seen(moved)? && self.writer.truncate_log().await?)
    }

    fn index_key(&self) -> Option<KeyId> {
        lock(&self.index_key).clone()
    }
}

#[async_trait]
impl Intake for SqliteLedger {
    async fn record(&self, event: StoredEvent) -> Result<Recorded, LedgerError> {
        self.writer.record(&event).await
    }

    async fn quarantine(&self, item: Quarantined) -> Result<PutAside, LedgerError> {
        self.writer.write(Wakes::NoOne, move |tx| quarantine::add(tx, &item)).await
    }

    async fn report(&self, of: &Reportable, under: &KeyId, report: &Sealed) -> Result<Reported, LedgerError> {
        let (of, under) = (of.clone(), under.clone());
        let report = report.clone();
        self.writer.write(Wakes::Due, move |tx| steps::report(tx, &of, &under, &report)).await
    }

    async fn refused(&self, refused: &[RefusedDeliveries]) -> Result<(), LedgerError> {
        let refused = refused.to_vec();
        self.writer.write(Wakes::NoOne, move |tx| refused::add(tx, &refused)).await
    }

    async fn delivered(&self, taken: &[TakenDeliveries]) -> Result<(), LedgerError> {
        let taken = taken.to_vec();
        self.writer.write(Wakes::NoOne, move |tx| deliveries::add(tx, &taken)).await
    }

    async fn one_client(&self, is_one: bool) -> Result<(), LedgerError> {
        self.writer.write(Wakes::NoOne, move |tx| meta::State::OneClient.note(tx, is_one)).await
    }

    async fn writable(&self) -> Result<(), LedgerError> {
        self.writer.write(Wakes::NoOne, meta::try_out).await
    }
}

#[async_trait]
impl Queue for SqliteLedger {
    async fn claim(
        &self,
        queue: &QueueName,
        most: usize,
        lease: Duration,
        bounds: &Bounds,
    ) -> Result<Claimed, LedgerError> {
        let holder = Holder { process: self.process(), lease };
        let claim = |writes| {
            let (queue, bounds, key) = (queue.clone(), bounds.clone(), self.index_key());
            self.writer.write(Wakes::NoOne, move |tx| {
                meta::must_be_index_key(tx, key.as_ref())?;
                claiming::claim(tx, &queue, most, holder, &bounds, writes)
            })
        };
        match claim(Writes::Together).await {
            Ok(claimed) => Ok(claimed),
            Err(error) => match Writes::Together.after(queue, &error) {
                Some(apart) => claim(apart).await,
                None => Err(error),
            },
        }
    }

    fn changed<'a, 'b, 'c>(&'a self, queue: &'b QueueName) -> Pin<Box<dyn Future<Output = ()> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(self.notifier.of(&queue.name()).notified_owned())
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<Finished, LedgerError> {
        let task = claim.task;
        let fence = claim.fence;
        self.writer.write(Wakes::NoOne, move |tx| tasks::renew(tx, task, fence, lease)).await
    }

    async fn retry(
        &self,
        claim: Claim,
        pause: Duration,
        attempt: Attempt,
        reason: &str,
    ) -> Result<Finished, LedgerError> {
        let reason = reason.to_owned();
        self.writer.write(Wakes::Due, move |tx| claiming::retry(tx, &claim, pause, attempt, &reason)).await
    }

    async fn park(&self, claim: Claim, outcome: Outcome, reason: &str) -> Result<Finished, LedgerError> {
        let reason = reason.to_owned();
        self.writer.write(Wakes::NoOne, move |tx| claiming::park(tx, &claim, outcome, &reason)).await
    }

    async fn put_off(&self, of: &HeldWork, pause: Option<Duration>, reason: &str) -> Result<Finished, LedgerError> {
        let (of, reason) = (of.clone(), reason.to_owned());
        self.writer.write(Wakes::Due, move |tx| claiming::put_off(tx, &of, pause, &reason)).await
    }

    async fn decided(&self, claim: Claim, decision: Decision) -> Result<Decided, LedgerError> {
        self.writer.write(Wakes::Due, move |tx| deciding::decided(tx, &claim, &decision)).await
    }

    async fn resolved(&self, claim: Claim, resolution: Resolution) -> Result<Finished, LedgerError> {
        self.writer.write(Wakes::Due, move |tx| steps::resolved(tx, &claim, &resolution)).await
    }

    async fn without_rejected(&self, claim: Claim) -> Result<Finished, LedgerError> {
        self.writer.write(Wakes::Due, move |tx| schedule::without_rejected(tx, &claim)).await
    }

    async fn lapsed(&self, claim: Claim) -> Result<Finished, LedgerError> {
        self.writer.write(Wakes::Due, move |tx| schedule::lapsed(tx, &claim)).await
    }

    async fn sending(&self, of: ClaimedStep) -> Result<Finished, LedgerError> {
        self.writer.write(Wakes::NoOne, move |tx| steps::sending(tx, &of)).await
    }

    async fn halted(&self, of: ClaimedStep) -> Result<Option<Halt>, LedgerError> {
        let now = Timestamp::now();
        self.readers.read(move |connection| steps::halted(connection, &of, now)).await
    }

    async fn keep_resume(&self, of: ClaimedStep, resume: Sealed) -> Result<Finished, LedgerError> {
        self.writer.write(Wakes::NoOne, move |tx| steps::keep_resume(tx, &of, &resume)).await
    }

    async fn stepped(&self, claim: Claim, end: StepEnd) -> Result<Finished, LedgerError> {
        self.writer.write(Wakes::Due, move |tx| steps::stepped(tx, &claim, end)).await
    }

    async fn closed(&self, closing: Vec<Closing>) -> Result<Closed, LedgerError> {
        let closing = Arc::new(closing);
        let theirs = Arc::clone(&closing);
        let tried = self.writer.write(Wakes::NoOne, move |tx| receipts::closed(tx, &theirs)).await;
        // Who has tried it has let go of it; where it was not even tried, its claims are left to their leases.
        Closed::of(tried, Arc::into_inner(closing).unwrap_or_default())
    }

    async fn awaited_targets(&self) -> Result<Vec<TargetName>, LedgerError> {
        self.readers.read(tasks::awaited_targets).await
    }

    async fn call_ended(&self, target: &TargetName, end: &CallEnd, limits: BreakerLimits) -> Result<(), LedgerError> {
        let target = target.clone();
        let end = end.clone();
        // What waited for it can begin.
        let wakes = if matches!(end, CallEnd::Answered { .. }) { Wakes::Due } else { Wakes::NoOne };
        self.writer.write(wakes, move |tx| targets::call_ended(tx, &target, &end, limits)).await
    }

    async fn charge(&self, target: &TargetName, calls: u32, calls_per_s: NonZeroU32) -> Result<Duration, LedgerError> {
        let target = target.clone();
        self.writer.write(Wakes::NoOne, move |tx| targets::charge(tx, &target, calls, calls_per_s)).await
    }

    async fn keeper_ended(&self, keeper: &str, reason: Option<&str>) -> Result<(), LedgerError> {
        let keeper = keeper.to_owned();
        let reason = reason.map(str::to_owned);
        self.writer.write(Wakes::NoOne, move |tx| meta::keeper_ended(tx, &keeper, reason.as_deref())).await
    }

    async fn add_rule_version(&self, version: &NewRuleVersion) -> Result<(), LedgerError> {
        let version = version.clone();
        self.writer.write(Wakes::NoOne, move |tx| rules::add(tx, &version)).await
    }

    async fn forget_keepers(&self) -> Result<(), LedgerError> {
        self.writer.write(Wakes::NoOne, meta::forget_keepers).await
    }

    async fn take_periodic(&self, name: &str, lease: Duration) -> Result<Option<Periodic>, LedgerError> {
        let name = name.to_owned();
        self.writer.write(Wakes::NoOne, move |tx| periodic::take(tx, &name, lease)).await
    }

    async fn put_off_periodic(&self, name: &str, pause: Duration, mark: Option<Timestamp>) -> Result<(), LedgerError> {
        let name = name.to_owned();
        self.writer.write(Wakes::NoOne, move |tx| periodic::put_off(tx, &name, pause, mark)).await
    }

    async fn renew_periodic(&self, name: &str, lease: Duration, mark: Option<Timestamp>) -> Result<(), LedgerError> {
        let name = name.to_owned();
        self.writer.write(Wakes::NoOne, move |tx| periodic::renew(tx, &name, lease, mark)).await
    }

    async fn want_periodic(&self, name: &str) -> Result<(), LedgerError> {
        let name = name.to_owned();
        self.writer.write(Wakes::NoOne, move |tx| periodic::want(tx, &name)).await
    }

    async fn looked_at_erased(&self, installation: &InstallationName, to: ErasedMark) -> Result<(), LedgerError> {
        let installation = installation.clone();
        self.writer.write(Wakes::NoOne, move |tx| periodic::looked_at_erased(tx, &installation, to)).await
    }

    async fn add_past_job(&self, job: &PastJob) -> Result<i64, LedgerError> {
        let job = job.clone();
        self.writer.write(Wakes::NoOne, move |tx| past_jobs::add(tx, &job)).await
    }

    async fn save_past_job(&self, job: &StoredPastJob) -> Result<bool, LedgerError> {
        let job = job.clone();
        self.writer.write(Wakes::NoOne, move |tx| past_jobs::save(tx, &job)).await
    }

    async fn add_sweep_job(&self, job: &SweepJob, replaced: i64) -> Result<Option<StoredSweepJob>, LedgerError> {
        let job = job.clone();
        self.writer.write(Wakes::NoOne, move |tx| sweep_jobs::add(tx, &job, replaced)).await
    }

    async fn save_sweep_job(
        &self,
        job: &StoredSweepJob,
        progress: &KeptProgress,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, LedgerError> {
        let (job, progress, entry) = (job.clone(), progress.clone(), entry.cloned());
        let save = move |tx: &Tx<'_>| {
            let is_saved = sweep_jobs::save(tx, &job, &progress)?;
            if let Some(entry) = entry.as_ref().filter(|_| is_saved) {
                audit::append(tx, entry)?;
            }
            Ok(is_saved)
        };
        self.writer.write(Wakes::NoOne, save).await
    }

    async fn take_link(&self, proof: &LinkProof, bounds: &LinkBounds) -> Result<Option<LinkMail>, LedgerError> {
        let (proof, bounds, key) = (proof.clone(), *bounds, self.index_key());
        let take = move |tx: &Tx<'_>| {
            meta::must_be_index_key(tx, key.as_ref())?;
            confirming::take(tx, &proof, &bounds)
        };
        self.writer.write(Wakes::NoOne, take).await
    }

    async fn link_mail_ended(&self, proof: &LinkProof, end: LinkMailEnd) -> Result<(), LedgerError> {
        let token = proof.found_by();
        self.writer.write(Wakes::NoOne, move |tx| confirming::mail_ended(tx, token, end)).await
    }

    async fn keep_alert(&self, name: &str, read: u64, state: &str) -> Result<bool, LedgerError> {
        let (name, state) = (name.to_owned(), state.to_owned());
        self.writer.write(Wakes::NoOne, move |tx| periodic::keep_alert(tx, &name, read, &state)).await
    }

    async fn register(&self, process: &ProcessInfo) -> Result<(), LedgerError> {
        let process = process.clone();
        let number = self.writer.write(Wakes::NoOne, move |tx| processes::register(tx, &process)).await?;
        self.process.store(number, Ordering::Relaxed);
        Ok(())
    }

    async fn retarget(&self, targets: &[TargetName]) -> Result<(), LedgerError> {
        let (number, targets) = (self.process(), targets.to_vec());
        self.writer.write(Wakes::NoOne, move |tx| processes::retarget(tx, number, &targets)).await
    }

    async fn heartbeat(&self, conditions: &TargetConditions) -> Result<(), LedgerError> {
        let number = self.process();
        let conditions = conditions.clone();
        let log_is_long = self.files.log_bytes() >= LOG_BYTES_LONG;
        let beat = move |tx: &Tx<'_>| {
            meta::State::LogLong.note(tx, log_is_long)?;
            processes::heartbeat(tx, number, &conditions)
        };
        self.writer.write(Wakes::NoOne, beat).await
    }

    async fn watch_clock(&self, jump_max: Duration) -> Result<Option<ClockDoubt>, LedgerError> {
        let own = self.process();
        // What is left over from a process that died is due.
        self.writer.write(Wakes::Due, move |tx| clock::watch(tx, jump_max, own)).await
    }

    async fn deregister(&self) -> Result<(), LedgerError> {
        let number = self.process();
        self.writer.write(Wakes::NoOne, move |tx| processes::deregister(tx, number)).await
    }

    async fn maintain(&self, keep: Keep) -> Result<(), LedgerError> {
        // By a clock that cannot be right, everything may seem to have served.
        if self.writer.write(Wakes::NoOne, clock::trust).await?.erasing {
            self.writer.write(Wakes::NoOne, processes::forget_lost).await?;
            self.writer.write(Wakes::NoOne, refused::forget_old).await?;
            self.writer.write(Wakes::NoOne, move |tx| confirming::forget_old(tx, keep.duplicates)).await?;
            self.writer.write(Wakes::NoOne, accounts::forget_old).await?;
            self.writer.write(Wakes::NoOne, answers::forget_old).await?;
            let events = self.walk.go_on(&self.readers, &self.writer, keep.duplicates).await;
            let sweeps = move |tx: &Tx<'_>| sweep_jobs::forget_old(tx, keep.erasures);
            let sweeps = self.writer.write(Wakes::NoOne, sweeps).await;
            self.passes.go_on(&self.writer, keep).await?;
            events?;
            sweeps?;
        }
        // Last: what was deleted above is still in the log, and goes with it.
        if self.empty_log().await? {
            return Ok(());
        }
        Err(LedgerError::Busy(anyhow::anyhow!("a reader keeps the ledger's log from being emptied")))
    }
}

/// What a server has noted of a damage, which a command tells that cannot open the ledger.
pub(crate) fn noted_damage(path: &Path) -> Option<String> {
    damage::noted(path).map(|noted| noted.what)
}

/// Why a ledger does not open of which a server has noted a damage: what SQLite stumbles over follows from that.
fn known_damage(path: &Path, error: OpenError) -> OpenError {
    match (error, noted_damage(path)) {
        (OpenError::Failed { ledger, .. }, Some(what)) => {
            OpenError::Damaged { ledger, what, advice: "restore a backup, and restart the server" }
        }
        (other, _) => other,
    }
}

/// That a ledger is whole which another program has written says nothing: what was acknowledged since is not in it.
fn must_not_be_overwritten(path: &Path) -> Result<(), OpenError> {
    let Some(noted) = damage::noted(path).filter(|noted| noted.overwritten && path.exists()) else { return Ok(()) };
    let advice = "`quietus ledger restore` a backup, which says what is lost. If the file is the right one all the same (its time was \
                  changed, and nothing else), remove its `-damage` and start again";
    Err(OpenError::Damaged { ledger: path.display().to_string(), what: noted.what, advice })
}

/// A ledger of which a damage is noted is looked at as a whole, before anything is acknowledged on it. Where a person has mended it,
/// the note is removed.
fn heal(path: &Path) -> Result<(), OpenError> {
    let Some(noted) = damage::noted(path) else { return Ok(()) };
    let damaged = |what| {
        let advice = "restore a backup and start again";
        OpenError::Damaged { ledger: path.display().to_string(), what, advice }
    };
    if !path.exists() {
        return Err(damaged(noted.what));
    }
    let connection = schema::open(path)?;
    let checked = integrity::at_once(path);
    if checked.is_err() {
        checkpoint::never(&connection);
    }
    drop(connection);
    match checked {
        Ok(()) => {
            let failed =
                |error: std::io::Error| OpenError::Failed { ledger: path.display().to_string(), source: error.into() };
            damage::forget(path).map_err(failed)?;
            tracing::warn!(damage = noted.what, "the ledger was damaged, and nothing is found any more");
            Ok(())
        }
        Err(error) => Err(damaged(format!("{:#}", error.into_cause()))),
    }
}

#[cfg(test)]
mod tests;
