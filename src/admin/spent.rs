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
    /// Whether it is used for the first time, as of now.
    pub(super) fn spend(&self, sealed: &str, until: Timestamp, now: Timestamp) -> bool {
        let mut all = lock(&self.0);
        all.retain(|_, until| *until >= now);
        all.len() < SPENT_MAX && all.insert(Sha256::digest(sealed).into(), until).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_once_is_not_used_again() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let spent = Spent::default();
        assert!(spent.spend("a", at(20), at(10)) && spent.spend("b", at(20), at(10)));
        assert!(!spent.spend("a", at(20), at(11)) && !spent.spend("a", at(20), at(20)));
        // What is good no more is refused by that, and need not be remembered.
        assert!(spent.spend("c", at(90), at(21)));
        assert_eq!(lock(&spent.0).len(), 1);
    }
}
