//! How far a sweep has come: what is sealed in the ledger, so that whoever goes on after a kill asks for no page twice, and for no person.

use std::collections::BTreeSet;

use quietus_plugin::ResumeValue;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::ErasedAgain;
use super::persons::{Found, Persons};
use crate::erasure::ErasureId;
use crate::subject::{Identifier, Identifiers, Kind};

/// How far a sweep has come. Holds personal data: it is written sealed only.
#[derive(Serialize, Deserialize)]
pub(super) struct Progress {
    /// Where the next page begins; none after the last one. It may be a value of somebody's.
    cursor: Option<ResumeValue>,
    records: u64,
    told: BTreeSet<Kind>,
    not_looked_at: Vec<String>,
    found: Vec<FoundSoFar>,
}

#[derive(Serialize, Deserialize)]
struct FoundSoFar {
    erasure: ErasureId,
    found: Found,
    identifiers: Vec<(Kind, Zeroizing<String>)>,
}

impl Progress {
    pub(super) fn of(cursor: Option<&ResumeValue>, persons: &Persons<'_>, done: &ErasedAgain) -> Self {
        let found = persons.so_far().map(|person| FoundSoFar {
            erasure: person.erasure,
            found: person.found,
            identifiers: person
                .identifiers
                .0
                .iter()
                .map(|one| (one.kind.clone(), Zeroizing::new(one.value.expose().to_owned())))
                .collect(),
        });
        Self {
            cursor: cursor.cloned(),
            records: done.records,
            told: done.told.clone(),
            not_looked_at: done.not_looked_at.clone(),
            found: found.collect(),
        }
    }

    /// Goes on from there. Returns where the next page begins; `None` where there is none.
    pub(super) fn resume(self, persons: &mut Persons<'_>, done: &mut ErasedAgain) -> Option<ResumeValue> {
        let so_far = self.found.into_iter().map(|one| {
            let identifiers = one.identifiers.into_iter();
            let identifiers = identifiers.filter_map(|(kind, value)| Identifier::new(kind, &value)).collect();
            (one.erasure, (one.found, Identifiers(identifiers)))
        });
        persons.resume(so_far.collect());
        (done.records, done.told, done.not_looked_at) = (self.records, self.told, self.not_looked_at);
        self.cursor
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(serde_json::to_vec(self).expect("it has no map with keys that are no text"))
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
