//! Whom an erasure is about: ids, identifiers in their normal form, scopes. Text enters, comparable values leave;
//! nothing here prints a person's data.

mod id;
mod identifier;
mod normalize;

pub(crate) use id::{GuestId, SessionId, SessionKey, SourceName, TargetName, TenantId};
pub(crate) use identifier::{Identifier, Identifiers, Kind};
pub(crate) use normalize::normalize;

use serde::{Deserialize, Serialize};

/// How far an erasure reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scope {
    /// One session.
    Session,
    /// All sessions of one guest id.
    Guest,
    /// All guests and sessions that match the person's identifiers.
    Person,
}

impl Scope {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Guest => "guest",
            Self::Person => "person",
        }
    }
}

#[cfg(test)]
mod tests;
