//! The company's own number of a case: all that an officer writes of a hold, as it stands on receipts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Characters of a reference, at most.
const CHARS_MAX: usize = 40;

/// Letters in a row, at most: file numbers have short marks, and names are longer.
const LETTERS_MAX: usize = 5;

/// Digits in a row, at most: telephone numbers and numbers at birth are longer.
const DIGITS_MAX: usize = 8;

/// A case's number, such as `21 C 123/2024`. It cannot be seen whether a text is about a person; but what a reference may be made of
/// leaves no room for an address, a telephone number, a number at birth, or most names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct CaseReference(String);

/// Why a text is no reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a case's number has up to 40 letters (no more than 5 in a row), digits (no more than 8 in a row), spaces and `-./_`, with a digit \
     among them, such as `21 C 123/2024`: it stands on receipts, and may name nobody"
)]
pub(crate) struct NoCaseReference;

impl FromStr for CaseReference {
    type Err = NoCaseReference;

    fn from_str(text: &str) -> Result<Self, NoCaseReference> {
        let text = text.trim();
        let allowed = |one: char| one.is_ascii_alphanumeric() || " -./_".contains(one);
        let longest = |of: fn(&char) -> bool| {
            text.split(|one: char| !of(&one)).map(|run| run.chars().count()).max().unwrap_or_default()
        };
        let is_fine = text.chars().count() <= CHARS_MAX
            && text.chars().all(allowed)
            && text.chars().any(|one| one.is_ascii_digit())
            && longest(char::is_ascii_alphabetic) <= LETTERS_MAX
            && longest(char::is_ascii_digit) <= DIGITS_MAX
            && !has_birth_number(text);
        if is_fine { Ok(Self(text.to_owned())) } else { Err(NoCaseReference) }
    }
}

/// Six digits, a slash, and three or four digits: as Czech and Slovak numbers at birth are written.
fn has_birth_number(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    parts.windows(2).any(|pair| {
        let before = pair[0].chars().rev().take_while(char::is_ascii_digit).count();
        let after = pair[1].chars().take_while(char::is_ascii_digit).count();
        before == 6 && (3..=4).contains(&after)
    })
}

impl TryFrom<String> for CaseReference {
    type Error = NoCaseReference;

    fn try_from(text: String) -> Result<Self, NoCaseReference> {
        text.parse()
    }
}

impl From<CaseReference> for String {
    fn from(case: CaseReference) -> Self {
        case.0
    }
}

impl fmt::Display for CaseReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        assert_eq!(text.parse::<CaseReference>().is_ok(), expected, "{text}");
    }

    #[test]
    fn numbers_of_cases_are_taken() {
        for text in ["21 C 123/2024", "UOOU-01234/24-5", "OK_2026.17", "7", " 30 Cdo 1/2026 ", "DPO-2026-0042"] {
            check(text, true);
        }
    }

    #[test]
    fn what_may_name_somebody_is_refused() {
        for text in
            ["", "case", "Novotna 7", "ann@x.cz", "+420 777 123 456", "777123456", "855412/1234", "č. 7", "a: 7", "0;1"]
        {
            check(text, false);
        }
        check(&"1 ".repeat(30), false);
    }
}
