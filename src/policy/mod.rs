//! The rules: a pure function of facts and now. Settings are compiled and type-checked once; then decisions are made of
//! facts. Nothing here reads a clock, the ledger or mluvii.

mod answer;
mod check;
mod compile;
mod cost;
mod digest;
mod evaluated;
mod evaluation;
mod expression;
mod facts;
mod person;
mod problem;
mod rules;
mod settings;
mod shown;
mod syntax;
mod testing;

pub(crate) use answer::{RuleAnswer, RuleAsked};
pub(crate) use digest::consent_of_version;
pub(crate) use evaluated::Evaluated;
pub(crate) use evaluation::{Demanded, Fired};
pub(crate) use facts::{Facts, Trigger, known_words};
pub(crate) use person::{Certainty, Comparison, PersonSettings};
pub(crate) use problem::{BadRule, DoubtfulRule, RuleFailed};
pub(crate) use rules::{CONTENT_AFTER_ERASURE, ConfiguredRule, Demand, Policy, REQUEST, Rule};
pub(crate) use settings::{ConfirmBy, ConsentRuleSettings, RuleSettings, RulesSettings};
pub(crate) use testing::{RuleTestSettings, TestResult, TestsContext, doubtful, untested};

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
