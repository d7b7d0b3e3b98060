//! What metrics show of a ledger. It is read again and again, so from small indexes and the tally only, and of each queue no more
//! is counted than [`COUNTED_MAX`]: a rule that erases after a year makes millions of tasks that wait.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::request::days;
use super::{ProcessView, TargetHealth};
use crate::deadline::Calendar;
use crate::request::RequestState;
use crate::subject::SourceName;

/// No more of one state of a queue, or of late erasures, is counted.
pub(crate) const COUNTED_MAX: i64 = 100_000;

/// A ledger in numbers, at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Gauges {
    /// The ledger's time of the reading.
    pub(crate) now: Timestamp,
    /// Erasures by state.
    pub(crate) erasures: BTreeMap<&'static str, u64>,
    /// Erasures that could have begun longer ago than they may.
    pub(crate) late: u64,
    /// Requests of persons by state.
    pub(crate) requests: BTreeMap<&'static str, u64>,
    /// Those that are not answered in time.
    pub(crate) requests_late: u64,
    /// Since when the oldest duty is open that could have been done.
    pub(crate) oldest_due: Option<Timestamp>,
    /// In the order of the queues that were asked for.
    pub(crate) queues: Vec<QueueGauge>,
    /// Events that were recorded and stand in no queue yet.
    pub(crate) inbox: QueueGauge,
    /// Receipts in the ledger, by verdict.
    pub(crate) verdicts: BTreeMap<&'static str, u64>,
    pub(crate) archived_receipts: u64,
    /// Incomplete receipts that no person has acknowledged.
    pub(crate) incomplete: u64,
    /// The newest receipt's number; 0 before the first.
    pub(crate) head: u64,
    pub(crate) sessions: u64,
    /// Sessions whose consent stayed unknown, by cause.
    pub(crate) unknown_consents: BTreeMap<&'static str, u64>,
    pub(crate) quarantined: u64,
    /// When the oldest delivery came that is in quarantine.
    pub(crate) oldest_quarantined: Option<Timestamp>,
    /// Those whose breaker is open.
    pub(crate) targets: Vec<TargetHealth>,
    pub(crate) processes: Vec<ProcessView>,
    /// How far what one server does for all has come, by its name.
    pub(crate) marks: BTreeMap<String, Timestamp>,
    /// When something of each source was taken last.
    pub(crate) delivered: BTreeMap<SourceName, Timestamp>,
    pub(crate) size: Size,
}

/// Each state, with how many there are; those that nobody knows are left out.
pub(super) fn requests(counts: Vec<(String, u64)>) -> BTreeMap<&'static str, u64> {
    let count =
        |state: &RequestState| counts.iter().find(|(word, _)| word == state.as_str()).map_or(0, |(_, count)| *count);
    RequestState::ALL.iter().map(|state| (state.as_str(), count(state))).collect()
}

/// Today, as days are written.
pub(super) fn today(calendar: &Calendar, now: Timestamp) -> i64 {
    days(calendar.day(now)).into()
}

/// One queue at one moment. Each number counts [`COUNTED_MAX`] at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct QueueGauge {
    /// Could be taken, and nobody has.
    pub(crate) due: u64,
    /// Is being worked on.
    pub(crate) working: u64,
    /// Its time has not come.
    pub(crate) waiting: u64,
    /// Needs a person.
    pub(crate) parked: u64,
    /// Since when the oldest is due that nobody has taken.
    pub(crate) oldest: Option<Timestamp>,
}

/// What a ledger takes of its disk, as far as that is known here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) bytes: Option<u64>,
    /// Of a ledger in a file: what is left of its disk for who runs this process.
    pub(crate) free_bytes: Option<u64>,
}
