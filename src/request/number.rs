//! The number by which people know a request: the company's own of the case, or one that the ledger gives.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::subject::InstallationName;

/// The longest one.
const CHARACTERS_MAX: usize = 40;

/// In front of the numbers that the ledger gives.
const OWN: &str = "R-";

/// A request's number, unique within its installation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub(crate) struct RequestNumber(String);

impl RequestNumber {
    /// The ledger's own.
    pub(crate) fn own(sequence: i64) -> Self {
        Self(format!("{OWN}{sequence}"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the ledger gives such numbers.
    pub(crate) fn is_own(&self) -> bool {
        let digits = self.0.strip_prefix(OWN).unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl fmt::Display for RequestNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RequestNumber {
    type Err = &'static str;

    /// Letters, digits and `-._/`, with a digit in it: it is shown, listed and audited, so that no name may be taken for one.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '/');
        let begins = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
        let sound = begins && text.len() <= CHARACTERS_MAX && text.chars().all(is_plain);
        match sound && text.bytes().any(|byte| byte.is_ascii_digit()) {
            true => Ok(Self(text.to_owned())),
            false => Err("a request's number is at most 40 letters, digits and `-._/`, with a digit, such as 2026/117"),
        }
    }
}

impl<'de> Deserialize<'de> for RequestNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A request as people know it: by its number, and by its installation where that has a name.
pub(crate) fn shown(installation: &str, number: &str) -> String {
    match installation {
        InstallationName::UNNAMED => number.to_owned(),
        installation => format!("{installation}/{number}"),
    }
}
