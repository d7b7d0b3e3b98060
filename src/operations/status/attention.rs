//! What needs a person, as codes and parameters: what to say of it, and which command helps, is for those who show it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::erasure::ErasureState;
use crate::ledger::{Counts, TargetHealth, TargetState};
use crate::span::Span;
use crate::subject::TargetName;

/// From where on something needs a person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long a duty may be open.
    pub(crate) deadline: Span,
    /// The share of sessions whose consent may be unknown, from 0 to 1.
    pub(crate) unknown_share_max: f64,
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Worth knowing; nobody has to act.
    #[expect(dead_code, reason = "what only notices comes with the ledger's query")]
    Notice,
    /// A person has to act.
    Attention,
    /// A person has to act at once: a duty is not being met.
    Urgent,
}

/// One thing that needs a person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Attention {
    pub(crate) severity: Severity,
    /// What it is about, such as `target:crm`.
    pub(crate) object: String,
    #[serde(flatten)]
    pub(crate) need: Need,
}

/// What it is; the name of each is its code.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub(crate) enum Need {
    /// Nothing is claimed for the target until a person acts.
    TargetParked { target: TargetName, reason: String },
    /// Steps at the target that need a person.
    StepsParked { target: String, count: u64 },
    /// Erasures that need a person, though none of their steps does.
    ErasuresParked { count: u64 },
    /// Erasures that begin only when somebody approves them.
    ApprovalsAwaited { count: u64 },
    /// Incomplete receipts that nobody has acknowledged.
    ReceiptsIncomplete { count: u64 },
    /// More sessions with an unknown consent than single ones: something is wrong at mluvii, or with what is known of it.
    ConsentsUnknown(UnknownConsents),
    /// Events and sessions that could not be decided on.
    WorkUndecided { count: u64 },
    /// Deliveries in quarantine.
    DeliveriesUnreadable { count: u64 },
    /// A duty is open for longer than it may be.
    Overdue { since: Timestamp, deadline: Span },
}

/// Sessions whose consent stayed unknown although there was time to look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct UnknownConsents {
    pub(crate) count: u64,
    /// Of so many sessions.
    pub(crate) sessions: u64,
    /// By cause; no cause without a session.
    pub(crate) causes: BTreeMap<&'static str, u64>,
}

impl UnknownConsents {
    /// Nothing when no consent stayed unknown.
    pub(crate) fn of(counts: &Counts) -> Option<Self> {
        let causes = counts.unknown_consents.iter().filter(|(_, count)| **count > 0);
        let causes: BTreeMap<_, _> = causes.map(|(cause, count)| (*cause, *count)).collect();
        let count = causes.values().sum();
        (count > 0).then_some(Self { count, sessions: counts.sessions, causes })
    }
}

/// What needs a person, in the order in which it is shown.
pub(super) fn of(counts: &Counts, targets: &[TargetHealth], limits: &Limits, now: Timestamp) -> Vec<Attention> {
    let mut all: Vec<Attention> = targets.iter().filter_map(parked).collect();
    for (target, steps) in &counts.parked_steps {
        let need = Need::StepsParked { target: target.clone(), count: *steps };
        all.push(attention(format!("target:{target}"), need));
    }
    let parked = counts.erasures_in(ErasureState::Parked);
    if counts.parked_steps.is_empty() {
        all.extend(some(parked, "erasures", |count| Need::ErasuresParked { count }));
    }
    let requested = counts.erasures_in(ErasureState::Requested);
    all.extend(some(requested, "erasures", |count| Need::ApprovalsAwaited { count }));
    all.extend(some(counts.incomplete_unacknowledged, "receipts", |count| Need::ReceiptsIncomplete { count }));
    let unknown = UnknownConsents::of(counts);
    let unknown = unknown.filter(|unknown| unknown.count as f64 > limits.unknown_share_max * unknown.sessions as f64);
    all.extend(unknown.map(|unknown| attention("sessions".into(), Need::ConsentsUnknown(unknown))));
    all.extend(some(counts.parked_work, "work", |count| Need::WorkUndecided { count }));
    all.extend(some(counts.quarantined, "quarantine", |count| Need::DeliveriesUnreadable { count }));
    all.extend(overdue(counts, limits.deadline, now));
    all
}

fn attention(object: String, need: Need) -> Attention {
    Attention { severity: Severity::Attention, object, need }
}

fn some(count: u64, object: &str, need: impl FnOnce(u64) -> Need) -> Option<Attention> {
    (count > 0).then(|| attention(object.to_owned(), need(count)))
}

fn parked(health: &TargetHealth) -> Option<Attention> {
    let TargetState::Parked { reason } = &health.state else { return None };
    let need = Need::TargetParked { target: health.target.clone(), reason: reason.clone() };
    Some(attention(format!("target:{}", health.target), need))
}

fn overdue(counts: &Counts, deadline: Span, now: Timestamp) -> Option<Attention> {
    let since = counts.oldest_due?;
    // A deadline beyond all time is never over.
    let is_over = since.saturating_add(deadline.get()).is_ok_and(|end| end < now);
    let need = Need::Overdue { since, deadline };
    is_over.then(|| Attention { severity: Severity::Urgent, object: "work".to_owned(), need })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits { deadline: Span::from_secs(60), unknown_share_max: 0.05 }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time")
    }

    fn needs(counts: &Counts, targets: &[TargetHealth], now: Timestamp) -> Vec<Need> {
        of(counts, targets, &limits(), now).into_iter().map(|attention| attention.need).collect()
    }

    #[test]
    fn what_is_due_needs_a_person_only_after_the_deadline_and_then_at_once() {
        let counts = Counts { oldest_due: Some(Timestamp::UNIX_EPOCH), ..Counts::default() };
        assert!(of(&counts, &[], &limits(), at(60)).is_empty());
        let late = of(&counts, &[], &limits(), at(61));
        assert_eq!(late[0].severity, Severity::Urgent);
        assert_eq!(late[0].need, Need::Overdue { since: Timestamp::UNIX_EPOCH, deadline: Span::from_secs(60) });
    }

    #[test]
    fn what_is_parked_or_quarantined_needs_a_person() {
        let mut counts = Counts { parked_work: 2, quarantined: 1, ..Counts::default() };
        counts.erasures.insert("parked", 1);
        let crm = TargetName("crm".into());
        let is = |state| TargetHealth { target: crm.clone(), state, since: at(0) };
        let reason = "the token was refused".to_owned();
        let targets = [is(TargetState::Parked { reason: reason.clone() }), is(TargetState::Closed)];
        let expected = [
            Need::TargetParked { target: crm.clone(), reason },
            Need::ErasuresParked { count: 1 },
            Need::WorkUndecided { count: 2 },
            Need::DeliveriesUnreadable { count: 1 },
        ];
        assert_eq!(needs(&counts, &targets, at(0)), expected);
        counts.parked_steps.insert("crm".into(), 3);
        let steps = Need::StepsParked { target: "crm".into(), count: 3 };
        assert_eq!(needs(&counts, &[], at(0))[0], steps, "in place of their erasures");
    }

    #[test]
    fn what_waits_for_approval_and_what_is_incomplete_needs_a_person() {
        let mut counts = Counts { incomplete_unacknowledged: 2, ..Counts::default() };
        counts.erasures.insert("requested", 3);
        let expected = [Need::ApprovalsAwaited { count: 3 }, Need::ReceiptsIncomplete { count: 2 }];
        assert_eq!(needs(&counts, &[], at(0)), expected);
    }

    #[test]
    fn unknown_consents_need_a_person_above_their_share() {
        let unknown = |sessions, not_found| Counts {
            sessions,
            unknown_consents: [("not_found", not_found), ("not_understood", 1)].into(),
            ..Counts::default()
        };
        assert_eq!(needs(&unknown(100, 4), &[], at(0)), []);
        let causes = [("not_found", 5), ("not_understood", 1)].into();
        let expected = UnknownConsents { count: 6, sessions: 100, causes };
        assert_eq!(needs(&unknown(100, 5), &[], at(0)), [Need::ConsentsUnknown(expected)]);
    }

    #[test]
    fn a_need_is_written_with_its_code_its_severity_and_its_object() {
        let need = Need::StepsParked { target: "crm".into(), count: 3 };
        let written = serde_json::to_value(attention("target:crm".into(), need)).expect("JSON");
        let expected = serde_json::json!({
            "code": "steps_parked", "severity": "attention", "object": "target:crm", "target": "crm", "count": 3
        });
        assert_eq!(written, expected);
    }
}
