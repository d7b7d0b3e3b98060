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
    fn a_flood_is_dropped_until_the_window_is_over() {
        let begin = Instant::now();
        let mut chatter = Chatter::new(begin);
        let shown = (0..1000).filter(|_| chatter.may_speak(begin)).count();
        assert_eq!((shown as u32, chatter.dropped), (LINES_MAX, 900));
        assert!(chatter.may_speak(begin + WINDOW));
    }
}
