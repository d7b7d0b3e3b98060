//! Whose record it is. Vendors' searches are fuzzy, and what they find is compared here, by the normal forms of
//! [`quietus_plugin::identity`]; nothing is erased that this has not called the person's.

use std::collections::BTreeMap;

use quietus_plugin::identity::{Region, is_masked, normal_forms};
use quietus_plugin::{Answer, Kind, Request};
use serde_json::Value;

use super::rules::{Rules, without_plus};
use super::search::{Finds, Place, Record, Search};
use super::wanted::{Wanted, tail};

/// Whom a call is about.
pub(super) struct Person {
    region: Option<Region>,
    addresses: Vec<String>,
}

/// Whose a found record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Theirs,
    SomebodyElses,
    /// It does not show whose it is: no value that explains why it was found, or not all of its addresses, or it has some
    /// and none of the person's is known.
    Hidden,
    /// It holds the person's number, and no address.
    ByPhoneAlone,
}

/// Records that were found and that only a person can judge: they stay, and the answer says so.
#[derive(Default)]
pub(super) struct Unclear {
    hidden: Vec<Record>,
    by_phone_alone: Vec<Record>,
    /// Whose they are is known, and that only a person can erase them: with why, to follow a number.
    kept: Vec<(&'static str, Record)>,
}

/// What a record shows at some places.
#[derive(Default)]
struct Shown {
    forms: Vec<String>,
    texts: Vec<String>,
    /// A place is not shown, or a value in it is masked or cannot be read, or the first address is not there although
    /// another one is.
    is_partly_hidden: bool,
}

impl Rules {
    pub(super) fn person(&self, request: &Request) -> Person {
        let addresses = request.normal_forms(Kind::Email).iter().map(|address| self.address(address)).collect();
        Person { region: request.region, addresses }
    }

    pub(super) fn whose(&self, search: &Search, wanted: &Wanted, person: &Person, record: &Value) -> Whose {
        match wanted {
            Wanted::Email { address, around_plus, .. } => {
                let shown = self.shown(search.values, &Kind::Email, person, record);
                match shown.holds(&[self.address(address)]) {
                    Whose::SomebodyElses if !shown.explains(search, address, around_plus.as_ref()) => Whose::Hidden,
                    other => other,
                }
            }
            Wanted::Phone { number, .. } => {
                let numbers = self.shown(search.values, &Kind::Phone, person, record);
                match numbers.holds(std::slice::from_ref(number)) {
                    Whose::Theirs => self.by_phone(search, person, record),
                    Whose::SomebodyElses if !numbers.has_tail(search, tail(number)) => Whose::Hidden,
                    other => other,
                }
            }
            Wanted::Id(_) => Whose::Theirs,
        }
    }

    /// A record that holds the person's number.
    fn by_phone(&self, search: &Search, person: &Person, record: &Value) -> Whose {
        let addresses = self.shown(search.addresses, &Kind::Email, person, record);
        let is_addressed = !addresses.forms.is_empty() || addresses.is_partly_hidden;
        match (is_addressed, self.phone_alone) {
            // Where the person's addresses are not known, those of somebody who shares the number would go, too:
            // `phone_alone` is about records that have none.
            (true, _) if person.addresses.is_empty() => Whose::Hidden,
            (true, _) => addresses.holds(&person.addresses),
            // It may have one that is kept from us.
            (false, true) if self.hides_as_empty => Whose::Hidden,
            (false, true) => Whose::Theirs,
            (false, false) => Whose::ByPhoneAlone,
        }
    }

    fn shown(&self, places: &[Place], kind: &Kind, person: &Person, record: &Value) -> Shown {
        let mut shown = Shown::default();
        let mut lacks_first = None;
        for place in places {
            let values = place.values(record);
            shown.is_partly_hidden |= values.is_partly_hidden;
            for value in values.texts {
                lacks_first.get_or_insert(value.trim().is_empty());
                if value.trim().is_empty() {
                    continue;
                }
                let forms = if is_masked(&value) { Vec::new() } else { normal_forms(kind, &value, person.region) };
                shown.is_partly_hidden |= forms.is_empty();
                let compared = |form: &String| if *kind == Kind::Email { self.address(form) } else { form.clone() };
                shown.forms.extend(forms.iter().map(compared));
                shown.texts.push(value);
            }
        }
        // Systems fill the first address first: where only another one is shown, it is kept from us. Of numbers, any may be
        // missing.
        shown.is_partly_hidden |= *kind == Kind::Email && lacks_first == Some(true) && !shown.texts.is_empty();
        shown
    }
}

impl Shown {
    /// Whether the search may have found the record by one of these. Where it has not, what it was found by is not shown.
    fn explains(&self, search: &Search, address: &str, around_plus: Option<&(String, String)>) -> bool {
        let holds = |parts: &[&str]| {
            self.texts.iter().map(|text| text.to_lowercase()).any(|text| parts.iter().all(|part| text.contains(part)))
        };
        match &search.finds {
            Finds::Whole | Finds::InOrder => false,
            Finds::Part(part) => holds(&[&part.to_lowercase()]),
            Finds::Like(pattern) => self.texts.iter().any(|text| is_like(text.trim().to_lowercase().as_str(), pattern)),
            Finds::Similar => {
                let plain = without_plus(address);
                self.forms.iter().any(|form| without_plus(form).contains(&plain))
                    || around_plus.is_some_and(|(before, after)| holds(&[before, after]))
            }
        }
    }

    /// Whether the search may have found the record by one of these numbers.
    fn has_tail(&self, search: &Search, tail: &str) -> bool {
        let has = |digits: String| match &search.finds {
            Finds::InOrder => {
                let mut rest = digits.chars();
                tail.chars().all(|wanted| rest.any(|digit| digit == wanted))
            }
            _ => digits.contains(tail),
        };
        self.texts.iter().any(|text| has(digits(text)))
    }

    fn holds(&self, wanted: &[String]) -> Whose {
        if wanted.iter().any(|form| self.forms.contains(form)) {
            return Whose::Theirs;
        }
        // The search has found it by a value that it does not show: called somebody else's, the person's record would
        // stay unnoticed.
        if self.is_partly_hidden || self.forms.is_empty() { Whose::Hidden } else { Whose::SomebodyElses }
    }
}

/// Whether a text is like a pattern, in which `%` stands for any text, and `_` for any letter.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some(first) = pattern.chars().next() else { return text.is_empty() };
    let rest = &pattern[first.len_utf8()..];
    let mut after = text.chars();
    match first {
        '%' => text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| is_like(&text[at..], rest)),
        '_' => after.next().is_some() && is_like(after.as_str(), rest),
        letter => after.next() == Some(letter) && is_like(after.as_str(), rest),
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

impl Unclear {
    pub(super) fn add(&mut self, whose: Whose, record: Record) {
        let list = match whose {
            Whose::Hidden => &mut self.hidden,
            Whose::ByPhoneAlone => &mut self.by_phone_alone,
            Whose::Theirs | Whose::SomebodyElses => return,
        };
        if !list.contains(&record) {
            list.push(record);
        }
    }

    pub(super) fn keep(&mut self, why: &'static str, record: Record) {
        if !self.kept.iter().any(|(_, known)| *known == record) {
            self.kept.push((why, record));
        }
    }

    pub(super) fn join(&mut self, other: Self) {
        other.hidden.into_iter().for_each(|record| self.add(Whose::Hidden, record));
        other.by_phone_alone.into_iter().for_each(|record| self.add(Whose::ByPhoneAlone, record));
        other.kept.into_iter().for_each(|(why, record)| self.keep(why, record));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hidden.is_empty() && self.by_phone_alone.is_empty() && self.kept.is_empty()
    }

    /// What one search leaves open, another may show.
    pub(super) fn without(&mut self, theirs: &[Record]) {
        self.hidden.retain(|record| !theirs.contains(record));
        self.by_phone_alone.retain(|record| !theirs.contains(record) && !self.hidden.contains(record));
    }

    /// The answer with what a person must judge: nothing is erased or absent for sure while such records are there.
    pub(super) fn told(&self, answer: Answer) -> Answer {
        let mut reasons = Vec::new();
        if !self.hidden.is_empty() {
            let count = self.hidden.len();
            reasons.push(format!("{count} records were found that do not show whose they are, and stay"));
        }
        if !self.by_phone_alone.is_empty() {
            let count = self.by_phone_alone.len();
            reasons.push(format!(
                "{count} records hold the telephone number and no e-mail address, and stay (`phone_alone`)"
            ));
        }
        let mut kept: BTreeMap<_, u64> = BTreeMap::new();
        self.kept.iter().for_each(|(why, _)| *kept.entry(why).or_default() += 1);
        reasons.extend(kept.into_iter().map(|(why, count)| format!("{count} {why}")));
        answer.unclear(&reasons)
    }
}

#[cfg(test)]
mod tests;
