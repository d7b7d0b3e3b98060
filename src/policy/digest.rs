//! What tells one set of rules from another: of everything that can change what they decide.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::facts::Trigger;
use super::settings::{ConsentRuleSettings, RuleSettings};

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
            add(if rule.approve { "approve" } else { "" });
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
    // Also where the word stands in a text: then it waits once more than it would have to.
    let asks = rule.on == Trigger::ConsentChanged || rule.when.as_ref().is_some_and(|when| when.contains("consent"));
    if !asks || consent.is_empty() {
        return own;
    }
    let RulesDigest(of_consent) = RulesDigest::of(consent, &[]);
    format!("{own}.{of_consent}")
}

/// Whether two versions of a rule differ in the consent rules.
pub(crate) fn consent_differs(one: &str, other: &str) -> bool {
    let of_consent = |version: &str| version.split_once('.').map(|(_, consent)| consent.to_owned());
    of_consent(one) != of_consent(other)
}
