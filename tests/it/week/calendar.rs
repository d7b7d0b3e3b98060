//! Until when somebody has to be answered, counted apart from the program, from docs/requests.md alone.

use jiff::civil::{Date, Weekday, date};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

/// A day that is surely over, wherever the deployment is.
pub(super) fn days_ago(days: i32) -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date().checked_sub(days.days()).expect("a day")
}

/// The last day: so many months later, and the days on which more was asked for, on a day on which people work.
pub(super) fn last_day(received: Date, months: i32, asked: i32) -> Date {
    let end = received.checked_add(months.months()).and_then(|end| end.checked_add(asked.days()));
    let mut end = end.expect("a day");
    while is_free(end) {
        end = end.tomorrow().expect("a day");
    }
    end
}

fn is_free(day: Date) -> bool {
    let fixed = [(1, 1), (5, 1), (5, 8), (7, 5), (7, 6), (9, 28), (10, 28), (11, 17), (12, 24), (12, 25), (12, 26)];
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
        || fixed.contains(&(day.month(), day.day()))
        || EASTER.iter().any(|sunday| [-2_i32, 1].map(|days| sunday.checked_add(days.days()).ok()).contains(&Some(day)))
}

/// Easter Sundays, as almanacs have them.
const EASTER: [Date; 14] = [
    date(2026, 4, 5),
    date(2027, 3, 28),
    date(2028, 4, 16),
    date(2029, 4, 1),
    date(2030, 4, 21),
    date(2031, 4, 13),
    date(2032, 3, 28),
    date(2033, 4, 17),
    date(2034, 4, 9),
    date(2035, 3, 25),
    date(2036, 4, 13),
    date(2037, 4, 5),
    date(2038, 4, 25),
    date(2039, 4, 10),
];
