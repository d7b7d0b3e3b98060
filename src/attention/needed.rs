//! From what a ledger holds to what needs a person: a function for each kind, and one that calls them all.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::about::{Why, found, with, with_why};
use super::facts::{
    Damage, Facts, FailedKeeper, Group, HeldSnapshot, LIMITED_MAX, LimitedTarget, Limits, LongLog, NoServer,
    NotReloaded, ParkedSteps, RefusedOf, RefusedRecords, RefusedSince, StoppedTarget, Tasks, WaitingPast, WaitingRule,
};
use super::keepers::{Noted, noted};
use super::rechecks;
use super::requests;
use super::sweeps;
use super::{Attention, ClockDoubt, Code, Mute, Severity};
use crate::audit::Object;
use crate::chain;
use crate::deadline::days_left;
use crate::hold::HoldId;
use crate::subject::TargetName;

/// So many transactions may begin while another one is open. A backup of an hour beside a busy ledger stays below; with more, the tables of
/// what is under way are many times as long as they need to be.
const SNAPSHOT_TRANSACTIONS_MAX: u64 = 1_000_000;
/// For how long a hold without an end may be in force before somebody is to look at it.
const HOLD_OLD: Duration = Duration::from_secs(180 * 86_400);
/// For how long a target may be paused before somebody is told.
const PAUSED_MAX: Duration = Duration::from_secs(24 * 3600);
/// For how long records may be there whose time is over.
const BEHIND_MAX: Duration = Duration::from_secs(24 * 3600);
/// A target that was tried so often in vain is out for more than a moment.
const OUT_TRIES: u32 = 3;

/// Everything that needs a person or is worth knowing: the most severe first, then by code and object.
pub(crate) fn attention(facts: &Facts, mutes: &[Mute], limits: &Limits, now: Timestamp) -> Vec<Attention> {
    let mut all = Vec::new();
    let around = facts.surroundings(limits);
    let why = facts.why_erasures(&around, now);
    all.extend(facts.targets.iter().map(of_target));
    all.extend(facts.limited.iter().filter_map(|limited| of_limited(limited, now)));
    all.extend(facts.broken.iter().map(|(plugin, reason)| broken(plugin, reason)));
    all.extend(facts.doubtful.iter().map(|(plugin, doubts)| doubtful(plugin, &doubts.join("; "))));
    all.extend(facts.not_reloaded.iter().map(|(place, why)| not_reloaded(place, why)));
    all.extend(facts.no_server.as_ref().map(no_server));
    all.extend(facts.parked_steps.iter().filter(|steps| !facts.are_late_tasks(steps)).filter_map(parked_steps));
    all.extend(facts.tasks.iter().filter_map(|tasks| open_tasks(tasks, limits, now)));
    all.extend(facts.tasks.iter().filter_map(late_tasks));
    all.extend(of_group(Code::ApprovalWaiting, Object::erasures(), &facts.requested));
    // Nobody has to do anything: whoever did not want it has not confirmed it.
    let unconfirmed = of_group(Code::ConfirmationMissing, Object::confirmations(), &facts.unconfirmed);
    all.extend(unconfirmed.map(|found| Attention { severity: Severity::Notice, ..found }));
    let incomplete = of_group(Code::ReceiptsIncomplete, Object::receipts(), &facts.incomplete);
    all.extend(incomplete.map(|found| with_ids(found, facts.named.incomplete.clone())));
    let parked_work = of_group(Code::WorkParked, Object::work(), &facts.parked_work);
    all.extend(parked_work.map(|found| with_ids(found, facts.named.parked_work.clone())));
    all.extend(of_group(Code::DeliveriesUnreadable, Object::quarantine(), &facts.quarantined));
    all.extend(facts.refused.iter().map(refused));
    all.extend(facts.damage.as_ref().map(of_damage));
    all.extend(facts.long_log.as_ref().map(of_log));
    all.extend(facts.held_snapshot.as_ref().and_then(of_snapshot));
    all.extend(facts.unwritable.as_deref().map(unwritable));
    let events = of_group(Code::EventsDamaged, Object::events(), &facts.damaged_events);
    let records = of_group(Code::RecordsDamaged, Object::work(), &facts.damaged_records);
    let damaged = [events, records].into_iter().flatten();
    all.extend(damaged.map(|found| Attention { severity: Severity::Urgent, ..found }));
    all.extend(unknown_consents(facts, limits));
    all.extend(overdue(facts, &why, limits, now));
    all.extend(due_soon(facts, &why, limits, now));
    all.extend(foreign_sessions(facts));
    all.extend(facts.clock.as_ref().map(of_clock));
    all.extend(facts.failed_keepers.iter().map(of_keeper));
    all.extend(facts.behind.iter().filter_map(|(kind, since)| behind(kind, *since, now)));
    all.extend(facts.waiting_rules.iter().map(of_rule));
    all.extend(facts.waiting_past.iter().map(of_past));
    let why = facts.why_requests(&around, limits, now);
    all.extend(requests::of(&facts.requests, &why, &limits.requests, &limits.calendar, now));
    all.extend(rechecks::of(&facts.rechecks));
    all.extend(facts.sweeps.iter().filter_map(|sweep| sweeps::of(sweep, now)));
    all.extend(facts.endless_holds.iter().filter_map(|(hold, since)| of_hold(*hold, *since, now)));
    all.extend(facts.paused.iter().filter_map(|(target, since)| of_pause(target, *since, now)));
    all.extend(facts.undeletable.iter().map(|(kind, refused)| undeletable(kind, refused)));
    for found in &mut all {
        found.muted = mutes.iter().find(|mute| mute.holds(found, now)).map(Mute::shown);
    }
    all.sort_by(|a, b| {
        let by_code = a.code.as_str().cmp(b.code.as_str());
        b.severity.cmp(&a.severity).then(by_code).then_with(|| a.object.cmp(&b.object))
    });
    all
}

/// Some of them by name, where they have one.
fn with_ids(found: Attention, ids: Vec<impl Into<Value>>) -> Attention {
    if ids.is_empty() { found } else { with(found, "ids", ids.into_iter().map(Into::into).collect::<Vec<_>>().into()) }
}

/// So many of something; nothing where there is none.
fn of_group(code: Code, object: Object, group: &Group) -> Option<Attention> {
    if group.count == 0 {
        return None;
    }
    let found = found(code, Severity::Attention, object, format!("{} {}", group.count, group.mark));
    Some(Attention { since: group.since, ..with(found, "count", group.count.into()) })
}

fn parked_steps(steps: &ParkedSteps) -> Option<Attention> {
    let ParkedSteps { target, group, oldest } = steps;
    let mut found = of_group(Code::StepsParked, Object::target(target), group)?;
    found = with(found, "target", Value::from(&*target.0));
    Some(with(found, "erasure", Value::from(oldest.to_string())))
}

impl Facts {
    /// Whether they need a person for nothing but that nobody has confirmed them, which is told as such.
    fn are_late_tasks(&self, steps: &ParkedSteps) -> bool {
        self.tasks.iter().any(|tasks| tasks.target == steps.target && tasks.late.count == steps.group.count)
    }
}

/// They are open for so long that somebody is reminded.
fn open_tasks(tasks: &Tasks, limits: &Limits, now: Timestamp) -> Option<Attention> {
    let remind = tasks.open.since?.saturating_add(limits.remind_after.get(&tasks.target)?.0).ok()?;
    if now < remind {
        return None;
    }
    let found = of_group(Code::TasksOpen, Object::target(&tasks.target), &tasks.open)?;
    Some(with(found, "target", Value::from(&*tasks.target.0)))
}

fn late_tasks(tasks: &Tasks) -> Option<Attention> {
    let found = of_group(Code::TasksLate, Object::target(&tasks.target), &tasks.late)?;
    let found = with(found, "target", Value::from(&*tasks.target.0));
    Some(with(found, "erasure", Value::from(tasks.oldest_late?.to_string())))
}

/// Deleting what is due takes a while where a retention has just been made shorter; after a day it will not be done.
fn behind(kind: &'static str, since: Timestamp, now: Timestamp) -> Option<Attention> {
    if now.duration_since(since).unsigned_abs() < BEHIND_MAX || now < since {
        return None;
    }
    let found = found(Code::RetentionBehind, Severity::Attention, Object::records(kind), since.to_string());
    Some(Attention { since: Some(since), ..with(found, "kind", Value::from(kind)) })
}

/// It stays although its time is over, as long as nobody acts.
fn undeletable(kind: &'static str, refused: &RefusedRecords) -> Attention {
    let RefusedRecords { count, since, example } = refused;
    let found =
        found(Code::RetentionRefused, Severity::Attention, Object::records(kind), format!("{since} {count} {example}"));
    let found = with(with(found, "kind", Value::from(kind)), "count", (*count).into());
    Attention { since: Some(*since), ..with(found, "example", Value::from(example.as_str())) }
}

fn of_damage(damage: &Damage) -> Attention {
    let Damage { since, what } = damage;
    let found = found(Code::LedgerDamaged, Severity::Urgent, Object::ledger(), format!("{since} {what}"));
    Attention { since: Some(*since), ..with(found, "reason", Value::from(what.as_str())) }
}

fn of_log(LongLog { bytes, since }: &LongLog) -> Attention {
    let mark = since.map(|since| since.to_string()).unwrap_or_default();
    let found = found(Code::LogLong, Severity::Attention, Object::ledger(), mark);
    Attention { since: *since, ..with(found, "bytes", (*bytes).into()) }
}

fn of_snapshot(HeldSnapshot { transactions, process }: &HeldSnapshot) -> Option<Attention> {
    if *transactions <= SNAPSHOT_TRANSACTIONS_MAX {
        return None;
    }
    let found = found(Code::SnapshotHeld, Severity::Attention, Object::ledger(), process.to_string());
    Some(with(with(found, "transactions", (*transactions).into()), "process", (*process).into()))
}

fn unwritable(reason: &str) -> Attention {
    let found = found(Code::LedgerUnwritable, Severity::Attention, Object::ledger(), reason.to_owned());
    with(found, "reason", Value::from(reason))
}

fn of_target(stopped: &StoppedTarget) -> Attention {
    let StoppedTarget { target, until, reason, needs_person, tries, since, waiting } = stopped;
    let severity = match (needs_person, *tries >= OUT_TRIES) {
        (true, _) => Severity::Urgent,
        (false, true) => Severity::Attention,
        (false, false) => Severity::Notice,
    };
    let mut found = found(Code::TargetOut, severity, Object::target(target), format!("{since} {reason}"));
    found = with(found, "target", Value::from(&*target.0));
    found = with(found, "reason", Value::from(reason.as_str()));
    found = with(found, "until", Value::from(until.to_string()));
    if let Some(erasure) = waiting {
        found = with(found, "erasure", Value::from(erasure.to_string()));
    }
    Attention { since: Some(*since), ..found }
}

fn broken(plugin: &TargetName, reason: &str) -> Attention {
    let mut found = found(Code::PluginBroken, Severity::Attention, Object::plugin(plugin), reason.to_owned());
    found = with(found, "target", Value::from(&*plugin.0));
    with(found, "reason", Value::from(reason))
}

fn doubtful(plugin: &TargetName, doubts: &str) -> Attention {
    let mut found = found(Code::PluginDoubtful, Severity::Notice, Object::plugin(plugin), doubts.to_owned());
    found = with(found, "target", Value::from(&*plugin.0));
    with(found, "reason", Value::from(doubts))
}

fn no_server(NoServer { seen }: &NoServer) -> Attention {
    Attention { since: *seen, ..found(Code::ServerAway, Severity::Attention, Object::servers(), String::new()) }
}

/// A target that wants fewer calls for a while is part of the daily work.
fn of_limited(limited: &LimitedTarget, now: Timestamp) -> Option<Attention> {
    let LimitedTarget { target, since, until } = limited;
    let is_over = |time: &Timestamp| time.saturating_add(LIMITED_MAX).is_ok_and(|end| end < now);
    if !is_over(since) || is_over(until) {
        return None;
    }
    let found = found(Code::TargetLimited, Severity::Attention, Object::target(target), since.to_string());
    Some(Attention { since: Some(*since), ..with(found, "target", Value::from(&*target.0)) })
}

/// Worth knowing and no more: a stranger must not be able to make it urgent.
fn refused(refused: &RefusedSince) -> Attention {
    let RefusedSince { of, count, since, last } = refused;
    let (code, source) = match of {
        RefusedOf::Source(source) => (Code::DeliveriesRefused, Some(source)),
        RefusedOf::Astray(nearest) => (Code::PathsUnknown, nearest.as_ref()),
    };
    let object = source.map_or_else(Object::webhooks, Object::source);
    let mut found = with(found(code, Severity::Notice, object, last.to_string()), "count", (*count).into());
    found = with(found, "last", Value::from(last.to_string()));
    if let Some(source) = source {
        let name = if code == Code::PathsUnknown { "nearest" } else { "source" };
        found = with(found, name, Value::from(&*source.0));
    }
    Attention { since: Some(*since), ..found }
}

/// Single ones are part of the daily work; more mean that something is wrong at mluvii, or with what is known of it.
fn unknown_consents(facts: &Facts, limits: &Limits) -> Option<Attention> {
    let count: u64 = facts.unknown_consents.values().sum();
    // Multiplied and not divided: where there are no sessions, there is no share.
    if count as f64 <= limits.unknown_share_max * facts.sessions as f64 {
        return None;
    }
    let mut found =
        found(Code::ConsentsUnknown, Severity::Attention, Object::sessions(), format!("{:?}", facts.unknown_consents));
    found = with(found, "count", count.into());
    found = with(found, "sessions", facts.sessions.into());
    for (cause, count) in &facts.unknown_consents {
        found = with(found, cause, (*count).into());
    }
    Some(found)
}

fn overdue(facts: &Facts, why: &[Why], limits: &Limits, now: Timestamp) -> Option<Attention> {
    let oldest = facts.oldest_due?;
    let before = limits.calendar.late_before(now)?;
    if oldest >= before {
        return None;
    }
    let mut found = found(Code::Overdue, Severity::Urgent, Object::work(), oldest.to_string());
    found = with(found, "before", Value::from(before.to_string()));
    if let Some(last) = limits.calendar.on_time_until(oldest) {
        found = with(found, "days_left", days_left(limits.calendar.day(now), last).into());
    }
    let late = facts.named.due_before(before);
    let why = with_why(found, why, |of| late.iter().any(|name| name == of));
    Some(Attention { since: Some(oldest), ..with_ids(why, late) })
}

/// What is not late yet, and will be. Only what is named is looked at where something older is late already.
fn due_soon(facts: &Facts, why: &[Why], limits: &Limits, now: Timestamp) -> Option<Attention> {
    let is_soon = |since: Timestamp| {
        let Some(late) = limits.calendar.late_from(since) else { return false };
        now < late && late.checked_sub(limits.warn_before.0).is_ok_and(|warned| warned < now)
    };
    let soon: Vec<_> = facts.named.due.iter().filter(|(since, _)| is_soon(*since)).collect();
    let oldest = facts.oldest_due.filter(|since| is_soon(*since)).or_else(|| soon.first().map(|(since, _)| *since))?;
    let late = limits.calendar.late_from(oldest)?;
    let mut found = found(Code::DueSoon, Severity::Attention, Object::work(), oldest.to_string());
    found = with(found, "late", Value::from(late.to_string()));
    if let Some(last) = limits.calendar.on_time_until(oldest) {
        found = with(found, "days_left", days_left(limits.calendar.day(now), last).into());
    }
    let ids: Vec<_> = soon.into_iter().map(|(_, name)| name.as_str()).collect();
    found = with_why(found, why, |of| ids.contains(&of));
    Some(Attention { since: Some(oldest), ..with_ids(found, ids) })
}

fn foreign_sessions(facts: &Facts) -> Option<Attention> {
    let count = facts.foreign_sessions;
    if count == 0 {
        return None;
    }
    let found = found(Code::SessionsForeign, Severity::Notice, Object::sessions(), count.to_string());
    Some(with(found, "count", count.into()))
}

fn of_clock(doubt: &ClockDoubt) -> Attention {
    let ClockDoubt { fault, expected, found: shown } = doubt;
    let mut about = found(Code::ClockDoubted, Severity::Urgent, Object::clock(), shown.to_string());
    about = with(about, "fault", Value::from(fault.as_str()));
    about = with(about, "expected", Value::from(expected.to_string()));
    with(about, "found", Value::from(shown.to_string()))
}

fn of_rule(waiting: &WaitingRule) -> Attention {
    let WaitingRule { rule, version, since, sessions, would, together, mluvii } = waiting;
    let mut found = found(Code::RuleWaiting, Severity::Attention, Object::rule(rule), since.to_string());
    found = with(found, "rule", Value::from(rule.as_str()));
    found = with(found, "version", Value::from(version.as_str()));
    found = with(found, "sessions", (*sessions).into());
    found = with(found, "together", (*together).into());
    if let Some(mluvii) = mluvii {
        found = with(found, "mluvii", Value::from(&*mluvii.0));
    }
    Attention { since: Some(*since), ..with(found, "would", (*would).into()) }
}

fn of_past(waiting: &WaitingPast) -> Attention {
    let WaitingPast { job, version, mluvii, since, found: sessions, would_erase } = waiting;
    let mut found =
        found(Code::PastWaiting, Severity::Attention, Object::sessions_of(&mluvii.0), format!("{job} {version}"));
    found = with(found, "mluvii", Value::from(&*mluvii.0));
    found = with(found, "job", (*job).into());
    found = with(found, "sessions", (*sessions).into());
    Attention { since: *since, ..with(found, "would", (*would_erase).into()) }
}

/// What waits for it is late some day, and whoever paused it may have forgotten it.
fn of_pause(target: &TargetName, since: Timestamp, now: Timestamp) -> Option<Attention> {
    let is_long = now.duration_since(since).unsigned_abs() > PAUSED_MAX && since < now;
    let found = found(Code::TargetPaused, Severity::Attention, Object::target(target), since.to_string());
    is_long.then(|| Attention { since: Some(since), ..with(found, "target", Value::from(&*target.0)) })
}

/// What is kept for ever is rarely meant so.
fn of_hold(hold: HoldId, since: Timestamp, now: Timestamp) -> Option<Attention> {
    let is_old = now.duration_since(since).unsigned_abs() > HOLD_OLD && since < now;
    let found = found(Code::HoldOld, Severity::Notice, Object::hold(&hold.to_string()), since.to_string());
    is_old.then(|| Attention { since: Some(since), ..with(found, "hold", Value::from(hold.to_string())) })
}

/// It works by the configuration that it had, which is not the one that somebody meant.
fn not_reloaded(place: &str, NotReloaded { since, reason }: &NotReloaded) -> Attention {
    let mark = format!("{since} {reason}");
    let mut found = found(Code::ReloadFailed, Severity::Attention, Object::configuration(place), mark);
    found = with(with(found, "server", Value::from(place)), "reason", Value::from(reason.as_str()));
    Attention { since: Some(*since), ..found }
}

/// Work goes on; but a cut chain, or an older ledger, may not be noticed meanwhile.
fn of_keeper(failed: &FailedKeeper) -> Attention {
    let FailedKeeper { keeper, reason, since } = failed;
    let Noted { code, object, named } = noted(keeper);
    let severity = if code == Code::LedgerSetBack { Severity::Urgent } else { Severity::Attention };
    let mut found = found(code, severity, object, format!("{since} {reason}"));
    for (name, value) in named.into_iter().chain([("reason", reason.as_str())]) {
        found = with(found, name, Value::from(value));
    }
    Attention { since: Some(*since), ..found }
}

impl Attention {
    /// The digest of what it is about: an acknowledgement holds as long as this stays.
    pub(crate) fn digest(&self) -> String {
        chain::hash(format!("{} {} {}", self.code.as_str(), self.object, self.mark).as_bytes())
    }
}
