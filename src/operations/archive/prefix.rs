//! Which records may move: the oldest ones, without a gap between them, up to the first that has to stay. Pure.

use jiff::Timestamp;
use serde::Serialize;

use crate::ledger::{AgingRecord, Held};

/// The records that may move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) records: u64,
    /// The numbers of the first and the last one.
    pub(super) range: Option<(u64, u64)>,
    pub(super) stop: Option<Stop>,
}

/// Where it ends, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Stop {
    /// The record that stays, and with it all that came later.
    pub(crate) sequence: u64,
    pub(crate) why: Why,
}

/// Why a record stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Why {
    /// Its time is not over.
    Young,
    /// It is an incomplete receipt that nobody has acknowledged.
    Unacknowledged,
    /// Its erasure is not over.
    Open,
}

impl Stop {
    fn at(record: &AgingRecord, before: Timestamp) -> Option<Self> {
        let why = match record.held {
            // First: what is young would stay anyway, and needs nobody.
            _ if record.at >= before => Why::Young,
            Some(Held::Unacknowledged) => Why::Unacknowledged,
            Some(Held::Open) => Why::Open,
            None => return None,
        };
        Some(Self { sequence: record.sequence, why })
    }
}

/// Of the oldest records, in the order of the chain, those that may move. A clock that was set back gives later records earlier
/// times: one that is young keeps the older ones behind it.
pub(super) fn prefix(oldest: &[AgingRecord], before: Timestamp) -> Prefix {
    let stop = oldest.iter().enumerate().find_map(|(place, record)| Some((place, Stop::at(record, before)?)));
    let moving = &oldest[..stop.map_or(oldest.len(), |(place, _)| place)];
    let range = moving.first().zip(moving.last()).map(|(first, last)| (first.sequence, last.sequence));
    Prefix { records: moving.len() as u64, range, stop: stop.map(|(_, stop)| stop) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn record(sequence: u64, second: i64) -> AgingRecord {
        AgingRecord { sequence, at: at(second), held: None }
    }

    #[track_caller]
    fn check(oldest: &[AgingRecord], range: Option<(u64, u64)>, stop: Option<(u64, Why)>) {
        let found = prefix(oldest, at(10));
        assert_eq!((found.range, found.stop.map(|stop| (stop.sequence, stop.why))), (range, stop));
        let records = oldest.iter().filter(|one| range.is_some_and(|(_, last)| one.sequence <= last)).count();
        assert_eq!(found.records, records as u64);
    }

    #[test]
    fn nothing_moves_from_behind_a_record_that_stays() {
        check(&[], None, None);
        check(&[record(4, 1), record(5, 9)], Some((4, 5)), None);
        check(&[record(4, 1), record(5, 10), record(6, 2)], Some((4, 4)), Some((5, Why::Young)));
        check(&[record(4, 10)], None, Some((4, Why::Young)));
        // After a gap in the chain.
        check(&[record(3, 1), record(8, 2), record(9, 11)], Some((3, 8)), Some((9, Why::Young)));
        for (held, why) in [(Held::Unacknowledged, Why::Unacknowledged), (Held::Open, Why::Open)] {
            let stays = AgingRecord { held: Some(held), ..record(5, 2) };
            check(&[record(4, 1), stays, record(6, 3)], Some((4, 4)), Some((5, why)));
            check(&[AgingRecord { at: at(10), ..stays }], None, Some((5, Why::Young)));
        }
    }
}
