//! By what an erasure is demanded, for as long as it has not begun: each rule in each of its versions, with what it asks for alone. Where
//! a person rejects a version of a rule, the erasure is what is left without it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{NewErasure, ToSeal};
use crate::subject::{Kind, TargetName};

/// What one version of a rule asks for of an erasure. There are as many as erasures, so its names are letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RuleDemand {
    #[serde(rename = "r")]
    pub(crate) rule: String,
    /// `None` where no configured rule demands it: a person's request, say.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// Milliseconds since 1970.
    #[serde(rename = "d")]
    pub(super) due: i64,
    #[serde(rename = "t")]
    pub(crate) targets: Vec<TargetName>,
    /// Of what somebody has to approve: the kinds of the identifiers that came with it.
    #[serde(rename = "k", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) kinds: BTreeSet<Kind>,
    /// The same: how often anything came that is sealed. Whose it is cannot be compared without keeping it, so that each time may be about
    /// more than the time before.
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    pub(crate) sealed: u32,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl RuleDemand {
    pub(super) fn of(new: &NewErasure) -> Self {
        // Nobody has to say of the others what they have seen.
        let approves = new.capsule.as_ref().filter(|_| new.approve || new.confirm.is_some());
        Self {
            rule: new.rule.clone(),
            version: new.version.clone(),
            due: new.due.as_millisecond(),
            targets: new.targets.clone(),
            kinds: approves.map(ToSeal::kinds).unwrap_or_default(),
            sealed: u32::from(approves.is_some()),
        }
    }

    /// When it is due by this rule alone.
    pub(crate) fn due(&self) -> Timestamp {
        Timestamp::from_millisecond(self.due).unwrap_or(Timestamp::MAX)
    }

    /// A person has it begin by then.
    pub(super) fn made_due(&mut self, now: Timestamp) {
        self.due = self.due.min(now.as_millisecond());
    }

    /// As it is shown: the rule, and which version of it.
    pub(crate) fn named(&self) -> String {
        self.version.as_ref().map_or_else(|| self.rule.clone(), |version| format!("{}@{version}", self.rule))
    }

    /// Adds a demand to others. Says whether that changed anything.
    pub(super) fn add(self, all: &mut Vec<Self>) -> bool {
        let same = |one: &&mut Self| one.rule == self.rule && one.version == self.version;
        let Some(known) = all.iter_mut().find(same) else {
            all.push(self);
            return true;
        };
        let before = (known.due, known.targets.len(), known.kinds.len(), known.sealed);
        known.due = known.due.min(self.due);
        let missing: Vec<_> = self.targets.into_iter().filter(|target| !known.targets.contains(target)).collect();
        known.targets.extend(missing);
        known.kinds.extend(self.kinds);
        known.sealed = known.sealed.saturating_add(self.sealed);
        before != (known.due, known.targets.len(), known.kinds.len(), known.sealed)
    }
}
