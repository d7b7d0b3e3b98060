//! A person as they are named: identifiers that were given, made comparable. The same for a person who is to be erased and
//! one who is searched for.

use std::collections::{BTreeMap, BTreeSet};

use quietus_plugin::identity::Region;

use super::error::InputError;
use crate::keys::{Fingerprint, Secret};
use crate::subject::{Fingerprinted, Fingerprinter, Identifier, Identifiers, Kind};

/// Identifiers as they were given. Values of one kind are alternatives.
pub(crate) type GivenIdentifiers = Vec<(Kind, Secret)>;

/// A person by identifiers. Holds personal data in memory.
pub(super) struct NamedPerson {
    pub(super) identifiers: Identifiers,
    /// One or more of each identifier.
    pub(super) fingerprints: Vec<Fingerprinted>,
}

impl NamedPerson {
    /// The fingerprints of each kind that is given. What is found of the person carries one of each of them ([`of_all`]).
    pub(super) fn of_each_kind(&self) -> Vec<Vec<Fingerprint>> {
        let mut wanted: BTreeMap<&Kind, Vec<Fingerprint>> = BTreeMap::new();
        for one in &self.fingerprints {
            wanted.entry(&one.kind).or_default().push(one.fingerprint);
        }
        wanted.into_values().collect()
    }

    /// Refuses a value by which nobody can be found: leaving it out would make the others mean somebody else.
    pub(super) fn read(
        given: &GivenIdentifiers,
        fingerprinter: &Fingerprinter,
        region: Option<Region>,
    ) -> Result<Self, InputError> {
        let mut identifiers = Identifiers::default();
        for (kind, value) in given {
            let identifier = Identifier::new(kind.clone(), value.expose());
            let comparable = identifier.filter(|identifier| !fingerprinter.of(identifier).is_empty());
            let not_comparable = || match kind {
                Kind::Phone if region.is_none() => InputError::RegionNeeded,
                _ => InputError::NotComparable(kind.clone()),
            };
            identifiers.0.insert(comparable.ok_or_else(not_comparable)?);
        }
        let fingerprints = fingerprinter.of_all(&identifiers);
        Ok(Self { identifiers, fingerprints })
    }
}

/// Of what was found by each kind, what was found by all of them: values of one kind are alternatives. Without an identifier nobody is
/// meant, and never everybody.
pub(super) fn of_all<T, K: Ord>(found: Vec<Vec<T>>, key: impl Fn(&T) -> K) -> Vec<T> {
    let both = |before: Vec<T>, mut with: Vec<T>| {
        let known: BTreeSet<K> = before.iter().map(&key).collect();
        with.retain(|one| known.contains(&key(one)));
        with
    };
    found.into_iter().reduce(both).unwrap_or_default()
}
