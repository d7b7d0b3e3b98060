//! What was decided in a test.

use jiff::Timestamp;
use quietus_plugin::Span;
use serde::Serialize;

use crate::policy::Demand;
use crate::subject::{Scope, TargetName};

/// An erasure that was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Decided {
    pub(crate) rule: String,
    pub(crate) erase: Scope,
    pub(crate) targets: Vec<TargetName>,
    pub(crate) after: Span,
    pub(crate) due: Timestamp,
    pub(crate) approve: bool,
}

impl Decided {
    pub(super) fn of(demand: Demand, since: Timestamp) -> Self {
        let after = std::time::Duration::try_from(demand.due.duration_since(since)).unwrap_or_default();
        Self {
            rule: demand.rule,
            erase: demand.scope,
            targets: demand.targets,
            after: Span(after),
            due: demand.due,
            approve: demand.approve,
        }
    }
}

/// What was decided, as a failed test says it.
pub(super) fn in_words(decided: &[Decided]) -> String {
    if decided.is_empty() {
        return "nothing".to_owned();
    }
    let one = |decided: &Decided| {
        let targets: Vec<_> = decided.targets.iter().map(ToString::to_string).collect();
        let after = if decided.after.0.is_zero() { "at once".to_owned() } else { format!("after {}", decided.after) };
        let approve = if decided.approve { ", once approved" } else { "" };
        format!("`{}` (erase {}, {after}, at {}{approve})", decided.rule, decided.erase.as_str(), targets.join(" and "))
    };
    decided.iter().map(one).collect::<Vec<_>>().join(", ")
}
