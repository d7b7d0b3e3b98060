//! The test's host, as a call under way sees it: a log, a deadline, and a place to store how far it is.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::judge::values;
use crate::call::CallHost;
use crate::checkpoint::Kept;
use crate::lock::lock;
use crate::protocol::{Level, Request, ResumeValue, Sensitive};
use crate::redact::shown;

/// Lines of the log in one window, as in the real host.
const LINES_MAX: u32 = 100;
const WINDOW: Duration = Duration::from_secs(10);

/// What all calls share.
#[derive(Default)]
pub(super) struct Watch {
    pub(super) cancel_after: Option<u64>,
    pub(super) checkpoints: Checkpoints,
    log: Mutex<LimitedLog>,
}

/// What the host does with how far a step is.
#[derive(Default)]
pub(super) struct Checkpoints {
    pub(super) policy: Policy,
    /// By idempotency key.
    stored: Mutex<BTreeMap<String, ResumeValue>>,
    /// Since the policy was set.
    count: AtomicU64,
}

#[derive(Clone, Copy, Default)]
pub(super) enum Policy {
    #[default]
    Store,
    /// So many more, and then it refuses.
    AtMost(u64),
    /// As a host of protocol 1.0.
    Nothing,
}

impl Checkpoints {
    pub(super) fn set(&mut self, policy: Policy) {
        self.policy = policy;
        self.count = AtomicU64::new(0);
    }

    pub(super) fn stored(&self, idempotency_key: &str) -> Option<ResumeValue> {
        lock(&self.stored).get(idempotency_key).cloned()
    }

    fn store(&self, idempotency_key: &str, value: &[u8]) -> Kept {
        let before = self.count.fetch_add(1, Ordering::Relaxed);
        match self.policy {
            Policy::Nothing => return Kept::Nowhere,
            Policy::AtMost(most) if before >= most => return Kept::Refused,
            Policy::AtMost(_) | Policy::Store => {}
        }
        lock(&self.stored).insert(idempotency_key.to_owned(), ResumeValue::new(value));
        Kept::Stored
    }
}

/// The lines of the log, as many as the real host would write.
#[derive(Default)]
struct LimitedLog {
    lines: Vec<(Level, String)>,
    since: Option<Instant>,
    in_window: u32,
}

/// One call's host.
pub(super) struct Watching<'w> {
    watch: &'w Watch,
    deadline: Option<Instant>,
    /// How often the plugin has asked whether it is cancelled.
    asked: AtomicU64,
    request: Option<Request>,
    secrets: &'w [Sensitive],
}

impl Watch {
    /// Watches one call, which may take `longest`.
    pub(super) fn over<'w>(
        &'w self,
        began: Instant,
        longest: Duration,
        request: &[u8],
        secrets: &'w [Sensitive],
    ) -> Watching<'w> {
        let deadline = began.checked_add(longest);
        let request = serde_json::from_slice(request).ok();
        Watching { watch: self, deadline, asked: AtomicU64::new(0), request, secrets }
    }

    pub(super) fn lines(&self) -> Vec<(Level, String)> {
        lock(&self.log).lines.clone()
    }
}

impl Watching<'_> {
    fn left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

impl CallHost for Watching<'_> {
    fn log(&self, _: u64, level: Level, text: &str) {
        let now = Instant::now();
        let mut log = lock(&self.watch.log);
        if log.since.is_none_or(|since| now.duration_since(since) >= WINDOW) {
            log.since = Some(now);
            log.in_window = 0;
        }
        log.in_window = log.in_window.saturating_add(1);
        if log.in_window <= LINES_MAX {
            let line = shown(text, values(self.request.as_ref(), self.secrets));
            log.lines.push((level, line));
        }
    }

    fn cancelled(&self, _: u64) -> bool {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        self.watch.cancel_after.is_some_and(|questions| asked >= questions)
            || self.left().is_some_and(|left| left.is_zero())
    }

    fn remaining_ms(&self, _: u64) -> i64 {
        self.left().map_or(-1, |left| left.as_millis().try_into().unwrap_or(i64::MAX))
    }

    fn checkpoint(&self, _: u64, value: &[u8]) -> Kept {
        match &self.request {
            Some(request) => self.watch.checkpoints.store(&request.idempotency_key, value),
            None => Kept::Nowhere,
        }
    }
}
