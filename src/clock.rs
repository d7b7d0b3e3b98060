//! The time since the machine was started. What a process measures, it measures by this clock: unlike the wall clock it never
//! jumps, and unlike the monotonic clock it goes on while the machine is suspended.

use std::fs;
use std::ops::Add;
use std::sync::LazyLock;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A time on this machine, counted from its start. Times of two starts have nothing to do with one another ([`boot_id`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BootTime(Duration);

impl BootTime {
    pub(crate) fn now() -> Self {
        let time = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(time.tv_sec).expect("it counts from the start");
        let nanoseconds = u32::try_from(time.tv_nsec).expect("less than a second");
        Self(Duration::new(seconds, nanoseconds))
    }

    /// So many milliseconds after the start.
    pub(crate) fn from_millis(millis: i64) -> Self {
        Self(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
    }

    pub(crate) fn as_millis(self) -> i64 {
        i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX)
    }

    /// The time since then; zero where that is still to come.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for BootTime {
    type Output = Self;

    fn add(self, length: Duration) -> Self {
        Self(self.0.saturating_add(length))
    }
}

/// What tells one start of a machine from every other, on whatever machine.
pub(crate) fn boot_id() -> &'static str {
    static ID: LazyLock<String> = LazyLock::new(|| {
        let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        // Without it, this process is the only one that can compare its times.
        if id.is_empty() {
            format!("process {} at {:?}", std::process::id(), BootTime::now())
        } else {
            id.trim().into()
        }
    });
    &ID
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_and_a_time_to_come_is_no_time_ago() {
        let before = BootTime::now();
        std::thread::sleep(Duration::from_millis(2));
        let after = BootTime::now();
        assert!(after.since(before) >= Duration::from_millis(2));
        assert_eq!(before.since(after), Duration::ZERO);
        assert!(before + Duration::from_secs(3_600) > after);
    }

    #[test]
    fn milliseconds_are_what_is_stored() {
        assert_eq!(BootTime::from_millis(7_001).as_millis(), 7_001);
        assert_eq!(BootTime::from_millis(-1).as_millis(), 0);
        assert!(!boot_id().is_empty());
    }
}
