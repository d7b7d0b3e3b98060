//! What a page has handed out sealed and is good for one order: none is done twice, whoever sends it again.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::lock::lock;

/// So many are remembered until they are good no more anyway; then nothing is taken until some are.
const SPENT_MAX: usize = 10_000;

/// Digests of what was used, each until when it would have been good.
#[derive(Default)]
pub(super) struct Spent(Mutex<BTreeMap<[u8; 32], Timestamp>>);

impl Spent {
    /// Whether what has this number is used for the first time, as of now. It is no text: one order can be written in several ways.
    pub(super) fn spend(&self, number: &[u8], until: Timestamp, now: Timestamp) -> bool {
        let mut all = lock(&self.0);
        all.retain(|_, until| *until >= now);
        all.len() < SPENT_MAX && all.insert(digest(number), until).is_none()
    }

    /// Of what is surely not done: it can be used once more.
    pub(super) fn give_back(&self, number: &[u8]) {
        lock(&self.0).remove(&digest(number));
    }
}

fn digest(number: &[u8]) -> [u8; 32] {
    Sha256::digest(number).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_once_is_not_used_again() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let spent = Spent::default();
        assert!(spent.spend(b"a", at(20), at(10)) && spent.spend(b"b", at(20), at(10)));
        assert!(!spent.spend(b"a", at(20), at(11)) && !spent.spend(b"a", at(20), at(20)));
        // What is good no more is refused by that, and need not be remembered.
        assert!(spent.spend(b"c", at(90), at(21)));
        assert_eq!(lock(&spent.0).len(), 1);
        spent.give_back(b"c");
        assert!(spent.spend(b"c", at(90), at(21)) && !spent.spend(b"c", at(90), at(21)));
    }
}
