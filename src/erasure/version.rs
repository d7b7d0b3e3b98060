//! What is demanded of an erasure, in a few digits: whoever approves it says by them what they have seen.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::life::Waiting;
use super::{Erasure, RuleDemand};
use crate::subject::TargetName;

/// Digits that are shown: nobody has a reason to look for two of the same.
const DIGITS: usize = 16;

impl Erasure {
    /// Of what is demanded now; it changes with every rule, target, time or identifier that joins.
    pub(crate) fn version(&self) -> String {
        let rules = self.rules.iter().map(String::as_str);
        version(rules, self.steps.iter().map(|step| &step.target), &self.demands, self.due)
    }
}

impl Waiting {
    /// The same of one in the ledger's hands.
    pub(crate) fn version(&self) -> String {
        version(self.rules.iter().map(String::as_str), self.targets.iter(), &self.demands, self.due)
    }
}

fn version<'a>(
    rules: impl Iterator<Item = &'a str>,
    targets: impl Iterator<Item = &'a TargetName>,
    demands: &[RuleDemand],
    due: Timestamp,
) -> String {
    let mut names: Vec<_> = rules.map(|rule| ("rule", rule.to_owned())).collect();
    names.extend(targets.map(|target| ("target", target.to_string())));
    // In whatever order they are read.
    names.sort_unstable();
    let mut hash = Sha256::new();
    for (kind, name) in names {
        hash.update(format!("{kind} {} {name}\n", name.len()));
    }
    // What each rule demands alone, when, and for whom: one may come to demand of all targets what another one demands of one.
    hash.update(serde_json::to_vec(demands).expect("names, words and numbers are JSON"));
    hash.update(due.as_millisecond().to_be_bytes());
    let mut digits = hex::encode(hash.finalize());
    digits.truncate(DIGITS);
    digits
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::erasure::sample;

    #[test]
    fn whatever_of_a_demand_changes_changes_the_version() {
        let demand = |text: serde_json::Value| -> RuleDemand { serde_json::from_value(text).expect("is read") };
        let version = |demands: Vec<RuleDemand>| Erasure { demands, ..sample::session(Vec::new()) }.version();
        let of = |text| version(vec![demand(text)]);
        let first = json!({ "r": "r", "v": "1", "d": 5, "t": ["crm"], "k": ["email"], "n": 1 });
        let changes = [
            ("r", json!("s")),
            ("v", json!("2")),
            ("d", json!(6)),
            ("t", json!(["crm", "erp"])),
            ("k", json!(["phone"])),
            ("n", json!(2)),
        ];
        for (key, value) in changes {
            let mut other = first.clone();
            other[key] = value;
            assert_ne!(of(other), of(first.clone()), "{key}");
        }
        assert_eq!(of(first.clone()), of(first.clone()));
        assert_ne!(version(Vec::new()), of(first));
    }
}
