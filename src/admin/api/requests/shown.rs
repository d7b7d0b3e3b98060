//! A request as it is answered.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::shown::{Look, WaitsFor, day, looks};
use crate::erasure::confirmation::{LinkState, ShownLink};
use crate::operations::requests::Shown;
use crate::request::{
    Came, Choice, ChosenBecause, ClosedBecause, Ended, ExtendedBecause, RejectedBecause, RequestState, VerifiedBy,
};

/// What a person has asked for, and where it stands. Nothing of it names the person.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Request {
    company: String,
    number: String,
    state: RequestState,
    came: Came,
    /// The day on which it came.
    received: String,
    /// Its last day; missing while the deadline does not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    /// Less than 0 where it is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i32>,
    /// The day until which the person had to be told that it is refused, where that was later.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_after: Option<String>,
    #[schemars(with = "String")]
    entered: Timestamp,
    entered_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<Verified>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<Link>,
    /// When more was asked for, to know whose it is.
    asked: Vec<Asked>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extended: Option<Extended>,
    /// Since when it is open once more, where something was found again after its receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    reopened: Option<Timestamp>,
    targets: Vec<String>,
    /// The kinds of identifiers that were given.
    kinds: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Plan>,
    /// Its erasures, the oldest first.
    erasures: Vec<String>,
    /// Whether something is left that nobody has decided to leave.
    left: bool,
    /// Why it is not over.
    waits_for: Vec<WaitsFor>,
    /// Looks after its receipts.
    rechecks: Vec<Look>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<End>,
}

/// How it became known whose it is.
#[derive(Debug, Serialize, JsonSchema)]
struct Verified {
    how: VerifiedBy,
    by: String,
    #[schemars(with = "String")]
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<String>,
}

/// A link that is to show whose it is.
#[derive(Debug, Serialize, JsonSchema)]
struct Link {
    state: LinkState,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    mailed: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    expires: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<&ShownLink> for Link {
    fn from(link: &ShownLink) -> Self {
        Self { state: link.state, mailed: link.mailed, expires: link.expires, reason: link.reason.clone() }
    }
}

/// A time in which the deadline does not run.
#[derive(Debug, Serialize, JsonSchema)]
struct Asked {
    from: String,
    /// Missing while it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

/// That it is answered later.
#[derive(Debug, Serialize, JsonSchema)]
struct Extended {
    months: u8,
    because: ExtendedBecause,
    by: String,
}

/// What would go.
#[derive(Debug, Serialize, JsonSchema)]
struct Plan {
    hash: String,
    /// How many sessions go; which, the request's `plan` says.
    sessions: usize,
    /// Who has made it, or changed it: none of them approves it.
    makers: Vec<String>,
    #[schemars(with = "String")]
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
}

/// The sessions of a request's plan.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PlanSessions {
    plan: String,
    /// Those that go.
    sessions: Vec<Planned>,
    include: Vec<Chosen>,
    exclude: Vec<Chosen>,
}

impl PlanSessions {
    /// Of a request that has a plan.
    pub(super) fn of(request: &crate::request::Request) -> Option<Self> {
        let plan = request.plan.as_ref()?;
        let session = |one: &crate::request::PlannedSession| Planned {
            session: one.session.to_string(),
            certainty: one.certainty.clone(),
            reason: one.reason.clone(),
        };
        Some(Self {
            plan: plan.hash.clone(),
            sessions: plan.sessions.iter().map(session).collect(),
            include: request.include.iter().map(Chosen::from).collect(),
            exclude: request.exclude.iter().map(Chosen::from).collect(),
        })
    }
}

/// A session that would go.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PlannedSession")]
struct Planned {
    session: String,
    /// `certain` or `possible`.
    certainty: String,
    reason: String,
}

/// What was decided about a session.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Chosen {
    session: String,
    because: ChosenBecause,
}

impl From<&Choice> for Chosen {
    fn from(choice: &Choice) -> Self {
        Self { session: choice.session.to_string(), because: choice.because }
    }
}

/// How it ended.
#[derive(Debug, Serialize, JsonSchema)]
struct End {
    r#as: EndedAs,
    /// A word of the law, or of what it came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<EndedBecause>,
    /// Missing where it ended with its receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[schemars(with = "String")]
    at: Timestamp,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum EndedAs {
    Done,
    Rejected,
    Withdrawn,
    Closed,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum EndedBecause {
    Rejected(RejectedBecause),
    Closed(ClosedBecause),
}

impl From<&Shown> for Request {
    fn from(shown: &Shown) -> Self {
        let request = &shown.request;
        let verified = |one: &crate::request::Verification| Verified {
            how: one.how,
            by: one.by.to_string(),
            at: one.at,
            on: day(one.on),
        };
        let pause = |one: &crate::deadline::Pause| Asked { from: one.from.to_string(), to: day(one.to) };
        let extended = |one: &crate::request::Extension| Extended {
            months: request.running_term().extended,
            because: one.because,
            by: one.by.to_string(),
        };
        Self {
            company: request.mluvii.to_string(),
            number: request.number.to_string(),
            state: shown.state,
            came: request.came,
            received: request.term.received.to_string(),
            due: day(shown.due),
            days_left: shown.days_left,
            refused_after: day(shown.refused_after),
            entered: request.entered,
            entered_by: request.entered_by.to_string(),
            verified: request.verified.as_ref().map(verified),
            link: shown.link.as_ref().map(Link::from),
            asked: request.term.pauses.iter().map(pause).collect(),
            extended: request.extension.as_ref().map(extended),
            reopened: request.reopened.as_ref().map(|reopened| reopened.at),
            targets: request.targets.iter().map(ToString::to_string).collect(),
            kinds: request.kinds.iter().map(ToString::to_string).collect(),
            plan: request.plan.as_ref().map(|plan| of_plan(plan, request)),
            erasures: request.erasures.iter().map(ToString::to_string).collect(),
            left: request.more,
            waits_for: shown.waits_for.iter().map(WaitsFor::from).collect(),
            rechecks: looks(&shown.rechecks),
            ended: request.end.as_ref().map(of_end),
        }
    }
}

fn of_plan(plan: &crate::request::Plan, request: &crate::request::Request) -> Plan {
    Plan {
        hash: plan.hash.clone(),
        sessions: plan.sessions.len(),
        makers: request.makers.iter().map(ToString::to_string).collect(),
        at: plan.at,
        approved_by: plan.approved.as_ref().map(|approved| approved.by.to_string()),
    }
}

fn of_end(end: &crate::request::End) -> End {
    let (r#as, because) = match end.ended {
        Ended::Done => (EndedAs::Done, None),
        Ended::Rejected(because) => (EndedAs::Rejected, Some(EndedBecause::Rejected(because))),
        Ended::Withdrawn => (EndedAs::Withdrawn, None),
        Ended::Closed(because) => (EndedAs::Closed, Some(EndedBecause::Closed(because))),
    };
    End { r#as, because, by: end.by.as_ref().map(ToString::to_string), at: end.at }
}
