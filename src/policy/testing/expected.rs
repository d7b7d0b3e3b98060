//! Whether what was decided is what was expected: each expectation has a decision of its own, and no decision is left.

use super::decided::Decided;
use super::settings::{Expected, ExpectedErasure};

/// Whether each expectation and each decision can be paired, in whatever order they stand.
pub(super) fn fits(expected: &[Expected], decided: &[Decided]) -> bool {
    let decided: Vec<&Decided> = decided.iter().collect();
    expected.len() == decided.len() && can_pair(expected, &decided)
}

fn can_pair(expected: &[Expected], decided: &[&Decided]) -> bool {
    let Some((first, others)) = expected.split_first() else { return true };
    let fitting = decided.iter().enumerate().filter(|(_, decided)| fits_one(first, decided));
    for (index, _) in fitting {
        let mut left = decided.to_vec();
        left.remove(index);
        if can_pair(others, &left) {
            return true;
        }
    }
    false
}

fn fits_one(expected: &Expected, decided: &Decided) -> bool {
    match expected {
        Expected::Rule(name) => *name == decided.rule,
        Expected::Erasure(ExpectedErasure { rule, erase, targets, after, due, approve }) => {
            let same_targets = |wanted: &Vec<_>| {
                wanted.len() == decided.targets.len() && wanted.iter().all(|target| decided.targets.contains(target))
            };
            rule.as_ref().is_none_or(|rule| *rule == decided.rule)
                && erase.is_none_or(|erase| erase == decided.erase)
                && targets.as_ref().is_none_or(same_targets)
                && after.is_none_or(|after| after == decided.after)
                && due.is_none_or(|due| due == decided.due)
                && approve.is_none_or(|approve| approve == decided.approve)
        }
    }
}

/// All expectations, as a failed test says them.
pub(super) fn in_words(expected: &[Expected]) -> String {
    if expected.is_empty() {
        return "nothing".to_owned();
    }
    expected.iter().map(one_in_words).collect::<Vec<_>>().join(", ")
}

fn one_in_words(expected: &Expected) -> String {
    match expected {
        Expected::Rule(name) => format!("`{name}`"),
        Expected::Erasure(erasure) => {
            let ExpectedErasure { rule, erase, targets, after, due, approve } = erasure;
            let targets =
                targets.as_ref().map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "));
            let parts = [
                erase.map(|erase| format!("erase {}", erase.as_str())),
                after.map(|after| format!("after {after}")),
                due.map(|due| format!("due {due}")),
                targets.map(|targets| format!("at {targets}")),
                approve.map(|approve| if approve { "once approved" } else { "without approval" }.to_owned()),
            ];
            let parts: Vec<_> = parts.into_iter().flatten().collect();
            match rule {
                Some(rule) if parts.is_empty() => format!("`{rule}`"),
                Some(rule) => format!("`{rule}` ({})", parts.join(", ")),
                None => format!("an erasure ({})", parts.join(", ")),
            }
        }
    }
}
