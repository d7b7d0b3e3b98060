//! Who is looked for: a request's identifiers enter; those that a record can hold leave, each once.

use quietus_plugin::{Kind, Request, same_letters};

use super::exact::Rules;
use crate::config::By;

/// Something to look for a person by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// An address, the spellings to search for, and what stands before and behind `+…` where that makes no difference.
    Email { address: String, spellings: Vec<String>, around_plus: Option<(String, String)> },
    /// A number as [`Rules::number`] writes it, and as it may stand in a record: first as it was typed.
    Phone { number: String, forms: Vec<String> },
    /// The vendor's own id, in its form.
    Id(String),
}

/// Whom the configuration looks for.
pub(crate) struct Scope {
    pub(crate) by: Vec<By>,
    pub(crate) id_kind: Kind,
    pub(crate) rules: Rules,
}

impl Scope {
    /// What to look for, and how many identifiers no record can hold.
    pub(super) fn wanted(&self, request: &Request, is_id: impl Fn(&str) -> bool) -> (Vec<Wanted>, usize) {
        let (mut all, mut unusable) = (Vec::new(), 0);
        for by in &self.by {
            let kind = match by {
                By::Email => Kind::Email,
                By::Phone => Kind::Phone,
                By::Id => self.id_kind.clone(),
            };
            for typed in request.values(kind) {
                match self.one(*by, typed, &is_id) {
                    Some(wanted) if all.iter().any(|known| self.same(known, &wanted)) => {}
                    Some(wanted) => all.push(wanted),
                    None => unusable += 1,
                }
            }
        }
        (all, unusable)
    }

    fn one(&self, by: By, typed: &str, is_id: impl Fn(&str) -> bool) -> Option<Wanted> {
        match by {
            By::Email => {
                let address = self.rules.address(typed)?;
                Some(Wanted::Email {
                    address: address.to_owned(),
                    spellings: self.rules.spellings(address),
                    around_plus: self.rules.around_plus(address),
                })
            }
            By::Phone => {
                let number = self.rules.number(typed)?;
                let mut forms = vec![typed.trim().to_owned()];
                forms.extend(self.rules.forms(&number).into_iter().filter(|form| form != typed.trim()));
                Some(Wanted::Phone { number, forms })
            }
            By::Id => Some(typed.trim()).filter(|id| is_id(id)).map(|id| Wanted::Id(id.to_owned())),
        }
    }

    fn same(&self, a: &Wanted, b: &Wanted) -> bool {
        match (a, b) {
            (Wanted::Phone { number: a, .. }, Wanted::Phone { number: b, .. }) => a == b,
            (Wanted::Email { address: a, .. }, Wanted::Email { address: b, .. }) => same_letters(a, b),
            (a, b) => a == b,
        }
    }

    /// Whether a record's value is exactly what is looked for.
    pub(super) fn fits(&self, wanted: &Wanted, value: &str) -> bool {
        match wanted {
            Wanted::Email { address, .. } => self.rules.same_address(address, value),
            Wanted::Phone { number, .. } => self.rules.same_number(number, value),
            Wanted::Id(id) => id == value,
        }
    }
}

/// The last digits of a number: enough to find it however it is written before them.
pub(crate) fn tail(number: &str) -> &str {
    /// A subscriber's number without its area.
    const TAIL: usize = 7;
    let digits = number.trim_start_matches('+');
    &digits[digits.len().saturating_sub(TAIL)..]
}

/// The last digits with `%` before, between and after them: a LIKE pattern for every way to group them.
pub(crate) fn tail_pattern(number: &str) -> String {
    tail(number).chars().fold("%".to_owned(), |pattern, digit| format!("{pattern}{digit}%"))
}
