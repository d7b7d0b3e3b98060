//! When a source has been silent for longer than it ever is at this time of the week. Pure: minutes in, a verdict out.

use std::time::Duration;

use jiff::Timestamp;

use crate::ledger::DeliveryHours;

const MINUTES: i64 = 60;
const HOURS_OF_WEEK: i64 = 7 * 24;

/// So many times the 99th percentile of its gaps is no gap any more.
const TIMES: i64 = 3;

/// Fewer gaps, or of fewer weeks, say nothing of what is usual.
const GAPS_MIN: usize = 20;
const WEEKS_MIN: usize = 3;

/// For how long a source is usually silent at most, at the weekday and hour (UTC) of a time: three times the 99th percentile of the gaps
/// between the minutes in which it delivered that reach into this hour of earlier weeks. Nothing where too little is known.
pub(crate) fn silence_max(hours: &DeliveryHours, now: Timestamp) -> Option<Duration> {
    let this = now.as_second().div_euclid(3600);
    let mut gaps = Vec::new();
    let mut weeks = Vec::new();
    let minutes: Vec<_> = minutes(hours).collect();
    for (from, to) in minutes.iter().zip(minutes.iter().skip(1)) {
        let mut hour = from.div_euclid(MINUTES);
        hour += (this - hour).rem_euclid(HOURS_OF_WEEK);
        if hour <= to.div_euclid(MINUTES) && hour < this {
            gaps.push(to - from);
            weeks.push(hour.div_euclid(HOURS_OF_WEEK));
        }
    }
    weeks.dedup();
    if gaps.len() < GAPS_MIN || weeks.len() < WEEKS_MIN {
        return None;
    }
    gaps.sort_unstable();
    let rank = (gaps.len() * 99).div_ceil(100);
    let minutes = gaps[rank - 1] * TIMES;
    Some(Duration::from_secs(minutes.unsigned_abs() * 60))
}

/// The minutes since 1970 in which it delivered, in their order.
fn minutes(hours: &DeliveryHours) -> impl Iterator<Item = i64> {
    let of_hour = |(hour, bits): (&i64, &u64)| {
        let (hour, bits) = (*hour, *bits);
        (0..MINUTES).filter(move |minute| (bits >> minute) & 1 == 1).map(move |minute| hour * MINUTES + minute)
    };
    hours.iter().flat_map(of_hour)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Thursday.
    const NOW: &str = "2026-01-29T10:30:00Z";

    /// Deliveries at these minutes of the hours from..to of each day but Sunday, in so many weeks before.
    fn weeks(count: i64, hours: std::ops::Range<i64>, minutes: &[i64]) -> DeliveryHours {
        let today = now().as_second().div_euclid(86_400);
        let days = (1..=count * 7).map(|back| today - back).filter(|day| (day + 4).rem_euclid(7) != 0);
        let bits = minutes.iter().fold(0, |bits, minute| bits | (1_u64 << minute));
        days.flat_map(|day| hours.clone().map(move |hour| (day * 24 + hour, bits))).collect()
    }

    fn now() -> Timestamp {
        NOW.parse().expect("a time")
    }

    #[track_caller]
    fn check(hours: &DeliveryHours, at: &str, minutes: Option<u64>) {
        let found = silence_max(hours, at.parse().expect("a time"));
        assert_eq!(found, minutes.map(|minutes| Duration::from_secs(minutes * 60)), "{at}");
    }

    const EACH_FIVE: &[i64] = &[0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55];

    #[test]
    fn three_times_the_longest_usual_gap_of_this_hour_of_the_week() {
        let busy = weeks(4, 8..18, EACH_FIVE);
        check(&busy, "2026-01-29T10:30:00Z", Some(15));
        // From 17:55 until 8:00 on the next day is usual at its ends, too.
        check(&busy, "2026-01-29T17:30:00Z", Some(3 * (14 * 60 + 5)));
        check(&weeks(4, 8..18, &[7, 9]), "2026-01-29T10:30:00Z", None);
        check(&weeks(4, 0..24, &[0, 1, 2, 3, 4, 59]), "2026-01-29T10:30:00Z", Some(3 * 55));
    }

    #[test]
    fn where_little_is_known_nothing_is_said() {
        check(&DeliveryHours::new(), NOW, None);
        check(&weeks(2, 8..18, EACH_FIVE), NOW, None);
        // A night, or a Sunday, is one gap a week.
        check(&weeks(5, 8..18, EACH_FIVE), "2026-01-29T03:00:00Z", None);
        check(&weeks(5, 8..18, EACH_FIVE), "2026-02-01T12:00:00Z", None);
    }

    #[test]
    fn one_holiday_in_a_hundred_gaps_is_not_usual() {
        let mut minutes = weeks(5, 8..18, &(0..60).collect::<Vec<_>>());
        check(&minutes, NOW, Some(3));
        let hour = now().as_second().div_euclid(3600) - HOURS_OF_WEEK;
        minutes.insert(hour, 1 | (1 << 40));
        check(&minutes, NOW, Some(3));
    }
}
