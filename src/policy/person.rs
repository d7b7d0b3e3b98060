//! Whether a session is a person's: certainly, possibly, or not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use quietus_plugin::identity::Region;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::keys::Fingerprint;
use crate::subject::{Fingerprinted, Kind};

/// How a person is recognized.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonSettings {
    /// A session is certainly the person's when every kind of one of these sets agrees and nothing contradicts. By default
    /// all that mluvii's entry form asks for; a name alone and a phone alone are refused, as people share both.
    pub(crate) r#match: Vec<BTreeSet<Kind>>,
    /// Where phone numbers without a country code belong (ISO 3166-1, such as `CZ`).
    #[schemars(with = "Option<String>")]
    pub(crate) region: Option<Region>,
    /// Receipts of guests and persons are not incomplete because mluvii itself was not searched; they name this setting.
    pub(crate) accept_ledger_only: bool,
}

/// How surely a session is the person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Certainty {
    Certain,
    /// Something agrees, but not enough, or something contradicts: only a person may decide to erase it.
    Possible,
}

impl Certainty {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Possible => "possible",
        }
    }
}

/// How what is known of a session compares with what is known of a person. Shown to people: kinds only, never values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Kinds of which both have a value in common.
    pub(crate) agreeing: BTreeSet<Kind>,
    /// Kinds of which both have values, and none in common.
    pub(crate) contradicting: BTreeSet<Kind>,
}

impl Comparison {
    /// Compares the fingerprints of a person with those of a session.
    pub(crate) fn of(person: &[Fingerprinted], session: &[Fingerprinted]) -> Self {
        let mut comparison = Self::default();
        let persons = by_kind(person);
        let sessions = by_kind(session);
        for (kind, of_person) in &persons {
            let Some(of_session) = sessions.get(kind) else { continue };
            // One value in common is enough, as people have several addresses; others beside it contradict nothing.
            if of_person.all.intersection(&of_session.all).next().is_some() {
                comparison.agreeing.insert((*kind).clone());
            } else if of_person.can_contradict(of_session) {
                comparison.contradicting.insert((*kind).clone());
            }
        }
        comparison
    }

    /// Judges by the sets of which all kinds have to agree; `None` when the session is somebody else's, as far as is known.
    pub(crate) fn judge(&self, sets: &[BTreeSet<Kind>]) -> Option<Certainty> {
        // An empty set is part of every set, and would make everybody certain.
        let complete = |set: &BTreeSet<Kind>| !set.is_empty() && set.is_subset(&self.agreeing);
        if self.contradicting.is_empty() && sets.iter().any(complete) {
            return Some(Certainty::Certain);
        }
        // Two people of one name who write from two addresses are two people: without this, every receipt of a common
        // name would be incomplete.
        let name_only = self.agreeing.iter().all(|kind| *kind == Kind::Name);
        let nothing = self.agreeing.is_empty() || (name_only && !self.contradicting.is_empty());
        (!nothing).then_some(Certainty::Possible)
    }

    pub(crate) fn contradicts(&self) -> bool {
        !self.contradicting.is_empty()
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |kinds: &BTreeSet<Kind>| kinds.iter().map(Kind::as_str).collect::<Vec<_>>().join(", ");
        match (self.agreeing.is_empty(), self.contradicting.is_empty()) {
            (true, true) => f.write_str("nothing to compare"),
            (false, true) => write!(f, "{} agree", list(&self.agreeing)),
            (true, false) => write!(f, "{} differ", list(&self.contradicting)),
            (false, false) => write!(f, "{} agree, {} differ", list(&self.agreeing), list(&self.contradicting)),
        }
    }
}

/// The values of one kind.
#[derive(Default)]
struct Values {
    all: BTreeSet<Fingerprint>,
    /// Versions of the normal forms of values that count as the person's own.
    own_versions: BTreeSet<u16>,
}

impl Values {
    /// Values in normal forms of different versions cannot be told apart, so they contradict nothing.
    fn can_contradict(&self, other: &Self) -> bool {
        self.own_versions.intersection(&other.own_versions).next().is_some()
    }
}

fn by_kind(fingerprints: &[Fingerprinted]) -> BTreeMap<&Kind, Values> {
    let mut kinds: BTreeMap<&Kind, Values> = BTreeMap::new();
    for one in fingerprints {
        let values = kinds.entry(&one.kind).or_default();
        values.all.insert(one.fingerprint);
        if !one.supplementary {
            values.own_versions.insert(one.version);
        }
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn default_sets() -> Vec<BTreeSet<Kind>> {
        vec![[Kind::Name, Kind::Email, Kind::Phone].into()]
    }

    /// Values as `name=ann`; a `~` before the kind marks a supplementary one, `@2` after the value another version.
    fn values(texts: &[&str]) -> Vec<Fingerprinted> {
        let one = |text: &&str| {
            let (kind, value) = text.split_once('=').expect("kind=value");
            let supplementary = kind.starts_with('~');
            let (value, version) = value.split_once('@').map_or((value, 1), |(v, n)| (v, n.parse().expect("a number")));
            let mut bytes = [version as u8; 32];
            bytes[..value.len()].copy_from_slice(value.as_bytes());
            let kind = kind.trim_start_matches('~').parse().expect("a kind");
            Fingerprinted { kind, fingerprint: Fingerprint(bytes), version, supplementary }
        };
        texts.iter().map(one).collect()
    }

    #[track_caller]
    fn check(person: &[&str], session: &[&str], expected: Option<Certainty>) {
        let comparison = Comparison::of(&values(person), &values(session));
        assert_eq!(comparison.judge(&default_sets()), expected, "{comparison}");
    }

    const ANN: [&str; 3] = ["name=ann", "email=ann", "phone=1"];
    const CERTAIN: Option<Certainty> = Some(Certainty::Certain);
    const POSSIBLE: Option<Certainty> = Some(Certainty::Possible);

    #[test]
    fn a_session_is_certain_when_a_whole_set_agrees_and_nothing_contradicts() {
        check(&ANN, &ANN, CERTAIN);
        check(&ANN, &["name=ann", "email=ann", "phone=1", "phone=2"], CERTAIN);
        check(&ANN, &["name=ann", "email=ann"], POSSIBLE);
        check(&["email=ann"], &ANN, POSSIBLE);
        check(&[ANN.as_slice(), &["customer=7"]].concat(), &[ANN.as_slice(), &["customer=8"]].concat(), POSSIBLE);
    }

    #[test]
    fn who_shares_a_phone_is_possible_at_most() {
        check(&ANN, &["name=bob", "email=bob", "phone=1"], POSSIBLE);
        check(&ANN, &["phone=1"], POSSIBLE);
        check(&ANN, &["name=bob", "email=bob", "phone=2"], None);
    }

    #[test]
    fn two_people_of_one_name_are_two_people() {
        check(&ANN, &["name=ann", "email=other", "phone=2"], None);
        check(&ANN, &["name=ann"], POSSIBLE);
        check(&["name=ann"], &ANN, POSSIBLE);
    }

    #[test]
    fn a_number_to_call_back_agrees_and_never_contradicts() {
        check(&ANN, &["name=ann", "email=ann", "~phone=1"], CERTAIN);
        check(&ANN, &["name=ann", "email=ann", "phone=1", "~phone=9"], CERTAIN);
        check(&ANN, &["name=ann", "email=ann", "~phone=9"], POSSIBLE);
        assert!(!Comparison::of(&values(&ANN), &values(&["~phone=9"])).contradicts());
    }

    #[test]
    fn values_of_different_versions_contradict_nothing() {
        check(&ANN, &["name=ann", "email=ann@2", "phone=1"], POSSIBLE);
        assert!(!Comparison::of(&values(&ANN), &values(&["email=ann@2"])).contradicts());
    }

    #[test]
    fn sets_of_the_configuration_decide() {
        let comparison = Comparison::of(&values(&["email=ann"]), &values(&ANN));
        assert_eq!(comparison.judge(&[[Kind::Email].into()]), CERTAIN);
        assert_eq!(comparison.judge(&[]), POSSIBLE);
        assert_eq!(Comparison::default().judge(&[BTreeSet::new()]), None);
    }
}
