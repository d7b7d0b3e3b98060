//! What is remembered of erasures, so that one that is asked for again tells what it erased in all, also when nobody heard
//! whether it was committed. Keys and numbers only; lost with the process, after which a receipt may count less than was
//! erased, never more. (The SDK's `Memory` counts items that a system names; rows have no name here, and a transaction is
//! done as a whole or not at all.)

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Erasures that are remembered; the oldest is forgotten for a new one.
pub(crate) const ERASURES_MAX: usize = 1024;

/// Rows by what they are.
pub(crate) type Counts = BTreeMap<String, u64>;

/// Begun erasures by idempotency key, the latest last.
#[derive(Default)]
pub(crate) struct Memory(Mutex<VecDeque<(String, Past)>>);

/// What one erasure has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Past {
    /// Committed for certain.
    pub(crate) done: Counts,
    /// The commit whose answer was not heard.
    pub(crate) unsure: Option<Commit>,
}

/// A transaction that was to be committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) counts: Counts,
    /// Its name at the server, where it has one.
    pub(crate) transaction: Option<String>,
}

impl Memory {
    pub(crate) fn recall(&self, key: &str) -> Past {
        self.all().iter().find(|(known, _)| known == key).map(|(_, past)| past.clone()).unwrap_or_default()
    }

    pub(crate) fn keep(&self, key: &str, past: &Past) {
        let mut all = self.all();
        all.retain(|(known, _)| known != key);
        if *past == Past::default() {
            return;
        }
        if all.len() >= ERASURES_MAX {
            all.pop_front();
        }
        all.push_back((key.to_owned(), past.clone()));
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<(String, Past)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Past {
    /// The unheard commit happened.
    pub(crate) fn it_was_committed(&mut self) {
        for (what, rows) in self.unsure.take().into_iter().flat_map(|commit| commit.counts) {
            *self.done.entry(what).or_default() += rows;
        }
    }

    /// It did not.
    pub(crate) fn it_was_rolled_back(&mut self) {
        self.unsure = None;
    }

    /// Where the server cannot say: rows that were to go and are not there now have gone, and with them the others of the
    /// same transaction.
    pub(crate) fn guess(&mut self, there: &Counts) {
        let Some(commit) = &self.unsure else { return };
        let is_gone = |(what, rows): (&String, &u64)| there.get(what).copied().unwrap_or_default() < *rows;
        match commit.counts.iter().any(is_gone) {
            true => self.it_was_committed(),
            false => self.it_was_rolled_back(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(orders: u64, notes: u64) -> Counts {
        [("orders".to_owned(), orders), ("notes".to_owned(), notes)].into()
    }

    fn unsure() -> Past {
        Past { done: counts(1, 0), unsure: Some(Commit { counts: counts(3, 2), transaction: None }) }
    }

    #[track_caller]
    fn guessed(there: &Counts, done: &Counts) {
        let mut past = unsure();
        past.guess(there);
        assert_eq!(past, Past { done: done.clone(), unsure: None });
    }

    #[test]
    fn what_has_gone_was_committed() {
        guessed(&Counts::new(), &counts(4, 2));
        guessed(&counts(3, 1), &counts(4, 2));
        guessed(&counts(3, 2), &counts(1, 0));
        guessed(&counts(5, 2), &counts(1, 0));
    }

    #[test]
    fn an_erasure_is_remembered_until_many_others_came() {
        let memory = Memory::default();
        for n in 0..=ERASURES_MAX {
            memory.keep(&n.to_string(), &unsure());
        }
        assert_eq!(memory.recall("0"), Past::default());
        assert_eq!(memory.recall("1"), unsure());
        memory.keep("1", &Past::default());
        assert_eq!(memory.recall("1"), Past::default());
    }
}
