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
    /// How long to wait before the target is asked again.
    pub(crate) verify_after: Option<Duration>,
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
        Self { reason: self.reason.as_deref().map(shown), counts, ..self }
    }
}
