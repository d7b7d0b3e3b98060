//! How much a plugin may say into the log. Lines enter; some are shown, the rest is counted.

use std::time::Duration;

use quietus_plugin::Level;
use tokio::time::Instant;

use crate::subject::TargetName;

/// Lines in one window.
const LINES_MAX: u32 = 100;
const WINDOW: Duration = Duration::from_secs(10);

/// Counts a plugin's lines.
pub(super) struct Chatter {
    since: Instant,
    lines: u32,
    /// Beyond the limit.
    pub(super) dropped: u64,
    /// Not shown, as they could be personal.
    pub(super) hidden: u64,
}

impl Chatter {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, lines: 0, dropped: 0, hidden: 0 }
    }

    /// Whether one more line is within the limit.
    pub(super) fn may_speak(&mut self, now: Instant) -> bool {
        if now.duration_since(self.since) >= WINDOW {
            (self.since, self.lines) = (now, 0);
        }
        self.lines = self.lines.saturating_add(1);
        let may = self.lines <= LINES_MAX;
        self.dropped += u64::from(!may);
        may
    }

    pub(super) fn hide(&mut self) {
        self.hidden += 1;
    }
}

/// What a plugin may say unasked, in bytes a second, and at once. What is beyond that is heard later: the plugin waits.
const UNASKED_BYTES_PER_S: f64 = (8 << 20) as f64;
const UNASKED_BYTES_AT_ONCE: f64 = (32 << 20) as f64;
/// What a message costs beside its bytes.
const MESSAGE_BYTES: usize = 256;

/// How much was said unasked of late.
pub(super) struct Unasked {
    bytes: f64,
    at: Instant,
}

impl Unasked {
    pub(super) fn new(now: Instant) -> Self {
        Self { bytes: 0.0, at: now }
    }

    /// How long nothing more is heard after a message of so many bytes.
    pub(super) fn pause(&mut self, now: Instant, bytes: usize) -> Duration {
        let forgotten = now.duration_since(self.at).as_secs_f64() * UNASKED_BYTES_PER_S;
        self.bytes = (self.bytes - forgotten).max(0.0) + (bytes + MESSAGE_BYTES) as f64;
        self.at = now;
        Duration::from_secs_f64((self.bytes - UNASKED_BYTES_AT_ONCE).max(0.0) / UNASKED_BYTES_PER_S)
    }
}

/// Shows a line that is already redacted.
pub(super) fn show(plugin: &TargetName, level: Level, text: &str) {
    match level {
        Level::Error => tracing::error!(%plugin, "plugin: {text}"),
        Level::Warn => tracing::warn!(%plugin, "plugin: {text}"),
        Level::Info => tracing::info!(%plugin, "plugin: {text}"),
        Level::Debug => tracing::debug!(%plugin, "plugin: {text}"),
        Level::Trace => tracing::trace!(%plugin, "plugin: {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_talks_without_end_is_heard_slowly() {
        let begin = Instant::now();
        let mut unasked = Unasked::new(begin);
        for _ in 0..3 {
            assert_eq!(unasked.pause(begin, 8 << 20), Duration::ZERO);
        }
        unasked.pause(begin, 8 << 20);
        let pause = unasked.pause(begin, 8 << 20).as_secs_f64();
        assert!((1.0..1.1).contains(&pause), "{pause}");
        assert_eq!(unasked.pause(begin + Duration::from_secs(10), 1 << 20), Duration::ZERO);
    }

    #[test]
    fn a_flood_is_dropped_until_the_window_is_over() {
        let begin = Instant::now();
        let mut chatter = Chatter::new(begin);
        let shown = (0..1000).filter(|_| chatter.may_speak(begin)).count();
        assert_eq!((shown as u32, chatter.dropped), (LINES_MAX, 900));
        assert!(chatter.may_speak(begin + WINDOW));
    }
}
