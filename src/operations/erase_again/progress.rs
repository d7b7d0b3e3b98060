//! How far a sweep has come: what is sealed in the ledger, so that whoever goes on after a kill asks for no page twice, and for no person.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::ErasedAgain;
use super::pages::Next;
use super::persons::{Found, Persons};
use crate::erasure::ErasureId;
use crate::subject::{Identifier, Identifiers, Kind};

/// How far a sweep has come. Holds personal data: it is written sealed only.
#[derive(Serialize, Deserialize)]
pub(super) struct Progress {
    /// Where the next page begins; none after the last one. It may be a value of somebody's.
    next: Option<Next>,
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
    pub(super) fn of(next: Option<&Next>, persons: &Persons<'_>, done: &ErasedAgain) -> Self {
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
            next: next.cloned(),
            records: done.records,
            told: done.told.clone(),
            not_looked_at: done.not_looked_at.clone(),
            found: found.collect(),
        }
    }

    /// Goes on from there. Returns where the next page begins; `None` where there is none.
    pub(super) fn resume(self, persons: &mut Persons<'_>, done: &mut ErasedAgain) -> Option<Next> {
        let so_far = self.found.into_iter().map(|one| {
            let identifiers = one.identifiers.into_iter();
            let identifiers = identifiers.filter_map(|(kind, value)| Identifier::new(kind, &value)).collect();
            (one.erasure, (one.found, Identifiers(identifiers)))
        });
        persons.resume(so_far.collect());
        (done.records, done.told, done.not_looked_at) = (self.records, self.told, self.not_looked_at);
        self.next
    }

    /// Of how many people something was found.
    pub(super) fn people(&self) -> usize {
        self.found.len()
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(serde_json::to_vec(self).expect("it has no map with keys that are no text"))
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use quietus_plugin::ResumeValue;

    use super::*;
    use crate::erasure::{Erasure, Subject, sample};
    use crate::keys::{Digest, IndexKey};
    use crate::ledger::EndedErasure;
    use crate::operations::erase_again::persons::Verdict;
    use crate::operations::erase_again::tests::seen;
    use crate::subject::{Fingerprinter, InstallationName};
    use crate::target::HeldRecord;

    fn identifiers(email: &str) -> Identifiers {
        let all = [(Kind::Email, email), (Kind::Name, "Ann")].map(|(kind, value)| Identifier::new(kind, value));
        Identifiers(all.into_iter().flatten().collect())
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn whoever_goes_on_knows_what_was_found_before() {
        let sets: [BTreeSet<Kind>; 1] = [[Kind::Email, Kind::Name].into()];
        let key = IndexKey::new(&Zeroizing::new([7; 32]));
        let installation = InstallationName("acme".into());
        let fingerprinter = Fingerprinter::new(&key, &installation, None);
        let persons = || {
            let mut persons = Persons::new(&sets, &fingerprinter);
            for (byte, email) in [(1, "ann@x.cz"), (2, "bob@x.cz")] {
                let subject = Subject::Person { installation: installation.clone(), digest: Digest([byte; 16]) };
                let (id, begun) = (ErasureId([byte; 16]), Some(at(1_000)));
                let erasure = Erasure { id, subject, begun, ended: Some(at(1_001)), ..sample::session(Vec::new()) };
                assert!(persons.add(EndedErasure { erasure, fingerprints: fingerprinter.of_all(&identifiers(email)) }));
            }
            persons
        };
        let record = || HeldRecord { identifiers: identifiers("ann@x.cz"), newest: Some(at(10)) };
        let mut before = persons();
        before.compare(&record());
        let mut done = seen(Vec::new(), &["a folder"]);
        (done.records, done.told) = (500, [Kind::Email].into());
        let next = Next { cursor: ResumeValue::new(*b"ann@x.cz"), told_by: "0123".to_owned() };
        let bytes = Progress::of(Some(&next), &before, &done).to_bytes();

        let (mut after, mut going) = (persons(), seen(Vec::new(), &[]));
        let read = Progress::from_bytes(&bytes).expect("read").resume(&mut after, &mut going);
        assert_eq!(read, Some(next));
        assert_eq!((going.records, &going.told, &going.not_looked_at), (500, &done.told, &done.not_looked_at));
        // The next page has another record of hers, and each counts once.
        after.compare(&record());
        let found: Vec<_> = after.found().collect();
        let [(person, verdict)] = &found[..] else { panic!("{} were found", found.len()) };
        assert_eq!((person.erasure, *verdict, person.found.old), (ErasureId([1; 16]), Verdict::Again, 2));
        assert_eq!(person.identifiers, identifiers("ann@x.cz"));
        // From the start, there is nothing of anybody.
        let mut anew = persons();
        anew.compare(&record());
        anew.begin_anew();
        assert_eq!((anew.so_far().count(), anew.len()), (0, 2));
    }
}
