//! How long to wait before a lost child is started again. Times of crashes enter, pauses leave.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Between two starts.
const PAUSE_MIN: Duration = Duration::from_millis(250);
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(60);
/// So many crashes in so much time, and the plugin rests.
const BREAKER_CRASHES: usize = 5;
const BREAKER_WINDOW: Duration = Duration::from_secs(300);
const BREAKER_REST: Duration = Duration::from_secs(300);

/// The crashes of late.
#[derive(Default)]
pub(super) struct Restarts(VecDeque<Instant>);

/// What to do about a crash.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pause {
    Short(Duration),
    /// It crashes again and again, so it is left alone for a while; said to the operator.
    Rest(Duration, String),
}

impl Restarts {
    /// Notes a crash. `random` is uniform in 0..1: many plugins that a common cause has killed do not start at once.
    pub(super) fn crashed(&mut self, now: Instant, random: f64) -> Pause {
        self.0.push_back(now);
        while self.0.front().is_some_and(|crash| now.duration_since(*crash) > BREAKER_WINDOW) {
            self.0.pop_front();
        }
        if self.0.len() >= BREAKER_CRASHES {
            self.forget();
            let minutes = BREAKER_REST.as_secs() / 60;
            return Pause::Rest(
                BREAKER_REST,
                format!("it rests for {minutes} minutes after {BREAKER_CRASHES} crashes"),
            );
        }
        let ceiling = PAUSE_MIN.saturating_mul(1 << self.0.len()).min(PAUSE_MAX);
        Pause::Short(PAUSE_MIN + (ceiling - PAUSE_MIN).mul_f64(random))
    }

    pub(super) fn of_late(&self) -> usize {
        self.0.len()
    }

    /// Somebody has mended it, perhaps.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_the_fifth_crash_in_five_minutes_brings_a_rest() {
        let (mut restarts, begin) = (Restarts::default(), Instant::now());
        for longest in [500, 1000, 2000, 4000] {
            let pause = restarts.crashed(begin, 1.0);
            assert_eq!(pause, Pause::Short(Duration::from_millis(longest)));
        }
        assert!(matches!(restarts.crashed(begin, 0.0), Pause::Rest(BREAKER_REST, _)));
        assert_eq!(restarts.crashed(begin, 0.0), Pause::Short(PAUSE_MIN), "it begins anew");
    }

    #[test]
    fn crashes_long_ago_do_not_count() {
        let (mut restarts, begin) = (Restarts::default(), Instant::now());
        for n in 0..100 {
            let pause = restarts.crashed(begin + 2 * BREAKER_WINDOW * n, 0.0);
            assert_eq!(pause, Pause::Short(PAUSE_MIN));
        }
        assert_eq!(restarts.of_late(), 1);
    }
}
