//! One process of a plugin, from start to end, and the calls that are multiplexed over it. [`Session`] is what callers
//! share; [`driver`] owns the process. Knows nothing of restarts or crash attribution.

mod driver;
mod log_limit;

pub(super) use driver::{SessionEnd, StartFailed, read_frame, start};

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use quietus_plugin::protocol::{HostMessage, PluginMessage, encode};
use quietus_plugin::{ErrorClass, Operation, PluginError, Request};
use serde_json::Value;
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use super::contract::Contract;
use super::host::PluginInfo;
use super::lock::lock;
use super::redact::redact;
use super::target::{killed_for_another, of_error};
use crate::keys::Secret;
use crate::target::TargetError;
use log_limit::LogRateLimit;

/// How long a call that was cancelled may go on before the child is killed.
pub(super) const CANCEL_GRACE: Duration = Duration::from_secs(2);
/// How long a call waits for others to end.
pub(super) const SLOT_WAIT_MAX: Duration = Duration::from_secs(10);

type Frame = Zeroizing<Vec<u8>>;

/// A child that is configured.
pub(super) struct Session {
    pub(super) contract: Contract,
    pub(super) info: PluginInfo,
    secrets: Vec<Secret>,
    outbox: mpsc::Sender<Frame>,
    pending: Mutex<Waiting>,
    /// The next call's id.
    next: AtomicU64,
    slots: Semaphore,
    /// A call that was cancelled did not end.
    hung: Notify,
    log_limit: Mutex<LogRateLimit>,
}

/// The calls that wait for an answer.
#[derive(Default)]
struct Waiting {
    calls: HashMap<u64, Pending>,
    /// No further call is taken: the child is lost or about to be.
    closed: bool,
}

struct Pending {
    answer: oneshot::Sender<Ended>,
    /// What the plugin must not be quoted with.
    values: Vec<Secret>,
}

/// What is asked of a plugin.
#[derive(Debug)]
pub(super) enum Ask {
    Erase(Request),
    Verify(Request),
    Health,
}

/// Whether other calls may run beside this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CoRunning {
    Allowed,
    /// The call is suspected of killing the process, so it runs where it can hurt no other call.
    Excluded,
}

/// How a call ended.
#[derive(Debug)]
pub(super) enum Ended {
    Result(Value),
    Failed(PluginError),
    Unsupported,
    /// The child was lost during the call.
    Lost(String),
    /// The child was killed during the call, on account of another one.
    KilledForAnother,
    /// No answer, even after it was cancelled; the child is killed.
    TimedOut,
    /// Never sent: too many others are under way.
    Busy,
    /// Never sent: the session has ended.
    NotSent,
    /// Never sent: larger than a message may be.
    TooLarge,
    /// The server shuts down.
    Stopped,
}

impl Session {
    /// Makes one call and waits for its end, at most `longest`, and [`CANCEL_GRACE`] more after it was cancelled.
    pub(super) async fn call(&self, ask: Ask, longest: Duration, co_running: CoRunning) -> Ended {
        let (slots, wait) = match co_running {
            CoRunning::Allowed => (1, SLOT_WAIT_MAX),
            // Until all others have ended, for which they have their own time.
            CoRunning::Excluded => (self.contract.concurrency, SLOT_WAIT_MAX.max(self.contract.call_max())),
        };
        let slot = timeout_at(Instant::now() + wait, self.slots.acquire_many(slots)).await;
        let _slot = match slot {
            Ok(Ok(slot)) => slot,
            Ok(Err(_closed)) => return Ended::NotSent,
            Err(_) => return Ended::Busy,
        };

        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (message, values) = message(id, ask, longest);
        let Ok(frame) = encode(&message) else { return Ended::TooLarge };
        let (answer, mut answered) = oneshot::channel();
        {
            let mut pending = self.pending();
            if pending.closed {
                return Ended::NotSent;
            }
            pending.calls.insert(id, Pending { answer, values });
        }
        let guard = CancelOnDrop { session: self, id };
        let deadline = Instant::now() + longest;
        if let Err(not_sent) = self.send(frame, deadline).await {
            return not_sent;
        }
        if let Ok(ended) = timeout_at(deadline, &mut answered).await {
            return ended.unwrap_or(Ended::NotSent);
        }
        self.try_send(&HostMessage::Cancel { id });
        if let Ok(ended) = timeout_at(Instant::now() + CANCEL_GRACE, &mut answered).await {
            return ended.unwrap_or(Ended::NotSent);
        }
        drop(guard);
        self.close(|| Ended::KilledForAnother);
        self.hung.notify_one();
        Ended::TimedOut
    }

    /// Asks the plugin whether its system can be reached.
    pub(super) async fn health(&self) -> Result<(), TargetError> {
        if !self.contract.can(&Operation::Health) {
            return Ok(());
        }
        match self.call(Ask::Health, self.contract.health_max, CoRunning::Allowed).await {
            Ended::Result(_) | Ended::Unsupported => Ok(()),
            Ended::Failed(error) => Err(of_error(error)),
            Ended::Busy => Err(TargetError::RateLimited { retry_after: Some(SLOT_WAIT_MAX) }),
            Ended::Stopped => Err(TargetError::Cancelled),
            Ended::Lost(why) => Err(TargetError::Retryable(format!("the plugin's process was lost: {why}"))),
            Ended::KilledForAnother => Err(killed_for_another()),
            Ended::NotSent => Err(TargetError::Retryable("the plugin's process was lost before the call".into())),
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

    /// Says something that nobody waits for; dropped when the plugin does not read.
    fn try_send(&self, message: &HostMessage) {
        if let Ok(frame) = encode(message) {
            let _ = self.outbox.try_send(frame);
        }
    }

    /// Whether somebody waits for this.
    fn awaits(&self, message: &PluginMessage) -> bool {
        match message {
            PluginMessage::Result { id, .. }
            | PluginMessage::Error { id: Some(id), .. }
            | PluginMessage::Unsupported { id: Some(id), .. } => self.pending().calls.contains_key(id),
            _ => false,
        }
    }

    /// Takes what the plugin says. The error says how it broke the protocol.
    fn receive(&self, message: PluginMessage) -> Result<(), &'static str> {
        match message {
            PluginMessage::Result { id, result } => self.end(id, Ended::Result(result)),
            PluginMessage::Error { id: Some(id), error } => self.end(id, Ended::Failed(error)),
            PluginMessage::Unsupported { id: Some(id), .. } => self.end(id, Ended::Unsupported),
            PluginMessage::Error { id: None, error } => {
                self.log_line(None, quietus_plugin::Level::Error, &error.message)
            }
            PluginMessage::Log { id, level, text } => self.log_line(id, level, &text),
            PluginMessage::Progress { id, done, total } => {
                tracing::debug!(plugin = %self.info.target, call = id, done, total, "a plugin is at work");
            }
            PluginMessage::Unsupported { id: None, .. } => {}
            PluginMessage::Hello { .. } | PluginMessage::Ready => return Err("it introduced itself twice"),
            PluginMessage::Unknown { kind, id } => self.try_send(&HostMessage::Unsupported { id, what: kind }),
            _ => {}
        }
        Ok(())
    }

    fn end(&self, id: u64, ended: Ended) {
        let pending = self.pending().calls.remove(&id);
        match (pending, ended) {
            (Some(pending), Ended::Failed(error)) => {
                let message = self.redact(&error.message, &pending.values);
                let _ = pending.answer.send(Ended::Failed(PluginError { message, ..error }));
            }
            (Some(pending), Ended::Result(mut result)) => {
                // The outcome is a word of the protocol, even where somebody is called so.
                let members = result.as_object_mut().into_iter().flatten();
                for (_, member) in members.filter(|(name, _)| *name != "outcome") {
                    self.redact_texts(member, &pending.values);
                }
                let named_so = |name: &String| self.redact(name, &pending.values) != *name;
                let ended = match result.get("counts").and_then(Value::as_object) {
                    Some(counts) if counts.keys().any(named_so) => {
                        Ended::Failed(PluginError::new(ErrorClass::Protocol, "the plugin names a count by a value"))
                    }
                    _ => Ended::Result(result),
                };
                let _ = pending.answer.send(ended);
            }
            (Some(pending), ended) => drop(pending.answer.send(ended)),
            (None, _) => {
                tracing::debug!(plugin = %self.info.target, call = id, "a plugin answered a call that nobody waits for");
            }
        }
    }

    /// Whatever text a result carries can end up in a receipt or in the log.
    fn redact_texts(&self, part: &mut Value, values: &[Secret]) {
        match part {
            Value::String(text) => *text = self.redact(text, values),
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_texts(item, values)),
            Value::Object(members) => members.values_mut().for_each(|member| self.redact_texts(member, values)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn redact(&self, text: &str, values: &[Secret]) -> String {
        redact(text, self.secrets.iter().chain(values))
    }

    /// A line of the plugin's log. Outside of a call it may be about people whose values are no longer here, so that it
    /// is counted and not shown, unless nobody's were ever sent.
    fn log_line(&self, id: Option<u64>, level: quietus_plugin::Level, text: &str) {
        let values = {
            let mut log_limit = lock(&self.log_limit);
            if !log_limit.allows(Instant::now()) {
                return;
            }
            let pending = self.pending();
            let under_way = id.is_some_and(|id| pending.calls.contains_key(&id));
            if !under_way && self.next.load(Ordering::Relaxed) > 1 {
                return log_limit.hide();
            }
            pending.calls.values().flat_map(|pending| pending.values.clone()).collect::<Vec<_>>()
        };
        log_limit::write(&self.info.target, level, &self.redact(text, &values));
    }

    /// Cancels all that is under way and asks the child to end.
    fn ask_to_stop(&self) {
        let ids: Vec<u64> = self.pending().calls.keys().copied().collect();
        for id in ids {
            self.try_send(&HostMessage::Cancel { id });
        }
        self.try_send(&HostMessage::Shutdown);
    }

    /// Takes no call from now on.
    fn stop_accepting(&self) {
        self.pending().closed = true;
        self.slots.close();
    }

    /// Takes no call from now on, and ends all that is under way.
    fn close(&self, how: impl Fn() -> Ended) {
        self.stop_accepting();
        let calls = std::mem::take(&mut self.pending().calls);
        for pending in calls.into_values() {
            let _ = pending.answer.send(how());
        }
    }

    /// Returns when the calls that have begun are over; those that come after are not taken.
    pub(super) async fn drained(&self) {
        // Held until the door is closed: a call that waits for a place must not begin in what is about to end.
        let _all = self.slots.acquire_many(self.contract.concurrency).await;
        self.stop_accepting();
    }

    /// How many calls are under way.
    pub(super) fn calls_under_way(&self) -> usize {
        self.pending().calls.len()
    }

    /// Whether no further call is taken.
    pub(super) fn is_closed(&self) -> bool {
        self.pending().closed
    }

    fn pending(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.pending)
    }
}

/// A caller that no longer waits: the plugin should not work on for nobody.
struct CancelOnDrop<'a> {
    session: &'a Session,
    id: u64,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        let left = self.session.pending().calls.remove(&self.id);
        if left.is_some() {
            self.session.try_send(&HostMessage::Cancel { id: self.id });
        }
    }
}

/// The message, and what of it must not be said.
fn message(id: u64, ask: Ask, longest: Duration) -> (HostMessage, Vec<Secret>) {
    let timeout_ms = longest.as_millis().try_into().unwrap_or(u64::MAX);
    let values = |request: &Request| request.confidential().map(|value| Secret::new(value.expose())).collect();
    match ask {
        Ask::Erase(request) => {
            let values = values(&request);
            (HostMessage::Erase { id, timeout_ms, request }, values)
        }
        Ask::Verify(request) => {
            let values = values(&request);
            (HostMessage::Verify { id, timeout_ms, request }, values)
        }
        Ask::Health => (HostMessage::Health { id, timeout_ms }, Vec::new()),
    }
}
