//! Whom an erasure is about: ids, identifiers and their fingerprints, scopes. Nothing here prints a person's data.

mod fingerprint;
mod id;
mod identifier;
mod title;
mod whom;

pub(crate) use fingerprint::{Fingerprinted, Fingerprinter};
pub(crate) use id::{GuestId, InstallationName, SessionId, SessionKey, SourceName, TargetName, TenantId};
pub(crate) use identifier::{Identifier, Identifiers, Kind, Params, kind_of};
pub(crate) use title::{Title, Titles};
pub(crate) use whom::{Narrowed, Whom};

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
