//! The calls under way in the child, and what a library says to the host. Every call is answered exactly once: that is
//! enforced here.

use std::collections::HashMap;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use quietus_plugin::protocol::{FRAME_BYTES_MAX, PluginMessage, Reply, encode};
use quietus_plugin::{ErrorClass, Level, PluginError, ResumeValue};

use super::end::end_at_once;
use crate::plugin::lock::{lock, wait};

/// A line of a plugin's log, in bytes.
const LOG_TEXT_MAX: usize = 4096;
/// How long the checkpoint of a cancelled call is waited for: shorter than the host waits for the call's answer, so that the
/// plugin can still give one.
const CANCEL_GRACE: Duration = Duration::from_secs(1);
/// Until the call is cancelled or its checkpoint acknowledged, either of which is noticed at once.
const A_LONG_DAY: Duration = Duration::from_secs(86_400);
const TOO_LARGE: &str = "the plugin's answer is too large";

/// The calls under way.
pub(super) struct Calls {
    socket: Mutex<UnixStream>,
    open: Mutex<HashMap<u64, Open>>,
    /// A checkpoint has been acknowledged, or its call was cancelled.
    acknowledged: Condvar,
    stores_checkpoints: AtomicBool,
    /// What `create` said on call 0.
    refusal: Mutex<Option<PluginError>>,
}

/// What a library learns of a checkpoint: the code that the header gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acknowledged {
    Stored = 0,
    Refused = 1,
    /// This host stores nothing for this plugin.
    Nowhere = 2,
}

enum Checkpoint {
    None,
    Sent,
    Acknowledged(Acknowledged),
}

struct Open {
    /// `None`: further away than the clock reaches.
    deadline: Option<Instant>,
    cancelled: bool,
    answered: bool,
    checkpoint: Checkpoint,
}

impl Calls {
    pub(super) fn new(socket: UnixStream) -> Self {
        Self {
            socket: Mutex::new(socket),
            open: Mutex::default(),
            acknowledged: Condvar::new(),
            stores_checkpoints: AtomicBool::new(false),
            refusal: Mutex::default(),
        }
    }

    /// The host stores checkpoints, and the plugin declares that it makes some.
    pub(super) fn store_checkpoints(&self) {
        self.stores_checkpoints.store(true, Ordering::Relaxed);
    }

    /// Sends to the host. When the host is gone, this process ends.
    pub(super) fn send(&self, message: &PluginMessage) {
        let frame = encode(message).or_else(|_| {
            // With its id, as the host would otherwise wait for the answer until the call's time is over.
            encode(&too_large(match message {
                PluginMessage::Result { id, .. } => Some(*id),
                PluginMessage::Error { id, .. } => *id,
                _ => None,
            }))
        });
        let Ok(frame) = frame else { return };
        if lock(&self.socket).write_all(&frame).is_err() {
            end_at_once();
        }
    }

    /// A call begins.
    pub(super) fn open(&self, id: u64, timeout_ms: u64) {
        let deadline = Instant::now().checked_add(Duration::from_millis(timeout_ms));
        lock(&self.open).insert(id, Open { deadline, cancelled: false, answered: false, checkpoint: Checkpoint::None });
    }

    /// A call has returned; `otherwise` is its answer if it gave none.
    pub(super) fn close(&self, id: u64, otherwise: Reply) {
        let open = lock(&self.open).remove(&id);
        if open.is_some_and(|open| !open.answered) {
            self.send(&with_id(id, otherwise));
        }
    }

    /// Notes that the answer is no longer wanted; `false` when there is no such call.
    pub(super) fn cancel(&self, id: u64) -> bool {
        let is_there = lock(&self.open).get_mut(&id).map(|open| open.cancelled = true).is_some();
        // Who waits for a checkpoint of this call waits no longer than a little while now.
        self.acknowledged.notify_all();
        is_there
    }

    /// The host's word on a call's checkpoint.
    pub(super) fn acknowledge(&self, id: u64, how: Acknowledged) {
        if let Some(open) = lock(&self.open).get_mut(&id) {
            open.checkpoint = Checkpoint::Acknowledged(how);
        }
        self.acknowledged.notify_all();
    }

    /// What `create` said when it refused.
    pub(super) fn why_refused(&self) -> PluginError {
        let said = lock(&self.refusal).take();
        said.unwrap_or_else(|| PluginError::needs_operator("the plugin refused its configuration without saying why"))
    }

    // What the library asks.

    /// The library answers a call; `false` when the answer is not taken.
    pub(super) fn reply(&self, id: u64, json: &[u8]) -> bool {
        // Not even parsed: each copy of what is far too large could exhaust this process's memory.
        let reply: Option<Reply> = match json.len() {
            ..=FRAME_BYTES_MAX => quietus_plugin::json::read(json).ok(),
            _ => Some(broken(TOO_LARGE)),
        };
        if id == 0 {
            let Some(Reply::Error { error }) = reply else { return false };
            *lock(&self.refusal) = Some(error);
            return true;
        }
        {
            let mut open = lock(&self.open);
            let Some(open) = open.get_mut(&id).filter(|open| !open.answered) else {
                // Let go first: logging waits where the socket is full, and every other call would wait for this lock
                // with it.
                drop(open);
                self.log(id, Level::Warn, b"the plugin answered a call that needs no answer; ignored");
                return false;
            };
            // Under the lock and before it is sent: two threads of a library may answer the same call.
            open.answered = true;
        }
        let taken = reply.is_some();
        self.send(&with_id(id, reply.unwrap_or_else(|| broken("the plugin's answer is not one"))));
        taken
    }

    /// The library logs.
    pub(super) fn log(&self, id: u64, level: Level, text: &[u8]) {
        let text = String::from_utf8_lossy(&text[..text.len().min(LOG_TEXT_MAX)]).into_owned();
        self.send(&PluginMessage::Log { id: (id != 0).then_some(id), level, text });
    }

    /// The library stores how far a call is; returns when it is stored, or will not be.
    pub(super) fn checkpoint(&self, id: u64, value: &[u8]) -> Acknowledged {
        if !self.stores_checkpoints.load(Ordering::Relaxed) {
            return Acknowledged::Nowhere;
        }
        if value.len() > ResumeValue::BYTES_MAX {
            return Acknowledged::Refused;
        }
        // Noted before it is sent: an acknowledgement that came first would be overwritten, and waited for for ever.
        match lock(&self.open).get_mut(&id) {
            Some(Open { answered: false, checkpoint: checkpoint @ Checkpoint::None, .. }) => {
                *checkpoint = Checkpoint::Sent;
            }
            // No such call, or another thread of the library's waits in the same one.
            _ => return Acknowledged::Refused,
        }
        self.send(&PluginMessage::Resume { id, value: ResumeValue::new(value) });
        self.await_acknowledged(id)
    }

    /// The host acknowledges every checkpoint as long as it waits for the call. It no longer waits for one that was cancelled
    /// some time ago, so that this does not either.
    fn await_acknowledged(&self, id: u64) -> Acknowledged {
        let mut give_up: Option<Instant> = None;
        let mut open = lock(&self.open);
        loop {
            let Some(call) = open.get_mut(&id) else { return Acknowledged::Refused };
            if let Checkpoint::Acknowledged(how) = call.checkpoint {
                call.checkpoint = Checkpoint::None;
                return how;
            }
            let now = Instant::now();
            if call.cancelled && *give_up.get_or_insert(now + CANCEL_GRACE) <= now {
                return Acknowledged::Refused;
            }
            let longest = give_up.map_or(A_LONG_DAY, |at| at.saturating_duration_since(now));
            open = wait(&self.acknowledged, open, longest);
        }
    }

    pub(super) fn is_cancelled(&self, id: u64) -> bool {
        lock(&self.open).get(&id).is_some_and(|open| open.cancelled)
    }

    /// -1 for a call that is not under way.
    pub(super) fn remaining_ms(&self, id: u64) -> i64 {
        let Some(deadline) = lock(&self.open).get(&id).map(|open| open.deadline) else { return -1 };
        let remaining = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()).as_millis());
        remaining.and_then(|millis| millis.try_into().ok()).unwrap_or(i64::MAX)
    }
}

/// An answer that the library's breach of the protocol makes for it.
pub(super) fn broken(message: &str) -> Reply {
    Reply::Error { error: PluginError::new(ErrorClass::Protocol, message) }
}

fn too_large(id: Option<u64>) -> PluginMessage {
    PluginMessage::Error { id, error: PluginError::new(ErrorClass::Protocol, TOO_LARGE) }
}

fn with_id(id: u64, reply: Reply) -> PluginMessage {
    match reply {
        Reply::Result { result } => PluginMessage::Result { id, result },
        Reply::Error { error } => PluginMessage::Error { id: Some(id), error },
        Reply::Unsupported => PluginMessage::Unsupported { id: Some(id), what: String::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::frame::read_frame_blocking;

    #[test]
    fn an_answer_that_is_too_large_still_ends_its_call() {
        let (ours, mut theirs) = UnixStream::pair().expect("a socket");
        let calls = Calls::new(ours);
        calls.open(7, 1000);
        let error = PluginError::retryable("x".repeat(FRAME_BYTES_MAX));
        let json = serde_json::to_vec(&Reply::Error { error }).expect("JSON");
        assert!(calls.reply(7, &json));
        let body = read_frame_blocking(&mut theirs).expect("a frame");
        let said = PluginMessage::decode(&body).expect("a message");
        assert!(matches!(said, PluginMessage::Error { id: Some(7), .. }), "{said:?}");
    }
}
