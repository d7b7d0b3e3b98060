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
    /// Those of `exclude` that stay as what is needed of theirs: they are not somebody else's, however uncertain it was whose they are.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) needed: BTreeSet<SessionKey>,
    /// Nothing goes but these, whatever is found when it begins: what was planned, and no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) only: Option<BTreeSet<SessionKey>>,
    /// No session is meant, and none is looked for: nothing but the identifiers themselves. No person has left out the sessions.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) identifiers_only: bool,
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
        let sessions = if self.identifiers_only { "&sessions=none" } else { "" };
        let needed = if self.needed.is_empty() { String::new() } else { format!("&needed={}", list(&self.needed)) };
        format!("?include={possible}{}&exclude={}{needed}{only}{sessions}", list(&self.include), list(&self.exclude))
    }

    /// Whether this session stays although it may be certain: a person has left it out, or it is not among what was planned.
    pub(crate) fn leaves_out(&self, session: &SessionKey) -> bool {
        self.exclude.contains(session) || self.only.as_ref().is_some_and(|only| !only.contains(session))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_no_session_is_a_selection_of_its_own_and_leaves_out_nothing() {
        let none = Selection { identifiers_only: true, ..Selection::default() };
        assert!(!none.is_default() && Selection::default().is_default());
        let planned = Selection { only: Some(BTreeSet::new()), ..Selection::default() };
        assert_ne!(none.key(), planned.key());
        let one: BTreeSet<SessionKey> = ["acme/1".parse().expect("a session")].into();
        let left = Selection { exclude: one.clone(), ..Selection::default() };
        assert_ne!(left.key(), Selection { needed: one, ..left.clone() }.key(), "the receipt says another thing of it");
        assert!(!none.key().is_empty());
        let text = serde_json::to_string(&none).expect("JSON");
        assert_eq!(serde_json::from_str::<Selection>(&text).expect("reads"), none);
        assert_eq!(serde_json::to_string(&Selection::default()).expect("JSON"), "{}");
    }
}
