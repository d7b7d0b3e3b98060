//! The rules: a pure function of facts and now. Settings enter once and are compiled and type-checked; then facts enter
//! and decisions leave. Nothing here reads a clock, the ledger or mluvii.

mod check;
mod expression;
mod facts;
mod person;
mod settings;

pub(crate) use facts::{Facts, Trigger};
pub(crate) use person::{Certainty, Comparison, PersonSettings};
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
    doubts: Vec<DoubtfulRule>,
}

/// That something is to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Demand {
    pub(crate) rule: String,
    pub(crate) scope: Scope,
    pub(crate) due: Timestamp,
    /// Whether a person has to approve it first.
    pub(crate) approve: bool,
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

/// What is probably wrong with a rule, and cannot be known: mluvii brings new words without notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DoubtfulRule {
    /// The key's path, counted from 0.
    pub(crate) key: String,
    pub(crate) doubt: String,
}

#[derive(Debug)]
struct ConsentRule {
    name: String,
    on: Trigger,
    when: Expression,
    state: ConsentState,
}

#[derive(Debug)]
struct Rule {
    name: String,
    on: Trigger,
    when: Expression,
    erase: Scope,
    approve: bool,
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
        let mut compiler = Compiler::default();
        let forms_tell_consent = consent.iter().any(|rule| rule.on == Trigger::FormSubmitted);
        let consent = consent.iter().enumerate().filter_map(|(i, rule)| {
            let name = format!("consent.{i}");
            let when = compiler.compile(&name, rule.on, rule.when.as_deref())?;
            Some(ConsentRule { name, on: rule.on, when, state: rule.state })
        });
        let consent = consent.collect();
        let mut names = std::collections::BTreeSet::new();
        let mut compiled = Vec::new();
        for (i, rule) in rules.iter().enumerate() {
            let key = format!("rule.{i}");
            if !names.insert(&rule.name) {
                compiler.bad(format!("{key}.name"), format!("`{}` names two rules", rule.name));
            }
            if rule.targets.is_empty() {
                compiler.bad(format!("{key}.targets"), "names no target; at least `mluvii`");
            }
            for target in rule.targets.iter().filter(|target| !targets.contains(target)) {
                let known: Vec<_> = targets.iter().map(|t| format!("`{t}`")).collect();
                let problem = format!("there is no target `{target}`; there are {}", known.join(", "));
                compiler.bad(format!("{key}.targets"), problem);
            }
            // At a session's end or settling, plugins need no approval: nobody there asks for anything, and a session that is
            // kept without consent has to leave all of the company's systems. What is typed is asked for by who types it.
            let by_form =
                rule.on == Trigger::FormSubmitted || (rule.on == Trigger::ConsentChanged && forms_tell_consent);
            let elsewhere = rule.targets.iter().any(|target| !target.is_mluvii());
            if rule.erase == Scope::Person && !rule.approve {
                compiler.bad(format!("{key}.approve"), UNAPPROVED_PERSON);
            } else if by_form && elsewhere && !rule.approve {
                compiler.bad(format!("{key}.approve"), UNAPPROVED_ELSEWHERE);
            }
            if let Some(when) = compiler.compile(&key, rule.on, rule.when.as_deref()) {
                let RuleSettings { name, on, erase, approve, targets, .. } = rule.clone();
                let after = rule.after.map(crate::span::Span::get).unwrap_or_default();
                compiled.push(Rule { name, on, when, erase, approve, after, targets });
            }
        }
        let Compiler { bad, doubts } = compiler;
        if bad.is_empty() { Ok(Self { consent, rules: compiled, doubts }) } else { Err(bad) }
    }

    /// What is probably wrong with the rules.
    pub(crate) fn doubts(&self) -> &[DoubtfulRule] {
        &self.doubts
    }

    /// Whether any rule or consent rule is asked at this moment. Where none is, nothing has to be looked up for it.
    pub(crate) fn listens(&self, trigger: Trigger) -> bool {
        self.consent.iter().any(|rule| rule.on == trigger) || self.rules.iter().any(|rule| rule.on == trigger)
    }

    /// What this moment says about consent; the last rule that applies wins. `None` when no rule applies.
    pub(crate) fn consent(&self, trigger: Trigger, facts: &Facts<'_>) -> Result<Option<ConsentState>, RuleFailed> {
        let mut state = None;
        for rule in self.consent.iter().filter(|rule| rule.on == trigger) {
            if rule.when.applies(&rule.name, facts)? {
                state = Some(rule.state);
            }
        }
        Ok(state)
    }

    /// Whether any of the named rules still applies; `None` unless all of them are of this trigger.
    pub(crate) fn still_applies(
        &self,
        names: &[String],
        trigger: Trigger,
        facts: &Facts<'_>,
    ) -> Result<Option<bool>, RuleFailed> {
        let mut applies = false;
        for name in names {
            let Some(rule) = self.rules.iter().find(|rule| rule.name == *name && rule.on == trigger) else {
                return Ok(None);
            };
            applies |= rule.when.applies(&rule.name, facts)?;
        }
        Ok(Some(applies))
    }

    /// What is to be erased. Time counts from `since`: the session's end, or the form's submission.
    pub(crate) fn decide(
        &self,
        trigger: Trigger,
        facts: &Facts<'_>,
        since: Timestamp,
    ) -> Result<Vec<Demand>, RuleFailed> {
        let mut demands = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.on == trigger) {
            if rule.when.applies(&rule.name, facts)? {
                let due = since.saturating_add(rule.after).unwrap_or(Timestamp::MAX);
                demands.push(Demand {
                    rule: rule.name.clone(),
                    scope: rule.erase,
                    due,
                    approve: rule.approve,
                    targets: rule.targets.clone(),
                });
            }
        }
        Ok(demands)
    }
}

/// Why a rule that reaches persons needs a person's approval.
const UNAPPROVED_PERSON: &str = "is needed with `erase = \"person\"`: anybody can type somebody else's address into a form, an \
                                 entry form too, so what is typed proves nobody's identity; write approve = true, or `erase = \
                                 \"guest\"`, which reaches the sessions of the guest who typed it";

/// Why a rule that a form triggers needs a person's approval to reach further than mluvii.
const UNAPPROVED_ELSEWHERE: &str = "is needed where a form can be the cause and a target is not `mluvii`: what is typed would be \
                                    looked for in other systems, and anybody can type somebody else's address; write \
                                    approve = true, or targets = [\"mluvii\"] and a second rule for the others";

/// Compiles the rules' expressions and gathers what is wrong or doubtful.
#[derive(Default)]
struct Compiler {
    bad: Vec<BadRule>,
    doubts: Vec<DoubtfulRule>,
}

impl Compiler {
    fn bad(&mut self, key: String, problem: impl Into<String>) {
        self.bad.push(BadRule { key, problem: problem.into() });
    }

    fn compile(&mut self, key: &str, on: Trigger, when: Option<&str>) -> Option<Expression> {
        let key = format!("{key}.when");
        let Some(when) = when else {
            self.bad(key, "is needed; without it everybody would be meant: write when = \"true\" where that is so");
            return None;
        };
        match Expression::compile(when, on) {
            Ok((expression, doubts)) => {
                self.doubts.extend(doubts.into_iter().map(|doubt| DoubtfulRule { key: key.clone(), doubt }));
                Some(expression)
            }
            Err(problem) => {
                self.bad(key, problem);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
