//! What an erasure has come to, stored by the host, so that one that is asked for again tells what it erased in all, also when
//! nobody heard whether it was committed. Names of what is counted, numbers, and the name of a transaction. (The SDK's marks
//! count items that a system names; rows have no name here, and a transaction is done as a whole or not at all.)

use std::collections::BTreeMap;

use quietus_plugin::Own;
use serde::{Deserialize, Serialize};

/// Rows by what they are.
pub(crate) type Counts = BTreeMap<String, u64>;

/// What one erasure has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Past {
    /// Committed for certain.
    pub(crate) done: Counts,
    /// The commit whose answer was not heard.
    pub(crate) unsure: Option<Commit>,
}

/// A transaction that was to be committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Commit {
    pub(crate) counts: Counts,
    /// Its name at the server, where it has one.
    pub(crate) transaction: Option<String>,
}

impl Own for Past {
    /// All of it: nothing else tells of it.
    fn to_bytes(&self, _: usize) -> Vec<u8> {
        match *self == Self::default() {
            true => Vec::new(),
            false => serde_json::to_vec(self).unwrap_or_default(),
        }
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        serde_json::from_slice(bytes).ok()
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

    /// Where the server cannot say: a transaction is done as a whole, so it was done where some of all that was to go is not
    /// there now. Where all of one kind is still there, somebody else has taken the rest.
    pub(crate) fn guess(&mut self, there: &Counts) {
        let Some(commit) = &self.unsure else { return };
        let is_gone = |(what, rows): (&String, &u64)| there.get(what).copied().unwrap_or_default() < *rows;
        let mut counted = commit.counts.iter().filter(|(_, rows)| **rows > 0).peekable();
        match counted.peek().is_some() && counted.all(is_gone) {
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
        guessed(&counts(2, 1), &counts(4, 2));
        guessed(&counts(3, 1), &counts(1, 0));
        guessed(&counts(0, 2), &counts(1, 0));
        guessed(&counts(3, 2), &counts(1, 0));
        guessed(&counts(5, 2), &counts(1, 0));
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let named = Commit { counts: counts(3, 2), transaction: Some("771".into()) };
        for past in [Past::default(), unsure(), Past { done: Counts::new(), unsure: Some(named) }] {
            assert_eq!(Past::of_bytes(&past.to_bytes(0)), Some(past));
        }
        assert_eq!((Past::of_bytes(b"{"), Past::of_bytes(b"[7]")), (None, None));
    }
}
