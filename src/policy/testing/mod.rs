//! Tests of rules, which stand beside them: a conversation in, the expected decisions out. A test asks the same functions as a
//! worker does ([`Policy::said`], [`Policy::demands`]).

mod check;
mod coverage;
mod decided;
mod expected;
mod facts;
mod outcome;
mod settings;

pub(crate) use check::{TestsContext, doubtful};
pub(crate) use coverage::untested;
pub(crate) use outcome::TestResult;
pub(crate) use settings::RuleTestSettings;

#[cfg(test)]
mod tests;
