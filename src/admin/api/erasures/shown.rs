//! An erasure as it is answered.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::shown::{Held, Look, WaitsFor, day, looks};
use crate::erasure::{self, ErasureState, Outcome, Stage, StepState, Verdict};
use crate::operations::erasures::{Demanded, Explained};
use crate::operations::recheck::Rechecks;

/// An erasure: whom it is about, where each target stands, and why it is not over. Nothing of it names a person.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Erasure {
    id: String,
    company: String,
    /// `session`, `guest` or `person`.
    scope: String,
    /// The session, as `company/number`, or a keyed digest of the guest or person.
    subject: String,
    /// The rules, or the orders, that demand it.
    rules: Vec<String>,
    state: ErasureState,
    /// Of what is demanded of it: whoever approves it sends this one.
    version: String,
    /// What each rule, or order, demands of it alone, where it waits for approval.
    demands: Vec<DemandOfRule>,
    /// Of its receipt, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    #[schemars(with = "String")]
    created: Timestamp,
    #[schemars(with = "String")]
    due: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    begun: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    ended: Option<Timestamp>,
    /// When a person approved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    approved: Option<Timestamp>,
    /// Sessions that go, once it has begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    sessions: Option<Sessions>,
    /// Holds by which it is kept, or was.
    holds: Vec<Held>,
    /// Whether one of them keeps it now.
    held: bool,
    steps: Vec<Step>,
    /// Why it is not over.
    waits_for: Vec<WaitsFor>,
    /// Whether its month is over.
    late: bool,
    /// Its last day before it is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_time_until: Option<String>,
    /// Less than 0 where it is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i32>,
    /// Looks after its receipt; missing in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    rechecks: Option<Vec<Look>>,
}

/// What one rule, or one order, demands of an erasure.
#[derive(Debug, Serialize, JsonSchema)]
struct DemandOfRule {
    rule: String,
    targets: Vec<String>,
    /// It does not begin before by this rule alone.
    #[schemars(with = "String")]
    due: Timestamp,
    /// By what kinds of identifiers it names somebody, beside the session itself.
    identifiers: Vec<String>,
}

/// How many sessions go, and how many stay.
#[derive(Debug, Serialize, JsonSchema)]
struct Sessions {
    certain: u32,
    possible_included: u32,
    possible_left: u32,
    possible_excluded: u32,
    excluded: u32,
    came_since: u32,
    unread: u32,
}

/// One target's part.
#[derive(Debug, Serialize, JsonSchema)]
struct Step {
    target: String,
    /// What is under way; missing before the beginning and after the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<Stage>,
    /// Final once `over`.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    /// Nothing more happens.
    over: bool,
    /// It needs a person.
    parked: bool,
    /// Until when whoever has accepted the demand is to report.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    report_by: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Calls of the present stage that counted as attempts.
    attempts: u32,
    /// What the target said it erased.
    counts: BTreeMap<String, u64>,
    looked_at: Vec<String>,
    not_looked_at: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    erased: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    verified: Option<Timestamp>,
    /// When the target is called next.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    next_call: Option<Timestamp>,
}

impl Erasure {
    pub(super) fn of(explained: &Explained, rechecks: Option<&Rechecks>) -> Self {
        let erasure = &explained.erasure;
        let sessions = |found: &erasure::Findings| Sessions {
            certain: found.certain,
            possible_included: found.possible_included,
            possible_left: found.possible_left,
            possible_excluded: found.possible_excluded,
            excluded: found.excluded,
            came_since: found.came_since,
            unread: found.unread,
        };
        Self {
            id: erasure.id.to_string(),
            company: erasure.subject.installation().to_string(),
            scope: erasure.subject.scope().as_str().to_owned(),
            subject: erasure.subject.key(),
            rules: erasure.rules.clone(),
            state: erasure.state,
            version: erasure.version(),
            demands: explained.to_approve.iter().flat_map(|it| &it.demands).map(DemandOfRule::of).collect(),
            verdict: erasure.verdict,
            created: erasure.created,
            due: erasure.due,
            begun: erasure.begun,
            ended: erasure.ended,
            approved: erasure.approved,
            sessions: erasure.findings.as_ref().map(sessions),
            holds: erasure.holds.iter().map(Held::from).collect(),
            held: erasure.held,
            steps: erasure.steps.iter().map(of_step).collect(),
            waits_for: explained.waits_for.iter().map(WaitsFor::from).collect(),
            late: explained.late,
            on_time_until: day(explained.on_time_until),
            days_left: explained.days_left,
            rechecks: rechecks.map(looks),
        }
    }
}

impl DemandOfRule {
    fn of(demanded: &Demanded) -> Self {
        Self {
            rule: demanded.rule.clone(),
            targets: demanded.targets.iter().map(ToString::to_string).collect(),
            due: demanded.due,
            identifiers: demanded.identifiers.iter().map(|kind| kind.as_str().to_owned()).collect(),
        }
    }
}

fn of_step(step: &erasure::Step) -> Step {
    Step {
        target: step.target.to_string(),
        stage: step.stage(),
        outcome: step.outcome(),
        over: step.final_outcome().is_some(),
        parked: matches!(step.state, StepState::Parked { .. }),
        report_by: step.report_by(),
        reason: step.reason.clone(),
        attempts: step.attempts,
        counts: step.counts.clone(),
        looked_at: step.evidence.looked_at.clone(),
        not_looked_at: step.evidence.not_looked_at.clone(),
        erased: step.erased_at,
        verified: step.verified_at,
        next_call: step.due,
    }
}
