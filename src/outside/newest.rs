//! The newest receipt that this process has seen. A chain can go back under a running server: a database fails over to one
//! that was behind, or is restored. The numbers that are missing then must not be given out a second time, and what is
//! remembered must not go back with it.

use std::sync::Mutex;

use crate::lock::lock;
use crate::receipt::ReceiptHead;

/// The newest receipt that this process has seen.
#[derive(Debug, Default)]
pub(crate) struct Newest(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    head: Option<ReceiptHead>,
    went_back: bool,
}

/// Where a chain ends, beside where it ended before.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    AsItShould,
    /// It did not the last time.
    AsItShouldAgain,
    /// Nothing may be appended there, for this reason.
    Earlier(String),
}

impl Newest {
    /// Compares where the chain ends with where it ended before.
    pub(crate) fn compare(&self, end: Option<&ReceiptHead>) -> Ends {
        let mut seen = lock(&self.0);
        let there = number(end);
        let before = number(seen.head.as_ref());
        let is_another = there == before && end != seen.head.as_ref();
        let went_back = std::mem::replace(&mut seen.went_back, there < before || is_another);
        if there < before {
            return Ends::Earlier(format!("its newest receipt is {there}, and {before} was seen"));
        }
        if is_another {
            return Ends::Earlier(format!("its receipt {there} is another one than was seen"));
        }
        seen.head = end.cloned();
        if went_back { Ends::AsItShouldAgain } else { Ends::AsItShould }
    }

    /// Notes what was appended, or is known from elsewhere.
    pub(crate) fn saw(&self, head: Option<&ReceiptHead>) {
        let mut seen = lock(&self.0);
        if number(head) > number(seen.head.as_ref()) {
            seen.head = head.cloned();
        }
    }

    /// The newest receipt of both: where the chain ends, and what was seen of it.
    pub(super) fn or(&self, end: Option<ReceiptHead>) -> Option<ReceiptHead> {
        let seen = lock(&self.0).head.clone();
        if number(seen.as_ref()) > number(end.as_ref()) { seen } else { end }
    }
}

fn number(head: Option<&ReceiptHead>) -> u64 {
    head.map_or(0, |head| head.sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_that_ends_before_what_was_seen_went_back() {
        let newest = Newest::default();
        let head = |sequence| ReceiptHead { sequence, hash: String::new() };
        let at = |sequence| newest.compare(Some(&head(sequence)));
        assert_eq!((newest.compare(None), at(3), at(3)), (Ends::AsItShould, Ends::AsItShould, Ends::AsItShould));
        newest.saw(Some(&head(5)));
        assert_eq!(at(4), Ends::Earlier("its newest receipt is 4, and 5 was seen".into()));
        assert!(matches!(newest.compare(None), Ends::Earlier(_)));
        assert_eq!((newest.or(Some(head(4))), newest.or(Some(head(7)))), (Some(head(5)), Some(head(7))));
        assert_eq!((at(6), at(6)), (Ends::AsItShouldAgain, Ends::AsItShould));
        let other = ReceiptHead { sequence: 6, hash: "another".into() };
        assert_eq!(newest.compare(Some(&other)), Ends::Earlier("its receipt 6 is another one than was seen".into()));
    }
}
