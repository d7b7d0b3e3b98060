//! How a target is, over all processes that ask it: pure transitions. A backend reads what is stored, calls them, and writes
//! what they return. A target that is out heals by itself: after a pause that grows, one call tries it.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::TargetState;
use crate::erasure::life::after;

/// The longest pause before a target that is out is tried again; a longer one that is configured stays.
const PAUSE_MAX: Duration = Duration::from_secs(15 * 60);

/// So many calls at once count as no bound any more: a target that was slowed down is as fast as before.
const AT_ONCE_MAX: u32 = 64;

/// After how many failures in a row the breaker of a target opens, and for how long at first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BreakerLimits {
    pub(crate) failures: u32,
    pub(crate) pause: Duration,
}

/// How a call ended, as far as it says something of its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallEnd {
    Answered {
        sort: &'static str,
    },
    /// It could not be reached, or says that it is out of service, whatever it is asked.
    Unavailable {
        reason: String,
    },
    /// It failed at this record: an error, no answer in time, an answer that cannot be believed. Others may well succeed.
    Failed {
        record: RecordName,
        reason: String,
    },
    /// It refuses this record; others may well succeed. What is asked otherwise says nothing of it: where nothing may
    /// be erased, looking up may well be allowed.
    Refused {
        sort: &'static str,
        record: RecordName,
        reason: String,
    },
    /// It would refuse every call: credentials, rights, an address.
    Denied {
        reason: String,
    },
    /// It asks for fewer calls, and for none before this has passed.
    Limited {
        pause: Duration,
    },
}

/// What a piece of work is about: a session, or an erasure of more than one. All work about one record has one name, or a session
/// of which much is heard would count as many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordName(pub(super) String);

/// What is counted of a target's calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pace {
    /// Calls in a row for which it was not there.
    pub(super) failures: u32,
    /// Different records at which it has failed since it answered last; no more than open the breaker.
    pub(super) failed: Vec<RecordName>,
    /// Different records that were refused alike, in a row; no more than open the breaker.
    pub(super) refused: Vec<RecordName>,
    /// Why they were.
    pub(super) refused_why: String,
    /// The calls at once that it is slowed down to, after it asked for fewer.
    pub(super) at_once: Option<u32>,
    /// Since when it has answered nothing else than that it wants fewer calls.
    pub(super) limited_since: Option<Timestamp>,
    /// The earliest time of its next call, in microseconds since 1970.
    pub(super) next_call_us: i64,
}

/// How a target is, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Health {
    pub(super) pace: Pace,
    pub(super) state: TargetState,
}

/// How much of a target's work may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MayBegin {
    /// It is out.
    Nothing,
    /// It wants no call before this has passed.
    After(Duration),
    /// So many pieces of work, with those under way.
    AtOnce(usize),
    /// One, which tries it: not always the same, or what can never succeed would keep it out.
    Probe,
}

impl Health {
    /// Of `at_once` that are configured. Where it is out and its pause is over, one call tries it.
    pub(super) fn may_begin(&self, at_once: usize, now: Timestamp) -> MayBegin {
        match &self.state {
            TargetState::Open { until, .. } if *until > now => return MayBegin::Nothing,
            TargetState::Open { .. } => return MayBegin::Probe,
            TargetState::Closed => {}
        }
        let Some(most) = self.pace.at_once else { return MayBegin::AtOnce(at_once) };
        let early = self.pace.next_call_us.saturating_sub(now.as_microsecond());
        if early > 0 {
            return MayBegin::After(Duration::from_micros(early.unsigned_abs()));
        }
        MayBegin::AtOnce(at_once.min(most as usize))
    }

    /// Whether an answer changes nothing.
    pub(super) fn is_good(&self) -> bool {
        let Pace { failures, failed, refused, at_once, limited_since, .. } = &self.pace;
        let counts_nothing = *failures == 0 && failed.is_empty() && refused.is_empty();
        counts_nothing && at_once.is_none() && limited_since.is_none() && self.state == TargetState::Closed
    }

    /// Whether nothing says that it is out: it could be reached, and fails at fewer records than open the breaker.
    pub(super) fn is_there(&self) -> bool {
        self.pace.failures == 0 && self.state == TargetState::Closed
    }

    /// After a call has ended.
    pub(super) fn after(self, end: &CallEnd, limits: BreakerLimits, now: Timestamp) -> Self {
        match end {
            CallEnd::Answered { sort } => self.answered(sort, limits),
            CallEnd::Unavailable { reason } => self.unavailable(reason, limits, now),
            CallEnd::Failed { record, reason } => self.failed(record, reason, limits, now),
            CallEnd::Refused { sort, record, reason } => self.refused(record, (sort, reason), limits, now),
            CallEnd::Denied { reason } => self.opened(reason, true, limits, now),
            CallEnd::Limited { pause } => self.limited(*pause, now),
        }
    }

    fn answered(self, sort: &str, limits: BreakerLimits) -> Self {
        let Self { pace, state } = self;
        let at_once = pace.at_once.map(|most| most.saturating_mul(2)).filter(|most| *most < AT_ONCE_MAX);
        let good = Pace { at_once, next_call_us: pace.next_call_us, ..Pace::default() };
        if pace.refused_why.starts_with(&format!("{sort}: ")) {
            return Self { pace: good, state: TargetState::Closed };
        }
        let is_out = pace.refused.len() >= limits.failures as usize;
        let state = if is_out { state } else { TargetState::Closed };
        Self { pace: Pace { refused: pace.refused, refused_why: pace.refused_why, ..good }, state }
    }

    fn unavailable(mut self, reason: &str, limits: BreakerLimits, now: Timestamp) -> Self {
        self.pace.failures = self.pace.failures.saturating_add(1);
        self.failing(reason, limits, now)
    }

    fn failed(mut self, record: &RecordName, reason: &str, limits: BreakerLimits, now: Timestamp) -> Self {
        add(&mut self.pace.failed, record, limits);
        self.failing(reason, limits, now)
    }

    /// Out after so many failures of both sorts, since an outage shows as either. One that was tried in vain stays out.
    fn failing(self, reason: &str, limits: BreakerLimits, now: Timestamp) -> Self {
        let failures = self.pace.failed.len().saturating_add(self.pace.failures as usize);
        if self.state == TargetState::Closed && failures < limits.failures as usize {
            return self;
        }
        self.opened(reason, false, limits, now)
    }

    fn refused(
        mut self,
        record: &RecordName,
        (sort, reason): (&str, &str),
        limits: BreakerLimits,
        now: Timestamp,
    ) -> Self {
        let pace = &mut self.pace;
        // How many of something a record has makes no other reason of it.
        let why = format!("{sort}: {}", reason.replace(|character: char| character.is_ascii_digit(), ""));
        if pace.refused_why != why {
            pace.refused.clear();
            pace.refused_why = why;
        }
        // One that a person has retried, and that is refused again, says no more than before.
        add(&mut pace.refused, record, limits);
        // It can be reached, whatever it says.
        pace.failures = 0;
        pace.failed.clear();
        if pace.refused.len() < limits.failures as usize {
            return Self { state: TargetState::Closed, ..self };
        }
        self.opened(reason, true, limits, now)
    }

    /// Out until a later time than before, each time that it is tried in vain.
    fn opened(self, reason: &str, needs_person: bool, limits: BreakerLimits, now: Timestamp) -> Self {
        let (tries, since) = match &self.state {
            // The call began before it was out: it says nothing new, and must not lengthen the pause.
            TargetState::Open { until, needs_person: already, .. } if *until > now && (*already || !needs_person) => {
                return self;
            }
            TargetState::Open { tries, since, .. } => (tries.saturating_add(1), *since),
            TargetState::Closed => (0, now),
        };
        let pause = limits.pause.saturating_mul(1 << tries.min(20)).min(PAUSE_MAX.max(limits.pause));
        let until = after(now, pause);
        Self { state: TargetState::Open { until, reason: reason.to_owned(), needs_person, tries, since }, ..self }
    }

    /// One call at a time from now on, until it answers; then twice as many with each answer.
    fn limited(mut self, pause: Duration, now: Timestamp) -> Self {
        self.pace.at_once = Some(1);
        self.pace.limited_since = self.pace.limited_since.or(Some(now));
        self.pace.next_call_us = self.pace.next_call_us.max(after(now, pause).as_microsecond());
        // It can be reached.
        self.pace.failures = 0;
        self.pace.failed.clear();
        Self { state: TargetState::Closed, ..self }
    }
}

/// Counts a record once, and no more of them than open the breaker.
fn add(records: &mut Vec<RecordName>, record: &RecordName, limits: BreakerLimits) {
    if !records.contains(record) && records.len() < limits.failures as usize {
        records.push(record.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: BreakerLimits = BreakerLimits { failures: 3, pause: Duration::from_secs(30) };

    fn good() -> Health {
        Health { pace: Pace::default(), state: TargetState::Closed }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a timestamp")
    }

    fn record(number: u32) -> RecordName {
        RecordName(format!("acme/{number}"))
    }

    fn refused(number: u32, reason: &str) -> CallEnd {
        CallEnd::Refused { sort: "erase", record: record(number), reason: reason.into() }
    }

    fn failed(number: u32) -> CallEnd {
        CallEnd::Failed { record: record(number), reason: "500".into() }
    }

    fn answered() -> CallEnd {
        CallEnd::Answered { sort: "erase" }
    }

    fn away() -> CallEnd {
        CallEnd::Unavailable { reason: "503".into() }
    }

    fn denied() -> CallEnd {
        CallEnd::Denied { reason: "401".into() }
    }

    /// All of them at one time.
    fn ended(health: Health, ends: &[CallEnd], now: Timestamp) -> Health {
        ends.iter().fold(health, |health, end| health.after(end, LIMITS, now))
    }

    /// Until when it is out, and whether a person is needed.
    fn out(health: &Health) -> Option<(i64, bool)> {
        match &health.state {
            TargetState::Closed => None,
            TargetState::Open { until, needs_person, .. } => Some((until.as_second(), *needs_person)),
        }
    }

    #[test]
    fn it_is_out_after_failures_in_a_row_and_heals_with_an_answer() {
        let failing = ended(good(), &[away(), away()], at(0));
        assert_eq!(out(&failing), None);
        assert_eq!(out(&ended(failing.clone(), &[answered(), away(), away()], at(0))), None);
        let open = ended(failing, &[away()], at(0));
        assert_eq!(out(&open), Some((30, false)));
        assert_eq!(ended(open, &[answered()], at(31)), good());
    }

    #[test]
    fn one_record_that_fails_again_and_again_says_nothing_of_the_target() {
        let one = ended(good(), &[failed(1), failed(1), failed(1), failed(1)], at(0));
        assert_eq!(out(&one), None);
        assert!(!one.is_good() && one.is_there(), "an answer is to be told");
        assert_eq!(out(&ended(one.clone(), &[failed(2)], at(0))), None);
        assert_eq!(out(&ended(one.clone(), &[failed(2), failed(3)], at(0))), Some((30, false)));
        for shows_that_it_is_there in [answered(), refused(1, "403"), CallEnd::Limited { pause: Duration::ZERO }] {
            let between = [failed(2), shows_that_it_is_there, failed(3), failed(4)];
            assert_eq!(out(&ended(one.clone(), &between, at(0))), None, "{between:?}");
        }
        let mixed = ended(one, &[away()], at(0));
        assert!(!mixed.is_there());
        assert_eq!(out(&ended(mixed, &[away()], at(0))), Some((30, false)), "an outage shows as either");
    }

    #[test]
    fn one_that_is_out_stays_out_by_any_failure_of_the_call_that_tries_it() {
        let denied_once = ended(good(), &[denied()], at(0));
        for end in [failed(1), away()] {
            let tried = ended(denied_once.clone(), &[end], at(30));
            assert_eq!(out(&tried), Some((90, false)));
            assert_eq!(ended(tried, &[answered()], at(90)), good());
        }
    }

    #[test]
    fn each_try_in_vain_doubles_the_pause_up_to_its_bound() {
        let mut health = ended(good(), &[denied()], at(0));
        let mut pauses = Vec::new();
        let mut now = 0;
        for _ in 0..8 {
            let (until, _) = out(&health).expect("it is out");
            pauses.push(until - now);
            now = until;
            health = ended(health, &[denied()], at(now));
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 900, 900, 900]);
        let TargetState::Open { since, .. } = &health.state else { panic!("it is out") };
        assert_eq!(*since, at(0), "it is one outage");
        let slow = BreakerLimits { pause: Duration::from_secs(3600), ..LIMITS };
        assert_eq!(out(&good().after(&denied(), slow, at(0))), Some((3600, true)));
    }

    #[test]
    fn calls_that_began_before_it_was_out_do_not_lengthen_its_pause() {
        let out_once = ended(good(), &[denied()], at(0));
        assert_eq!(ended(out_once.clone(), &[denied(), denied()], at(1)), out_once);
        assert_eq!(out(&ended(out_once, &[away(), away(), away()], at(1))), Some((30, true)));
        // That a person is needed is news, however.
        let gone = ended(good(), &[away(), away(), away()], at(0));
        assert_eq!(out(&ended(gone, &[denied()], at(1))), Some((61, true)));
    }

    #[test]
    fn only_different_records_that_are_refused_alike_say_something_of_the_target() {
        let one = ended(good(), &[refused(1, "403"), refused(1, "403"), refused(1, "403")], at(0));
        assert_eq!(out(&one), None, "one record again and again");
        let unlike = [refused(1, "denied"), refused(2, "no"), refused(3, "denied"), refused(4, "no")];
        assert_eq!(out(&ended(good(), &unlike, at(0))), None);
        let between = [refused(1, "403"), refused(2, "403"), answered(), refused(3, "403")];
        assert_eq!(out(&ended(good(), &between, at(0))), None);
        let alike = ended(good(), &[refused(1, "7 of 5"), refused(2, "8 of 5"), refused(3, "99 of 5")], at(0));
        assert_eq!(out(&alike), Some((30, true)));
        // The next one that is refused alike is another try in vain; one that is refused otherwise shows that it is there.
        assert_eq!(out(&ended(alike.clone(), &[refused(4, "6 of 5")], at(30))), Some((90, true)));
        assert_eq!(out(&ended(alike.clone(), &[refused(4, "no")], at(30))), None);
        // That it can be asked shows nothing of what it refuses.
        let asked = ended(alike.clone(), &[CallEnd::Answered { sort: "decide" }], at(30));
        assert_eq!(out(&asked), Some((30, true)));
        assert_eq!(ended(alike, &[answered()], at(30)), good());
    }

    #[test]
    fn one_that_wants_fewer_calls_gets_one_at_a_time_and_then_more_with_each_answer() {
        let limited = || CallEnd::Limited { pause: Duration::from_secs(7) };
        let mut health = ended(good(), &[limited()], at(0));
        assert_eq!(health.pace.next_call_us, 7_000_000);
        assert_eq!(health.pace.limited_since, Some(at(0)));
        assert!(!health.is_good());
        let again = ended(health.clone(), &[limited()], at(60));
        assert_eq!((again.pace.limited_since, again.pace.next_call_us), (Some(at(0)), 67_000_000));
        let mut at_once = Vec::new();
        while let Some(most) = health.pace.at_once {
            at_once.push(most);
            health = ended(health, &[answered()], at(10));
        }
        assert_eq!(at_once, [1, 2, 4, 8, 16, 32]);
        assert!(health.is_good());
        let fast = ended(good(), &[limited(), answered(), limited()], at(0));
        assert_eq!(fast.pace.at_once, Some(1), "slowed down once more");
    }

    #[test]
    fn what_it_answers_while_it_is_out_shows_that_it_is_there() {
        for gone in [[away(), away(), away()], [failed(1), failed(2), failed(3)]] {
            let gone = ended(good(), &gone, at(0));
            let limited = ended(gone, &[CallEnd::Limited { pause: Duration::ZERO }], at(31));
            assert_eq!(out(&limited), None);
            assert!(limited.is_there() && limited.pace.failed.is_empty());
        }
    }
}
