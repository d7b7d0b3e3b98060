//! What no test shows. A rule needs two: a conversation that it erases, and one at the same event that it leaves alone.

use super::outcome::TestResult;
use crate::policy::{DoubtfulRule, Policy, RuleAnswer};

/// What of the rules the tests do not show.
pub(crate) fn untested(policy: &Policy, results: &[TestResult]) -> Vec<DoubtfulRule> {
    let mut untested = Vec::new();
    let mut add = |key: String, doubt: String| untested.push(DoubtfulRule { key, doubt });
    for (index, on) in policy.consent_triggers().enumerate() {
        if !results.iter().any(|result| result.consent_rules.contains(&index)) {
            add(
                format!("consent.{index}"),
                format!("no [[test]] has a conversation on `{}` to which it applies", on.as_str()),
            );
        }
    }
    for (index, rule) in policy.rules().enumerate() {
        let answered = |answer: &RuleAnswer| {
            results
                .iter()
                .flat_map(|result| &result.rules)
                .any(|asked| asked.rule == rule.name && asked.answer == *answer)
        };
        let key = format!("rule.{index}");
        if !answered(&RuleAnswer::Applies) {
            add(key.clone(), format!("no [[test]] expects `{}` to erase anything", rule.name));
        }
        if !answered(&RuleAnswer::DoesNotApply) && !rule.is_about_all() {
            add(
                key,
                format!("no [[test]] has a conversation on `{}` that `{}` leaves alone", rule.on.as_str(), rule.name),
            );
        }
    }
    untested
}
