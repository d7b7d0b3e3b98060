//! From the configuration's rules to compiled ones: every problem is found, not only the first.

use std::collections::BTreeSet;

use super::digest::{self, RulesDigest};
use super::expression::Expression;
use super::facts::Trigger;
use super::problem::{BadRule, DoubtfulRule};
use super::rules::{CONTENT_AFTER_ERASURE, ConsentRule, Policy, REQUEST, Rule};
use super::settings::{ConsentRuleSettings, RuleSettings};
use crate::subject::{Scope, TargetName};

impl Policy {
    /// Compiles and checks all rules; `targets` are the names that exist. Returns every problem, not only the first.
    pub(crate) fn compile(
        consent: &[ConsentRuleSettings],
        rules: &[RuleSettings],
        targets: &[TargetName],
    ) -> Result<Self, Vec<BadRule>> {
        let mut compiler = Compiler::default();
        let forms_tell_consent = consent.iter().any(|rule| rule.on == Trigger::FormSubmitted);
        let mut compiled_consent = Vec::new();
        for (i, rule) in consent.iter().enumerate() {
            let name = format!("consent.{i}");
            if let Some(when) = compiler.compile(&name, rule.on, rule.when.as_deref()) {
                compiled_consent.push(ConsentRule { name, on: rule.on, when, state: rule.state });
            }
        }
        let mut names = BTreeSet::new();
        let mut compiled = Vec::new();
        for (i, rule) in rules.iter().enumerate() {
            let key = format!("rule.{i}");
            if let Some(problem) = wrong_name(&rule.name) {
                compiler.bad(format!("{key}.name"), problem);
            } else if !names.insert(&rule.name) {
                compiler.bad(format!("{key}.name"), format!("`{}` names two rules", rule.name));
            }
            // What a rule demands may be taken back by it, which nothing else may.
            if [REQUEST, CONTENT_AFTER_ERASURE].contains(&&*rule.name) {
                let problem = format!("`{}` is what receipts say of an erasure that no rule demanded", rule.name);
                compiler.bad(format!("{key}.name"), problem);
            }
            compiler.check_targets(&key, rule, targets);
            compiler.check_approval(&key, rule, forms_tell_consent);
            compiler.check_confirmation(&key, rule);
            if let Some(when) = compiler.compile(&key, rule.on, rule.when.as_deref()) {
                compiled.push(Rule {
                    name: rule.name.clone(),
                    on: rule.on,
                    when,
                    erase: rule.erase,
                    // Until its link is used, a person can approve it; where no link can be sent, only a person lets it begin.
                    approve: rule.approve || rule.confirm.is_some(),
                    confirm: rule.confirm,
                    after: rule.after.map(|span| span.0).unwrap_or_default(),
                    targets: rule.targets.clone(),
                    version: digest::version_of(rule, consent),
                    asks_for_consent: digest::asks_for_consent(rule),
                });
            }
        }
        if !compiler.bad.is_empty() {
            return Err(compiler.bad);
        }
        let digest = RulesDigest::of(consent, rules);
        Ok(Self { consent: compiled_consent, rules: compiled, doubts: compiler.doubts, digest })
    }

    /// The same rules, where mluvii's replies about the consent are read in a way of its own (`mluvii.nulls`): what they erase is another
    /// thing then. `reading` is empty where it is the usual one.
    pub(crate) fn read_as(mut self, reading: &str) -> Self {
        if !reading.is_empty() {
            self.digest = self.digest.read_as(reading);
            for rule in self.rules.iter_mut().filter(|rule| rule.asks_for_consent) {
                rule.version = digest::read_as(&rule.version, reading);
            }
        }
        self
    }
}

/// The longest name of a rule, in characters.
const NAME_CHARACTERS_MAX: usize = 100;

/// What is wrong with a rule's name. It is shown in lines, written as an argument of commands, and stands in receipts for years.
fn wrong_name(name: &str) -> Option<String> {
    let length = name.chars().count();
    if name.trim().is_empty() {
        Some("is empty; receipts and commands name a rule by it".to_owned())
    } else if length > NAME_CHARACTERS_MAX {
        Some(format!("has {length} characters, and at most {NAME_CHARACTERS_MAX} are taken"))
    } else if name.chars().any(is_invisible) {
        Some("holds a line break, or another character that cannot be seen".to_owned())
    } else if name.trim() != name {
        Some(format!("`{name}` begins or ends with a blank"))
    } else if name.starts_with('-') {
        Some(format!("`{name}` begins with `-`, so that commands would take it for an option"))
    } else {
        None
    }
}

/// Control characters, and those that turn the direction of a text or join what stands beside them.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Why a rule that reaches persons needs a person's approval.
const UNAPPROVED_PERSON: &str = "is needed with `erase = \"person\"`: anybody can type somebody else's address into a form, an \
                                 entry form too, so what is typed proves nobody's identity; write approve = true or confirm = \"email\", or `erase = \
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

    fn check_targets(&mut self, key: &str, rule: &RuleSettings, targets: &[TargetName]) {
        if rule.targets.is_empty() {
            self.bad(format!("{key}.targets"), "names no target; at least `mluvii`");
        }
        for target in rule.targets.iter().filter(|target| !targets.contains(target)) {
            let known: Vec<_> = targets.iter().map(|target| format!("`{target}`")).collect();
            let problem = format!("there is no target `{target}`; there are {}", known.join(", "));
            self.bad(format!("{key}.targets"), problem);
        }
    }

    /// At a session's end or settling, plugins need no approval: nobody there asks for anything, and a session that is
    /// kept without consent has to leave all of the company's systems. What is typed is asked for by who types it.
    fn check_approval(&mut self, key: &str, rule: &RuleSettings, forms_tell_consent: bool) {
        // Where a form decides on consent, its change is something that was typed as well.
        let by_form = rule.on == Trigger::FormSubmitted || (rule.on == Trigger::ConsentChanged && forms_tell_consent);
        let elsewhere = rule.targets.iter().any(|target| !target.is_mluvii());
        let waits = rule.approve || rule.confirm.is_some();
        if rule.erase == Scope::Person && !waits {
            self.bad(format!("{key}.approve"), UNAPPROVED_PERSON);
        } else if by_form && elsewhere && !waits {
            self.bad(format!("{key}.approve"), UNAPPROVED_ELSEWHERE);
        }
    }

    /// A link proves that somebody has a mailbox, and no more.
    fn check_confirmation(&mut self, key: &str, rule: &RuleSettings) {
        if rule.confirm.is_none() {
            return;
        }
        let key = format!("{key}.confirm");
        if rule.on != Trigger::FormSubmitted {
            self.bad(key.clone(), "needs on = \"form-submitted\": the link is sent to the address that a form names");
        }
        if rule.erase != Scope::Person {
            let problem = "needs erase = \"person\": the link proves an address, and neither whose session nor whose browser it was; what that \
                           address identifies is erased";
            self.bad(key.clone(), problem);
        }
        if rule.approve {
            self.bad(key, "and `approve` are two ways to one thing: write one of them; a person can approve what a link has not confirmed");
        }
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
            Err(problems) => {
                problems.into_iter().for_each(|problem| self.bad(key.clone(), problem));
                None
            }
        }
    }
}
