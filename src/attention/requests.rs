//! What needs a person of the requests of persons.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use quietus_plugin::Span;
use serde_json::{Value, json};

use super::about::{Why, found, with, with_why};
use super::{Attention, Code, Severity};
use crate::audit::Object;
use crate::deadline::{Calendar, days_left};
use crate::request::Request;

/// The seconds of a day.
const DAY_S: u64 = 86_400;

/// A request of a person that waits for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenRequest {
    /// Its number, and its installation where that has a name.
    pub(crate) name: String,
    /// When it was entered.
    pub(crate) since: Timestamp,
}

/// Requests of persons that are open: of each sort at most [`NAMED_MAX`](super::NAMED_MAX).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OpenRequests {
    /// By their last day.
    pub(crate) soonest: Vec<(Date, String)>,
    /// Those of which it is not known for sure whose they are, by when they were entered.
    pub(crate) unverified: Vec<OpenRequest>,
    /// Those with a plan that nobody has approved.
    pub(crate) planned: Vec<OpenRequest>,
    /// The first [`EXPLAINED_MAX`](super::EXPLAINED_MAX) by their last day, to say why they are not over.
    pub(crate) first: Vec<Request>,
}

/// From what on a request of a person needs somebody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLimits {
    /// How long before their last day a person is told.
    pub(crate) warn_before: Span,
    /// How long it may stay unknown whose one is.
    pub(crate) verify_within: Span,
    /// Whether a plan waits for somebody else's approval.
    pub(crate) four_eyes: bool,
}

/// `why`: why the first of them are not over.
pub(super) fn of(
    open: &OpenRequests,
    why: &[Why],
    limits: &RequestLimits,
    calendar: &Calendar,
    now: Timestamp,
) -> Vec<Attention> {
    let today = calendar.day(now);
    let (late, others): (Vec<_>, Vec<_>) = open.soonest.iter().partition(|(due, _)| *due < today);
    let warned = i32::try_from(limits.warn_before.0.as_secs() / DAY_S).unwrap_or(i32::MAX);
    let soon: Vec<_> = others.into_iter().filter(|(due, _)| days_left(today, *due) <= warned).collect();
    let planned = if limits.four_eyes { waiting(&open.planned, Duration::ZERO, now) } else { Vec::new() };
    let unverified = waiting(&open.unverified, limits.verify_within.0, now);
    let all = [
        by_day(Code::RequestsLate, Severity::Urgent, &late, why, today),
        by_day(Code::RequestsDueSoon, Severity::Attention, &soon, why, today),
        by_age(Code::RequestsUnverified, &unverified),
        by_age(Code::RequestApprovalWaiting, &planned),
    ];
    all.into_iter().flatten().collect()
}

/// Those that have waited for longer.
fn waiting(open: &[OpenRequest], longer_than: Duration, now: Timestamp) -> Vec<&OpenRequest> {
    let is_over = |one: &&OpenRequest| one.since.saturating_add(longer_than).is_ok_and(|end| end <= now);
    open.iter().filter(is_over).collect()
}

/// With how many days are left of the one that has to be answered first.
fn by_day(code: Code, severity: Severity, these: &[&(Date, String)], why: &[Why], today: Date) -> Option<Attention> {
    let (due, _) = these.first()?;
    let named = with_ids(found(code, severity, Object::requests(), mark(these)), these.iter().map(|(_, name)| name));
    let named = with(named, "due", Value::from(due.to_string()));
    let named = with(named, "days_left", json!(days_left(today, *due)));
    Some(with_why(named, why, |of| these.iter().any(|(_, name)| name == of)))
}

fn by_age(code: Code, these: &[&OpenRequest]) -> Option<Attention> {
    let oldest = these.first()?;
    let about = found(code, Severity::Attention, Object::requests(), mark(these));
    let named = with_ids(about, these.iter().map(|one| &one.name));
    Some(Attention { since: Some(oldest.since), ..named })
}

/// Another one when others have come.
fn mark(these: &[impl std::fmt::Debug]) -> String {
    format!("{:?}", these.last())
}

fn with_ids<'n>(about: Attention, names: impl ExactSizeIterator<Item = &'n String>) -> Attention {
    let about = with(about, "count", (names.len() as u64).into());
    with(about, "ids", Value::from(names.map(String::as_str).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::attention::{Facts, Limits, attention, sample};

    fn told(open: OpenRequests, four_eyes: bool, now: &str) -> Vec<String> {
        let requests = RequestLimits {
            warn_before: Span::from_secs(7 * DAY_S),
            verify_within: Span::from_secs(7 * DAY_S),
            four_eyes,
        };
        let calendar = Calendar::of("Europe/Prague").expect("known");
        let limits = Limits { requests, calendar, ..sample::limits() };
        let facts = Facts { requests: open, ..Facts::default() };
        let all = attention(&facts, &[], &limits, now.parse().expect("a time"));
        let line =
            |one: &Attention| format!("{} {} {}", one.severity.as_str(), one.code.as_str(), json!(one.parameters));
        all.iter().map(line).collect()
    }

    #[test]
    fn requests_are_told_before_their_last_day_and_once_it_is_over() {
        let soonest = vec![(date(2026, 12, 1), "R-1".to_owned()), (date(2026, 12, 8), "R-2".to_owned())];
        let open = || OpenRequests { soonest: soonest.clone(), ..OpenRequests::default() };
        assert!(told(open(), false, "2026-11-23T12:00:00Z").is_empty(), "eight days before");
        // Midnight in Prague.
        let first = r#"attention requests_due_soon {"count":1,"days_left":7,"due":"2026-12-01","ids":["R-1"]}"#;
        assert_eq!(told(open(), false, "2026-11-23T23:00:00Z"), [first]);
        let both = r#"attention requests_due_soon {"count":2,"days_left":0,"due":"2026-12-01","ids":["R-1","R-2"]}"#;
        assert_eq!(told(open(), false, "2026-12-01T22:59:59Z"), [both], "on its last day, it is not late");
        let late = r#"urgent requests_late {"count":1,"days_left":-1,"due":"2026-12-01","ids":["R-1"]}"#;
        let soon = r#"attention requests_due_soon {"count":1,"days_left":6,"due":"2026-12-08","ids":["R-2"]}"#;
        assert_eq!(told(open(), false, "2026-12-01T23:00:00Z"), [late, soon]);
    }

    #[test]
    fn one_that_nobody_verifies_is_told_and_a_plan_only_where_somebody_else_approves() {
        let one = |name: &str, since: &str| OpenRequest { name: name.into(), since: since.parse().expect("a time") };
        let open = || OpenRequests {
            unverified: vec![one("acme/R-1", "2026-11-01T08:00:00Z"), one("acme/R-2", "2026-11-05T08:00:00Z")],
            planned: vec![one("R-3", "2026-11-07T08:00:00Z")],
            ..OpenRequests::default()
        };
        assert!(told(open(), false, "2026-11-08T07:59:59Z").is_empty());
        let first = r#"attention requests_unverified {"count":1,"ids":["acme/R-1"]}"#;
        assert_eq!(told(open(), false, "2026-11-08T08:00:00Z"), [first]);
        let planned = r#"attention request_approval_waiting {"count":1,"ids":["R-3"]}"#;
        assert_eq!(told(open(), true, "2026-11-08T08:00:00Z"), [planned, first]);
    }
}
