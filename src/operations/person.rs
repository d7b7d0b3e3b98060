//! A person as they are named: identifiers that were given, made comparable. The same for a person who is to be erased and
//! one who is searched for.

use std::collections::{BTreeMap, BTreeSet};

use quietus_plugin::identity::Region;

use super::error::InputError;
use super::{OperationError, Operations};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::keys::{Fingerprint, Secret};
use crate::subject::{Fingerprinted, Fingerprinter, Identifier, Identifiers, InstallationName, Kind};

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

/// Writes down that somebody looks for a person's `records`, in one company or in all. To be called before it is answered what was found,
/// or that nothing was. By which identifiers is kept nowhere.
pub(super) async fn note_search(
    on: &Operations,
    records: &'static str,
    installation: Option<&InstallationName>,
    given: &GivenIdentifiers,
    found: usize,
    by: &Actor,
) -> Result<(), OperationError> {
    let object = match installation {
        Some(name) => Object::company(&on.installation(name)?.name),
        None => Object::companies(),
    };
    let entry = AuditEntry::new(by, Act::FindPerson, object, ActResult::Done);
    let entry = entry.with_word("records", records).with("found", found as u64).with_word("kinds", kinds(given));
    Ok(on.ledger.note(entry).await?)
}

/// The kinds that are given, each once. A tenant's own may be any word that somebody has typed.
fn kinds(given: &GivenIdentifiers) -> String {
    let word = |kind: &Kind| match kind {
        Kind::Email => "email",
        Kind::Phone => "phone",
        Kind::Name => "name",
        Kind::GuestId => "guest_id",
        Kind::SessionId => "session_id",
        Kind::Other(_) => "other",
    };
    let words: BTreeSet<&str> = given.iter().map(|(kind, _)| word(kind)).collect();
    words.into_iter().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_told_by_its_kinds_and_never_by_a_word_that_somebody_typed() {
        let own = Kind::Other("jana_novakova".to_owned());
        let given = [Kind::Name, Kind::Email, own, Kind::Email].map(|kind| (kind, Secret::new("x")));
        assert_eq!(kinds(&given.into()), "email name other");
    }
}
