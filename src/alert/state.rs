//! What an alert has told, and what follows from what there is now: a pure function.
//!
//! Something is told once it has been there for `wait`, and once more when it gets worse, or when somebody who had it muted wants to know
//! of it again. It is over once it is gone for `wait`, twice as long with each time that it came in a day: what comes and goes is told
//! seldom. A message is kept until it is taken, and meanwhile no other is made, but for those who have it where it goes to several.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::daily::Daily;
use super::message::{Item, Message, MessageKind, Over, Reached};
use crate::attention::{Attention, Code, Severity};
use crate::audit::Object;

/// How often something came counts for so long.
const REMEMBERED: Duration = Duration::from_secs(86_400);

/// The longest that something must be gone before it is over.
const GONE_MAX: Duration = Duration::from_secs(3_600);

/// How many messages within an hour are none too many; each further one waits twice as long for the next.
const MESSAGES_AN_HOUR: usize = 6;
const HOUR: Duration = Duration::from_secs(3_600);

/// The longest that it waits for that.
const SPACED_MAX: Duration = Duration::from_secs(900);

/// So often it must fail before a person is told: a server that wants to be asked again is part of the daily work.
pub(crate) const FAILURES: u32 = 3;

/// So often, which takes about three and a half hours, it is tried to reach somebody who does not take a message that others have.
const GIVEN_UP: u32 = 24;

/// The longest pause before a message is sent again.
const PAUSE_MAX: Duration = Duration::from_secs(900);

/// What is told, by the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) name: String,
    /// Which deployment it tells of.
    pub(crate) deployment: String,
    pub(crate) from: Severity,
    pub(crate) recovery: bool,
    pub(crate) wait: Duration,
    pub(crate) digest: Option<Daily>,
}

/// What an alert has told, as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AlertState {
    /// By code and object.
    pub(crate) told: BTreeMap<String, Told>,
    /// What is to be sent.
    pub(crate) outbox: Option<Outgoing>,
    /// When the last digest was made, or when the first one was looked for.
    digest: Option<Timestamp>,
    /// When messages were made, within an hour.
    made: Vec<Timestamp>,
    /// When somebody took the last one.
    pub(crate) accepted: Option<Timestamp>,
}

/// A message that is to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outgoing {
    pub(crate) message: Message,
    pub(crate) failures: u32,
    /// When it is sent next.
    pub(crate) due: Timestamp,
    /// Why it could not be sent.
    pub(crate) reason: Option<String>,
    /// Who of several has it already, by a digest.
    pub(crate) reached: Reached,
}

impl Outgoing {
    /// Who has it must not wait for what comes next because somebody else does not take it. What comes next says what is still there.
    fn makes_way(&self) -> bool {
        self.failures >= FAILURES && !self.reached.is_empty()
    }
}

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) code: String,
    pub(crate) object: String,
    /// The worst that it was.
    pub(crate) severity: Severity,
    /// Since when it is there.
    seen: Timestamp,
    /// When it was told that it is there; nothing where nobody thinks so.
    pub(crate) told: Option<Timestamp>,
    /// Whether it is to be told.
    news: bool,
    /// Whether somebody had it muted after it was told.
    muted: bool,
    /// Since when it is gone.
    pub(crate) gone: Option<Timestamp>,
    /// When it was told, within a day.
    times: Vec<Timestamp>,
}

impl Told {
    fn new(found: &Attention, now: Timestamp) -> Self {
        Self {
            code: found.code.as_str().to_owned(),
            object: found.object.to_string(),
            severity: found.severity,
            seen: now,
            told: None,
            news: true,
            muted: false,
            gone: None,
            times: Vec::new(),
        }
    }

    /// For how long it must be gone before it is over.
    fn gone_for(&self, wait: Duration) -> Duration {
        let times = u32::try_from(self.times.len()).unwrap_or(u32::MAX);
        let doubled = 2_u32.saturating_pow(times.saturating_sub(1));
        wait.saturating_mul(doubled).min(GONE_MAX.max(wait))
    }

    /// It is there, and may be told.
    fn is_there(&mut self, found: &Attention, now: Timestamp) {
        if self.gone.take().is_some() && self.told.is_none() {
            (self.seen, self.severity, self.news) = (now, found.severity, true);
        }
        if found.severity > self.severity {
            (self.severity, self.news) = (found.severity, true);
        }
        // Muted until it changes, or for a time that is over.
        if std::mem::take(&mut self.muted) {
            self.news = true;
        }
    }
}

/// Whether so much time is over since then.
fn is_over(since: Timestamp, span: Duration, now: Timestamp) -> bool {
    now >= since && now.duration_since(since).unsigned_abs() >= span
}

fn key(found: &Attention) -> String {
    format!("{} {}", found.code.as_str(), found.object)
}

impl AlertState {
    /// As it was kept. What cannot be read, as a newer program wrote it, is begun anew: it is told once more, and not missed.
    pub(crate) fn read(kept: &str) -> Self {
        serde_json::from_str(kept).unwrap_or_default()
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts are JSON")
    }

    /// Notes what there is now, and makes the message that is due, which is then in the outbox.
    pub(crate) fn look(&mut self, plan: &Plan, found: &[Attention], now: Timestamp) {
        let own = Object::alert(&plan.name);
        // Nobody would hear of it.
        let found: Vec<_> =
            found.iter().filter(|found| found.code != Code::AlertFailed || found.object != own).collect();
        for found in &found {
            self.note(plan, found, now);
        }
        self.note_gone(&found, now);
        if self.outbox.as_ref().is_none_or(Outgoing::makes_way) {
            self.make(plan, &found, now);
        }
        self.forget(now);
    }

    fn note(&mut self, plan: &Plan, found: &Attention, now: Timestamp) {
        let key = key(found);
        if found.muted.is_some() {
            match self.told.get_mut(&key) {
                Some(told) if told.told.is_some() => (told.muted, told.news, told.gone) = (true, false, None),
                // As if it were gone: it is new once it may be told.
                Some(told) => (told.news, told.gone) = (false, Some(now)),
                None => {}
            }
            if self.told.get(&key).is_some_and(|told| told.told.is_none() && told.times.is_empty()) {
                self.told.remove(&key);
            }
            return;
        }
        match self.told.get_mut(&key) {
            Some(told) => told.is_there(found, now),
            None if found.severity >= plan.from => _ = self.told.insert(key, Told::new(found, now)),
            None => {}
        }
        // Not told yet, and no longer so bad.
        if let Some(told) = self.told.get_mut(&self::key(found))
            && told.told.is_none()
            && found.severity < plan.from
        {
            (told.news, told.severity) = (false, found.severity);
        }
    }

    fn note_gone(&mut self, found: &[&Attention], now: Timestamp) {
        let there: BTreeSet<_> = found.iter().map(|found| key(found)).collect();
        // It is not over: it is late.
        let is_late = found.iter().any(|found| found.code == Code::Overdue);
        for (key, told) in &mut self.told {
            if there.contains(key) {
                continue;
            }
            told.news = false;
            told.gone.get_or_insert(now);
            if is_late && told.code == Code::DueSoon.as_str() {
                told.told = None;
            }
        }
    }

    /// Makes the message that is due, if one is.
    fn make(&mut self, plan: &Plan, found: &[&Attention], now: Timestamp) {
        let new_is_due = self.told.values().any(|told| told.news && is_over(told.seen, plan.wait, now));
        let is_recovered = |told: &Told| {
            told.told.is_some() && told.gone.is_some_and(|gone| is_over(gone, told.gone_for(plan.wait), now))
        };
        let gone: Vec<_> =
            self.told.iter().filter(|(_, told)| is_recovered(told)).map(|(key, _)| key.clone()).collect();
        let over = if plan.recovery { gone } else { self.forget_gone(&gone) };
        if (new_is_due || !over.is_empty()) && self.may_make(plan, now) {
            // With what came just now, so that it is one message.
            self.tell(plan, found, over, now);
        } else if self.digest_is_due(plan, now) {
            let message = Message::new(MessageKind::Digest, &plan.name, &plan.deployment, now);
            let open = found.iter().filter(|found| found.muted.is_none() && found.severity >= plan.from);
            self.send(message.with(Vec::new(), Vec::new(), open.map(|found| Item::of(found)).collect()), now);
        }
    }

    /// Nobody wants to know that it is over.
    fn forget_gone(&mut self, gone: &[String]) -> Vec<String> {
        for key in gone {
            if let Some(told) = self.told.get_mut(key) {
                told.told = None;
            }
        }
        Vec::new()
    }

    fn tell(&mut self, plan: &Plan, found: &[&Attention], gone: Vec<String>, now: Timestamp) {
        let (mut new, mut open, mut over) = (Vec::new(), Vec::new(), Vec::new());
        for found in found {
            let Some(told) = self.told.get_mut(&key(found)) else { continue };
            if std::mem::take(&mut told.news) {
                told.told = Some(now);
                told.times.push(now);
                new.push(Item::of(found));
            } else if told.told.is_some() && !told.muted {
                open.push(Item::of(found));
            }
        }
        for key in gone {
            let Some(told) = self.told.get_mut(&key) else { continue };
            let (Some(at), Some(gone)) = (told.told.take(), told.gone) else { continue };
            over.push(Over { code: told.code.clone(), object: told.object.clone(), told: at, gone });
        }
        let message = Message::new(MessageKind::Alert, &plan.name, &plan.deployment, now);
        self.send(message.with(new, over, open), now);
    }

    fn send(&mut self, message: Message, now: Timestamp) {
        self.made.push(now);
        self.outbox = Some(Outgoing { message, failures: 0, due: now, reason: None, reached: Reached::new() });
    }

    /// Whether there were not too many messages before this one.
    fn may_make(&self, plan: &Plan, now: Timestamp) -> bool {
        let Some(last) = self.made.last() else { return true };
        let lately = self.made.iter().filter(|made| !is_over(**made, HOUR, now)).count();
        let Some(beyond) = lately.checked_sub(MESSAGES_AN_HOUR) else { return true };
        let doubled = 2_u32.saturating_pow(u32::try_from(beyond).unwrap_or(u32::MAX));
        is_over(*last, plan.wait.saturating_mul(doubled).min(SPACED_MAX), now)
    }

    /// Whether a digest is due; what was due before it was first looked for, is not.
    fn digest_is_due(&mut self, plan: &Plan, now: Timestamp) -> bool {
        let Some(daily) = &plan.digest else {
            self.digest = None;
            return false;
        };
        let begun = *self.digest.get_or_insert(now);
        let is_due = daily.last(now).is_some_and(|last| last > begun);
        if is_due {
            self.digest = Some(now);
        }
        is_due
    }

    fn forget(&mut self, now: Timestamp) {
        self.made.retain(|made| !is_over(*made, HOUR, now));
        for told in self.told.values_mut() {
            told.times.retain(|time| !is_over(*time, REMEMBERED, now));
        }
        self.told.retain(|_, told| told.gone.is_none() || told.told.is_some() || !told.times.is_empty());
    }

    /// Whether there is something to be sent now.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.outbox.as_ref().is_some_and(|outgoing| outgoing.due <= now)
    }

    /// Somebody has taken the message.
    pub(crate) fn accepted(&mut self, now: Timestamp) {
        self.outbox = None;
        self.accepted = Some(now);
    }

    /// Nobody took it; it is sent again after a pause. Returns how often that was.
    pub(crate) fn failed(&mut self, reason: &str, now: Timestamp) -> u32 {
        let Some(outgoing) = &mut self.outbox else { return 0 };
        outgoing.failures = outgoing.failures.saturating_add(1);
        outgoing.reason = Some(reason.to_owned());
        let pause = Duration::from_secs(1).saturating_mul(2_u32.saturating_pow(outgoing.failures - 1)).min(PAUSE_MAX);
        outgoing.due = now.saturating_add(pause).unwrap_or(now);
        let failures = outgoing.failures;
        if outgoing.makes_way() && failures >= GIVEN_UP {
            self.outbox = None;
        }
        failures
    }

    /// One of several has taken the message.
    pub(crate) fn reached(&mut self, digest: String, now: Timestamp) {
        if let Some(outgoing) = &mut self.outbox {
            outgoing.reached.insert(digest);
            self.accepted = Some(now);
        }
    }

    /// With what was told while nothing could be written down.
    pub(crate) fn adopt(&mut self, other: &Self) {
        for (key, told) in other.told.iter().filter(|(_, told)| told.told.is_some()) {
            self.told.entry(key.clone()).or_insert_with(|| told.clone());
        }
    }
}
