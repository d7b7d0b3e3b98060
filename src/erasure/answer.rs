//! What a target said of its part.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Outcome;

/// What a target answered, or reported later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    /// Why, where the outcome needs a reason; free of personal data.
    pub(crate) reason: Option<String>,
    /// How many of what, such as `contacts: 2`.
    pub(crate) counts: BTreeMap<String, u64>,
    /// How long to wait before the target is re-checked.
    pub(crate) verify_after: Option<Duration>,
    /// What the answer rests on.
    #[serde(default)]
    pub(crate) evidence: Evidence,
}

/// What an answer rests on: free of personal data, it goes into the receipt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Evidence {
    /// What the target looked at, such as `session`, `contacts`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) looked_at: Vec<String>,
    /// What could hold something and was not looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) not_looked_at: Vec<String>,
    /// What the vendor keeps, and why or for how long. `None` says nothing of it; empty, that nothing is kept any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keeps: Option<Vec<String>>,
    /// Personal things that are still there, by kind and number; they make a receipt incomplete.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) left: BTreeMap<String, u64>,
    /// The same for kinds that the configuration accepts to be left.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) accepted: BTreeMap<String, u64>,
    /// The configuration says that this target cannot be verified (`expected = "unverifiable"`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) expected: bool,
    /// Asked whether it is gone, the target asked nobody and repeats what it said before. This is not kept with the step.
    #[serde(skip)]
    pub(crate) nothing_asked: bool,
}

impl Evidence {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Answer {
    /// Without the values: none is left in the reason, nor in what the counts are named by.
    pub(crate) fn without(self, values: &[&str]) -> Self {
        let shown = |text: &str| quietus_plugin::shown(text, values.iter().copied());
        let mut counts = BTreeMap::new();
        for (name, count) in self.counts {
            let all: &mut u64 = counts.entry(shown(&name)).or_default();
            *all = all.saturating_add(count);
        }
        let all = |texts: Vec<String>| -> Vec<String> { texts.iter().map(|text| shown(text)).collect() };
        let evidence = Evidence {
            looked_at: all(self.evidence.looked_at),
            not_looked_at: all(self.evidence.not_looked_at),
            keeps: self.evidence.keeps.map(all),
            ..self.evidence
        };
        Self { reason: self.reason.as_deref().map(shown), counts, evidence, ..self }
    }
}
