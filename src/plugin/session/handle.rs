//! A session as its callers share it: calls are made, multiplexed by their ids, cancelled and ended. What is sent goes through a
//! queue of frames; [`serve`](super::serve) has its other end, and [`receive`](super::receive) handles what comes back.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use quietus_plugin::protocol::{HostMessage, encode};
use quietus_plugin::{Operation, ResumeValue};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tracing::Span;

use super::call::{Ask, CoRunning, Ended, Outgoing};
use super::log_limit::LogRateLimit;
use super::resume::Resumes;
use crate::keys::Secret;
use crate::plugin::contract::Contract;
use crate::plugin::failure::{KILLED_FOR_ANOTHER, NO_SLOT, of_error};
use crate::plugin::frame::Frame;
use crate::plugin::info::PluginInfo;
use crate::plugin::installed::Installed;
use crate::plugin::lock::lock;
use crate::target::TargetError;

/// How long a call that was cancelled may go on before the process is killed.
pub(in crate::plugin) const CANCEL_GRACE: Duration = Duration::from_secs(2);
/// How long a call waits for others to end.
pub(in crate::plugin) const SLOT_WAIT_MAX: Duration = Duration::from_secs(10);

/// A process that is configured.
pub(in crate::plugin) struct Session {
    pub(in crate::plugin) contract: Contract,
    pub(in crate::plugin) info: PluginInfo,
    pub(super) secrets: Vec<Secret>,
    /// The host stores checkpoints, and the plugin makes some.
    stores_resume: bool,
    outbox: mpsc::Sender<Frame>,
    pending: Mutex<Waiting>,
    /// The next call's id.
    pub(super) next: AtomicU64,
    slots: Semaphore,
    /// A call that was cancelled did not end.
    pub(super) hung: Notify,
    pub(super) log_limit: Mutex<LogRateLimit>,
}

/// The calls that wait for an answer.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) calls: HashMap<u64, Pending>,
    /// No further call is accepted: the process is lost or about to be.
    closed: bool,
    /// All calls under way were cancelled, as the process is to end.
    pub(super) stopping: bool,
}

pub(super) struct Pending {
    pub(super) answer: oneshot::Sender<Ended>,
    /// What is redacted from what the plugin says.
    pub(super) values: Vec<Secret>,
    pub(super) redacts_result: bool,
    pub(super) hides_log: bool,
    /// Where its checkpoints go, if they are stored.
    pub(super) checkpoints: Option<mpsc::Sender<ResumeValue>>,
    /// A checkpoint has not been acknowledged: the plugin waits.
    pub(super) checkpointing: bool,
    /// What the call is about: lines of the plugin's log say so, too.
    pub(super) span: Span,
}

impl Session {
    /// Of a process whose frames are taken from the other end of `outbox`.
    pub(super) fn new(
        installed: &Installed,
        contract: Contract,
        info: PluginInfo,
        outbox: mpsc::Sender<Frame>,
    ) -> Self {
        Self {
            slots: Semaphore::new(contract.concurrency as usize),
            secrets: installed.secrets.values().cloned().collect(),
            stores_resume: installed.stores_resume && contract.can(&Operation::Resume),
            contract,
            info,
            outbox,
            pending: Mutex::default(),
            next: AtomicU64::new(1),
            hung: Notify::new(),
            log_limit: Mutex::new(LogRateLimit::new(Instant::now())),
        }
    }

    /// Makes one call and waits for its end, at most `longest`, and [`CANCEL_GRACE`] more after it was cancelled.
    pub(in crate::plugin) async fn call(&self, outgoing: Outgoing) -> Ended {
        let Outgoing { ask, longest, co_running, checkpoint } = outgoing;
        let slots = match co_running {
            CoRunning::Allowed => 1,
            CoRunning::Excluded => self.contract.concurrency,
        };
        let wait = match co_running {
            CoRunning::Allowed => SLOT_WAIT_MAX,
            // Until all others have ended, for which they have their own time.
            CoRunning::Excluded => SLOT_WAIT_MAX.max(self.contract.call_max()),
        };
        let slot = timeout_at(Instant::now() + wait, self.slots.acquire_many(slots)).await;
        let _slot = match slot {
            Ok(Ok(slot)) => slot,
            Ok(Err(_closed)) => return Ended::NotSent,
            Err(_) => return Ended::Busy,
        };

        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (checkpoints, resumes) = checkpoint.filter(|_| self.stores_resume).map(Resumes::new).unzip();
        let (answer, answered) = oneshot::channel();
        let pending = Pending {
            answer,
            values: ask.confidential(),
            redacts_result: ask.redacts_result(),
            hides_log: ask.hides_log(),
            checkpoints,
            checkpointing: false,
            span: Span::current(),
        };
        // Before it is noted: one that cannot be sent must not wait for an answer.
        let Ok(frame) = encode(&ask.message(id, longest)) else { return Ended::TooLarge };
        {
            let mut waiting = self.pending();
            if waiting.closed {
                return Ended::NotSent;
            }
            // Before it is sent: the answer can come at any time after that.
            waiting.calls.insert(id, pending);
        }
        // Before it is sent: a caller that is dropped while it waits for room must not leave its call behind.
        let guard = CancelOnDrop { session: self, id };
        let deadline = Instant::now() + longest;
        if let Err(not_sent) = self.send(frame, deadline).await {
            return not_sent;
        }
        // Not dropped when the time is over: a checkpoint that is being stored then is still acknowledged.
        let mut ended = pin!(self.until_ended(id, answered, resumes));
        if let Ok(ended) = timeout_at(deadline, &mut ended).await {
            return ended;
        }
        self.try_send(&HostMessage::Cancel { id });
        if let Ok(ended) = timeout_at(Instant::now() + CANCEL_GRACE, &mut ended).await {
            return ended;
        }
        // Before the session is closed: what the guard sends would only be in the way of the end.
        drop(guard);
        self.close(|| Ended::KilledForAnother);
        self.hung.notify_one();
        Ended::TimedOut
    }

    /// Waits for the answer, and stores checkpoints meanwhile.
    async fn until_ended(&self, id: u64, answered: oneshot::Receiver<Ended>, resumes: Option<Resumes>) -> Ended {
        tokio::select! {
            biased;
            ended = answered => ended.unwrap_or(Ended::NotSent),
            never = self.store_checkpoints(id, resumes) => match never {},
        }
    }

    /// Never returns.
    async fn store_checkpoints(&self, id: u64, resumes: Option<Resumes>) -> Infallible {
        let Some(mut resumes) = resumes else { return std::future::pending().await };
        loop {
            let message = resumes.next(id).await;
            // Before the word is sent: with it the plugin may store its next value, which would be refused as one too
            // early.
            self.note_acknowledged(id);
            // Waits for its turn, instead of being dropped when the queue is full: the plugin waits for it.
            if let Ok(frame) = encode(&message) {
                let _ = self.outbox.send(frame).await;
            }
        }
    }

    /// Asks the plugin whether its system can be reached.
    pub(in crate::plugin) async fn health(&self) -> Result<(), TargetError> {
        if !self.contract.can(&Operation::Health) {
            return Ok(());
        }
        let outgoing = Outgoing {
            ask: Ask::Health,
            longest: self.contract.health_max,
            co_running: CoRunning::Allowed,
            checkpoint: None,
        };
        match self.call(outgoing).await {
            Ended::Result(_) | Ended::Unsupported => Ok(()),
            Ended::Failed(error) => Err(of_error(error)),
            Ended::Busy => Err(TargetError::Crowded { why: NO_SLOT, pause: SLOT_WAIT_MAX }),
            Ended::Stopped => Err(TargetError::Cancelled),
            Ended::Lost(why) => Err(TargetError::Retryable(format!("the plugin's process was lost: {why}"))),
            Ended::KilledForAnother => Err(TargetError::Crowded { why: KILLED_FOR_ANOTHER, pause: SLOT_WAIT_MAX }),
            Ended::NotSent => Err(TargetError::Unavailable("the plugin's process was lost before the call".into())),
            Ended::TimedOut | Ended::TooLarge => Err(TargetError::Retryable("no answer in time".into())),
        }
    }

    async fn send(&self, frame: Frame, deadline: Instant) -> Result<(), Ended> {
        match timeout_at(deadline, self.outbox.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Ended::NotSent),
            Err(_) => Err(Ended::Busy),
        }
    }

    /// Sends what nobody waits for; dropped when the plugin does not read.
    pub(super) fn try_send(&self, message: &HostMessage) {
        if let Ok(frame) = encode(message) {
            let _ = self.outbox.try_send(frame);
        }
    }

    fn note_acknowledged(&self, id: u64) {
        if let Some(pending) = self.pending().calls.get_mut(&id) {
            pending.checkpointing = false;
        }
    }

    /// Cancels all calls under way and asks the process to end.
    pub(super) fn ask_to_stop(&self) {
        let ids: Vec<u64> = {
            let mut pending = self.pending();
            pending.stopping = true;
            pending.calls.keys().copied().collect()
        };
        for id in ids {
            self.try_send(&HostMessage::Cancel { id });
        }
        self.try_send(&HostMessage::Shutdown);
    }

    /// Accepts no call from now on.
    pub(super) fn stop_accepting(&self) {
        // Both: closed slots turn away calls that wait for one, the mark turns away those that have just got one.
        self.pending().closed = true;
        self.slots.close();
    }

    /// Accepts no call from now on, and ends all calls under way.
    pub(in crate::plugin) fn close(&self, how: impl Fn() -> Ended) {
        // Before the calls are taken out: one that came in between would wait for an answer that nobody gives.
        self.stop_accepting();
        let calls = std::mem::take(&mut self.pending().calls);
        for pending in calls.into_values() {
            let _ = pending.answer.send(how());
        }
    }

    /// Returns when the calls that have begun are over; later ones are not accepted.
    pub(in crate::plugin) async fn drained(&self) {
        // Held until no call is accepted: a call that waits for a slot must not begin in a process that is about to end.
        let _all = self.slots.acquire_many(self.contract.concurrency).await;
        self.stop_accepting();
    }

    /// How many calls are under way.
    pub(in crate::plugin) fn calls_under_way(&self) -> usize {
        self.pending().calls.len()
    }

    /// Whether no further call is accepted.
    pub(in crate::plugin) fn is_closed(&self) -> bool {
        self.pending().closed
    }

    /// Logs how much of the plugin's log was not written.
    pub(super) fn log_suppressed(&self) {
        let limit = lock(&self.log_limit);
        if limit.dropped + limit.hidden > 0 {
            let LogRateLimit { dropped, hidden, .. } = *limit;
            tracing::warn!(plugin = %self.info.target, dropped, hidden, "lines of a plugin's log were not shown");
        }
    }

    pub(super) fn pending(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.pending)
    }
}

/// Cancels the call in the plugin when the caller no longer waits for it.
struct CancelOnDrop<'a> {
    session: &'a Session,
    id: u64,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        let left = self.session.pending().calls.remove(&self.id);
        let Some(left) = left else { return };
        // First: a plugin that waits for its checkpoint goes no further, and would not come to see that it is
        // cancelled.
        if left.checkpointing {
            let message = "the call is over".to_owned();
            self.session.try_send(&HostMessage::ResumeRefused { id: self.id, message });
        }
        self.session.try_send(&HostMessage::Cancel { id: self.id });
    }
}
