//! The rules by which servers have worked, the same for both backends: what became of each version of a rule, and whether an erasure that
//! it demands begins.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attention::WaitingRule;
use crate::erasure::RuleDemand;
use crate::subject::InstallationName;

/// Why an erasure does not begin whose rules wait for a person: [`super::Admin::confirm_rule`] finds it by this.
pub(crate) const RULE_WAITS: &str = "its rule is new or changed, and waits for `quietus rules confirm`";

/// What became of a version of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RuleState {
    /// What it demands begins at its time.
    InForce,
    /// A person is to confirm or reject it first.
    Waiting,
    /// A person has rejected it: nothing that it demands begins.
    Rejected,
}

impl RuleState {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::Waiting => "waiting",
            Self::Rejected => "rejected",
        }
    }
}

/// A rule as a server begins to work by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewRuleVersion {
    pub(crate) name: String,
    /// Tells it from other versions.
    pub(crate) digest: String,
    pub(crate) state: RuleState,
    /// The sessions by which that was judged; 0 where there were none.
    pub(crate) sessions: u64,
    /// Those of them that it would have erased.
    pub(crate) would: u64,
    /// Those of them that it would have erased, or another rule that came with it or waits already.
    pub(crate) together: u64,
    /// The company of these sessions, where they are of one.
    pub(crate) mluvii: Option<InstallationName>,
}

/// The company as it is stored.
pub(super) fn of_one(name: String) -> Option<InstallationName> {
    (!name.is_empty()).then(|| InstallationName(name.into()))
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
    for RuleVersion { rule, since } in versions.into_iter().filter(|one| one.rule.state == RuleState::Waiting) {
        let NewRuleVersion { name, digest, sessions, would, together, mluvii, .. } = rule;
        let waits = WaitingRule { rule: name.clone(), version: digest, since, sessions, would, together, mluvii };
        waiting.insert(name, waits);
    }
    waiting.into_values().collect()
}

/// What became of the version of a rule that demands an erasure. One that is not known waits: every version is written down before anything
/// is decided by it. `versions` are in the order of name and time.
fn state_of(rule: &str, version: &str, versions: &[RuleVersion]) -> RuleState {
    let same = |one: &&RuleVersion| one.rule.name == rule && one.rule.digest == version;
    versions.iter().rev().find(same).map_or(RuleState::Waiting, |found| found.rule.state)
}

/// Whether a person has rejected the version of the rule that demands it.
pub(crate) fn is_rejected(demand: &RuleDemand, versions: &[RuleVersion]) -> bool {
    let state = demand.version.as_ref().map(|version| state_of(&demand.rule, version, versions));
    state == Some(RuleState::Rejected)
}

/// Whether an erasure waits for a person: one of the rules that demand it does so in a version that waits. It is due by the earliest of
/// them, so that another rule, by which it would be due much later, is no reason to begin. What a person demands, or the content of a
/// session that was erased, goes on.
pub(crate) fn is_held(demands: &[RuleDemand], versions: &[RuleVersion]) -> bool {
    let state = |demand: &RuleDemand| demand.version.as_ref().map(|version| state_of(&demand.rule, version, versions));
    let all: Option<Vec<_>> = demands.iter().map(state).collect();
    all.is_some_and(|all| all.contains(&RuleState::Waiting))
}

/// What stands in the demands of an erasure that a version of a rule is among: each of them begins so.
pub(super) fn demanded_by(rule: &str, version: &str) -> String {
    format!("{{\"r\":{},\"v\":\"{version}\"", serde_json::Value::from(rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(name: &str, digest: &str, state: RuleState) -> RuleVersion {
        let (name, digest) = (name.into(), digest.into());
        let rule = NewRuleVersion { name, digest, state, sessions: 0, would: 0, together: 0, mluvii: None };
        RuleVersion { rule, since: Timestamp::UNIX_EPOCH }
    }

    fn demand(rule: &str, version: Option<&str>) -> RuleDemand {
        let text = serde_json::json!({ "r": rule, "v": version, "d": 0, "t": ["crm"] });
        serde_json::from_value(text).expect("is read")
    }

    #[test]
    fn an_erasure_waits_by_the_versions_that_demand_it() {
        let versions = [
            version("a", "1", RuleState::InForce),
            version("a", "2", RuleState::Waiting),
            version("a", "3", RuleState::InForce),
            version("b", "1", RuleState::Waiting),
            version("c", "1", RuleState::Rejected),
        ];
        let held = |demands: &[(&str, &str)]| {
            let demands: Vec<_> = demands.iter().map(|(rule, version)| demand(rule, Some(*version))).collect();
            is_held(&demands, &versions)
        };
        // Whatever else is in force by then: servers of several versions may work at once.
        assert!(!held(&[("a", "1")]) && held(&[("a", "2")]) && !held(&[("a", "3")]));
        // A retention of years, which every session has, is no reason to begin what another one demands at once.
        assert!(held(&[("a", "1"), ("b", "1")]) && held(&[("a", "1"), ("a", "2")]));
        assert!(held(&[("a", "4")]) && held(&[("d", "1")]), "nobody has written it down");
        // What a person demands goes on.
        assert!(!is_held(&[demand("b", Some("1")), demand("request", None)], &versions));
        assert!(!held(&[]));
        assert!(is_rejected(&demand("c", Some("1")), &versions) && !is_rejected(&demand("b", Some("1")), &versions));
        assert!(!is_rejected(&demand("c", None), &versions));
    }

    #[test]
    fn the_demands_of_a_version_are_found_as_they_are_written() {
        for name in ["a", "the \"guest's\" own \\ ř"] {
            let all = [demand("other", None), demand(name, Some("0123abcd.89ef"))];
            let written = serde_json::to_string(&all).expect("is written");
            assert!(written.contains(&demanded_by(name, "0123abcd.89ef")), "{written}");
            assert!(
                !written.contains(&demanded_by(name, "0123abcd"))
                    && !written.contains(&demanded_by("other", "0123abcd.89ef"))
            );
        }
    }

    #[test]
    fn a_version_that_came_back_is_as_it_is_now() {
        let versions = [version("a", "1", RuleState::InForce), version("a", "1", RuleState::Waiting)];
        assert!(is_held(&[demand("a", Some("1"))], &versions));
    }
}
