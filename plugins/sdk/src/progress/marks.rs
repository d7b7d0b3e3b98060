//! The state of things that count under one name, by their marks.

use std::collections::BTreeSet;

use super::aged::Aged;

#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    pub(super) done: Aged,
    /// The system was asked or was about to be, and nobody knows whether it did.
    pub(super) unsure: Aged,
    /// How many more were done, whose marks are forgotten.
    pub(super) more: u64,
    /// What became unsure by this call's word that it is about to be done, and was not begun yet. Not stored: when this process
    /// ends, nobody knows any more.
    announced: BTreeSet<u64>,
}

impl Marks {
    pub(super) fn count(&self) -> u64 {
        self.more + self.done.len() as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count() == 0 && self.unsure.len() == 0
    }

    pub(super) fn announce(&mut self, mark: u64) {
        // Only what becomes unsure by this: what an earlier call left unsure stays so, also when this one has not
        // begun.
        if !self.done.contains(mark) && self.unsure.insert(mark) {
            self.announced.insert(mark);
        }
    }

    pub(super) fn done(&mut self, mark: u64) {
        self.refused(mark);
        self.done.insert(mark);
    }

    pub(super) fn unsure(&mut self, mark: u64) {
        self.announced.remove(&mark);
        if !self.done.contains(mark) {
            self.unsure.insert(mark);
        }
    }

    pub(super) fn not_begun(&mut self, mark: u64) {
        if self.announced.remove(&mark) {
            self.unsure.remove(mark);
        }
    }

    pub(super) fn nothing_begun(&mut self) {
        for mark in std::mem::take(&mut self.announced) {
            self.unsure.remove(mark);
        }
    }

    pub(super) fn refused(&mut self, mark: u64) {
        self.announced.remove(&mark);
        self.unsure.remove(mark);
    }

    pub(super) fn undone(&mut self, mark: u64) {
        self.announced.remove(&mark);
        let was_unsure = self.unsure.remove(mark);
        if !self.done.remove(mark) && !was_unsure {
            // Then it is one of those whose marks are forgotten, or was never done.
            self.more = self.more.saturating_sub(1);
        }
    }

    pub(super) fn settle(&mut self) {
        self.announced.clear();
        for mark in std::mem::take(&mut self.unsure).in_order() {
            self.done.insert(mark);
        }
    }

    /// The oldest that are done become a mere number; says how many could.
    pub(super) fn count_only(&mut self, how_many: usize) -> usize {
        let forgotten = self.done.forget(how_many);
        self.more += forgotten as u64;
        forgotten
    }
}
