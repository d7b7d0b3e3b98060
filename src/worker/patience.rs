//! Since when something has been missing that may only be early.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::BootTime;
use crate::lock::lock;
use crate::subject::SessionKey;

/// How many are remembered at most. For more than these no time passes until some have ended: they wait for longer.
const REMEMBERED_MAX: usize = 100_000;

/// The longest pause between two looks at what cannot be read yet.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// The shortest one.
const PAUSE_MIN: Duration = Duration::from_millis(500);

/// What of a session is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Awaited {
    Session,
    Form,
    Owner,
}

/// When each thing was missed first. Patience counts from there, not from when the work came: after an outage that took
/// longer than all of it, the first look would be the last. In memory only: after a restart patience begins anew.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    first_missed: Mutex<HashMap<(SessionKey, Awaited), Missed>>,
}

/// The first miss, on this machine's clock: a wall clock that is set ahead must not make what is late unknown.
#[derive(Debug)]
struct Missed {
    first: BootTime,
    /// When the work came for which it was missed, by the ledger's clock.
    since: Timestamp,
}

/// The pause before the next look at what has been waited for so long: it grows with that, between its shortest and its longest.
pub(super) fn growing_pause(waited: Duration, min: Duration, max: Duration) -> Duration {
    (waited / 2).clamp(min, max)
}

impl Patience {
    /// The pause before the next look; `None` once it has been missing for `max`, which begins anew thereafter, as it does for
    /// work that came later, at `since`: nothing is missed before.
    pub(super) fn left(
        &self,
        key: &SessionKey,
        awaited: Awaited,
        since: Timestamp,
        max: Duration,
        now: BootTime,
    ) -> Option<Duration> {
        let mut missed = lock(&self.first_missed);
        let what = (key.clone(), awaited);
        if missed.len() >= REMEMBERED_MAX && !missed.contains_key(&what) {
            // Work that still waits looks again within this time; the rest was finished by another process.
            let still_awaited = max.saturating_add(PAUSE_MAX * 2);
            missed.retain(|_, missed| now.since(missed.first) < still_awaited);
            if missed.len() >= REMEMBERED_MAX {
                return Some(PAUSE_MAX);
            }
        }
        let entry = missed.entry(what.clone()).or_insert(Missed { first: now, since });
        if entry.since < since {
            *entry = Missed { first: now, since };
        }
        let passed = now.since(entry.first);
        let left = max.checked_sub(passed).filter(|left| !left.is_zero());
        if left.is_none() {
            missed.remove(&what);
        }
        left.map(|left| growing_pause(passed, PAUSE_MIN, PAUSE_MAX).min(left))
    }

    /// It was there.
    pub(super) fn found(&self, key: &SessionKey, awaited: Awaited) {
        let mut missed = lock(&self.first_missed);
        missed.remove(&(key.clone(), awaited));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::{InstallationName, SessionId};

    const MAX: Duration = Duration::from_secs(3600);

    fn key(id: i64) -> SessionKey {
        SessionKey { installation: InstallationName("acme".into()), session: SessionId(id) }
    }

    fn at(text: &str) -> Timestamp {
        format!("2026-01-01T{text}Z").parse().expect("a timestamp")
    }

    /// The same on the machine's clock, which was started at midnight.
    fn since_start(text: &str) -> BootTime {
        BootTime::from_millis(at(text).as_millisecond() - at("00:00:00").as_millisecond())
    }

    #[test]
    fn patience_counts_from_the_first_miss_however_old_the_work_is() {
        let patience = Patience::default();
        let left = |now: &str| patience.left(&key(7), Awaited::Session, at("00:00:00"), MAX, since_start(now));
        assert_eq!(left("12:00:00"), Some(PAUSE_MIN));
        assert_eq!(left("12:00:10"), Some(Duration::from_secs(5)));
        assert_eq!(left("12:30:00"), Some(PAUSE_MAX));
        assert_eq!(left("12:59:50"), Some(Duration::from_secs(10)));
        assert_eq!(left("13:00:00"), None);
        assert_eq!(left("15:00:00"), Some(PAUSE_MIN), "a person retries it");
    }

    #[test]
    fn what_was_there_meanwhile_is_waited_for_anew() {
        let patience = Patience::default();
        let left = |id, awaited, now: &str| patience.left(&key(id), awaited, at("00:00:00"), MAX, since_start(now));
        assert_eq!(left(7, Awaited::Session, "12:00:00"), Some(PAUSE_MIN));
        assert_eq!(left(7, Awaited::Form, "12:00:00"), Some(PAUSE_MIN));
        patience.found(&key(7), Awaited::Session);
        assert_eq!(left(7, Awaited::Session, "13:00:00"), Some(PAUSE_MIN));
        assert_eq!(left(7, Awaited::Form, "13:00:00"), None);
        assert_eq!(left(8, Awaited::Form, "13:00:00"), Some(PAUSE_MIN));
    }

    #[test]
    fn nothing_is_missed_before_its_work_came() {
        let patience = Patience::default();
        let left = |since: &str, now: &str| patience.left(&key(7), Awaited::Owner, at(since), MAX, since_start(now));
        assert_eq!(left("12:00:00", "12:00:00"), Some(PAUSE_MIN));
        assert_eq!(left("15:00:00", "15:00:00"), Some(PAUSE_MIN));
        assert_eq!(left("12:00:00", "15:30:00"), Some(PAUSE_MAX), "earlier work begins nothing anew");
    }

    #[test]
    fn no_step_of_the_wall_clock_shortens_or_lengthens_it() {
        let patience = Patience::default();
        let left = |since: &str, now: &str| patience.left(&key(7), Awaited::Session, at(since), MAX, since_start(now));
        assert_eq!(left("23:00:00", "12:00:00"), Some(PAUSE_MIN), "it came by a clock that was ahead");
        assert_eq!(left("23:00:00", "12:00:10"), Some(Duration::from_secs(5)));
        assert_eq!(left("01:00:00", "12:59:50"), Some(Duration::from_secs(10)), "and was set back");
        assert_eq!(left("01:00:00", "13:00:00"), None);
    }

    #[test]
    fn more_than_can_be_remembered_wait_until_there_is_room() {
        let patience = Patience::default();
        let left = |id, now: &str| patience.left(&key(id), Awaited::Session, at("00:00:00"), MAX, since_start(now));
        let full = i64::try_from(REMEMBERED_MAX).expect("fits");
        for id in 0..full {
            assert_eq!(left(id, "12:00:00"), Some(PAUSE_MIN));
        }
        assert_eq!(left(full, "12:00:00"), Some(PAUSE_MAX));
        assert_eq!(left(full, "12:59:00"), Some(PAUSE_MAX));
        assert_eq!(left(full, "13:02:00"), Some(PAUSE_MIN));
    }
}
