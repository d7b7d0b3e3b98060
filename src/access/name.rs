//! The name of an account.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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
}
