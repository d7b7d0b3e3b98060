//! What is kept of an evaluation with the session's record, so that it can be explained later: when which rules were asked, about
//! which consent, and which applied. Nothing of what a form said.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::RulesDigest;
use super::evaluation::{Demanded, Fired};
use super::facts::Trigger;
use super::rules::Policy;
use crate::consent::ConsentState;

/// So many are kept of a session, the newest.
const KEPT_MAX: usize = 8;

/// One evaluation of the rules of a trigger. There are more of these than of sessions, so its names are letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Evaluated {
    #[serde(rename = "o")]
    pub(crate) on: Trigger,
    /// Milliseconds since 1970.
    #[serde(rename = "a")]
    at: i64,
    /// The consent that the rules saw.
    #[serde(rename = "k")]
    pub(crate) consent: ConsentState,
    /// The rules that were asked.
    #[serde(rename = "p")]
    pub(crate) rules: RulesDigest,
    /// Those that applied.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) applied: Vec<String>,
}

impl Evaluated {
    pub(crate) fn at(&self) -> Timestamp {
        Timestamp::from_millisecond(self.at).unwrap_or_default()
    }

    /// Adds what was evaluated now to what was before.
    pub(crate) fn add(kept: &mut Vec<Self>, new: Vec<Self>) {
        kept.extend(new);
        kept.drain(..kept.len().saturating_sub(KEPT_MAX));
    }

    /// Whether there may have been more before these.
    pub(crate) fn may_be_more(kept: &[Self]) -> bool {
        kept.len() >= KEPT_MAX
    }
}

impl Policy {
    /// What is kept of an evaluation: of each trigger at which a rule is asked.
    pub(crate) fn evaluated(
        &self,
        triggers: &[Fired<'_>],
        demands: &[Demanded<'_>],
        (before, after): (ConsentState, ConsentState),
        now: Timestamp,
    ) -> Vec<Evaluated> {
        let changed = (before != after).then_some(Trigger::ConsentChanged);
        let mut all: Vec<Trigger> = Vec::new();
        for trigger in triggers.iter().map(|fired| fired.trigger).chain(changed) {
            if !all.contains(&trigger) {
                all.push(trigger);
            }
        }
        let one = |on: Trigger| {
            let of_trigger = |name: &String| self.rules().any(|rule| rule.on == on && rule.name == *name);
            let applied = demands.iter().map(|demanded| demanded.demand.rule.clone()).filter(of_trigger);
            let (at, rules) = (now.as_millisecond(), self.digest().clone());
            Evaluated { on, at, consent: after, rules, applied: applied.collect() }
        };
        all.into_iter().filter(|on| self.rules().any(|rule| rule.on == *on)).map(one).collect()
    }
}
