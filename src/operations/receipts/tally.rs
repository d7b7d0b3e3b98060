//! How many receipts there are of each verdict.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::erasure::Verdict;

/// Receipts by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    complete: u64,
    retained: u64,
    incomplete: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, verdict: Verdict, receipts: u64) {
        *self.of(verdict) += receipts;
    }

    fn of(&mut self, verdict: Verdict) -> &mut u64 {
        match verdict {
            Verdict::Complete => &mut self.complete,
            Verdict::Retained => &mut self.retained,
            Verdict::Incomplete => &mut self.incomplete,
        }
    }
}

/// Such as `2 complete, 0 retained, 1 incomplete`.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} complete, {} retained, {} incomplete", self.complete, self.retained, self.incomplete)
    }
}
