//! The ledger in PostgreSQL, shared by any number of processes. Calls of the port enter and become transactions; which rule
//! or target they come from is not known here.
//!
//! What is received goes a short way of its own (`record`, later expanded by `inbox`); everything else is a function on a
//! transaction or on a reading connection, one file for each noun. Only the server's clock counts. A connection that is
//! lost is replaced by itself; what was under way on it is answered `Busy`, and finds what it wrote when it comes again.

mod archive;
mod attention;
mod audit;
mod capsules;
mod carry;
mod claiming;
mod clock;
mod columns;
mod confirming;
mod connection;
mod connector;
mod copy;
mod counts;
mod damage;
mod days;
mod deaths;
mod deciding;
mod deliveries;
mod erasure_state;
mod erasures;
mod expired;
mod failure;
mod finding;
mod gauges;
mod generations;
mod holds;
mod inbox;
mod installations;
mod maintenance;
#[cfg(feature = "measure")]
pub(crate) mod measure;
mod meta;
mod named;
mod names;
mod past_jobs;
mod pauses;
mod people;
mod periodic;
mod place;
#[cfg(any(test, feature = "measure"))]
mod plans;
mod presence;
mod processes;
mod quarantine;
mod receipts;
mod rechecks;
mod record;
mod records;
mod refused;
mod remote_notifier;
mod requests;
mod rules;
mod schedule;
mod schema;
mod session;
mod session_list;
mod sessions;
mod snapshots;
mod steps;
mod sweep_jobs;
mod tally;
mod targets;
mod tasks;
mod tx;
mod work;

pub(crate) use copy::PostgresRows;
pub(crate) use schema::migrate;

use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::{ClientWrapper, Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use jiff::Timestamp;
use tokio_util::sync::DropGuard;

use self::claim::Writes;
use self::connection::Pauses;
use self::connector::Connector;
use self::damage::Damage;
use self::names::Names;
use self::record::Recorder;
use self::remote_notifier::RemoteNotifier;
use self::sessions::Place;
use self::tx::{Connection, Connections, Tx};
use super::closing::Tried;
use super::notifier::Notifier;
use super::sweep_job::{KeptProgress, StoredSweepJob, SweepJob};
use super::{
    Admin, AgingRecord, Archived, Attempt, AuditRange, Bounds, BreakerLimits, CallEnd, Claim, Claimed, ClaimedStep,
    ClockView, Closed, Closing, Counts, Cursor, DecideWork, Decided, Decision, EndedErasure, EndedMark, EraseWork,
    ErasedMark, ErasureCursor, ErasureFilter, Finished, Held, HeldWork, InstallationFacts, Intake, Keep, LedgerError,
    LedgerId, LinkMail, NewRuleVersion, NextLook, OpenError, PROCESS_FORGOTTEN_S, Page, PastJob, Periodic,
    PostgresPlace, ProcessInfo, ProcessView, PutAside, QuarantineId, QuarantineRange, Quarantined, Queue, QueueName,
    REFUSED_KEPT_S, ReceiptRange, Recorded, Records, RefusedDeliveries, Reported, Resolution, SessionChange,
    SessionView, SettleWork, StepEnd, StepWork, Stored, StoredPastJob, TakenDeliveries, TargetConditions, TargetHealth,
    TargetState, UnreadSessions, Work, acts, bounds, broken, claim, health, line, query, row, sum, transition,
};
use crate::attention::ClockDoubt;
use crate::audit::AuditEntry;
use crate::erasure::confirmation::{LinkBounds, LinkMailEnd, LinkProof};
use crate::erasure::{Halt, Outcome, Reportable};
use crate::event::StoredEvent;
use crate::keys::{KeyId, Sealed, Secret};
use crate::lock::lock;
use crate::subject::{InstallationName, TargetName};

/// Connections that only read.
const READERS_MAX: usize = 4;

/// How often a transaction that conflicted with another is retried at once.
const CONFLICTS_MAX: u32 = 8;

/// How long the end of a claim is tried while the database is away: a call's result is not thrown away for a restart. What was
/// committed without an answer is found by the transaction's id (`tx/fate`), and counts once.
const END_TRIED_MAX: Duration = Duration::from_secs(10);

/// How long a free connection is waited for; callers in a hurry have bounds of their own.
const POOL_WAIT_MAX: Duration = Duration::from_secs(30);

/// A ledger in a database.
pub(crate) struct PostgresLedger {
    /// Connections for transactions.
    work: Connections,
    readers: Connections,
    recorder: Mutex<Option<Arc<Recorder>>>,
    damage: Arc<Damage>,
    remote_notifier: Arc<RemoteNotifier>,
    /// Its end stops the listening.
    listening: Mutex<Option<DropGuard>>,
    sources: Names,
    installations: Names,
    passes: expiry::Passes,
    /// The number of this process; 0 until it is registered.
    process: AtomicI64,
    /// What it said of itself then.
    info: Mutex<Option<ProcessInfo>>,
    /// The index key that the ledger belonged to when this process asked.
    index_key: Mutex<Option<KeyId>>,
}

impl PostgresLedger {
    /// The same for a server: where a damage was seen, it looks whether it is mended.
    pub(crate) async fn serve(place: &PostgresPlace, password: Option<&Secret>) -> Result<Arc<Self>, OpenError> {
        let ledger = Self::open(place, password).await?;
        damage::heal(ledger.damage.connector(), place).await?;
        Ok(ledger)
    }

    /// Connects to a database whose schema is the one that this program knows.
    pub(crate) async fn open(place: &PostgresPlace, password: Option<&Secret>) -> Result<Arc<Self>, OpenError> {
        let failed = |source| OpenError::Failed { ledger: place.shown(), source };
        let connector = Connector::new(place, password).map_err(failed)?;
        let client = connection::open_first(&connector).await.map_err(failed)?;
        schema::check(&client, place).await?;
        schema::check_whole(&client, place).await?;
        let remote_notifier = RemoteNotifier::new();
        let damage = Damage::none(connector.clone());
        let recorder =
            Recorder::start(connector.clone(), place.statement_max, Arc::clone(&remote_notifier), Arc::clone(&damage));
        Ok(Arc::new(Self {
            work: connections(&connector, place, place.connections_max, &damage).map_err(failed)?,
            readers: connections(&connector, place, READERS_MAX, &damage).map_err(failed)?,
            recorder: Mutex::new(Some(Arc::new(recorder))),
            damage,
            listening: Mutex::new(Some(remote_notifier.start(connector))),
            remote_notifier,
            sources: Names::of("source"),
            installations: Names::of("installation"),
            passes: expiry::Passes::default(),
            process: AtomicI64::new(0),
            info: Mutex::default(),
            index_key: Mutex::default(),
        }))
    }

    fn process(&self) -> i64 {
        self.process.load(Ordering::Relaxed)
    }

    fn index_key(&self) -> Option<KeyId> {
        lock(&self.index_key).clone()
    }

    async fn reading(&self) -> Result<Connection, LedgerError> {
        self.readers.get().await
    }

    /// A connection for statements that are a transaction each.
    async fn writing(&self) -> Result<Connection, LedgerError> {
        self.damage.refuse()?;
        self.work.get().await
    }

    fn recorder(&self) -> Result<Arc<Recorder>, LedgerError> {
        let recorder = lock(&self.recorder).clone();
        recorder.ok_or_else(|| LedgerError::Busy(anyhow::anyhow!("the ledger is closed")))
    }
}

fn connections(
    connector: &Connector,
    place: &PostgresPlace,
    most: usize,
    damage: &Arc<Damage>,
) -> anyhow::Result<Connections> {
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(connector.config.clone(), connector.tls.clone(), recycling);
    let wait = Some(POOL_WAIT_MAX);
    let settings = connector.settings.clone();
    let apply = Hook::async_fn(move |client: &mut ClientWrapper, _| {
        let settings = settings.clone();
        Box::pin(async move {
            let made = async {
                settings.apply(client).await?;
                presence::enter(client).await
            };
            made.await.map_err(|refused| HookError::message(format!("{refused:#}")))
        })
    });
    let pool = Pool::builder(manager).max_size(most.max(1)).runtime(Runtime::Tokio1).post_create(apply);
    let pool = pool.wait_timeout(wait).create_timeout(wait).build()?;
    let answer_max = place.statement_max + Duration::from_secs(1);
    Ok(Connections { pool, answer_max, damage: Arc::clone(damage) })
}

/// Runs an operation in a transaction of its own, which ends with `COMMIT` where `$keep` says so of its result, and is
/// undone elsewhere. Tried again at once when another transaction was in the way; and, for so long as `$patience` says, while
/// the database is away.
macro_rules! transact {
    ($ledger:expr, $keep:expr, $patience:expr, |$tx:ident| $operation:expr) => {{
        let mut conflicts = 0;
        let mut pauses = Pauses::default();
        let began = tokio::time::Instant::now();
        loop {
            let tried = async {
                let mut begun = Tx::begin(&$ledger.work).await?;
                let $tx = &mut begun;
                match $operation.await {
                    Ok(done) if $keep(&done) => {
                        // After the commit: who is woken before it finds nothing, and waits for the poll.
                        $ledger.remote_notifier.notify(begun.commit(&$ledger.work).await?);
                        Ok(done)
                    }
                    undone => {
                        // Undone by word and not by being dropped, which would cost the connection.
                        begun.rollback().await;
                        undone
                    }
                }
            };
            match tried.await {
                Err(error) if conflicts < CONFLICTS_MAX && failure::is_conflict(&error) => conflicts += 1,
                // Also where nobody could say in time whether it was committed: written again, a key or a fence says whether
                // it had happened.
                Err(LedgerError::Busy(_)) if began.elapsed() < $patience => pauses.wait().await,
                done => break done,
            }
        }
    }};
    ($ledger:expr, |$tx:ident| $operation:expr) => {
        transact!($ledger, |_: &_| true, Duration::ZERO, |$tx| $operation)
    };
}

// Their orders and batches are transactions, too, so they come after the macro.
mod accounts;
mod admin;
mod answers;
mod expiry;

/// Whether the end of a claim was written.
fn done(finished: &Finished) -> bool {
    *finished == Finished::Done
}

#[async_trait]
impl Intake for PostgresLedger {
    async fn record(&self, event: StoredEvent) -> Result<Recorded, LedgerError> {
        self.recorder()?.record(&event).await
    }

    async fn quarantine(&self, item: Quarantined) -> Result<PutAside, LedgerError> {
        let source = self.sources.id(&self.writing().await?, &item.source.0).await?;
        transact!(self, |tx| quarantine::add(tx, source, &item))
    }

    async fn report(&self, of: &Reportable, under: &KeyId, report: &Sealed) -> Result<Reported, LedgerError> {
        transact!(self, |tx| steps::report(tx, of, under, report))
    }

    async fn refused(&self, refused: &[RefusedDeliveries]) -> Result<(), LedgerError> {
        refused::add(&self.writing().await?, refused).await
    }

    async fn delivered(&self, taken: &[TakenDeliveries]) -> Result<(), LedgerError> {
        deliveries::add(&self.writing().await?, taken).await
    }

    async fn one_client(&self, is_one: bool) -> Result<(), LedgerError> {
        meta::one_client(&self.writing().await?, is_one).await
    }

    async fn writable(&self) -> Result<(), LedgerError> {
        transact!(self, |tx| meta::try_out(tx))
    }
}

#[async_trait]
impl Queue for PostgresLedger {
    async fn claim(
        &self,
        queue: &QueueName,
        most: usize,
        lease: Duration,
        bounds: &Bounds,
    ) -> Result<Claimed, LedgerError> {
        let Some(found) = claiming::is_due(self, &self.reading().await?, queue, bounds).await? else {
            return Ok(Claimed::nothing(NextLook::WhenChanged));
        };
        let key = self.index_key();
        let mut writes = Writes::Together;
        loop {
            let claimed = transact!(self, |tx| async {
                let claimed = claiming::claim(self, tx, queue, most, lease, bounds, &found, writes).await?;
                // After the tasks are locked: a key that is replaced at this instant is either seen here, or finds them held.
                meta::must_be_index_key(tx, key.as_ref()).await?;
                Ok(claimed)
            });
            match claimed {
                Ok(claimed) => return Ok(claimed),
                Err(error) => writes = writes.after(queue, &error).ok_or(error)?,
            }
        }
    }

    fn changed<'a, 'b, 'c>(&'a self, queue: &'b QueueName) -> Pin<Box<dyn Future<Output = ()> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(self.remote_notifier.notifier().of(&queue.name()).notified_owned())
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<Finished, LedgerError> {
        tasks::renew(&self.writing().await?, claim, lease).await
    }

    async fn retry(
        &self,
        claim: Claim,
        pause: Duration,
        attempt: Attempt,
        reason: &str,
    ) -> Result<Finished, LedgerError> {
        transact!(self, done, END_TRIED_MAX, |tx| claiming::retry(tx, &claim, pause, attempt, reason))
    }

    async fn park(&self, claim: Claim, outcome: Outcome, reason: &str) -> Result<Finished, LedgerError> {
        transact!(self, done, END_TRIED_MAX, |tx| claiming::park(tx, &claim, outcome, reason))
    }

    async fn put_off(&self, of: &HeldWork, pause: Option<Duration>, reason: &str) -> Result<Finished, LedgerError> {
        transact!(self, done, END_TRIED_MAX, |tx| claiming::put_off(tx, of, pause, reason))
    }

    async fn decided(&self, claim: Claim, decision: Decision) -> Result<Decided, LedgerError> {
        let key = transition::decided_on(&claim, &decision)?;
        // Its connection goes back before the transaction takes one: where there is only one, it would wait for itself.
        let installation = self.installations.id(&self.writing().await?, &key.installation.0).await?;
        let place = Place { installation, session: key.session.0 };
        let is_done = |decided: &Decided| done(&decided.finished);
        let decided = transact!(self, is_done, END_TRIED_MAX, |tx| deciding::decided(tx, &claim, &decision, place))?;
        // The transaction was undone as a whole, so the claim is still held: left so, the work would wait for its lease
        // to end.
        if decided.finished == Finished::Stale {
            tasks::give_back(&self.writing().await?, &claim).await?;
            self.remote_notifier.notify([claim.work.queue().name().into_owned()]);
        }
        Ok(decided)
    }

    async fn resolved(&self, claim: Claim, resolution: Resolution) -> Result<Finished, LedgerError> {
        let name = transition::begins(&claim, &resolution)?.subject.installation();
        let installation = self.installations.id(&self.writing().await?, &name.0).await?;
        transact!(self, done, END_TRIED_MAX, |tx| steps::resolved(tx, &claim, &resolution, installation))
    }

    async fn without_rejected(&self, claim: Claim) -> Result<Finished, LedgerError> {
        transact!(self, done, END_TRIED_MAX, |tx| schedule::without_rejected(tx, &claim))
    }

    async fn lapsed(&self, claim: Claim) -> Result<Finished, LedgerError> {
        transact!(self, done, END_TRIED_MAX, |tx| schedule::lapsed(tx, &claim))
    }

    async fn sending(&self, of: ClaimedStep) -> Result<Finished, LedgerError> {
        transact!(self, done, END_TRIED_MAX, |tx| steps::sending(tx, &of))
    }

    async fn halted(&self, of: ClaimedStep) -> Result<Option<Halt>, LedgerError> {
        steps::halted(&self.writing().await?, &of).await
    }

    async fn keep_resume(&self, of: ClaimedStep, resume: Sealed) -> Result<Finished, LedgerError> {
        transact!(self, done, END_TRIED_MAX, |tx| steps::keep_resume(tx, &of, &resume))
    }

    async fn stepped(&self, claim: Claim, end: StepEnd) -> Result<Finished, LedgerError> {
        transact!(self, done, END_TRIED_MAX, |tx| steps::stepped(tx, &claim, &end))
    }

    async fn closed(&self, closing: Vec<Closing>) -> Result<Closed, LedgerError> {
        // Receipts that are too late are not even tried; but only the claims that hold are given back.
        let follow = transition::succeed(closing.iter().map(|one| &one.receipt), self.receipt_end().await?);
        let tried = transact!(self, |tried: &Tried| matches!(tried, Tried::Closed), Duration::ZERO, |tx| async {
            let held = receipts::held(tx, &closing).await?;
            if held.contains(&false) {
                return Ok(Tried::Lost(held));
            }
            Ok(if follow && receipts::closed(tx, &closing).await? { Tried::Closed } else { Tried::Moved })
        });
        Closed::of(tried, closing)
    }

    async fn awaited_targets(&self) -> Result<Vec<TargetName>, LedgerError> {
        tasks::awaited_targets(&self.reading().await?).await
    }

    async fn call_ended(&self, target: &TargetName, end: &CallEnd, limits: BreakerLimits) -> Result<(), LedgerError> {
        // As long as the end of the claim, which is written after it: without it, the work would wait for its lease to end.
        transact!(self, |_: &_| true, END_TRIED_MAX, |tx| async {
            targets::call_ended(tx, target, end, limits).await?;
            // What waited for it can begin.
            if matches!(end, CallEnd::Answered { .. }) {
                claim::queues_of(target).iter().for_each(|queue| tx.notify(queue));
            }
            Ok(())
        })
    }

    async fn charge(&self, target: &TargetName, calls: u32, calls_per_s: NonZeroU32) -> Result<Duration, LedgerError> {
        transact!(self, |_: &_| true, END_TRIED_MAX, |tx| targets::charge(tx, target, calls, calls_per_s))
    }

    async fn keeper_ended(&self, keeper: &str, reason: Option<&str>) -> Result<(), LedgerError> {
        meta::keeper_ended(&self.writing().await?, keeper, reason).await
    }

    async fn add_rule_version(&self, version: &NewRuleVersion) -> Result<(), LedgerError> {
        transact!(self, |tx| async { rules::add(tx, version).await })
    }

    async fn forget_keepers(&self) -> Result<(), LedgerError> {
        meta::forget_keepers(&self.writing().await?).await
    }

    async fn take_periodic(&self, name: &str, lease: Duration) -> Result<Option<Periodic>, LedgerError> {
        periodic::take(&self.writing().await?, name, lease).await
    }

    async fn put_off_periodic(&self, name: &str, pause: Duration, mark: Option<Timestamp>) -> Result<(), LedgerError> {
        periodic::put_off(&self.writing().await?, name, pause, mark).await
    }

    async fn renew_periodic(&self, name: &str, lease: Duration, mark: Option<Timestamp>) -> Result<(), LedgerError> {
        periodic::renew(&self.writing().await?, name, lease, mark).await
    }

    async fn want_periodic(&self, name: &str) -> Result<(), LedgerError> {
        periodic::want(&self.writing().await?, name).await
    }

    async fn looked_at_erased(&self, installation: &InstallationName, to: ErasedMark) -> Result<(), LedgerError> {
        periodic::looked_at_erased(&self.writing().await?, installation, to).await
    }

    async fn add_past_job(&self, job: &PastJob) -> Result<i64, LedgerError> {
        past_jobs::add(&self.writing().await?, job).await
    }

    async fn save_past_job(&self, job: &StoredPastJob) -> Result<bool, LedgerError> {
        past_jobs::save(&self.writing().await?, job).await
    }

    async fn add_sweep_job(&self, job: &SweepJob, replaced: i64) -> Result<Option<StoredSweepJob>, LedgerError> {
        transact!(self, |tx| sweep_jobs::add(tx, job, replaced))
    }

    async fn save_sweep_job(
        &self,
        job: &StoredSweepJob,
        progress: &KeptProgress,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let is_saved = sweep_jobs::save(tx, job, progress).await?;
            if let Some(entry) = entry.filter(|_| is_saved) {
                audit::append(tx, entry).await?;
            }
            Ok(is_saved)
        })
    }

    async fn take_link(&self, proof: &LinkProof, bounds: &LinkBounds) -> Result<Option<LinkMail>, LedgerError> {
        let key = self.index_key();
        transact!(self, |tx| async {
            let taken = confirming::take(tx, proof, bounds).await?;
            meta::must_be_index_key(tx, key.as_ref()).await?;
            Ok(taken)
        })
    }

    async fn link_mail_ended(&self, proof: &LinkProof, end: LinkMailEnd) -> Result<(), LedgerError> {
        let token = proof.found_by();
        transact!(self, |tx| confirming::mail_ended(tx, token, end.clone()))
    }

    async fn keep_alert(&self, name: &str, read: u64, state: &str) -> Result<bool, LedgerError> {
        periodic::keep_alert(&self.writing().await?, name, read, state).await
    }

    async fn register(&self, process: &ProcessInfo) -> Result<(), LedgerError> {
        let number = processes::register(&self.writing().await?, process).await?;
        self.process.store(number, Ordering::Relaxed);
        *lock(&self.info) = Some(process.clone());
        Ok(())
    }

    async fn retarget(&self, targets: &[TargetName]) -> Result<(), LedgerError> {
        processes::retarget(&self.writing().await?, self.process(), targets).await?;
        // Under which it is put on the list again, should it have been forgotten.
        if let Some(info) = lock(&self.info).as_mut() {
            info.targets = targets.to_vec();
        }
        Ok(())
    }

    async fn heartbeat(&self, conditions: &TargetConditions) -> Result<(), LedgerError> {
        let info = lock(&self.info).clone();
        let listed = processes::heartbeat(&self.writing().await?, self.process(), conditions).await?;
        match info {
            // It was away for so long that it has been forgotten.
            Some(info) if !listed => self.register(&info).await,
            _ => Ok(()),
        }
    }

    async fn watch_clock(&self, jump_max: Duration) -> Result<Option<ClockDoubt>, LedgerError> {
        transact!(self, |tx| clock::watch(tx, jump_max, self.process()))
    }

    async fn deregister(&self) -> Result<(), LedgerError> {
        processes::deregister(&self.writing().await?, self.process()).await
    }

    async fn maintain(&self, keep: Keep) -> Result<(), LedgerError> {
        // By a clock that cannot be right, everything may seem to have served.
        if !transact!(self, |tx| clock::trust(tx))?.erasing {
            return Ok(());
        }
        transact!(self, |tx| confirming::forget_old(tx, keep.duplicates))?;
        transact!(self, |tx| accounts::forget_old(tx))?;
        transact!(self, |tx| answers::forget_old(tx))?;
        let connection = self.writing().await?;
        processes::forget_lost(&connection).await?;
        refused::forget_old(&connection).await?;
        let months = maintenance::event_months(&connection, keep.duplicates).await;
        // Its transactions take connections themselves: where there is only one, it would be waited for.
        drop(connection);
        let sweeps = transact!(self, |tx| sweep_jobs::forget_old(tx, keep.erasures));
        self.expire(&keep).await?;
        sweeps?;
        months
    }
}

#[cfg(test)]
mod tests;
