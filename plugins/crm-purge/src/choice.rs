//! What the operator chooses among: words of the configuration that decide how the engine and the vendors act.

use schemars::JsonSchema;
use serde::Deserialize;

/// What people are looked for by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// E-mail addresses.
    Email,
    /// Telephone numbers.
    Phone,
    /// The vendor's own id.
    Id,
}

/// Whether what stands behind a `+` in an address makes it another person's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlusAddressing {
    /// It does.
    #[default]
    Distinct,
    /// It does not: `ann+shop@x.cz` is `ann@x.cz`.
    Same,
}

/// Which records the credentials' user sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// All of them: a user from whom some are hidden is refused.
    #[default]
    All,
    /// Those that the operator has meant it to see. The answer says so.
    Trusted,
}

/// How a person is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Erasure {
    /// The vendor's erasure of personal data, which cannot be undone.
    Anonymize,
    /// The record is deleted.
    Delete,
}

impl Erasure {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Anonymize => "anonymize",
            Self::Delete => "delete",
        }
    }
}
