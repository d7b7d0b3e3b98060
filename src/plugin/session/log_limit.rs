//! Rate limits on what a plugin says unsolicited: lines of its log beyond the limit are counted instead of written, and
//! messages beyond it are read later.

use std::time::Duration;

use quietus_plugin::Level;
use tokio::time::Instant;

use crate::subject::TargetName;

/// Lines in one window.
const LINES_MAX: u32 = 100;
const WINDOW: Duration = Duration::from_secs(10);

/// Limits how many lines of a plugin's log are written.
pub(super) struct LogRateLimit {
    since: Instant,
    lines: u32,
    /// Beyond the limit.
    pub(super) dropped: u64,
    /// Not written, as they could be personal.
    pub(super) hidden: u64,
}

impl LogRateLimit {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, lines: 0, dropped: 0, hidden: 0 }
    }

    /// Whether one more line is within the limit.
    pub(super) fn allows(&mut self, now: Instant) -> bool {
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

/// Unsolicited bytes per second, and in a burst. What exceeds them is read later, so the plugin waits (backpressure).
const UNSOLICITED_BYTES_PER_S: f64 = (8 << 20) as f64;
const UNSOLICITED_BYTES_BURST: f64 = (32 << 20) as f64;
/// What a message costs in addition to its bytes.
const MESSAGE_BYTES: usize = 256;

/// A leaky bucket over the bytes of unsolicited messages.
pub(super) struct UnsolicitedLimit {
    bytes: f64,
    at: Instant,
}

impl UnsolicitedLimit {
    pub(super) fn new(now: Instant) -> Self {
        Self { bytes: 0.0, at: now }
    }

    /// How long to pause reading after a message of so many bytes.
    pub(super) fn pause(&mut self, now: Instant, bytes: usize) -> Duration {
        let drained = now.duration_since(self.at).as_secs_f64() * UNSOLICITED_BYTES_PER_S;
        self.bytes = (self.bytes - drained).max(0.0) + (bytes + MESSAGE_BYTES) as f64;
        self.at = now;
        Duration::from_secs_f64((self.bytes - UNSOLICITED_BYTES_BURST).max(0.0) / UNSOLICITED_BYTES_PER_S)
    }
}

/// Writes a line that is already redacted into the server's log.
pub(super) fn write(plugin: &TargetName, level: Level, text: &str) {
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
    fn a_plugin_that_floods_is_read_slowly() {
        let begin = Instant::now();
        let mut unsolicited = UnsolicitedLimit::new(begin);
        for _ in 0..3 {
            assert_eq!(unsolicited.pause(begin, 8 << 20), Duration::ZERO);
        }
        unsolicited.pause(begin, 8 << 20);
        let pause = unsolicited.pause(begin, 8 << 20).as_secs_f64();
        assert!((1.0..1.1).contains(&pause), "{pause}");
        assert_eq!(unsolicited.pause(begin + Duration::from_secs(10), 1 << 20), Duration::ZERO);
    }

    #[test]
    fn a_flood_is_dropped_until_the_window_is_over() {
        let begin = Instant::now();
        let mut log_limit = LogRateLimit::new(begin);
        let shown = (0..1000).filter(|_| log_limit.allows(begin)).count();
        assert_eq!((shown as u32, log_limit.dropped), (LINES_MAX, 900));
        assert!(log_limit.allows(begin + WINDOW));
    }
}
