use jiff::civil::date;

use super::*;

fn prague() -> Calendar {
    Calendar::of(DEFAULT_ZONE).expect("it is built in")
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// The last day of a request that came on this one.
#[track_caller]
fn check(received: Date, expected: Date) {
    assert_eq!(Term::of(received).last_day(), Some(expected), "received on {received}");
}

#[test]
fn a_month_ends_on_the_day_with_the_same_number() {
    // The example of the EDPB (Guidelines 01/2022, 157): came on 5 March, to be answered until 5 April.
    check(date(2024, 3, 5), date(2024, 4, 5));
    check(date(2026, 11, 3), date(2026, 12, 3));
    // The day of receipt is not counted, whatever day it is.
    check(date(2026, 1, 17), date(2026, 2, 17));
}

#[test]
fn a_month_without_such_a_day_ends_on_its_last_one() {
    check(date(2026, 8, 31), date(2026, 9, 30));
    check(date(2024, 1, 31), date(2024, 2, 29));
    // 28 February 2026 is a Saturday.
    check(date(2026, 1, 31), date(2026, 3, 2));
}

#[test]
fn an_end_on_a_free_day_is_the_next_working_day() {
    // A Saturday, a Sunday.
    check(date(2026, 5, 13), date(2026, 6, 15));
    check(date(2026, 5, 14), date(2026, 6, 15));
    // Good Friday 2026, behind which Easter lies.
    check(date(2026, 3, 3), date(2026, 4, 7));
    // Christmas Eve, a Thursday, with two holidays and a Sunday behind it.
    check(date(2026, 11, 24), date(2026, 12, 28));
    // The fifth of July is a Sunday, the sixth a holiday.
    check(date(2026, 6, 4), date(2026, 7, 7));
    // New Year is a Friday.
    check(date(2026, 12, 1), date(2027, 1, 4));
}

#[test]
fn an_extension_counts_from_the_day_of_receipt() {
    let term = Term { extended: 2, ..Term::of(date(2026, 11, 30)) };
    // 28 February 2027 is a Sunday.
    assert_eq!(term.last_day(), Some(date(2027, 3, 1)));
    assert_eq!(Term { extended: 1, ..term }.last_day(), Some(date(2027, 2, 1)), "30 January 2027 is a Saturday");
}

#[test]
fn the_days_on_which_more_was_asked_for_are_added() {
    let mut term = Term::of(date(2026, 11, 3));
    term.pauses.push(Pause { from: date(2026, 11, 5), to: None });
    assert_eq!((term.last_day(), term.is_paused()), (None, true));
    term.pauses[0].to = Some(date(2026, 11, 12));
    // Seven days, from 3 to 10 December.
    assert_eq!((term.last_day(), term.paused_days()), (Some(date(2026, 12, 10)), 7));
    term.pauses.push(Pause { from: date(2026, 11, 20), to: Some(date(2026, 11, 20)) });
    assert_eq!(term.last_day(), Some(date(2026, 12, 10)), "answered on the same day");
    term.pauses.push(Pause { from: date(2026, 12, 1), to: Some(date(2026, 12, 15)) });
    // From a free day to a working one: 24 December.
    assert_eq!(term.last_day(), Some(date(2026, 12, 28)));
}

#[test]
fn an_end_moves_to_a_working_day_once_with_the_paused_days_in_it() {
    let paused = |received, from, to| Term { pauses: vec![Pause { from, to: Some(to) }], ..Term::of(received) };
    // Christmas Eve, three days later, is a Sunday.
    let term = paused(date(2026, 11, 24), date(2026, 11, 26), date(2026, 11, 29));
    assert_eq!((term.last_day(), term.paused_days()), (Some(date(2026, 12, 28)), 3));
    // A Saturday, two days later, is a working day.
    let term = paused(date(2026, 5, 13), date(2026, 5, 18), date(2026, 5, 20));
    assert_eq!(term.last_day(), Some(date(2026, 6, 15)));
    let extended = Term { extended: 1, ..paused(date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 4)) };
    assert_eq!(extended.last_day(), Some(date(2027, 2, 2)), "30 January 2027 is a Saturday, and 2 February a Tuesday");
}

#[test]
fn days_left_are_none_on_the_last_day_and_less_after_it() {
    let last = date(2026, 12, 3);
    assert_eq!([date(2026, 11, 30), last, date(2026, 12, 5)].map(|today| days_left(today, last)), [3, 0, -2]);
    assert_eq!(days_left(date(2026, 1, 31), date(2026, 4, 1)), 60, "in days, and not in months");
}

#[test]
fn an_erasure_is_late_once_its_month_is_over_where_people_live() {
    let calendar = prague();
    // Half past midnight of 4 November in Prague.
    let due = at("2026-11-03T23:30:00Z");
    let late = at("2026-12-04T23:00:00Z");
    assert_eq!(calendar.late_from(due), Some(late), "4 December is over");
    assert_eq!(calendar.late_before(late - 1.second()), Some(at("2026-11-03T23:00:00Z")), "all of 3 November is late");
    // On Saturday, what had its end on Saturday is not late yet.
    assert_eq!(calendar.late_before(late), Some(at("2026-11-04T23:00:00Z")));
}

#[test]
fn what_is_late_by_the_one_is_late_by_the_other() {
    let calendar = prague();
    let mut due = at("2026-10-01T06:00:00Z");
    while due < at("2027-06-01T00:00:00Z") {
        let late = calendar.late_from(due).expect("within the calendar");
        let is_late = |now| calendar.late_before(now).is_some_and(|before| due < before);
        assert!(is_late(late) && !is_late(late - 1.second()), "due at {due}, late from {late}");
        due += 17.hours();
    }
}

#[test]
fn the_last_day_on_time_is_the_one_before_it_is_late() {
    // Half past midnight of 4 November in Prague.
    assert_eq!(prague().on_time_until(at("2026-11-03T23:30:00Z")), Some(date(2026, 12, 4)));
    // 3 April 2026 is Good Friday, and Easter follows.
    assert_eq!(prague().on_time_until(at("2026-03-03T12:00:00Z")), Some(date(2026, 4, 7)));
}

#[test]
fn the_default_zone_needs_no_zones_on_the_machine() {
    let built_in = Calendar::in_zone(TimeZone::posix(DEFAULT_RULES).expect("rules"));
    for time in ["2026-01-15T22:59:59Z", "2026-01-15T23:00:00Z", "2026-07-15T21:59:59Z", "2026-07-15T22:00:00Z"] {
        assert_eq!(built_in.day(at(time)), prague().day(at(time)), "{time}");
    }
    assert_eq!(built_in.day(at("2026-07-15T22:00:00Z")), date(2026, 7, 16));
    assert!(Calendar::of("Europe/Nowhere").is_none());
}
