//! What is remembered of erasures that were begun, so that one that is tried again tells what it erased in all. Keys and
//! numbers only; lost with the process, after which a receipt may count less than was erased, never more.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use quietus_plugin::http::Request;
use serde_json::Value;

/// Erasures that are remembered; the oldest is forgotten for a new one.
pub(crate) const ERASURES_MAX: usize = 1024;

/// Begun erasures by idempotency key, the latest last.
#[derive(Default)]
pub(crate) struct Memory {
    begun: Mutex<VecDeque<(String, Progress)>>,
    hasher: RandomState,
}

/// What one erasure has come to: its writes, by what they count as.
#[derive(Clone, Default)]
pub(crate) struct Progress(BTreeMap<String, Writes>);

/// Marks of writes.
#[derive(Clone, Default)]
struct Writes {
    done: BTreeSet<u64>,
    /// The system was asked, and did not say whether it did.
    unsure: BTreeSet<u64>,
}

impl Memory {
    pub(crate) fn recall(&self, key: &str) -> Progress {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.iter().find(|(known, _)| known == key).map(|(_, progress)| progress.clone()).unwrap_or_default()
    }

    pub(crate) fn keep(&self, key: &str, progress: Progress) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.retain(|(known, _)| known != key);
        if progress.0.is_empty() {
            return;
        }
        if begun.len() >= ERASURES_MAX {
            begun.pop_front();
        }
        begun.push_back((key.to_owned(), progress));
    }

    /// Numbers that stand for what a request erases, in this process only: one for each item that it carries in a list,
    /// so that a list that is shorter the next time counts no item twice; otherwise one for the request.
    pub(crate) fn marks(&self, request: &Request, list: Option<&[Value]>) -> Vec<u64> {
        let (method, target, body) = (request.method(), request.target(), request.body());
        match list {
            Some(items) => items.iter().map(|item| self.hasher.hash_one((method, &target, item.to_string()))).collect(),
            None => vec![self.hasher.hash_one((method, &target, body))],
        }
    }
}

impl Progress {
    /// It was done; doing it again does not count again.
    pub(crate) fn done(&mut self, count: &str, marks: &[u64]) {
        let writes = self.0.entry(count.to_owned()).or_default();
        for mark in marks {
            writes.unsure.remove(mark);
            writes.done.insert(*mark);
        }
    }

    /// It may have been done.
    pub(crate) fn unsure(&mut self, count: &str, marks: &[u64]) {
        let writes = self.0.entry(count.to_owned()).or_default();
        writes.unsure.extend(marks.iter().filter(|mark| !writes.done.contains(mark)));
    }

    /// It was not done, neither now nor before.
    pub(crate) fn refused(&mut self, count: &str, marks: &[u64]) {
        if let Some(writes) = self.0.get_mut(count) {
            writes.unsure.retain(|mark| !marks.contains(mark));
        }
    }

    /// All steps are through: what was unsure and was not met again was done.
    pub(crate) fn settle(&mut self) {
        for writes in self.0.values_mut() {
            writes.done.append(&mut writes.unsure);
        }
    }

    /// What was done.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let done = self.0.iter().filter(|(_, writes)| !writes.done.is_empty());
        done.map(|(count, writes)| (count.clone(), writes.done.len() as u64)).collect()
    }
}
