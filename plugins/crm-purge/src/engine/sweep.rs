//! Whom a vendor's installation holds, a page at a time, where its documentation names a list of all.

use quietus_plugin::{Call, Kind, PluginError, Sweep, Swept, SweptRecord};
use serde_json::Value;

use super::list::{items, not_here};
use super::search::{Place, id_at};
use super::setup::Engine;
use crate::vendor::List;

/// The longest cursor that a vendor may have.
const CURSOR_BYTES_MAX: usize = 2048;

impl Engine {
    /// One page.
    pub(crate) fn sweep(&self, wanted: &Sweep, call: &Call<'_>) -> Result<Swept, PluginError> {
        let after = wanted.cursor.as_ref().map(|cursor| str::from_utf8(cursor.expose()));
        let after =
            after.transpose().map_err(|_| PluginError::permanent("the place at which it is to go on is none"))?;
        let Some(list) = self.vendor.list(after, wanted.records_max) else {
            return Err(PluginError::permanent("no documentation of this vendor's names a list of all people"));
        };
        let answer = self.ask(&list.page, call)?;
        if answer.gone() {
            return Err(not_here());
        }
        let document = self.document(&answer)?;
        let mut hidden = false;
        let people = items(&document, list.items)?.iter();
        let records: Vec<_> = people.map(|person| list.record(person, wanted, &mut hidden)).collect();
        let next = id_at(&document, list.next).filter(|cursor| !cursor.is_empty());
        if next.as_ref().is_some_and(|cursor| cursor.len() > CURSOR_BYTES_MAX) {
            return Err(PluginError::permanent("the place of the next page is longer than any should be"));
        }
        let records = records.into_iter().filter(|record| !record.identifiers.is_empty());
        let swept = match next {
            Some(next) => Swept::page(records, next),
            None => Swept::last(records),
        };
        Ok(if hidden { swept.not_looked_at("people whose addresses or numbers are not all shown") } else { swept })
    }
}

impl List {
    fn record(&self, person: &Value, wanted: &Sweep, hidden: &mut bool) -> SweptRecord {
        let mut record = SweptRecord::default();
        for (kind, places) in [(Kind::Email, self.addresses), (Kind::Phone, self.numbers)] {
            if !wanted.wants(&kind) {
                continue;
            }
            for text in shown(places, person, hidden) {
                record = record.identifier(kind.clone(), text);
            }
        }
        if wanted.wants(&Kind::Name) {
            let parts = self.names.iter().filter_map(|at| person.pointer(at)?.as_str());
            record = record.identifier(Kind::Name, parts.collect::<Vec<_>>().join(" "));
        }
        let time = |at: &str| person.pointer(at).and_then(Value::as_str).and_then(millis);
        record.created_ms(time(self.created)).changed_ms(time(self.changed))
    }
}

fn shown(places: &[Place], person: &Value, hidden: &mut bool) -> Vec<String> {
    let mut texts = Vec::new();
    for place in places {
        let values = place.values(person);
        *hidden |= values.is_partly_hidden;
        texts.extend(values.texts);
    }
    texts
}

/// A time as RFC 3339 writes it, in milliseconds since 1970. Without its zone it is none.
fn millis(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once(['T', ' '])?;
    let zone = rest.find(['Z', '+', '-'])?;
    let (time, zone) = rest.split_at(zone);
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<i64>().ok()).flatten();
    let [year, month, day] = three(date.split('-').map(number))?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let [hours, minutes, seconds] = three(time.split(':').map(number))?;
    let is_sound = (1..=12).contains(&month) && (1..=31).contains(&day) && hours < 24 && minutes < 60 && seconds <= 60;
    let fraction = number(&format!("{:0<3}", fraction.get(..3).unwrap_or(fraction)))?;
    let offset = match zone.split_at_checked(1)? {
        ("Z", "") => 0,
        (sign, zone) => {
            let (hours, minutes) = zone.split_once(':').or_else(|| zone.split_at_checked(2))?;
            let offset = number(hours)? * 60 + number(minutes)?;
            if sign == "-" { -offset } else { offset }
        }
    };
    let seconds = days(year, month, day) * 86_400 + hours * 3_600 + (minutes - offset) * 60 + seconds;
    is_sound.then_some(seconds * 1_000 + fraction)
}

fn three(mut numbers: impl Iterator<Item = Option<i64>>) -> Option<[i64; 3]> {
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(three)
}

/// Days since 1970, by the Gregorian calendar: a year begins in March, so that a leap day is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<i64>) {
        assert_eq!(millis(text), expected, "{text}");
    }

    #[test]
    fn a_time_is_read_with_its_zone() {
        check("1970-01-01T00:00:00Z", Some(0));
        check("2024-02-29T12:00:00.5Z", Some(1_709_208_000_500));
        check("2024-05-31T12:00:00+02:00", Some(1_717_149_600_000));
        check("2024-05-31T08:00:00.123456-0200", Some(1_717_149_600_123));
        check("2024-05-31 10:00:00Z", Some(1_717_149_600_000));
        check("1969-12-31T23:59:59Z", Some(-1_000));
    }

    #[test]
    fn what_says_no_zone_or_is_no_time_is_none() {
        for text in
            ["", "2024-05-31", "2024-05-31 10:00:00", "2024-13-31T10:00:00Z", "2024-05-31T10:00Z", "x-y-zT1:2:3Z"]
        {
            check(text, None);
        }
    }
}
