//! Restart backoff and circuit breaker: how long to wait before a lost process is restarted.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Between two starts.
const PAUSE_MIN: Duration = Duration::from_millis(250);
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(60);
/// So many crashes within the window open the circuit breaker for a while.
const BREAKER_CRASHES: usize = 5;
const BREAKER_WINDOW: Duration = Duration::from_secs(300);
const BREAKER_OPEN: Duration = Duration::from_secs(300);

/// The crashes within the window.
#[derive(Default)]
pub(super) struct Restarts(VecDeque<Instant>);

/// What to do about a crash.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pause {
    Short(Duration),
    /// It keeps crashing, so it is not restarted for a while; the reason is for the operator.
    BreakerOpen(Duration, String),
}

impl Restarts {
    /// Counts a crash. `random` is uniform in 0..1 (jitter), so that plugins killed by a common cause do not all restart at
    /// once.
    pub(super) fn crashed(&mut self, now: Instant, random: f64) -> Pause {
        self.0.push_back(now);
        while self.0.front().is_some_and(|crash| now.duration_since(*crash) > BREAKER_WINDOW) {
            self.0.pop_front();
        }
        if self.0.len() >= BREAKER_CRASHES {
            // When the breaker closes again, counting starts over.
            self.reset();
            let minutes = BREAKER_OPEN.as_secs() / 60;
            return Pause::BreakerOpen(
                BREAKER_OPEN,
                format!("the circuit breaker is open for {minutes} minutes after {BREAKER_CRASHES} crashes"),
            );
        }
        // They are fewer than `BREAKER_CRASHES` here, so the shift stays small.
        let ceiling = PAUSE_MIN.saturating_mul(1 << self.0.len()).min(PAUSE_MAX);
        Pause::Short(PAUSE_MIN + (ceiling - PAUSE_MIN).mul_f64(random))
    }

    /// Crashes within the window.
    pub(super) fn recent(&self) -> usize {
        self.0.len()
    }

    /// Forgets all crashes: another version runs now.
    pub(super) fn reset(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_the_fifth_crash_in_five_minutes_opens_the_breaker() {
        let mut restarts = Restarts::default();
        let begin = Instant::now();
        for longest in [500, 1000, 2000, 4000] {
            let pause = restarts.crashed(begin, 1.0);
            assert_eq!(pause, Pause::Short(Duration::from_millis(longest)));
        }
        assert!(matches!(restarts.crashed(begin, 0.0), Pause::BreakerOpen(BREAKER_OPEN, _)));
        assert_eq!(restarts.crashed(begin, 0.0), Pause::Short(PAUSE_MIN), "it starts over");
    }

    #[test]
    fn crashes_long_ago_do_not_count() {
        let mut restarts = Restarts::default();
        let begin = Instant::now();
        for n in 0..100 {
            let pause = restarts.crashed(begin + 2 * BREAKER_WINDOW * n, 0.0);
            assert_eq!(pause, Pause::Short(PAUSE_MIN));
        }
        assert_eq!(restarts.recent(), 1);
    }
}
