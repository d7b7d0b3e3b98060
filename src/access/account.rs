//! An account: whose it is, and what it is given.

use jiff::Timestamp;
use serde::Serialize;

use super::name::AccountName;
use super::password::PasswordHash;
use super::role::{Companies, Roles};

/// Characters of a text that a person is shown by, or of what a token is for.
pub(crate) const LINE_CHARS_MAX: usize = 80;

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
    fn what_is_shown_is_one_line() {
        assert_eq!(one_line("  Anna Nováková ").as_deref(), Ok("Anna Nováková"));
        assert!(one_line(&"á".repeat(80)).is_ok());
        for wrong in ["", "  ", "a\nb", "a\u{7}b", "a\u{2028}b", &"á".repeat(81)] {
            assert_eq!(one_line(wrong), Err(NotOneLine));
        }
    }
}
