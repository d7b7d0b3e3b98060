//! What tells one set of rules from another: of everything that can change what they decide.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::facts::Trigger;
use super::settings::{ConfirmBy, ConsentRuleSettings, RuleSettings};

/// Tells one set of rules from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct RulesDigest(String);

/// It tells versions of one configuration apart, and is no protection.
const BYTES: usize = 4;

impl RulesDigest {
    pub(super) fn of(consent: &[ConsentRuleSettings], rules: &[RuleSettings]) -> Self {
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        for rule in consent {
            add(rule.on.as_str());
            add(rule.when.as_deref().unwrap_or_default());
            add(rule.state.as_str());
        }
        for rule in rules {
            add(&rule.name);
            add(rule.on.as_str());
            add(rule.when.as_deref().unwrap_or_default());
            add(rule.erase.as_str());
            add(match (rule.approve, rule.confirm) {
                (true, _) => "approve",
                (false, Some(ConfirmBy::Email)) => "confirm by email",
                (false, None) => "",
            });
            add(&rule.after.map_or_else(String::new, |after| after.0.as_millis().to_string()));
            rule.targets.iter().for_each(|target| add(&target.0));
        }
        Self(hex::encode(&hash.finalize()[..BYTES]))
    }
}

/// What tells a version of a rule from others. A rule that asks for the consent is another one where the consent rules are: they decide
/// whom it erases. Their part stands behind a point.
pub(super) fn version_of(rule: &RuleSettings, consent: &[ConsentRuleSettings]) -> String {
    let RulesDigest(own) = RulesDigest::of(&[], std::slice::from_ref(rule));
    if !asks_for_consent(rule) || consent.is_empty() {
        return own;
    }
    let RulesDigest(of_consent) = RulesDigest::of(consent, &[]);
    format!("{own}.{of_consent}")
}

/// Whether the consent decides on what a rule erases.
pub(super) fn asks_for_consent(rule: &RuleSettings) -> bool {
    // Also where the word stands in a text: then it waits once more than it would have to.
    rule.on == Trigger::ConsentChanged || rule.when.as_ref().is_some_and(|when| when.contains("consent"))
}

/// The version of a rule that asks for the consent, where that is read in a way of its own.
pub(super) fn read_as(version: &str, reading: &str) -> String {
    let (own, consent) = version.split_once('.').unwrap_or((version, ""));
    let hash = Sha256::new().chain_update(consent).chain_update([0]).chain_update(reading).finalize();
    format!("{own}.{}", hex::encode(&hash[..BYTES]))
}

impl RulesDigest {
    /// The digest of the same rules, where the consent is read in a way of its own.
    pub(super) fn read_as(&self, reading: &str) -> Self {
        Self(read_as(&format!("{}.", self.0), reading))
    }
}

/// The part of a version that tells how the consent comes about, where the rule asks for it.
pub(crate) fn consent_of_version(version: &str) -> Option<&str> {
    version.split_once('.').map(|(_, consent)| consent)
}
