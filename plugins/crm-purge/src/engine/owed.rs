//! What is still to be erased after a record that is gone, and by which it cannot be found any more: kept in memory until
//! it is done, for an attempt that was cut off in between.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use quietus_plugin::Memory;

use super::search::Record;

/// By idempotency key, the latest last.
#[derive(Default)]
pub(super) struct Owed(Mutex<VecDeque<(String, Vec<Record>)>>);

impl Owed {
    pub(super) fn of(&self, key: &str) -> Vec<Record> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|(known, _)| known == key).map(|(_, records)| records.clone()).unwrap_or_default()
    }

    /// Replaces what is owed; nothing is owed when there are none.
    pub(super) fn set(&self, key: &str, records: Vec<Record>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(known, _)| known != key);
        if records.is_empty() {
            return;
        }
        if all.len() >= Memory::ERASURES_MAX {
            all.pop_front();
        }
        all.push_back((key.to_owned(), records));
    }
}
