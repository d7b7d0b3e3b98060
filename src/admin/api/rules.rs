//! Rules: by which versions servers have worked, what they decided and would decide, and what a person says of one that waits.

use std::sync::Arc;
use std::time::Duration;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::admin::answer::{Answer, Done, Page};
use crate::admin::caller::{By, Rules, See};
use crate::admin::given::{Body, Nothing, Query};
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;
use crate::ledger::{NewRuleVersion, RuleState, RuleVersion};
use crate::operations::OperationError;
use crate::operations::rules::{self, JudgedRule};

/// How many days back rules are tried, where nobody has said how many.
const DAYS: u32 = 90;

/// No ledger is older.
const DAYS_MAX: u32 = 36_500;

const DAY_S: u64 = 24 * 60 * 60;

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/rules",
            get_with(list, |op| {
                op.id("list_rules").summary("List the versions of rules by which servers have worked, by name and time")
            }),
        )
        .api_route(
            "/api/v1/rules/trial",
            get_with(trial, |op| {
                op.id("try_rules")
                    .summary("Say what the rules at work would erase, beside what was decided; nothing is changed")
            }),
        )
        .api_route(
            "/api/v1/rules/confirm",
            post_with(confirm, |op| {
                op.id("confirm_rule").summary("Let what a version of a rule demands begin, where it waits for that")
            }),
        )
        .api_route(
            "/api/v1/rules/reject",
            post_with(reject, |op| {
                op.id("reject_rule").summary("Keep what a version of a rule demands from beginning, where it waits")
            }),
        )
}

/// A version of a rule.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RuleVersion")]
struct Version {
    rule: String,
    version: String,
    state: RuleState,
    /// From when on it is in force, until the next one of its name is.
    #[schemars(with = "String")]
    since: Timestamp,
    /// The sessions by which it was judged whether it erases much; 0 where there were none.
    sessions: u64,
    /// Those of them that it would have erased.
    would: u64,
    /// Those of them that it, or another one that is new or waits, would have erased.
    together: u64,
    /// The company of these sessions, where they are of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<String>,
}

impl From<RuleVersion> for Version {
    fn from(RuleVersion { rule, since }: RuleVersion) -> Self {
        let NewRuleVersion { name, digest, state, sessions, would, together, mluvii } = rule;
        let company = mluvii.map(|company| company.to_string());
        Self { rule: name, version: digest, state, since, sessions, would, together, company }
    }
}

async fn list(by: By<See>, _: Nothing) -> Answer<Page<Version>> {
    by.sees_all()?;
    let all = by.on.ledger.rule_versions().await.map_err(OperationError::from)?;
    Ok(Done(Page { items: all.into_iter().map(Version::from).collect(), next: None }))
}

/// On which sessions.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TryRules")]
struct TrialQuery {
    /// Those that ended in so many days; 90 where it is left out.
    days: Option<u32>,
}

/// What the rules at work would erase, beside what was decided so far. Only rules about a session's end and settling can be tried.
#[derive(Debug, Serialize, JsonSchema)]
struct Trial {
    /// The sessions that ended in the time.
    sessions: u64,
    /// Those of them that the rules would erase.
    would_erase: u64,
    /// Those of these on which no rule about the session has decided so.
    would_erase_more: u64,
    /// Sessions that a rule has decided to erase, and that the rules would leave alone.
    would_erase_less: u64,
    /// By rule and month, where there is anything to say.
    differences: Vec<TrialMonth>,
    /// Rules about forms and changes of the consent: they cannot be tried.
    not_tried: Vec<String>,
    /// Sessions of which nothing can be said, as their rows are damaged.
    damaged: u64,
    /// Sessions of which a rule could not be evaluated: they would need a person.
    failed: u64,
}

/// A rule, and the month in which sessions ended.
#[derive(Debug, Serialize, JsonSchema)]
struct TrialMonth {
    rule: String,
    /// Such as `2026-11`.
    month: String,
    /// Sessions that it would erase.
    would: u64,
    /// Sessions on which it has decided so.
    decided: u64,
    /// Would, and was not decided.
    more: u64,
    /// Was decided, and would not.
    less: u64,
    /// Whether it is one of the rules at work.
    at_work: bool,
}

impl From<rules::Trial> for Trial {
    fn from(tried: rules::Trial) -> Self {
        let month = |one: rules::Difference| TrialMonth {
            rule: one.rule,
            month: one.month,
            would: one.would,
            decided: one.decided,
            more: one.more,
            less: one.less,
            at_work: one.is_tried,
        };
        Self {
            sessions: tried.sessions,
            would_erase: tried.would_erase,
            would_erase_more: tried.would_erase_more,
            would_erase_less: tried.would_erase_less,
            differences: tried.differences.into_iter().map(month).collect(),
            not_tried: tried.not_tried,
            damaged: tried.damaged,
            failed: tried.failed,
        }
    }
}

async fn trial(by: By<Rules>, Query(query): Query<TrialQuery>) -> Answer<Trial> {
    by.sees_all()?;
    let days @ 1..=DAYS_MAX = query.days.unwrap_or(DAYS) else {
        return Err(Problem::new(Code::NotUnderstood, format!("`days` is from 1 to {DAYS_MAX}")));
    };
    // It reads every session.
    let _turn = by.admin.turn_to_try().await?;
    let last = Duration::from_secs(u64::from(days) * DAY_S);
    let tried = rules::try_rules(&by.on, &by.on.settings.policy, last, |_, _| {}).await?;
    Ok(Done(Trial::from(tried)))
}

/// The version of a rule that a person judges.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct JudgeRule {
    rule: String,
    /// The one that was looked at: a later one is another one.
    version: String,
}

/// A version that was judged.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "JudgedRule")]
struct Judged {
    rule: String,
    version: String,
    /// The sessions by which it waited.
    sessions: u64,
    /// Those of them that it would have erased.
    would: u64,
}

impl From<JudgedRule> for Judged {
    fn from(JudgedRule { rule, version, sessions, would }: JudgedRule) -> Self {
        Self { rule, version, sessions, would }
    }
}

async fn confirm(by: By<Rules>, Body(body): Body<JudgeRule>) -> Answer<Judged> {
    by.sees_all()?;
    let confirmed = rules::confirm(&by.on, &body.rule, Some(&body.version), &by.actor()).await?;
    Ok(Done(Judged::from(confirmed)))
}

async fn reject(by: By<Rules>, Body(body): Body<JudgeRule>) -> Answer<Judged> {
    by.sees_all()?;
    let rejected = rules::reject(&by.on, &body.rule, Some(&body.version), &by.actor()).await?;
    Ok(Done(Judged::from(rejected)))
}
