//! A chain that goes back under a running server: a database that fails over to one that was behind, or is restored. The
//! numbers that are missing then must not be given out a second time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::receipt::ReceiptHead;

/// The number of the newest receipt that this process has seen.
#[derive(Debug, Default)]
pub(crate) struct Newest {
    seen: AtomicU64,
    went_back: AtomicBool,
}

/// Where a chain ends, beside where it ended before.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ends {
    AsItShould,
    /// It did not the last time.
    AsItShouldAgain,
    /// Nothing may be appended there, for this reason.
    Earlier(String),
}

impl Newest {
    /// Compares where the chain ends with where it ended before.
    pub(super) fn compare(&self, end: Option<&ReceiptHead>) -> Ends {
        let there = end.map_or(0, |end| end.sequence);
        let seen = self.seen.fetch_max(there, Ordering::Relaxed);
        let went_back = self.went_back.swap(there < seen, Ordering::Relaxed);
        match (there < seen, went_back) {
            (true, _) => Ends::Earlier(format!("its newest receipt is {there}, and {seen} was seen")),
            (false, true) => Ends::AsItShouldAgain,
            (false, false) => Ends::AsItShould,
        }
    }

    /// Notes what was appended.
    pub(super) fn saw(&self, sequence: u64) {
        self.seen.fetch_max(sequence, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_that_ends_before_what_was_seen_went_back() {
        let newest = Newest::default();
        let at = |sequence: u64| newest.compare(Some(&ReceiptHead { sequence, hash: String::new() }));
        assert_eq!((newest.compare(None), at(3), at(3)), (Ends::AsItShould, Ends::AsItShould, Ends::AsItShould));
        newest.saw(5);
        assert_eq!(at(4), Ends::Earlier("its newest receipt is 4, and 5 was seen".into()));
        assert!(matches!(newest.compare(None), Ends::Earlier(_)));
        assert_eq!((at(6), at(6)), (Ends::AsItShouldAgain, Ends::AsItShould));
    }
}
