//! The rules: a pure function of facts and now. Settings enter once and are compiled and type-checked; then facts enter
//! and decisions leave. Nothing here reads a clock, the ledger or mluvii.

mod check;
mod expression;
mod facts;
mod person;
mod settings;

pub(crate) use facts::{Facts, Moment};
pub(crate) use person::{PersonSettings, person_subject};
pub(crate) use settings::{ConsentRuleSettings, RuleSettings};

use std::time::Duration;

use jiff::Timestamp;

use crate::consent::ConsentState;
use crate::subject::{Scope, TargetName};
use expression::Expression;

/// The compiled rules.
#[derive(Debug)]
pub(crate) struct Policy {
    consent: Vec<ConsentRule>,
    rules: Vec<Rule>,
}

/// That something is to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Demand {
    pub(crate) rule: String,
    pub(crate) scope: Scope,
    pub(crate) due: Timestamp,
    pub(crate) targets: Vec<TargetName>,
}

/// A rule that could not be evaluated. Free of the facts' values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule `{rule}`: {problem}")]
pub(crate) struct RuleFailed {
    pub(crate) rule: String,
    pub(crate) problem: &'static str,
}

/// What is wrong with a rule in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub(crate) struct BadRule {
    /// The key's path, such as `rule.2.when`, counted from 0.
    pub(crate) key: String,
    pub(crate) problem: String,
}

#[derive(Debug)]
struct ConsentRule {
    name: String,
    on: Moment,
    when: Expression,
    state: ConsentState,
}

#[derive(Debug)]
struct Rule {
    name: String,
    on: Moment,
    when: Expression,
    erase: Scope,
    after: Duration,
    targets: Vec<TargetName>,
}

impl Policy {
    /// Compiles and checks all rules; `targets` are the names that exist. Returns every problem, not only the first.
    pub(crate) fn compile(
        consent: &[ConsentRuleSettings],
        rules: &[RuleSettings],
        targets: &[TargetName],
    ) -> Result<Self, Vec<BadRule>> {
        let mut bad = Vec::new();
        let consent = consent.iter().enumerate().filter_map(|(i, rule)| {
            let name = format!("consent.{i}");
            let when = compile(&name, rule.on, rule.when.as_deref(), &mut bad)?;
            Some(ConsentRule { name, on: rule.on, when, state: rule.state })
        });
        let consent = consent.collect();
        let mut names = std::collections::BTreeSet::new();
        let mut compiled = Vec::new();
        for (i, rule) in rules.iter().enumerate() {
            let key = format!("rule.{i}");
            if !names.insert(&rule.name) {
                bad.push(BadRule { key: format!("{key}.name"), problem: format!("`{}` names two rules", rule.name) });
            }
            if rule.targets.is_empty() {
                bad.push(BadRule {
                    key: format!("{key}.targets"),
                    problem: "names no target; at least `mluvii`".into(),
                });
            }
            for target in rule.targets.iter().filter(|target| !targets.contains(target)) {
                let known: Vec<_> = targets.iter().map(|t| format!("`{t}`")).collect();
                let problem = format!("there is no target `{target}`; there are {}", known.join(", "));
                bad.push(BadRule { key: format!("{key}.targets"), problem });
            }
            if let Some(when) = compile(&key, rule.on, rule.when.as_deref(), &mut bad) {
                let RuleSettings { name, on, erase, targets, .. } = rule.clone();
                let after = rule.after.map(crate::span::Span::get).unwrap_or_default();
                compiled.push(Rule { name, on, when, erase, after, targets });
            }
        }
        if bad.is_empty() { Ok(Self { consent, rules: compiled }) } else { Err(bad) }
    }

    /// What this moment says about consent; the last rule that applies wins. `None` when no rule applies.
    pub(crate) fn consent(&self, moment: Moment, facts: &Facts<'_>) -> Result<Option<ConsentState>, RuleFailed> {
        let mut state = None;
        for rule in self.consent.iter().filter(|rule| rule.on == moment) {
            if rule.when.applies(&rule.name, facts)? {
                state = Some(rule.state);
            }
        }
        Ok(state)
    }

    /// What is to be erased. Time counts from `since`: the session's end, or the form's submission.
    pub(crate) fn decide(
        &self,
        moment: Moment,
        facts: &Facts<'_>,
        since: Timestamp,
    ) -> Result<Vec<Demand>, RuleFailed> {
        let mut demands = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.on == moment) {
            if rule.when.applies(&rule.name, facts)? {
                let Rule { name, erase, targets, .. } = rule;
                let due = since.saturating_add(rule.after).unwrap_or(Timestamp::MAX);
                demands.push(Demand { rule: name.clone(), scope: *erase, due, targets: targets.clone() });
            }
        }
        Ok(demands)
    }
}

fn compile(key: &str, on: Moment, when: Option<&str>, bad: &mut Vec<BadRule>) -> Option<Expression> {
    match Expression::compile(when.unwrap_or("true"), on) {
        Ok(expression) => Some(expression),
        Err(problem) => {
            bad.push(BadRule { key: format!("{key}.when"), problem });
            None
        }
    }
}

#[cfg(test)]
mod tests;
