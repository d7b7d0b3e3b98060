//! Which sessions are a person's.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::erasure::Subject;
use crate::keys::{Fingerprint, IndexKey};
use crate::subject::{Identifiers, Kind};

/// How a person is recognized.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonSettings {
    /// A session is the person's when all kinds of one of these sets agree. A name alone is shared by many people, so
    /// it counts alone only where a set says so, or where a person asks for it by hand.
    pub(crate) r#match: Vec<BTreeSet<Kind>>,
}

/// One way to recognize the person: all of these fingerprints.
type PersonMatch = Vec<Fingerprint>;

impl PersonSettings {
    /// The ways in which the given identifiers recognize a person; each value of a kind is a way of its own. Empty when
    /// no set is complete: then no other session is the person's.
    pub(crate) fn matches(&self, identifiers: &Identifiers, key: &IndexKey) -> Vec<PersonMatch> {
        let mut prints: BTreeMap<&Kind, Vec<Fingerprint>> = BTreeMap::new();
        for identifier in &identifiers.0 {
            prints.entry(&identifier.kind).or_default().push(identifier.fingerprint(key));
        }
        let name_alone = prints.len() == 1 && prints.contains_key(&Kind::Name);
        let asked = name_alone.then(|| BTreeSet::from([Kind::Name]));
        let ways = self.r#match.iter().chain(&asked).flat_map(|set| {
            set.iter().try_fold(vec![Vec::new()], |ways: Vec<PersonMatch>, kind| {
                let values = prints.get(kind)?;
                let extend = |way: &PersonMatch| {
                    let way = way.clone();
                    values.iter().map(move |print| way.iter().copied().chain([*print]).collect::<PersonMatch>())
                };
                Some(ways.iter().flat_map(extend).collect())
            })
        });
        let unique: BTreeSet<PersonMatch> = ways.flatten().filter(|way| !way.is_empty()).collect();
        unique.into_iter().collect()
    }
}

/// The subject of a person's erasure: two requests with the same identifiers have the same.
pub(crate) fn person_subject(identifiers: &Identifiers, key: &IndexKey) -> Subject {
    let prints: BTreeSet<_> = identifiers.0.iter().map(|identifier| identifier.fingerprint(key)).collect();
    let parts: Vec<&[u8]> = prints.iter().map(|print| print.0.as_slice()).collect();
    Subject::Person { digest: key.seen(&parts) }
}
