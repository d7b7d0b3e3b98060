//! The oldest records of a chain, which may move to an archive file once their time is over.

use jiff::Timestamp;

/// A record of a chain, as far as its age is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AgingRecord {
    pub(crate) sequence: u64,
    /// What its time is counted from: an erasure's end, or an order.
    pub(crate) at: Timestamp,
    /// Why it stays, whatever its age.
    pub(crate) held: Option<Held>,
}

/// Why a record stays in the ledger, whatever its age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// The receipt is incomplete, and no person has acknowledged it.
    Unacknowledged,
    /// Its erasure is not over.
    Open,
}

impl Held {
    /// By what the ledger says of a record; the first that holds is told.
    pub(super) fn by(unacknowledged: bool, open: bool) -> Option<Self> {
        match (unacknowledged, open) {
            (true, _) => Some(Self::Unacknowledged),
            (false, true) => Some(Self::Open),
            (false, false) => None,
        }
    }
}

/// The result of an attempt to take archived records out of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Archived {
    Done,
    /// The oldest records are other ones than the checkpoint names: somebody was faster. Nothing has changed.
    Overtaken,
    /// The clock cannot be right, so that nobody knows how old anything is. Nothing has changed.
    ClockDoubted,
}
