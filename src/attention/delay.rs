//! Why something is not done: what a request or an erasure waits for, as a code. It follows from what is known by one pure function;
//! `words` has a text for each code.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::deadline::Calendar;
use crate::erasure::confirmation::LinkState;
use crate::erasure::{Confirming, Erasure, ErasureState, ReportState, Stage, Step, StepState};
use crate::hold::{HeldBy, HoldId};
use crate::request::{Request, RequestState};
use crate::subject::TargetName;

/// What something waits for: first what needs a person, last what goes on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DelayCode {
    /// It is not known whose a request is.
    Unverified,
    /// More was asked for to know it, and nobody has answered.
    Unanswered,
    /// It was over, and a re-check found something again.
    Reopened,
    /// A receipt left something, or a further erasure was cancelled: a further plan, or an end as incomplete.
    Incomplete,
    /// Nobody has planned it.
    Unplanned,
    /// Its plan includes nothing.
    NothingPlanned,
    /// Somebody else has to approve its plan.
    Unapproved,
    /// It is planned, and nobody has had it done.
    NotRun,
    /// An erasure needs a person's approval.
    Approval,
    /// A step needs a person.
    Parked,
    /// A hold keeps it.
    Held,
    /// A person has paused the target.
    Paused,
    /// The target is out.
    Out,
    /// People were given a task.
    Task,
    /// Whoever has accepted the demand is to report.
    Report,
    /// A link that was mailed is to be used.
    Link,
    /// The target has answered that it has erased, and is asked again then: its vendor may purge until then.
    Purge,
    /// It is not due yet.
    NotDue,
    /// Its sessions are to settle.
    Settling,
    /// The target is to be called, or is being called.
    Target,
    /// All targets have answered, and its receipt is to be written.
    Receipt,
}

impl DelayCode {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 21] = [
        Self::Unverified,
        Self::Unanswered,
        Self::Reopened,
        Self::Incomplete,
        Self::Unplanned,
        Self::NothingPlanned,
        Self::Unapproved,
        Self::NotRun,
        Self::Approval,
        Self::Parked,
        Self::Held,
        Self::Paused,
        Self::Out,
        Self::Task,
        Self::Report,
        Self::Link,
        Self::Purge,
        Self::NotDue,
        Self::Settling,
        Self::Target,
        Self::Receipt,
    ];
}

/// Why something is not done. Free of personal data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Delay {
    pub(crate) code: DelayCode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<TargetName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
    /// The day on which more was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Date>,
    /// Whether `until` lies after the last day of the request.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) too_late: bool,
    /// Why, as the ledger has it: what a target answered last, or which holds keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl Delay {
    fn of(code: DelayCode) -> Self {
        Self { code, target: None, until: None, since: None, too_late: false, reason: None }
    }

    fn at(code: DelayCode, step: &Step) -> Self {
        Self { target: Some(step.target.clone()), ..Self::of(code) }
    }
}

/// What is known beside a request and its erasures. Targets are named as they are called.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    pub(crate) paused: BTreeSet<TargetName>,
    /// Those that are out, and why.
    pub(crate) out: BTreeMap<TargetName, (Timestamp, String)>,
    /// Where people erase.
    pub(crate) manual: BTreeSet<TargetName>,
    /// The holds in force by which erasures were kept, and when each of them ends by itself.
    pub(crate) holds: BTreeMap<HoldId, Option<Timestamp>>,
}

/// Why a request is not over; nothing where it is. `erasures`: those of its own that have not ended.
pub(crate) fn of_request(
    request: &Request,
    erasures: &[&Erasure],
    four_eyes: bool,
    around: &Surroundings,
    calendar: &Calendar,
    now: Timestamp,
) -> Vec<Delay> {
    if request.end.is_some() {
        return Vec::new();
    }
    let mut all: Vec<_> = of_state(request, four_eyes).into_iter().collect();
    all.extend(erasures.iter().flat_map(|erasure| of_erasure(erasure, around, now)));
    for delay in &mut all {
        let last = delay.until.map(|until| calendar.day(until));
        delay.too_late = last.zip(request.due()).is_some_and(|(last, due)| last > due);
    }
    in_order(all)
}

fn of_state(request: &Request, four_eyes: bool) -> Option<Delay> {
    let plan = request.plan.as_ref();
    let code = match request.state() {
        RequestState::Unverified => DelayCode::Unverified,
        RequestState::Asked => {
            let since = request.term.pauses.last().map(|pause| pause.from);
            return Some(Delay { since, ..Delay::of(DelayCode::Unanswered) });
        }
        RequestState::Reopened => DelayCode::Reopened,
        RequestState::Verified if request.more => DelayCode::Incomplete,
        RequestState::Verified => DelayCode::Unplanned,
        RequestState::Planned | RequestState::Approved if plan.is_some_and(|plan| request.is_nothing(plan)) => {
            DelayCode::NothingPlanned
        }
        RequestState::Planned if four_eyes => DelayCode::Unapproved,
        RequestState::Planned | RequestState::Approved => DelayCode::NotRun,
        // They know less of the person than is proved by now.
        RequestState::Erasing if request.widened => DelayCode::Unplanned,
        // By its erasures.
        RequestState::Erasing => return None,
        RequestState::Done | RequestState::Rejected | RequestState::Withdrawn | RequestState::Closed => return None,
    };
    Some(Delay::of(code))
}

/// Why an erasure is not over; nothing where it is.
pub(crate) fn of_erasure(erasure: &Erasure, around: &Surroundings, now: Timestamp) -> Vec<Delay> {
    let mut all = Vec::new();
    if erasure.held {
        all.push(held(erasure, around));
    }
    match erasure.state {
        ErasureState::Done | ErasureState::Cancelled => return Vec::new(),
        ErasureState::Requested => all.push(requested(erasure, now)),
        ErasureState::Scheduled => all.extend(scheduled(erasure, around, now)),
        ErasureState::Erasing | ErasureState::Verifying | ErasureState::Parked => {
            all.extend(erasure.steps.iter().filter_map(|step| of_step(step, erasure.held, around, now)));
            if all.is_empty() {
                all.push(Delay::of(DelayCode::Receipt));
            }
        }
    }
    in_order(all)
}

/// By those that have not ended: an erasure names all that ever kept it.
fn held(erasure: &Erasure, around: &Surroundings) -> Delay {
    let keep: Vec<(&HeldBy, _)> =
        erasure.holds.iter().filter_map(|held| Some((held, around.holds.get(&held.hold)?))).collect();
    let names: Vec<_> = keep.iter().map(|(held, _)| held.to_string()).collect();
    let ends: Option<Vec<Timestamp>> = keep.iter().map(|(_, until)| **until).collect();
    let reason = (!names.is_empty()).then(|| names.join(", "));
    Delay { reason, until: ends.and_then(|ends| ends.into_iter().max()), ..Delay::of(DelayCode::Held) }
}

fn requested(erasure: &Erasure, now: Timestamp) -> Delay {
    let confirmation = erasure.confirmation.as_ref().filter(|confirmation| confirmation.by == Confirming::Email);
    let link = confirmation.and_then(|confirmation| confirmation.link.clone()).map(|link| link.at(now));
    match link {
        Some(link) if matches!(link.state, LinkState::Waiting | LinkState::Sending | LinkState::Sent) => {
            Delay { until: link.expires, ..Delay::of(DelayCode::Link) }
        }
        _ => Delay::of(DelayCode::Approval),
    }
}

/// It has not begun, and mluvii is asked when it does.
fn scheduled(erasure: &Erasure, around: &Surroundings, now: Timestamp) -> Option<Delay> {
    if erasure.held {
        return None;
    }
    if erasure.due > now {
        return Some(Delay { until: Some(erasure.due), ..Delay::of(DelayCode::NotDue) });
    }
    let mluvii = TargetName::mluvii_of(erasure.subject.installation());
    let of = |code| Delay { target: Some(mluvii.clone()), ..Delay::of(code) };
    if around.paused.contains(&mluvii) {
        return Some(of(DelayCode::Paused));
    }
    if let Some((until, reason)) = around.out.get(&mluvii) {
        return Some(Delay { until: Some(*until), reason: Some(reason.clone()), ..of(DelayCode::Out) });
    }
    Some(Delay::of(DelayCode::Settling))
}

fn of_step(step: &Step, held: bool, around: &Surroundings, now: Timestamp) -> Option<Delay> {
    let reason = step.reason.clone();
    let (stage, report) = match &step.state {
        // Others are asked first.
        StepState::Planned | StepState::WaitsForFinds | StepState::Over { .. } => return None,
        StepState::Parked { .. } => return Some(Delay { reason, ..Delay::at(DelayCode::Parked, step) }),
        StepState::UnderWay { stage, report, .. } => (*stage, report),
    };
    if let ReportState::Awaited { by } = report {
        let is_task = around.manual.contains(&step.called);
        let code = if is_task { DelayCode::Task } else { DelayCode::Report };
        return Some(Delay { until: Some(*by), ..Delay::at(code, step) });
    }
    if let Some(again) = step.asked_again().filter(|again| *again > now) {
        return Some(Delay { until: Some(again), ..Delay::at(DelayCode::Purge, step) });
    }
    if held && stage == Stage::Erase {
        return None;
    }
    if around.paused.contains(&step.called) {
        return Some(Delay::at(DelayCode::Paused, step));
    }
    if let Some((until, reason)) = around.out.get(&step.called) {
        let out = Delay::at(DelayCode::Out, step);
        return Some(Delay { until: Some(*until), reason: Some(reason.clone()), ..out });
    }
    Some(Delay { reason, ..Delay::at(DelayCode::Target, step) })
}

/// Each once.
fn in_order(mut all: Vec<Delay>) -> Vec<Delay> {
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests;
