//! Deadlines by the calendar: until when somebody has to be answered, and from when on an erasure is late. As Regulation (EEC,
//! Euratom) No 1182/71, Art. 3, counts, which holds for the GDPR: the day on which something came is not counted, a month ends on the
//! day with the same number, or on its last day where it has none, and an end on a Saturday, a Sunday or a public holiday is the next
//! working day.

mod holidays;
mod term;

pub(crate) use term::{EXTENDED_MONTHS_MAX, Pause, Term};

#[cfg(test)]
use std::time::Duration;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// The place whose days count where nothing else is configured.
pub(crate) const DEFAULT_ZONE: &str = "Europe/Prague";

/// The rules of [`DEFAULT_ZONE`], for a machine that has no time zones: those of the European Union since 1996.
const DEFAULT_RULES: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

/// An end that moves lies at most so many days behind a month: a year's turn with its holidays, and more than enough.
const DAYS_MAX: i32 = 45;

/// Whose days count, and by which they end.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    zone: TimeZone,
    /// Tests cannot wait for a month.
    #[cfg(test)]
    late_after: Option<Duration>,
}

impl Calendar {
    /// Of a time zone by its name; `None` where this machine knows none of that name.
    pub(crate) fn of(zone: &str) -> Option<Self> {
        let known = TimeZone::get(zone).ok();
        let built_in = || (zone == DEFAULT_ZONE).then(|| TimeZone::posix(DEFAULT_RULES).ok()).flatten();
        known.or_else(built_in).map(Self::in_zone)
    }

    fn in_zone(zone: TimeZone) -> Self {
        Self {
            zone,
            #[cfg(test)]
            late_after: None,
        }
    }

    /// The day that a time is on.
    pub(crate) fn day(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// What a clock there shows at a time.
    pub(crate) fn clock(&self, at: Timestamp) -> DateTime {
        self.zone.to_datetime(at)
    }

    /// How the time of a clock there is called at a time, such as `CET`.
    pub(crate) fn abbreviation(&self, at: Timestamp) -> String {
        self.zone.to_offset_info(at).abbreviation().to_owned()
    }

    /// The name of its time zone, where that has one.
    pub(crate) fn zone(&self) -> Option<&str> {
        self.zone.iana_name()
    }

    /// When a day begins; `None` beyond the calendar.
    pub(crate) fn begin(&self, day: Date) -> Option<Timestamp> {
        day.to_zoned(self.zone.clone()).ok().map(|midnight| midnight.timestamp())
    }

    /// From when on something is late that was due then: once its last day, a month later, is over. `None` beyond the calendar.
    pub(crate) fn late_from(&self, due: Timestamp) -> Option<Timestamp> {
        #[cfg(test)]
        if let Some(after) = self.late_after {
            return due.saturating_add(after).ok();
        }
        self.begin(last_day(self.day(due), 1)?.tomorrow().ok()?)
    }

    /// The last day on which something is on time that was due then. `None` beyond the calendar.
    pub(crate) fn on_time_until(&self, due: Timestamp) -> Option<Date> {
        let late = self.late_from(due)?;
        Some(self.day(late.checked_sub(1.nanosecond()).ok()?))
    }

    /// What was due before then is late now; `None` where nothing is.
    pub(crate) fn late_before(&self, now: Timestamp) -> Option<Timestamp> {
        #[cfg(test)]
        if let Some(after) = self.late_after {
            return now.checked_sub(jiff::SignedDuration::try_from(after).ok()?).ok();
        }
        let today = self.day(now);
        // The ends follow one another as the beginnings do.
        let mut first = today.checked_sub(DAYS_MAX.days()).ok()?;
        while last_day(first, 1)? < today {
            first = first.tomorrow().ok()?;
        }
        self.begin(first)
    }
}

#[cfg(test)]
impl Calendar {
    /// Where something is late after so long, whatever day it is.
    pub(crate) fn late_after_s(seconds: u64) -> Self {
        Self { late_after: Some(Duration::from_secs(seconds)), ..Self::in_zone(TimeZone::UTC) }
    }
}

/// The last day of a time of so many months from a day on; `None` beyond the calendar.
fn last_day(from: Date, months: i32) -> Option<Date> {
    // The same day's number, or the last day of that month.
    working_day(from.checked_add(months.months()).ok()?)
}

/// The day itself, or the next one on which people work.
fn working_day(mut day: Date) -> Option<Date> {
    while matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) || holidays::is_holiday(day) {
        day = day.tomorrow().ok()?;
    }
    Some(day)
}

/// A day, and nothing but one: jiff also finds one in a time, and leaves the rest out.
pub(crate) fn read_day(text: &str) -> Option<Date> {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-').then(|| text.parse().ok())?
}

/// How many days are left until the end of a day: 0 on that day, less when it is over.
pub(crate) fn days_left(today: Date, last: Date) -> i32 {
    // Both are days, so that the difference is one of days.
    today.until(last).map_or(0, |span| span.get_days())
}

#[cfg(test)]
mod tests;
