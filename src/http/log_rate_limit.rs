//! Log lines that a sender can cause at will.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Lets one line through in ten seconds; the metrics count every time.
pub(crate) struct LogRateLimit {
    start: Instant,
    /// Milliseconds after `start` at which the next line may pass.
    next: AtomicU64,
}

impl LogRateLimit {
    const PAUSE: Duration = Duration::from_secs(10);

    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), next: AtomicU64::new(0) }
    }

    pub(crate) fn passes(&self) -> bool {
        self.passes_at(self.start.elapsed())
    }

    fn passes_at(&self, elapsed: Duration) -> bool {
        let next = self.next.load(Ordering::Relaxed);
        let now = elapsed.as_millis() as u64;
        let after = now + Self::PAUSE.as_millis() as u64;
        // Of several threads that come at once, the exchange lets one through.
        now >= next && self.next.compare_exchange(next, after, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_passes_in_ten_seconds() {
        let log_rate_limit = LogRateLimit::new();
        let at = |secs| log_rate_limit.passes_at(Duration::from_secs(secs));
        assert_eq!([0, 1, 9, 10, 11, 500, 501].map(at), [true, false, false, true, false, true, false]);
    }
}
