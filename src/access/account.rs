//! An account: whose it is, and what it is given.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::password::PasswordHash;
use super::role::{Companies, Roles};

/// Characters of a text that a person is shown by, or of what a token is for.
const LINE_CHARS_MAX: usize = 80;

/// The name that somebody signs in with. It stands in the audit, so it is short and plain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct AccountName(String);

/// Why a text is no account's name. It does not quote the text: who mistakes the field may have typed a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an account's name has 1 to 32 of a-z, 0-9, `.`, `_` and `-`, and begins with a letter or a digit")]
pub(crate) struct NoAccountName;

impl AccountName {
    const BYTES_MAX: usize = 32;

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountName {
    type Err = NoAccountName;

    fn from_str(text: &str) -> Result<Self, NoAccountName> {
        let begins = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let goes_on = |byte: u8| begins(byte) || matches!(byte, b'.' | b'_' | b'-');
        let is_name =
            text.len() <= Self::BYTES_MAX && text.bytes().next().is_some_and(begins) && text.bytes().all(goes_on);
        if is_name { Ok(Self(text.to_owned())) } else { Err(NoAccountName) }
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for AccountName {
    type Error = NoAccountName;

    fn try_from(text: String) -> Result<Self, NoAccountName> {
        text.parse()
    }
}

impl From<AccountName> for String {
    fn from(name: AccountName) -> Self {
        name.0
    }
}

/// An account as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Account {
    pub(crate) name: AccountName,
    /// The person's own name, as pages and papers may show it.
    pub(crate) shown_as: String,
    pub(crate) roles: Roles,
    pub(crate) companies: Companies,
    /// Since when it may do nothing.
    pub(crate) disabled: Option<Timestamp>,
    pub(crate) created: Timestamp,
    /// `None` where it has no password: nobody signs in with it then.
    pub(crate) password_changed: Option<Timestamp>,
}

/// An account that is to be.
#[derive(Clone, Debug)]
pub(crate) struct NewAccount {
    pub(crate) name: AccountName,
    pub(crate) shown_as: String,
    pub(crate) roles: Roles,
    pub(crate) companies: Companies,
    pub(crate) password: Option<PasswordHash>,
}

/// What is to be another than it was; the rest stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccountChange {
    pub(crate) shown_as: Option<String>,
    pub(crate) roles: Option<Roles>,
    pub(crate) companies: Option<Companies>,
}

/// Why a text cannot be shown as a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is one line of 1 to {LINE_CHARS_MAX} characters")]
pub(crate) struct NotOneLine;

/// A text that is shown as one line, without the space around it.
pub(crate) fn one_line(text: &str) -> Result<String, NotOneLine> {
    let text = text.trim();
    let breaks = |one: char| one.is_control() || matches!(one, '\u{2028}' | '\u{2029}');
    let is_fine = !text.is_empty() && text.chars().count() <= LINE_CHARS_MAX && !text.contains(breaks);
    if is_fine { Ok(text.to_owned()) } else { Err(NotOneLine) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        for name in ["a", "7", "ann.novak", "a_b-c", &"a".repeat(32)] {
            assert_eq!(name.parse::<AccountName>().map(|read| read.to_string()).as_deref(), Ok(name));
        }
        for wrong in ["", ".a", "-a", "_a", "Ann", "a b", "a/b", "a:b", "anna\n", "änn", &"a".repeat(33)] {
            let refused = wrong.parse::<AccountName>().expect_err(wrong).to_string();
            assert!(refused.contains("1 to 32") && (wrong.len() < 3 || !refused.contains(wrong)), "{refused}");
        }
        assert!(serde_json::from_str::<AccountName>("\"Ann\"").is_err());
        assert_eq!(serde_json::from_str("\"ann\"").ok(), "ann".parse::<AccountName>().ok());
    }

    #[test]
    fn what_is_shown_is_one_line() {
        assert_eq!(one_line("  Anna Nováková ").as_deref(), Ok("Anna Nováková"));
        assert!(one_line(&"á".repeat(80)).is_ok());
        for wrong in ["", "  ", "a\nb", "a\u{7}b", "a\u{2028}b", &"á".repeat(81)] {
            assert_eq!(one_line(wrong), Err(NotOneLine));
        }
    }
}
