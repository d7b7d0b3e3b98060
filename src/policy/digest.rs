//! What tells one set of rules from another: of everything that can change what they decide.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::settings::{ConsentRuleSettings, RuleSettings};

/// Tells one set of rules from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct RulesDigest(String);

/// It tells versions of one configuration apart, and is no protection.
const BYTES: usize = 4;

impl RulesDigest {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

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
