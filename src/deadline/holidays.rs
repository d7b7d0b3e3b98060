//! The days on which nobody has to work in the Czech Republic, by law No 245/2000 Sb., §§ 1 and 2.

use jiff::ToSpan as _;
use jiff::civil::Date;

/// Those with a date of their own, as month and day.
const FIXED: [(i8, i8); 11] =
    [(1, 1), (5, 1), (5, 8), (7, 5), (7, 6), (9, 28), (10, 28), (11, 17), (12, 24), (12, 25), (12, 26)];

/// Since when Good Friday is one of them (law No 359/2015 Sb.).
const GOOD_FRIDAY_SINCE: i16 = 2016;

pub(super) fn is_holiday(day: Date) -> bool {
    if FIXED.contains(&(day.month(), day.day())) {
        return true;
    }
    let Some(easter) = easter_sunday(day.year()) else { return false };
    let is = |days: i32| easter.checked_add(days.days()).is_ok_and(|moved| moved == day);
    is(1) || is(-2) && day.year() >= GOOD_FRIDAY_SINCE
}

/// Easter Sunday of the Gregorian calendar (the algorithm of Meeus, Jones and Butcher).
fn easter_sunday(year: i16) -> Option<Date> {
    let year_number = i32::from(year);
    let (golden, century, in_century) = (year_number % 19, year_number / 100, year_number % 100);
    let leaps = century / 4;
    let correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - leaps - correction + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (in_century / 4) - epact - in_century % 4) % 7;
    let shift = (golden + 11 * epact + 22 * weekday) / 451;
    let days = epact + weekday - 7 * shift + 114;
    let (month, day) = (i8::try_from(days / 31).ok()?, i8::try_from(days % 31 + 1).ok()?);
    Date::new(year, month, day).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn easter_is_computed() {
        for (year, month, day) in
            [(1818, 3, 22), (2000, 4, 23), (2008, 3, 23), (2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2038, 4, 25)]
        {
            assert_eq!(easter_sunday(year), Some(date(year, month, day)));
        }
    }

    #[test]
    fn czech_holidays_are_known_with_good_friday_since_2016() {
        let of_2026: Vec<_> = date(2026, 1, 1)
            .series(1.day())
            .take_while(|day| day.year() == 2026)
            .filter(|day| is_holiday(*day))
            .map(|day| format!("{}.{}.", day.day(), day.month()))
            .collect();
        let expected = "1.1. 3.4. 6.4. 1.5. 8.5. 5.7. 6.7. 28.9. 28.10. 17.11. 24.12. 25.12. 26.12.";
        assert_eq!(of_2026.join(" "), expected);
        assert!(is_holiday(date(2016, 3, 25)) && !is_holiday(date(2015, 4, 3)) && is_holiday(date(2015, 4, 6)));
        // Easter Sunday is a Sunday, and no holiday by this law.
        assert!(!is_holiday(date(2026, 4, 5)));
    }
}
