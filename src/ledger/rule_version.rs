//! The rules by which servers have worked, the same for both backends: which version of a rule an erasure is of, and whether it waits.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::attention::WaitingRule;

/// Why an erasure does not begin whose rules wait for a person: [`super::Admin::confirm_rule`] finds it by this.
pub(crate) const RULE_WAITS: &str = "its rule is new or changed, and waits for `quietus rules confirm`";

/// A rule as a server begins to work by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewRuleVersion {
    pub(crate) name: String,
    /// Tells it from other versions.
    pub(crate) digest: String,
    /// Whether a person is to confirm it first.
    pub(crate) waiting: bool,
    /// The sessions by which that was judged; 0 where there were none.
    pub(crate) sessions: u64,
    /// Those of them that it would have erased.
    pub(crate) would: u64,
}

/// The same in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleVersion {
    pub(crate) rule: NewRuleVersion,
    /// From when on it is in force, until the next one of its name is.
    pub(crate) since: Timestamp,
}

/// The rules that wait for a person, each by its newest version that does.
pub(super) fn waiting(versions: Vec<RuleVersion>) -> Vec<WaitingRule> {
    let mut waiting = BTreeMap::new();
    for RuleVersion { rule, since } in versions.into_iter().filter(|version| version.rule.waiting) {
        let NewRuleVersion { name, sessions, would, .. } = rule;
        waiting.insert(name.clone(), WaitingRule { rule: name, since, sessions, would });
    }
    waiting.into_values().collect()
}

/// Whether an erasure that was created then waits for a person: one of the rules that demand it did so in a version that waits. It is due by
/// the earliest of them, so that another rule, by which it would be due much later, is no reason to begin. What a person demands, or a
/// rule of which nothing is known, goes on. `versions` are in the order of name and time.
pub(crate) fn is_held(rules: &[String], created: Timestamp, versions: &[RuleVersion]) -> bool {
    let waits = |name: &String| {
        let in_force = versions.iter().rev().find(|version| version.rule.name == *name && version.since <= created);
        in_force.map(|version| version.rule.waiting)
    };
    let all: Option<Vec<_>> = rules.iter().map(waits).collect();
    all.is_some_and(|all| all.contains(&true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn version(name: &str, waiting: bool, since: i64) -> RuleVersion {
        let rule = NewRuleVersion { name: name.into(), digest: String::new(), waiting, sessions: 0, would: 0 };
        RuleVersion { rule, since: at(since) }
    }

    #[test]
    fn an_erasure_waits_where_one_of_its_rules_did_when_it_was_created() {
        let versions =
            [version("a", false, 10), version("a", true, 20), version("a", false, 30), version("b", true, 5)];
        let held = |rules: &[&str], created| {
            let rules: Vec<_> = rules.iter().map(|rule| (*rule).to_owned()).collect();
            is_held(&rules, at(created), &versions)
        };
        assert!(!held(&["a"], 15) && held(&["a"], 20) && held(&["a"], 29) && !held(&["a"], 30));
        // A retention of years, which every session has, is no reason to begin what another one demands at once.
        assert!(held(&["a", "b"], 25) && held(&["a", "b"], 15) && held(&["b", "a"], 35));
        // What a person demands goes on.
        assert!(!held(&["b", "request"], 25));
        assert!(!held(&[], 25) && !held(&["b"], 4));
    }
}
