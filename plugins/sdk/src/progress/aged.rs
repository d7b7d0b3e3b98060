//! A set of marks that knows which of them came first.

use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
pub(super) struct Aged {
    /// By mark, when it came.
    marks: BTreeMap<u64, u64>,
    next: u64,
}

impl Aged {
    /// Says whether it is new; one that is known does not become younger.
    pub(super) fn insert(&mut self, mark: u64) -> bool {
        let is_new = !self.marks.contains_key(&mark);
        if is_new {
            self.marks.insert(mark, self.next);
            self.next += 1;
        }
        is_new
    }

    /// Says whether it was there.
    pub(super) fn remove(&mut self, mark: u64) -> bool {
        self.marks.remove(&mark).is_some()
    }

    pub(super) fn contains(&self, mark: u64) -> bool {
        self.marks.contains_key(&mark)
    }

    pub(super) fn len(&self) -> usize {
        self.marks.len()
    }

    /// The oldest first.
    pub(super) fn in_order(&self) -> Vec<u64> {
        let mut marks: Vec<_> = self.marks.iter().map(|(mark, came)| (*came, *mark)).collect();
        marks.sort_unstable();
        marks.into_iter().map(|(_, mark)| mark).collect()
    }

    /// Forgets so many of the oldest; says how many there were.
    pub(super) fn forget(&mut self, how_many: usize) -> usize {
        let oldest = self.in_order();
        let oldest = &oldest[..how_many.min(oldest.len())];
        for mark in oldest {
            self.marks.remove(mark);
        }
        oldest.len()
    }
}
