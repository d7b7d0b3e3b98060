//! Identifiers: a kind and a value that is never shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::keys::Secret;

/// What an identifier is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub(crate) enum Kind {
    Email,
    Phone,
    Name,
    GuestId,
    SessionId,
    /// A tenant's own kind, such as a customer number.
    Other(String),
}

impl Kind {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Name => "name",
            Self::GuestId => "guest_id",
            Self::SessionId => "session_id",
            Self::Other(name) => name,
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "email" => Self::Email,
            "phone" => Self::Phone,
            "name" => Self::Name,
            "guest_id" => Self::GuestId,
            "session_id" => Self::SessionId,
            other => {
                let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                if other.is_empty() || !other.chars().all(plain) {
                    return Err(format!("identifier kind `{other}`: only a-z, 0-9 and `_` are allowed"));
                }
                Self::Other(other.to_owned())
            }
        })
    }
}

impl TryFrom<String> for Kind {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Kind> for String {
    fn from(kind: Kind) -> Self {
        kind.as_str().to_owned()
    }
}

/// The kind as plugins are told it. Theirs is open: an unknown word of a newer plugin is no error there, while in a
/// configuration it has to be a plain word.
impl From<&Kind> for quietus_plugin::Kind {
    fn from(kind: &Kind) -> Self {
        kind.as_str().into()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Kind {
    /// Whether mluvii gives it out: only what mluvii itself said may become one of these, never typed text.
    pub(crate) fn is_internal_id(&self) -> bool {
        matches!(self, Self::GuestId | Self::SessionId)
    }
}

/// A kind and a value that somebody typed or that mluvii knows of a person. The value is kept as it was written and
/// compared in its normal forms ([`super::Fingerprinter`]).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identifier {
    pub(crate) kind: Kind,
    pub(crate) value: Secret,
}

impl Identifier {
    /// An identifier, unless the value is empty. mluvii's own ids have types of their own
    /// ([`super::GuestId`], [`super::SessionKey`]) and are none.
    pub(crate) fn new(kind: Kind, value: &str) -> Option<Self> {
        let value = value.trim();
        let sound = !value.is_empty() && !kind.is_internal_id();
        sound.then(|| Self { kind, value: Secret::new(value) })
    }
}

/// Identifiers, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identifiers(pub(crate) BTreeSet<Identifier>);

impl Identifiers {
    pub(crate) fn of_kind<'a>(&'a self, kind: &'a Kind) -> impl Iterator<Item = &'a Secret> {
        self.0.iter().filter(move |i| i.kind == *kind).map(|i| &i.value)
    }
}

/// The names of call params and form fields, in lower case, and what kind of identifier each holds.
pub(crate) type Params = BTreeMap<String, Kind>;

/// What kind of identifier a call param or form field holds, whatever the case of its name.
pub(crate) fn kind_of(params: &Params, name: &str) -> Option<Kind> {
    // Not ASCII's case alone: a form in Czech has fields such as `Příjmení`.
    params.get(&name.to_lowercase()).cloned()
}
