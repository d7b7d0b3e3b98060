//! Who is looked for: the normal forms of a request's identifiers, each once, and how vendors are asked for them.

use quietus_plugin::identity::{normal_forms, spellings};
use quietus_plugin::{Kind, Request};

use super::rules::Rules;
use crate::choice::By;

/// Something to look for a person by.
#[derive(PartialEq, Eq)]
pub(crate) enum Wanted {
    /// An address in its normal form and as it was typed, the spellings to search for, and what stands before and behind
    /// `+…` where that makes no difference.
    Email { address: String, typed: String, spellings: Vec<String>, around_plus: Option<(String, String)> },
    /// A number in its normal form, and as it may stand in a record: first as it was typed.
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
        let mut all: Vec<Wanted> = Vec::new();
        let mut unusable = 0;
        for by in &self.by {
            let kind = match by {
                By::Email => Kind::Email,
                By::Phone => Kind::Phone,
                By::Id => self.id_kind.clone(),
            };
            for typed in request.values(&kind) {
                let forms = match by {
                    By::Email | By::Phone => normal_forms(&kind, typed, request.region),
                    By::Id => vec![typed.trim().to_owned()].into_iter().filter(|id| is_id(id)).collect(),
                };
                unusable += usize::from(forms.is_empty());
                // A field with two numbers is no spelling of one of them.
                let typed = if forms.len() == 1 { typed.trim() } else { "" };
                for form in forms {
                    if !all.iter().any(|known| known.form() == form) {
                        all.push(self.one(*by, form, typed));
                    }
                }
            }
        }
        (all, unusable)
    }

    fn one(&self, by: By, form: String, typed: &str) -> Wanted {
        match by {
            By::Email => Wanted::Email {
                spellings: self.rules.spellings(&form),
                around_plus: self.rules.around_plus(&form),
                typed: typed.to_owned(),
                address: form,
            },
            By::Phone => {
                let mut forms = spellings(&Kind::Phone, &form);
                if !typed.is_empty() {
                    forms.retain(|spelling| spelling != typed);
                    forms.insert(0, typed.to_owned());
                }
                Wanted::Phone { number: form, forms }
            }
            By::Id => Wanted::Id(form),
        }
    }
}

impl Wanted {
    /// What it is looked for by.
    pub(super) fn by(&self) -> By {
        match self {
            Self::Email { .. } => By::Email,
            Self::Phone { .. } => By::Phone,
            Self::Id(_) => By::Id,
        }
    }

    /// The normal form.
    fn form(&self) -> &str {
        match self {
            Self::Email { address, .. } => address,
            Self::Phone { number, .. } => number,
            Self::Id(id) => id,
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
