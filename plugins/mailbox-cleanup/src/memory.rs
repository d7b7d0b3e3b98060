//! What is remembered of erasures that were begun, so that one that is tried again tells what it erased in all, and does
//! not look again where it was through. Keys and numbers only; lost with the process, after which a receipt may count
//! less than was erased, never more.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

/// Erasures that are remembered; the oldest is forgotten for a new one.
const ERASURES_MAX: usize = 1024;

/// Begun erasures by idempotency key, the latest last.
#[derive(Default)]
pub(crate) struct Memory {
    begun: Mutex<VecDeque<(String, Progress)>>,
    hasher: RandomState,
}

/// What one erasure has come to in all accounts.
#[derive(Clone, Default)]
pub(crate) struct Progress {
    done: BTreeSet<u64>,
    /// The system was asked, and did not say whether it did.
    unsure: BTreeSet<u64>,
    /// How far a place was looked through, such as a folder up to a number.
    through: BTreeMap<u64, u64>,
}

impl Memory {
    pub(crate) fn recall(&self, key: &str) -> Progress {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.iter().find(|(known, _)| known == key).map(|(_, progress)| progress.clone()).unwrap_or_default()
    }

    pub(crate) fn keep(&self, key: &str, progress: Progress) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.retain(|(known, _)| known != key);
        if progress.is_empty() {
            return;
        }
        if begun.len() >= ERASURES_MAX {
            begun.pop_front();
        }
        begun.push_back((key.to_owned(), progress));
    }

    /// A number that stands for a message or a place, in this process only.
    pub(crate) fn mark(&self, what: impl Hash) -> u64 {
        self.hasher.hash_one(what)
    }
}

impl Progress {
    /// These were erased; doing it again does not count again.
    pub(crate) fn done(&mut self, marks: &[u64]) {
        for mark in marks {
            self.unsure.remove(mark);
            self.done.insert(*mark);
        }
    }

    /// These may have been erased.
    pub(crate) fn unsure(&mut self, marks: &[u64]) {
        self.unsure.extend(marks.iter().filter(|mark| !self.done.contains(mark)));
    }

    /// These were not erased, neither now nor before.
    pub(crate) fn refused(&mut self, marks: &[u64]) {
        self.unsure.retain(|mark| !marks.contains(mark));
    }

    /// Everything was looked through: what was unsure and was not met again was erased. The next attempt, which comes only
    /// when the answer was lost, looks at everything again.
    pub(crate) fn settle(&mut self) {
        self.done.append(&mut self.unsure);
        self.through.clear();
    }

    /// What was erased.
    pub(crate) fn count(&self) -> u64 {
        self.done.len() as u64
    }

    /// Whether anything was or may have been erased.
    pub(crate) fn is_begun(&self) -> bool {
        !self.done.is_empty() || !self.unsure.is_empty()
    }

    /// How far an earlier attempt was through with a place.
    pub(crate) fn through(&self, place: u64) -> Option<u64> {
        self.through.get(&place).copied()
    }

    /// A place needs no second look up to there.
    pub(crate) fn set_through(&mut self, place: u64, up_to: u64) {
        self.through.insert(place, up_to);
    }

    fn is_empty(&self) -> bool {
        self.done.is_empty() && self.unsure.is_empty() && self.through.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_unsure_counts_when_it_is_not_met_again() {
        let mut progress = Progress::default();
        progress.done(&[1]);
        progress.unsure(&[1, 2, 3]);
        progress.refused(&[3]);
        assert_eq!(progress.count(), 1);
        progress.settle();
        assert_eq!(progress.count(), 2);
    }

    #[test]
    fn the_memory_is_bounded_and_forgets_the_oldest() {
        let memory = Memory::default();
        for n in 0..=ERASURES_MAX {
            let mut progress = Progress::default();
            progress.done(&[memory.mark(n)]);
            memory.keep(&n.to_string(), progress);
        }
        let count = |n: usize| memory.recall(&n.to_string()).count();
        assert_eq!([count(0), count(1), count(ERASURES_MAX)], [0, 1, 1]);
    }
}
