//! Whom a vendor's installation holds, a page at a time, by the lists that its documentation names.

use quietus_plugin::{Call, ErrorClass, Kind, PluginError, Sweep, Swept, SweptRecord, mark};
use serde_json::Value;

use super::list::not_here;
use super::listing::{At, anew, page, wrong};
use super::search::Place;
use super::setup::Engine;
use super::wanted::Scope;
use crate::choice::By;
use crate::vendor::{Follow, List, Shown};

const HIDDEN: &str = "people whose addresses or numbers are not all shown";
const NOT_ON: &str = "the vendor does not go on where the page before has ended";

impl Engine {
    /// One page.
    pub(crate) fn sweep(&self, wanted: &Sweep, call: &Call<'_>) -> Result<Swept, PluginError> {
        let shown = shown(&self.scope, wanted);
        if shown.is_nobody() {
            let text = "nothing that people are looked for by (`by`) is granted, so that nobody could be told apart";
            return Err(PluginError::permanent(text));
        }
        let at = wanted.cursor.as_ref().map(|cursor| serde_json::from_slice::<At>(cursor.expose()));
        let at = at.transpose().map_err(|_| anew("the place at which it is to go on is none"))?;
        // A user from whom records are hidden is refused before anybody is taken for gone.
        self.learn(call)?;
        let lists = self.vendor.lists(&shown, &self.related);
        let of = self.digest(&lists, &shown);
        let at = at.unwrap_or_else(|| At::first(of));
        let list = lists.get(at.list).filter(|_| at.of == of);
        let list = list.ok_or_else(|| anew("what there is to be listed has changed meanwhile"))?;
        let document = self.listed_at(list, &at, wanted.records_max, call)?;
        let page = page(list, &at, wanted.records_max, &document, |id| self.vendor.is_id(id))?;
        let mut next = page.next;
        if let Some(At { next: Some(link), .. }) = &mut next
            && matches!(list.follow, Follow::Link { .. })
        {
            *link = self.linked(list, link)?;
        }
        let mut hidden = false;
        let mut records = Vec::new();
        for (person, id) in page.people.iter().zip(&page.ids) {
            let record = list.record(person, &shown, &mut hidden);
            // Of other kinds, an id may be the number of another record that is somebody's.
            let is_by_id = shown.ids && self.vendor.person(id.clone()).object == list.object;
            let record = if is_by_id { record.identifier(self.scope.id_kind.clone(), id) } else { record };
            records.extend(Some(record).filter(|record| !record.identifiers.is_empty()));
        }
        let swept = match next.or_else(|| at.next_list(lists.len())) {
            Some(next) => Swept::page(records, cursor(&next)?),
            None => Swept::last(records),
        };
        let swept = if hidden { swept.not_looked_at(HIDDEN) } else { swept };
        Ok(self.vendor.hides_some().into_iter().fold(swept, Swept::not_looked_at))
    }

    /// The answer that has the page which begins there.
    fn listed_at(&self, list: &List, at: &At, most: u32, call: &Call<'_>) -> Result<Value, PluginError> {
        let (place, most) = at.asked(list, most);
        let request = match (list.follow, place.as_deref()) {
            (Follow::Link { .. }, Some(link)) => (list.page)(None, most).at(link),
            (_, place) => (list.page)(place, most),
        };
        let answer = self.exchange(&request, call)?;
        let goes_on = !at.is_beginning();
        match self.check(&answer) {
            Ok(()) if answer.status() == 410 && goes_on => Err(anew(NOT_ON)),
            Ok(()) if answer.gone() => Err(not_here()),
            Ok(()) => self.document(&answer),
            Err(error) if error.class == ErrorClass::Permanent && goes_on => {
                // A gateway's word, such as the way to a login page, says nothing of the place.
                let is_gateways = matches!(answer.status(), 300..400) || answer.is_page();
                Err(if is_gateways { wrong("the answer is none of the vendor's") } else { anew(NOT_ON) })
            }
            Err(error) => Err(error),
        }
    }

    /// A digest of what is listed, where, and what of it is told.
    fn digest(&self, lists: &[List], shown: &Shown) -> u64 {
        let Shown { addresses, numbers, names, ids } = *shown;
        let mut parts = vec![self.traits.name.to_owned(), self.scope.id_kind.as_str().to_owned()];
        parts.extend(self.installation.iter().cloned());
        parts.push(format!("{:?} {:?}", self.scope.by, [addresses, numbers, names, ids]));
        parts.extend(lists.iter().map(|list| (list.page)(None, 1).target()));
        mark(parts)
    }

    /// Path and query of a link to the next page of this list. Elsewhere, it would carry the credentials to another host, or tell of others.
    fn linked(&self, list: &List, link: &str) -> Result<String, PluginError> {
        let first = (list.page)(None, 1);
        let target = self.client.within(link, &first);
        let target = target.filter(|target| path(target).ends_with(path(&first.target())));
        target.ok_or_else(|| wrong("the link to the next page leads elsewhere"))
    }
}

fn path(target: &str) -> &str {
    target.split('?').next().unwrap_or(target)
}

fn cursor(next: &At) -> Result<Vec<u8>, PluginError> {
    let cursor = serde_json::to_vec(next).ok().filter(|cursor| cursor.len() <= Swept::CURSOR_BYTES_MAX);
    cursor.ok_or_else(|| wrong("the place of the next page is longer than any should be"))
}

/// What of people is read. A name is nobody's alone, but tells two people apart.
fn shown(scope: &Scope, wanted: &Sweep) -> Shown {
    let by = |by: By| scope.by.contains(&by);
    Shown {
        // Beside a number, the addresses tell whose it is.
        addresses: wanted.wants(&Kind::Email) && (by(By::Email) || by(By::Phone)),
        numbers: wanted.wants(&Kind::Phone) && by(By::Phone),
        names: wanted.wants(&Kind::Name),
        ids: wanted.wants(&scope.id_kind) && by(By::Id),
    }
}

impl List {
    fn record(&self, person: &Value, shown: &Shown, hidden: &mut bool) -> SweptRecord {
        let mut record = SweptRecord::default();
        let places = [(Kind::Email, shown.addresses, self.addresses), (Kind::Phone, shown.numbers, self.numbers)];
        for (kind, _, places) in places.into_iter().filter(|(_, is_read, _)| *is_read) {
            for text in texts(places, person, hidden) {
                record = record.identifier(kind.clone(), text);
            }
        }
        if shown.names {
            let parts = self.names.iter().filter_map(|at| person.pointer(at)?.as_str());
            record = record.identifier(Kind::Name, parts.collect::<Vec<_>>().join(" "));
        }
        let time = |at: &str| person.pointer(at).and_then(Value::as_str).and_then(millis);
        match (person.pointer(self.changed), time(self.changed)) {
            (Some(Value::Null), _) => record.created_ms(time(self.created)),
            // A change that is not shown, or not in which zone it was, may be later than all that is.
            (_, None) => record,
            (_, changed) => record.created_ms(time(self.created)).changed_ms(changed),
        }
    }
}

fn texts(places: &[Place], person: &Value, hidden: &mut bool) -> Vec<String> {
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
