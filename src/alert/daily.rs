//! A time of day.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// A time of day somewhere.
#[derive(Clone, Debug)]
pub(crate) struct Daily {
    at: Time,
    zone: TimeZone,
}

impl Daily {
    /// Of what is written, if it is. The error names its key.
    pub(super) fn of(at: Option<&str>, zone: Option<&str>) -> Result<Option<Self>, (&'static str, String)> {
        let zone = match zone {
            None => TimeZone::UTC,
            Some(name) => TimeZone::get(name).map_err(|_| {
                let what =
                    "is no time zone that this machine knows; write one such as `Europe/Prague` (package tzdata)";
                ("time_zone", format!("`{name}` {what}"))
            })?,
        };
        let Some(text) = at else { return Ok(None) };
        // Two digits each: a sign is none.
        let is_two = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let time = text.split_once(':').filter(|(hour, minute)| is_two(hour) && is_two(minute));
        let time = time.and_then(|(hour, minute)| Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok());
        let at = time.ok_or_else(|| ("digest", format!("`{text}` is no time of day; write one such as `07:00`")))?;
        Ok(Some(Self { at, zone }))
    }

    /// When it was last. Where the clocks go forward over it, it is as much later; where they go back over it, it is the first of the two.
    pub(super) fn last(&self, now: Timestamp) -> Option<Timestamp> {
        let today = now.to_zoned(self.zone.clone()).date();
        let on = |date: jiff::civil::Date| Some(self.zone.to_zoned(date.to_datetime(self.at)).ok()?.timestamp());
        // Today's may still come.
        [Some(today), today.checked_sub(1.day()).ok()].into_iter().flatten().filter_map(on).find(|at| *at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(at: &str, zone: &str, now: &str, last: &str) {
        let daily = Daily::of(Some(at), Some(zone)).expect("it is right").expect("it is there");
        let now = now.parse().expect("a time");
        assert_eq!(daily.last(now).map(|time| time.to_string()).as_deref(), Some(last));
    }

    #[test]
    fn a_time_of_day_is_that_of_its_zone() {
        check("07:00", "Europe/Prague", "2026-07-01T05:00:00Z", "2026-07-01T05:00:00Z");
        check("07:00", "Europe/Prague", "2026-07-01T04:59:59Z", "2026-06-30T05:00:00Z");
        check("07:00", "Europe/Prague", "2026-12-01T06:00:00Z", "2026-12-01T06:00:00Z");
        check("00:00", "Pacific/Auckland", "2026-07-01T11:59:59Z", "2026-06-30T12:00:00Z");
        check("23:30", "UTC", "2026-07-01T00:00:00Z", "2026-06-30T23:30:00Z");
    }

    #[test]
    fn it_comes_once_on_the_days_on_which_clocks_change() {
        // 2026-03-29: from 02:00 to 03:00. 2026-10-25: from 03:00 to 02:00.
        for (from, hours) in [("2026-03-28T22:00:00Z", 24), ("2026-10-24T22:00:00Z", 25)] {
            let daily = Daily::of(Some("02:30"), Some("Europe/Prague")).expect("it is right").expect("it is there");
            let begin: Timestamp = from.parse().expect("a time");
            let minutes = (0..hours * 60).map(|minute| begin + jiff::SignedDuration::from_mins(minute));
            let times: std::collections::BTreeSet<_> =
                minutes.filter_map(|now| daily.last(now)).filter(|at| *at >= begin).collect();
            assert_eq!(times.len(), 1, "{times:?}");
        }
    }

    #[test]
    fn what_is_no_time_of_day_is_refused_with_its_key() {
        for (at, zone, key) in [
            (Some("7"), None, "digest"),
            (Some("24:00"), None, "digest"),
            (Some("7:5"), None, "digest"),
            (Some("+7:00"), None, "digest"),
            (Some("07:00"), Some("Prague"), "time_zone"),
        ] {
            assert_eq!(Daily::of(at, zone).expect_err("it is wrong").0, key, "{at:?}");
        }
        assert!(Daily::of(None, None).expect("it is right").is_none());
    }
}
