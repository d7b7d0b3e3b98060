//! What a call under way hears from the test's host, and what the host hears from it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::judge::values;
use crate::call::CallHost;
use crate::protocol::{Level, Request, Sensitive};
use crate::redact::shown;

/// Lines of the log in one window, as in the real host.
const LINES_MAX: u32 = 100;
const WINDOW: Duration = Duration::from_secs(10);

/// What all calls share.
#[derive(Default)]
pub(super) struct Watch {
    pub(super) cancel_after: Option<u64>,
    chatter: Mutex<Chatter>,
}

#[derive(Default)]
struct Chatter {
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
        self.chatter().lines.clone()
    }

    fn chatter(&self) -> MutexGuard<'_, Chatter> {
        self.chatter.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut chatter = self.watch.chatter();
        if chatter.since.is_none_or(|since| now.duration_since(since) >= WINDOW) {
            chatter.since = Some(now);
            chatter.in_window = 0;
        }
        chatter.in_window = chatter.in_window.saturating_add(1);
        if chatter.in_window <= LINES_MAX {
            let line = shown(text, values(self.request.as_ref(), self.secrets));
            chatter.lines.push((level, line));
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
}
