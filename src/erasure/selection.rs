//! What a person decided about single sessions of a request.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::subject::SessionKey;

/// Which of the possible sessions go, and which of the certain ones stay. By default none of either.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Selection {
    /// All possible sessions go.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) include_possible: bool,
    /// These go although they are only possible.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) include: BTreeSet<SessionKey>,
    /// These stay, however certain they are.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) exclude: BTreeSet<SessionKey>,
    /// Nothing goes but these, whatever is found when it begins: what was planned, and no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) only: Option<BTreeSet<SessionKey>>,
}

impl Selection {
    /// Whether nobody has decided anything.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// A text that differs where the selections do; empty for the default one.
    pub(crate) fn key(&self) -> String {
        if self.is_default() {
            return String::new();
        }
        let list = |keys: &BTreeSet<SessionKey>| keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let possible = if self.include_possible { "*" } else { "" };
        let only = self.only.as_ref().map_or_else(String::new, |only| format!("&only={}", list(only)));
        format!("?include={possible}{}&exclude={}{only}", list(&self.include), list(&self.exclude))
    }

    /// Whether a person has left this session out of what was planned.
    pub(crate) fn leaves_out(&self, session: &SessionKey) -> bool {
        self.exclude.contains(session) || self.only.as_ref().is_some_and(|only| !only.contains(session))
    }
}
