//! What holds for a queue over all processes on one ledger: how many calls at once, how many a second. Numbers enter and
//! leave; the clock and the place where they are kept are the backend's.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::subject::TargetName;

/// The bounds of a queue.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// Whose breaker and rate count; `None` where nobody outside is asked.
    pub(crate) target: Option<TargetName>,
    /// Pieces of work under way at once, of all queues in which the target is asked.
    pub(crate) at_once: usize,
    /// Calls that may begin in a second.
    pub(crate) calls_per_s: Option<NonZeroU32>,
}

impl Bounds {
    /// No bounds but those of the caller.
    pub(crate) const NONE: Self = Self { target: None, at_once: usize::MAX, calls_per_s: None };
}

/// What is under way and due at one target.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Load {
    /// Under way, of the queue that is looked at.
    pub(super) own: usize,
    /// Under way, of all queues in which the target is asked.
    pub(super) all: usize,
    /// Other queues of the target in which something is due.
    pub(super) others_waiting: usize,
}

/// How much of a queue may begin. Each other queue of the target that has something due is left a place, so that a long
/// one does not keep the others from theirs.
pub(super) fn free(at_once: usize, load: Load) -> usize {
    // At least one: with as many other queues as there are places, this one would never have any.
    let share = at_once.saturating_sub(load.others_waiting).max(1);
    at_once.saturating_sub(load.all).min(share.saturating_sub(load.own))
}

/// Calls that were not made are saved up for so long at the most.
const SAVED: Duration = Duration::from_millis(100);

/// What a rate grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) calls: usize,
    /// The earliest time of the next call, in microseconds of the backend's clock: what is kept.
    pub(super) next_us: i64,
    /// How long until a further call may begin; `None` when all that was wanted is granted.
    pub(super) wait: Option<Duration>,
}

/// Grants calls of a rate: evenly spaced, with a little saved up. Each call moves `next_us` by its share of a second.
pub(super) fn grant(rate: NonZeroU32, next_us: i64, now_us: i64, wanted: usize) -> Granted {
    let share = share_us(rate);
    let from = earliest(rate, next_us, now_us);
    let free = if from > now_us { 0 } else { (now_us - from) / share.max(1) };
    let calls = usize::try_from(free).unwrap_or(0).min(wanted);
    let next_us = from + calls as i64 * share;
    let wait = (calls < wanted).then(|| Duration::from_micros((next_us + share - now_us).max(1).unsigned_abs()));
    Granted { calls, next_us, wait }
}

/// The earliest time of the next call after calls that were made without being granted: the next caller waits for them.
pub(super) fn charge(rate: NonZeroU32, next_us: i64, now_us: i64, calls: u32) -> i64 {
    earliest(rate, next_us, now_us) + i64::from(calls) * share_us(rate)
}

/// How long it takes until a further call may begin.
pub(super) fn wait(rate: NonZeroU32, next_us: i64, now_us: i64) -> Duration {
    Duration::from_micros((next_us + share_us(rate) - now_us).max(0).unsigned_abs())
}

/// A call's share of a second.
fn share_us(rate: NonZeroU32) -> i64 {
    1_000_000 / i64::from(rate.get())
}

/// From when on calls are counted: what was not called long ago is not saved up.
fn earliest(rate: NonZeroU32, next_us: i64, now_us: i64) -> i64 {
    // One call's share at least: a rate below ten a second would otherwise never grant any.
    let saved = share_us(rate).max(SAVED.as_micros() as i64);
    next_us.max(now_us - saved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_queue_leaves_the_others_a_place() {
        let load = |own, all, others_waiting| Load { own, all, others_waiting };
        assert_eq!(free(4, load(0, 0, 0)), 4);
        assert_eq!(free(4, load(0, 0, 2)), 2);
        assert_eq!(free(4, load(2, 2, 2)), 0);
        assert_eq!(free(4, load(0, 3, 1)), 1);
        assert_eq!(free(4, load(0, 4, 3)), 0);
        assert_eq!(free(1, load(0, 0, 3)), 1);
        assert_eq!(free(1, load(0, 1, 0)), 0);
    }

    /// The calls that are granted while somebody always wants more.
    fn granted(per_s: u32, seconds: i64) -> usize {
        let rate = NonZeroU32::new(per_s).expect("not zero");
        let mut now = 1_000_000_000;
        let mut next = 0;
        let mut calls = 0;
        let end = now + seconds * 1_000_000;
        while now < end {
            let granted = grant(rate, next, now, 1_000);
            (next, calls) = (granted.next_us, calls + granted.calls);
            let wait = granted.wait.expect("more is wanted than granted");
            now += i64::try_from(wait.as_micros()).expect("short");
        }
        calls
    }

    #[test]
    fn a_rate_is_kept_and_used() {
        for per_s in [1, 3, 10, 250, 5_000] {
            let all = granted(per_s, 10);
            let most = per_s as usize * 10 + per_s as usize / 10 + 2;
            assert!((per_s as usize * 10..=most).contains(&all), "{per_s} a second: {all} in 10 s");
        }
    }

    #[test]
    fn calls_that_were_not_made_are_not_saved_for_long() {
        let rate = NonZeroU32::new(100).expect("not zero");
        let granted = grant(rate, 0, 3_600_000_000, 1_000);
        assert_eq!(granted.calls, 10);
        assert_eq!(grant(rate, granted.next_us, 3_600_000_000, 1).calls, 0);
    }

    #[test]
    fn calls_beyond_the_one_that_was_granted_are_waited_for() {
        let rate = NonZeroU32::new(10).expect("not zero");
        let now = 3_600_000_000;
        let granted = grant(rate, 0, now, 1);
        let charged = charge(rate, granted.next_us, now, 9);
        assert_eq!(charged, granted.next_us + 900_000);
        let refused = grant(rate, charged, now, 1);
        assert_eq!((refused.calls, refused.wait), (0, Some(Duration::from_secs(1))));
        assert_eq!(wait(rate, charged, now), Duration::from_secs(1));
        assert_eq!(wait(rate, now - 100_000, now), Duration::ZERO);
        assert_eq!(grant(rate, charged, now + 1_000_000, 1).calls, 1);
    }

    #[test]
    fn what_is_granted_at_once_waits_for_nothing() {
        assert_eq!(grant(NonZeroU32::MIN, 0, 9_000_000, 1).wait, None);
    }
}
