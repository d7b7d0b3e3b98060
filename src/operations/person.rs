//! A person as they are named: identifiers that were given, made comparable. The same for a person who is to be erased and
//! one who is searched for.

use std::collections::{BTreeMap, BTreeSet};

use quietus_plugin::identity::Region;

use super::error::InputError;
use crate::keys::{Fingerprint, Secret};
use crate::ledger::LedgerError;
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
    /// What carries an identifier of each kind that is given: values of one kind are alternatives. Without an identifier nobody is
    /// meant, and never everybody.
    pub(super) async fn found_by_all<T, K: Ord>(
        &self,
        find: impl AsyncFn(&[Fingerprint]) -> Result<Vec<T>, LedgerError>,
        key: impl Fn(&T) -> K,
    ) -> Result<Vec<T>, LedgerError> {
        let mut wanted: BTreeMap<&Kind, Vec<Fingerprint>> = BTreeMap::new();
        for one in &self.fingerprints {
            wanted.entry(&one.kind).or_default().push(one.fingerprint);
        }
        let mut agreeing: Option<Vec<T>> = None;
        for fingerprints in wanted.values() {
            let mut with = find(fingerprints).await?;
            if let Some(before) = agreeing {
                let known: BTreeSet<K> = before.iter().map(&key).collect();
                with.retain(|one| known.contains(&key(one)));
            }
            agreeing = Some(with);
        }
        Ok(agreeing.unwrap_or_default())
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
