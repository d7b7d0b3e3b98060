//! A person judges a rule that would erase much: what waits for that is of one version of it, and so is what a person has seen.

use serde::Serialize;

use crate::attention::quoted;
use crate::audit::Actor;
use crate::ledger::{RuleState, RuleVersion};
use crate::operations::{OperationError, Operations};

/// The version of a rule that was judged.
#[derive(Debug, Serialize)]
pub(crate) struct JudgedRule {
    pub(crate) rule: String,
    pub(crate) version: String,
    /// The sessions by which it waited, and those of them that it would have erased.
    pub(crate) sessions: u64,
    pub(crate) would: u64,
}

/// Lets what a version of a rule demands begin: the named one, or the newest that waits, and only while it is the newest. One that was
/// rejected is let begin after all only where it is named, and once nothing that it had demanded by then is left.
pub(crate) async fn confirm(
    on: &Operations,
    rule: &str,
    version: Option<&str>,
    by: &Actor,
) -> Result<JudgedRule, OperationError> {
    let versions = of_rule(on, rule).await?;
    let Some(newest) = versions.last() else { return Err(unknown(rule)) };
    let shown = match version {
        Some(named) => find(&versions, named).ok_or_else(|| unknown_version(rule, named))?,
        None => shown(&versions).unwrap_or(newest),
    };
    if version.is_none() && shown.rule.state == RuleState::Rejected {
        let digest = &shown.rule.digest;
        return Err(OperationError::Conflict(format!(
            "version {digest} of the rule `{rule}` was rejected; to have later demands of it begin after all: quietus rules confirm {} --version \
             {digest}",
            quoted(rule)
        )));
    }
    let named = &shown.rule.digest;
    if shown.rule.digest != newest.rule.digest {
        return Err(OperationError::Conflict(format!(
            "the rule `{rule}` has changed since its version {named}: {} is worked by since {}; nothing was confirmed. What {named} demanded goes on \
             waiting until `quietus rules reject`",
            newest.rule.digest, newest.since
        )));
    }
    if shown.rule.state == RuleState::InForce {
        return Err(OperationError::Conflict(format!(
            "version {named} of the rule `{rule}` does not wait; `quietus status` names those that do"
        )));
    }
    if !on.ledger.confirm_rule(rule, named, by).await? {
        return Err(if shown.rule.state == RuleState::Rejected {
            not_cancelled_yet(rule, named)
        } else {
            changed(rule)
        });
    }
    Ok(JudgedRule::of(shown))
}

/// Keeps what a version of a rule demands from beginning: the named one, or the newest that waits.
pub(crate) async fn reject(
    on: &Operations,
    rule: &str,
    version: Option<&str>,
    by: &Actor,
) -> Result<JudgedRule, OperationError> {
    let versions = of_rule(on, rule).await?;
    if versions.is_empty() {
        return Err(unknown(rule));
    }
    let shown = match version {
        Some(named) => find(&versions, named).ok_or_else(|| unknown_version(rule, named))?,
        None => shown(&versions).ok_or_else(|| not_waiting(rule))?,
    };
    if shown.rule.state != RuleState::Waiting {
        return Err(not_waiting(rule));
    }
    if !on.ledger.reject_rule(rule, &shown.rule.digest, by).await? {
        return Err(changed(rule));
    }
    Ok(JudgedRule::of(shown))
}

impl JudgedRule {
    fn of(RuleVersion { rule, .. }: &RuleVersion) -> Self {
        Self { rule: rule.name.clone(), version: rule.digest.clone(), sessions: rule.sessions, would: rule.would }
    }
}

/// The versions of a rule, the oldest first.
async fn of_rule(on: &Operations, rule: &str) -> Result<Vec<RuleVersion>, OperationError> {
    let all = on.ledger.rule_versions().await?;
    Ok(all.into_iter().filter(|version| version.rule.name == rule).collect())
}

fn find<'v>(versions: &'v [RuleVersion], named: &str) -> Option<&'v RuleVersion> {
    versions.iter().rev().find(|version| version.rule.digest == named)
}

/// The one that `quietus status` shows.
fn shown(versions: &[RuleVersion]) -> Option<&RuleVersion> {
    versions.iter().rev().find(|version| version.rule.state == RuleState::Waiting)
}

fn unknown(rule: &str) -> OperationError {
    OperationError::Conflict(format!("no rule `{rule}` waits; `quietus status` names those that do"))
}

fn not_waiting(rule: &str) -> OperationError {
    OperationError::Conflict(format!(
        "no such version of the rule `{rule}` waits; `quietus status` names those that do"
    ))
}

fn unknown_version(rule: &str, version: &str) -> OperationError {
    OperationError::NotFound(format!("no server has worked by a version {version} of the rule `{rule}`"))
}

/// What was demanded before is rejected for good, so none of it may be let go with what is demanded later.
fn not_cancelled_yet(rule: &str, version: &str) -> OperationError {
    OperationError::Conflict(format!(
        "not all that version {version} of the rule `{rule}` had demanded is cancelled yet (quietus erasures list --state scheduled, and \
         --state parked), or the rule has changed at this instant; nothing was done: try again in a moment"
    ))
}

fn changed(rule: &str) -> OperationError {
    OperationError::Conflict(format!("the rule `{rule}` has changed at this instant; nothing was done: look again"))
}
