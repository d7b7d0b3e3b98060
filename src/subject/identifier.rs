//! Identifiers: a kind and a value that is never shown.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::normalize;
use crate::keys::{Fingerprint, IndexKey, Secret};

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

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A kind and a value. The value is kept as it was written and compared in its normal form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identifier {
    pub(crate) kind: Kind,
    pub(crate) value: Secret,
}

impl Identifier {
    /// An identifier, unless the value is empty in its normal form.
    pub(crate) fn new(kind: Kind, value: &str) -> Option<Self> {
        normalize(&kind, value)?;
        Some(Self { kind, value: Secret::new(value.trim()) })
    }

    /// The fingerprint of the normal form.
    pub(crate) fn fingerprint(&self, key: &IndexKey) -> Fingerprint {
        let normal = normalize(&self.kind, self.value.expose()).expect("checked when it was made");
        key.fingerprint(self.kind.as_str(), &Secret::new(normal))
    }
}

/// The identifiers that an erasure needs; the plain content of a capsule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identifiers(pub(crate) BTreeSet<Identifier>);

impl Identifiers {
    pub(crate) fn of_kind<'a>(&'a self, kind: &'a Kind) -> impl Iterator<Item = &'a Secret> {
        self.0.iter().filter(move |i| i.kind == *kind).map(|i| &i.value)
    }

    /// The bytes that go into a capsule.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let pairs: Vec<_> = self.0.iter().map(|i| (i.kind.as_str(), i.value.expose())).collect();
        Zeroizing::new(serde_json::to_vec(&pairs).expect("pairs of strings are JSON"))
    }

    /// Reads what [`Identifiers::to_bytes`] wrote; the error shows no content.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        let pairs: Vec<(Kind, Zeroizing<String>)> =
            serde_json::from_slice(bytes).map_err(|_| "the capsule's content is not a list of identifiers")?;
        Ok(Self(pairs.into_iter().filter_map(|(kind, value)| Identifier::new(kind, &value)).collect()))
    }
}
