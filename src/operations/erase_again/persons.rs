//! People who were erased, and what a target holds of them again: every record is compared with them by the rule that decides whose a
//! session is (`policy/person`), and by when it was made. In memory only; of a record that is nobody's here, nothing is kept.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::erasure::{ErasureId, Subject};
use crate::keys::Fingerprint;
use crate::ledger::EndedErasure;
use crate::policy::{Certainty, Comparison};
use crate::subject::{Fingerprinted, Fingerprinter, Identifiers, Kind};
use crate::target::HeldRecord;

/// A system that tells whole seconds says up to as much too early when a record was made.
const COARSE: SignedDuration = SignedDuration::from_secs(1);

/// People who were erased at the target, and what was found of them.
pub(super) struct Persons<'a> {
    sets: &'a [BTreeSet<Kind>],
    fingerprinter: &'a Fingerprinter,
    all: Vec<Person>,
    by_print: HashMap<Fingerprint, Vec<usize>>,
}

/// Whether somebody who was erased may be one of those whose fingerprints these are.
pub(super) fn may_be_one_of(ended: &EndedErasure, prints: &HashSet<Fingerprint>) -> bool {
    ended.fingerprints.iter().any(|one| prints.contains(&one.fingerprint))
}

/// One who was erased.
pub(super) struct Person {
    /// The erasure by which.
    pub(super) erasure: ErasureId,
    /// Whatever is newer was not there when their data was to go.
    pub(super) gone_at: Timestamp,
    pub(super) fingerprints: Vec<Fingerprinted>,
    /// What agreed of the records that are to go; never more than the first erasure was about.
    pub(super) identifiers: Identifiers,
    pub(super) found: Found,
    /// The fingerprints are of sessions of several people, so that a record in which some agree can be nobody's.
    is_several: bool,
}

/// Records by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Found {
    /// Certainly theirs, and older than the erasure.
    pub(super) old: u64,
    /// Theirs, certainly or possibly, and not older than it: they came back.
    pub(super) newer: u64,
    /// The same, of which nobody knows whether they are older.
    pub(super) undated: u64,
    /// Only possibly theirs.
    pub(super) possible: u64,
    /// Certainly somebody's who was erased later, and theirs, too, as far as is known: of the later erasure it is told.
    pub(super) later: u64,
}

/// What is to become of one who was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Again,
    Back,
    Undated,
    Possible,
}

/// Whether anything is kept by which whom it was about could be found by the normal forms of this program.
pub(in crate::operations) fn is_comparable(ended: &EndedErasure) -> bool {
    is_found_by(ended, |_| true)
}

/// The same where records have identifiers of some kinds alone.
pub(in crate::operations) fn is_found_by(ended: &EndedErasure, is_told: impl Fn(&Kind) -> bool) -> bool {
    let is_of_now = |one: &Fingerprinted| one.version == quietus_plugin::identity::VERSION;
    ended.erasure.begun.is_some() && ended.fingerprints.iter().any(|one| is_of_now(one) && is_told(&one.kind))
}

impl Found {
    /// `None` where there is nothing.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        // One record that may be new keeps all others: what is erased by is what they have in common.
        match self {
            Self { newer: 1.., .. } => Some(Verdict::Back),
            Self { undated: 1.., .. } => Some(Verdict::Undated),
            Self { old: 1.., .. } => Some(Verdict::Again),
            Self { possible: 1.., .. } => Some(Verdict::Possible),
            _ => None,
        }
    }
}

impl<'a> Persons<'a> {
    pub(super) fn new(sets: &'a [BTreeSet<Kind>], fingerprinter: &'a Fingerprinter) -> Self {
        Self { sets, fingerprinter, all: Vec::new(), by_print: HashMap::new() }
    }

    /// Takes in one who was erased. `false` where nothing is kept by which they could be found by the normal forms of this program.
    pub(super) fn add(&mut self, ended: EndedErasure) -> bool {
        let is_comparable = is_comparable(&ended);
        let EndedErasure { erasure, fingerprints } = ended;
        let Some(gone_at) = erasure.begun.filter(|_| is_comparable) else { return false };
        for one in &fingerprints {
            self.by_print.entry(one.fingerprint).or_default().push(self.all.len());
        }
        let names = fingerprints.iter().filter(|one| one.kind == Kind::Name).count();
        // What a person asked for is one person, whatever they are called.
        let is_several = names > 1 && !matches!(erasure.subject, Subject::Person { .. });
        self.all.push(Person {
            erasure: erasure.id,
            gone_at,
            fingerprints,
            identifiers: Identifiers::default(),
            found: Found::default(),
            is_several,
        });
        true
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Those of whom any record was compared that is theirs, or may be.
    pub(super) fn so_far(&self) -> impl Iterator<Item = &Person> {
        self.all.iter().filter(|person| person.found != Found::default())
    }

    /// What was found by the records that were compared before. Who cannot be found any more is nobody.
    pub(super) fn resume(&mut self, mut so_far: HashMap<ErasureId, (Found, Identifiers)>) {
        for person in &mut self.all {
            if let Some(found) = so_far.remove(&person.erasure) {
                (person.found, person.identifiers) = found;
            }
        }
    }

    /// Nothing was compared yet.
    pub(super) fn begin_anew(&mut self) {
        for person in &mut self.all {
            (person.found, person.identifiers) = Default::default();
        }
    }

    /// Those of whom nothing was found but what counts for a later erasure: nobody can say that they are gone.
    pub(super) fn later(&self) -> BTreeSet<ErasureId> {
        let is_later = |person: &&Person| person.found.later > 0 && person.found.verdict().is_none();
        self.all.iter().filter(is_later).map(|person| person.erasure).collect()
    }

    /// Those of whom anything was found.
    pub(super) fn found(self) -> impl Iterator<Item = (Person, Verdict)> {
        self.all.into_iter().filter_map(|person| person.found.verdict().map(|verdict| (person, verdict)))
    }

    /// Compares a record with all of them.
    pub(super) fn compare(&mut self, record: &HeldRecord) {
        let prints = self.fingerprinter.of_all(&record.identifiers);
        let candidates: BTreeSet<usize> =
            prints.iter().filter_map(|one| self.by_print.get(&one.fingerprint)).flatten().copied().collect();
        let judged = candidates.into_iter().filter_map(|n| Some((n, self.judge(n, &prints)?)));
        let judged: Vec<(usize, Certainty)> = judged.collect();
        // Who was erased twice has come back in between, and what is older than the second erasure has to go.
        let certain = judged.iter().filter(|(_, certainty)| *certainty == Certainty::Certain);
        let last = certain.map(|(n, _)| *n).max_by_key(|n| self.all[*n].gone_at);
        if let Some(n) = last.filter(|n| self.is_old(*n, record)) {
            self.all[n].found.old += 1;
            for (other, _) in judged.iter().filter(|(other, _)| *other != n) {
                self.all[*other].found.later += 1;
            }
            self.keep_agreeing(n, &record.identifiers);
            return;
        }
        for (n, _) in judged {
            let is_old = self.is_old(n, record);
            let found = &mut self.all[n].found;
            match record.newest {
                None => found.undated += 1,
                Some(_) if is_old => found.possible += 1,
                Some(_) => found.newer += 1,
            }
        }
    }

    fn judge(&self, n: usize, prints: &[Fingerprinted]) -> Option<Certainty> {
        let person = &self.all[n];
        let certainty = Comparison::of(&person.fingerprints, prints).judge(self.sets)?;
        Some(if person.is_several { Certainty::Possible } else { certainty })
    }

    fn is_old(&self, n: usize, record: &HeldRecord) -> bool {
        let latest = record.newest.and_then(|at| at.checked_add(COARSE).ok());
        latest.is_some_and(|at| at <= self.all[n].gone_at)
    }

    /// What a record has beside what the first erasure was about may be somebody else's: it is not erased by.
    fn keep_agreeing(&mut self, n: usize, identifiers: &Identifiers) {
        for identifier in &identifiers.0 {
            let prints = self.fingerprinter.of(identifier);
            let person = &mut self.all[n];
            if prints.iter().any(|one| person.fingerprints.iter().any(|known| known.fingerprint == one.fingerprint)) {
                person.identifiers.0.insert(identifier.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests;
