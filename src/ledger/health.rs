//! How a target is, over all processes that ask it: pure transitions. A backend reads what is stored, calls them, and writes
//! what they return. A target that is out heals by itself: after a pause that grows, one call tries it.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::TargetState;
use crate::attention::LIMITED_MAX;
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
    /// It asks for fewer calls, and for none before this has passed. What is asked otherwise says nothing of it: one path may have a
    /// limit of its own.
    Limited {
        sort: &'static str,
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
    /// What of its work has only been answered so since.
    pub(super) limited: Option<Limited>,
    /// The earliest time of its next call, in microseconds since 1970.
    pub(super) next_call_us: i64,
}

/// Work of a target that was answered nothing else than that it wants fewer calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Limited {
    /// What was asked, in one word.
    pub(super) sort: String,
    pub(super) since: Timestamp,
    /// Until when it wanted none, the last time.
    pub(super) until: Timestamp,
}

/// What is known of a target at a time: whether it can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Nothing says that it is out.
    There,
    /// It was not there when it was asked last, but not often enough to be out.
    Doubtful,
    Out,
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
        let Pace { failures, failed, refused, at_once, limited, .. } = &self.pace;
        let counts_nothing = *failures == 0 && failed.is_empty() && refused.is_empty();
        counts_nothing && at_once.is_none() && limited.is_none() && self.state == TargetState::Closed
    }

    /// Whether it can be reached. One that fails at fewer records than open the breaker is there.
    pub(super) fn presence(&self) -> Presence {
        match &self.state {
            TargetState::Open { .. } => Presence::Out,
            TargetState::Closed if self.pace.failures > 0 => Presence::Doubtful,
            TargetState::Closed => Presence::There,
        }
    }

    /// After a call has ended.
    pub(super) fn after(self, end: &CallEnd, limits: BreakerLimits, now: Timestamp) -> Self {
        match end {
            CallEnd::Answered { sort } => self.answered(sort, limits),
            CallEnd::Unavailable { reason } => self.unavailable(reason, limits, now),
            CallEnd::Failed { record, reason } => self.failed(record, reason, limits, now),
            CallEnd::Refused { sort, record, reason } => self.refused(record, (sort, reason), limits, now),
            CallEnd::Denied { reason } => self.opened(reason, true, limits, now),
            CallEnd::Limited { sort, pause } => self.limited(sort, *pause, now),
        }
    }

    fn answered(self, sort: &str, limits: BreakerLimits) -> Self {
        let Self { pace, state } = self;
        let at_once = pace.at_once.map(|most| most.saturating_mul(2)).filter(|most| *most < AT_ONCE_MAX);
        let limited = pace.limited.filter(|limited| limited.sort != sort);
        let good = Pace { at_once, limited, next_call_us: pace.next_call_us, ..Pace::default() };
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
        pace.limited = pace.limited.take().filter(|limited| limited.sort != sort);
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
    fn limited(mut self, sort: &str, pause: Duration, now: Timestamp) -> Self {
        let until = after(now, pause);
        self.pace.at_once = Some(1);
        // One sort of work is remembered, until it is answered. Another one that never is comes into its place then, or once nothing of
        // the first has been asked for a long time: its work may be over.
        let is_over = |limited: &Limited| limited.sort != sort && after(limited.until, LIMITED_MAX) < now;
        self.pace.limited = self.pace.limited.take().filter(|limited| !is_over(limited));
        let limited = self.pace.limited.get_or_insert_with(|| Limited { sort: sort.to_owned(), since: now, until });
        if limited.sort == sort {
            limited.until = limited.until.max(until);
        }
        self.pace.next_call_us = self.pace.next_call_us.max(until.as_microsecond());
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
mod tests;
