//! A clock that can be sped up and put forward.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::lock::lock;

#[derive(Debug)]
pub(super) struct Clock {
    pace: Mutex<Pace>,
    changed: Notify,
}

#[derive(Clone, Copy, Debug)]
struct Pace {
    /// What the clock showed at `since`.
    base: Timestamp,
    since: Instant,
    speed: f64,
}

/// The fastest that the clock runs.
const SPEED_MAX: f64 = 1e6;
/// The furthest that it is put forward at once.
const ADVANCE_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
/// The longest wait that is planned at once.
const WAIT_MAX: Duration = Duration::from_secs(60);

impl Default for Clock {
    fn default() -> Self {
        let pace = Pace { base: Timestamp::now(), since: Instant::now(), speed: 1.0 };
        Self { pace: Mutex::new(pace), changed: Notify::new() }
    }
}

impl Pace {
    fn now(&self) -> Timestamp {
        later(self.base, self.since.elapsed().mul_f64(self.speed))
    }
}

impl Clock {
    pub(super) fn now(&self) -> Timestamp {
        self.pace().now()
    }

    pub(super) fn speed(&self) -> f64 {
        self.pace().speed
    }

    pub(super) fn set_speed(&self, speed: f64) {
        let speed = if speed.is_finite() { speed.clamp(1.0, SPEED_MAX) } else { 1.0 };
        self.change(|pace| pace.speed = speed);
    }

    pub(super) fn advance(&self, by: Duration) {
        self.change(|pace| pace.base = later(pace.base, by.min(ADVANCE_MAX)));
    }

    /// Waits until this clock has gone on by so much, however it gets there.
    pub(super) async fn wait(&self, time: Duration) {
        let until = later(self.now(), time);
        loop {
            let changed = self.changed.notified();
            let pace = self.pace();
            let Ok(left) = Duration::try_from(until.duration_since(pace.now())) else { return };
            if left.is_zero() {
                return;
            }
            let real = left.div_f64(pace.speed).min(WAIT_MAX);
            // A change between looking and waiting is seen at the next look at the latest.
            let _ = tokio::time::timeout(real, changed).await;
        }
    }

    fn pace(&self) -> Pace {
        *lock(&self.pace)
    }

    fn change(&self, how: impl FnOnce(&mut Pace)) {
        let mut pace = lock(&self.pace);
        *pace = Pace { base: pace.now(), since: Instant::now(), speed: pace.speed };
        how(&mut pace);
        drop(pace);
        self.changed.notify_waiters();
    }
}

/// The clock stops at the end of the calendar.
fn later(time: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}
