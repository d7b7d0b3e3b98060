//! The compiled rules, and what they say of facts.

use std::time::Duration;

use jiff::Timestamp;

use super::answer::{RuleAnswer, RuleAsked};
use super::digest::RulesDigest;
use super::expression::Expression;
use super::facts::{FORM_ORIGINS, Facts, Trigger};
use super::problem::{DoubtfulRule, RuleFailed};
use super::settings::ConfirmBy;
use crate::consent::{Consent, ConsentRecord, ConsentState};
use crate::subject::{Scope, TargetName};

/// The compiled rules.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(super) consent: Vec<ConsentRule>,
    pub(super) rules: Vec<Rule>,
    pub(super) doubts: Vec<DoubtfulRule>,
    pub(super) digest: RulesDigest,
}

/// Stands where a rule's name does, in the ledger and on receipts, when a person has asked for an erasure.
pub(crate) const REQUEST: &str = "request";

/// Stands there when a session was erased already and something came to it since.
pub(crate) const CONTENT_AFTER_ERASURE: &str = "content after an erasure";

/// That something is to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Demand {
    pub(crate) rule: String,
    /// What tells this version of the rule from others; `None` where it is none of the configuration.
    pub(crate) version: Option<String>,
    pub(crate) scope: Scope,
    pub(crate) due: Timestamp,
    /// Whether a person has to approve it first.
    pub(crate) approve: bool,
    /// What lets it begin in the place of that person.
    pub(crate) confirm: Option<ConfirmBy>,
    pub(crate) targets: Vec<TargetName>,
}

/// What a consent rule says where it applies.
#[derive(Debug)]
pub(super) struct ConsentRule {
    pub(super) name: String,
    pub(super) on: Trigger,
    pub(super) when: Expression,
    pub(super) state: ConsentState,
}

/// What a rule demands where it applies.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) on: Trigger,
    pub(super) when: Expression,
    pub(super) erase: Scope,
    pub(super) approve: bool,
    pub(super) confirm: Option<ConfirmBy>,
    pub(super) after: Duration,
    pub(super) targets: Vec<TargetName>,
    /// What tells this version of it from others.
    pub(super) version: String,
    pub(super) asks_for_consent: bool,
}

/// A rule as it is configured, for whoever reads it.
#[derive(Debug)]
pub(crate) struct ConfiguredRule<'r> {
    pub(crate) name: &'r str,
    pub(crate) on: Trigger,
    /// The expression; `None` where it applies to every conversation.
    pub(crate) when: Option<&'r str>,
    pub(crate) erase: Scope,
    pub(crate) approve: bool,
    pub(crate) confirm: Option<ConfirmBy>,
    pub(crate) after: Duration,
    pub(crate) targets: &'r [TargetName],
    pub(crate) version: &'r str,
}

impl Rule {
    /// How it is configured.
    pub(crate) fn configured(&self) -> ConfiguredRule<'_> {
        ConfiguredRule {
            name: &self.name,
            on: self.on,
            when: (!self.is_about_all()).then(|| self.when.source()),
            erase: self.erase,
            approve: self.approve,
            confirm: self.confirm,
            after: self.after,
            targets: &self.targets,
            version: &self.version,
        }
    }

    /// What it answers to these facts.
    pub(crate) fn asked(&self, facts: &Facts<'_>) -> RuleAnswer {
        match self.when.applies(&self.name, facts) {
            Ok(true) => RuleAnswer::Applies,
            Ok(false) => RuleAnswer::DoesNotApply,
            Err(_) => RuleAnswer::Failed,
        }
    }

    /// The same, with the facts that its expression asks for, as they are.
    pub(crate) fn answer(&self, facts: &Facts<'_>) -> RuleAsked {
        let told = facts.shown(self.when.tree());
        RuleAsked { rule: self.name.clone(), on: self.on, answer: self.asked(facts), facts: told }
    }

    /// Where it is about another event.
    pub(crate) fn not_asked(&self) -> RuleAsked {
        RuleAsked { rule: self.name.clone(), on: self.on, answer: RuleAnswer::NotAsked, facts: Vec::new() }
    }

    /// What tells this version of it from others.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Whether a person, or whoever has the mailbox that its form names, decides about each of its erasures.
    pub(crate) fn needs_approval(&self) -> bool {
        self.approve
    }

    /// Whether it applies to every conversation.
    pub(crate) fn is_about_all(&self) -> bool {
        self.when.is_always_true()
    }
}

impl Policy {
    /// What tells these rules from others.
    pub(crate) fn digest(&self) -> &RulesDigest {
        &self.digest
    }

    /// The rules, in their order.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The triggers of the consent rules, in their order.
    pub(crate) fn consent_triggers(&self) -> impl Iterator<Item = Trigger> {
        self.consent.iter().map(|rule| rule.on)
    }

    /// Whether it can be said what a rule would have erased of sessions that were: not of one about forms, as what they said is not kept, nor of
    /// one about a change that only forms make.
    pub(crate) fn can_be_compared(&self, rule: &Rule) -> bool {
        let changes = || self.consent.iter().any(|rule| rule.on.is_about_the_session());
        rule.on.is_about_the_session() || (rule.on == Trigger::ConsentChanged && changes())
    }

    /// Whether a rule erases a session of the past as it is known, or could where `consent_is_new`: where the consent rules, or how
    /// mluvii is read, have changed, nobody knows which consent they would have found, as what forms said is not kept.
    pub(crate) fn would_erase(&self, rule: &Rule, record: &ConsentRecord, consent_is_new: bool) -> bool {
        let applies = |record: &ConsentRecord| rule.asked(&Facts { record, form: None }) == RuleAnswer::Applies;
        let is_about_changes = rule.on == Trigger::ConsentChanged;
        if !is_about_changes && !rule.on.was_asked_of(record) {
            return false;
        }
        let was_changed = record.consent.origin.as_deref() == Some(Consent::SAID_BY_RULE);
        if (!is_about_changes || was_changed) && applies(record) {
            return true;
        }
        let mut possible = record.clone();
        consent_is_new
            && self.consents_possible(rule, &record.consent).into_iter().any(|consent| {
                possible.consent = consent;
                applies(&possible)
            })
    }

    /// Which consents a session may have had by these consent rules, beside the one that is known, as far as the rule can tell them apart. What
    /// other consent rules said is no more certain than what they were told.
    fn consents_possible(&self, asking: &Rule, known: &Consent) -> Vec<Consent> {
        let by_changes = asking.on == Trigger::ConsentChanged;
        let is_shown = known.is_shown_by_session();
        let mut possible = Vec::new();
        let mut add = |state: ConsentState, origin: &str| {
            possible.push(Consent { state, origin: Some(origin.to_owned()), ..known.clone() });
        };
        for rule in self.consent.iter().filter(|rule| !by_changes || rule.on.is_about_the_session()) {
            let all = [rule.state];
            let states = if is_shown || by_changes { &all[..] } else { &ConsentState::ALL[..] };
            let by_rule = rule.on.is_about_the_session();
            let origins = if by_rule { &[Consent::SAID_BY_RULE][..] } else { FORM_ORIGINS };
            let told_apart = if asking.when.mentions("origin") { origins.len() } else { 1 };
            for state in states.iter().filter(|state| !by_changes || **state != known.state) {
                origins.iter().take(told_apart).for_each(|origin| add(*state, origin));
            }
        }
        // What mluvii shows may be read otherwise, and what a form or rule said before may not be said.
        let shown = match known.state {
            _ if by_changes => &[][..],
            ConsentState::Absent if is_shown => &[ConsentState::Unknown][..],
            ConsentState::Unknown if is_shown => &[ConsentState::Absent][..],
            _ if is_shown => &[][..],
            _ => &ConsentState::ALL[..],
        };
        shown.iter().for_each(|state| add(*state, Consent::SHOWN_BY_SESSION));
        possible
    }

    /// The numbers of the consent rules of this trigger that apply.
    pub(crate) fn consent_rules_applying(&self, trigger: Trigger, facts: &Facts<'_>) -> Vec<usize> {
        let applies = |rule: &ConsentRule| rule.on == trigger && rule.when.applies(&rule.name, facts) == Ok(true);
        self.consent.iter().enumerate().filter(|(_, rule)| applies(rule)).map(|(index, _)| index).collect()
    }

    /// What is probably wrong with the rules.
    pub(crate) fn doubts(&self) -> &[DoubtfulRule] {
        &self.doubts
    }

    /// The names of the rules that erase.
    pub(crate) fn rule_names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.name.as_str())
    }

    /// Whether any rule or consent rule is asked at this trigger. Where none is, nothing has to be looked up for it.
    pub(crate) fn listens(&self, trigger: Trigger) -> bool {
        self.consent.iter().any(|rule| rule.on == trigger) || self.rules.iter().any(|rule| rule.on == trigger)
    }

    /// What this trigger says about consent; the last rule that applies wins. `None` when no rule applies.
    pub(crate) fn consent(&self, trigger: Trigger, facts: &Facts<'_>) -> Result<Option<ConsentState>, RuleFailed> {
        let mut state = None;
        for rule in self.consent.iter().filter(|rule| rule.on == trigger) {
            // One that cannot be evaluated could be the last that applies, so without it nothing is said of consent.
            if rule.when.applies(&rule.name, facts)? {
                state = Some(rule.state);
            }
        }
        Ok(state)
    }

    /// The rules of this trigger that do not apply.
    pub(crate) fn not_applying(&self, trigger: Trigger, facts: &Facts<'_>) -> Result<Vec<String>, RuleFailed> {
        let mut names = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.on == trigger) {
            if !rule.when.applies(&rule.name, facts)? {
                names.push(rule.name.clone());
            }
        }
        Ok(names)
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
                // What is beyond all time is never due; with an overflow it could be due at once.
                let due = since.saturating_add(rule.after).unwrap_or(Timestamp::MAX);
                demands.push(Demand {
                    rule: rule.name.clone(),
                    version: Some(rule.version.clone()),
                    scope: rule.erase,
                    due,
                    approve: rule.approve,
                    confirm: rule.confirm,
                    targets: rule.targets.clone(),
                });
            }
        }
        Ok(demands)
    }
}
