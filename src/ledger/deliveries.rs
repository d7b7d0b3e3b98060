//! When sources delivered, and how much: a bit for each minute and a number for each hour, so that weeks of it are a few hundred rows, however
//! much comes, and several processes write into one. And which forms they told of.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::LedgerError;
use crate::event::EventKind;
use crate::keys::Digest;
use crate::subject::SourceName;

/// For how long it is kept: so many of one weekday, and one more that may be a holiday.
const WEEKS: i64 = 5;

pub(super) const HOURS_KEPT: i64 = WEEKS * 7 * 24;

const MINUTES: i64 = 60;

/// Deliveries of a source that were taken. It is counted in memory, so that what a killed process has taken in its last minute is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TakenDeliveries {
    pub(crate) source: SourceName,
    pub(crate) count: u64,
}

/// A form that a source told of as submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ToldForm {
    /// Of the delivery.
    pub(crate) digest: Digest,
    pub(crate) time: Timestamp,
}

/// An event about a session that was taken, as far as that is kept: neither what it said nor whom it was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SeenEvent {
    pub(crate) source: SourceName,
    pub(crate) kind: EventKind,
    pub(crate) received: Timestamp,
    /// When it happened, where it said so.
    pub(crate) happened: Option<Timestamp>,
}

impl SeenEvent {
    /// Of a row. One that says no time is written as one of 1970.
    pub(super) fn of(
        source: SourceName,
        code: i64,
        received: Timestamp,
        happened: Timestamp,
    ) -> Result<Self, LedgerError> {
        let kind = EventKind::ALL.into_iter().find(|kind| kind.code() == code);
        let kind = kind.ok_or_else(|| LedgerError::Broken(anyhow::anyhow!("an event is of the kind {code}")))?;
        Ok(Self { source, kind, received, happened: Some(happened).filter(|at| *at != Timestamp::UNIX_EPOCH) })
    }
}

/// Events of one session that are read: nobody looks at more, whoever sends them.
pub(super) const SEEN_MAX: u32 = 200;

/// Events of several sources, the newest first.
pub(super) fn newest_first(mut all: Vec<SeenEvent>) -> Vec<SeenEvent> {
    all.sort_by_key(|one| std::cmp::Reverse((one.received, one.kind)));
    all.truncate(SEEN_MAX as usize);
    all
}

/// The numbers of the kinds of events that bring a form.
pub(super) fn form_kinds() -> Vec<i64> {
    EventKind::ALL.into_iter().filter(|kind| kind.is_form()).map(EventKind::code).collect()
}

/// The minutes of hours (since 1970), a bit each.
pub(crate) type DeliveryHours = BTreeMap<i64, u64>;

/// The hour of a time, and the bit of its minute.
pub(super) fn place(now: Timestamp) -> (i64, i64) {
    let minute = now.as_second().div_euclid(60);
    (minute.div_euclid(MINUTES), 1 << minute.rem_euclid(MINUTES))
}

/// The last of an hour's minutes.
pub(super) fn last(hour: i64, minutes: i64) -> Result<Timestamp, LedgerError> {
    let minute = i64::from(63 - minutes.cast_unsigned().leading_zeros().min(63));
    let second = hour.saturating_mul(MINUTES).saturating_add(minute).saturating_mul(60);
    Timestamp::from_second(second).map_err(|_| LedgerError::Broken(anyhow::anyhow!("the hour {hour} is no time")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_a_bit_of_its_hour() {
        let at: Timestamp = "2026-01-01T10:59:31Z".parse().expect("a time");
        let (hour, minute) = place(at);
        assert_eq!(minute, 1 << 59);
        assert_eq!(last(hour, minute | 1).expect("a time").to_string(), "2026-01-01T10:59:00Z");
        assert_eq!(last(hour, 1).expect("a time").to_string(), "2026-01-01T10:00:00Z");
    }
}
