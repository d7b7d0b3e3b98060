//! The rules: a pure function of facts and now. Settings are compiled and type-checked once; then decisions are made of
//! facts. Nothing here reads a clock, the ledger or mluvii.

mod check;
mod compile;
mod expression;
mod facts;
mod person;
mod problem;
mod rules;
mod settings;

pub(crate) use facts::{Facts, Trigger};
pub(crate) use person::{Certainty, Comparison, PersonSettings};
pub(crate) use problem::RuleFailed;
pub(crate) use rules::{CONTENT_AFTER_ERASURE, Demand, Policy, REQUEST};
pub(crate) use settings::{ConsentRuleSettings, RuleSettings};

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
