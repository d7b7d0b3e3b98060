//! What an identifier is. A word in manifests, configurations and on the wire; in code it is a type, so that a misspelt `emial` does not compile.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

/// What an identifier is: an e-mail address, a guest's id, a customer number of the tenant's own.
///
/// Texts become kinds by themselves wherever one is wanted in code; on the wire and in configurations a kind is its word, and
/// any other text is refused.
///
/// ```
/// use quietus_plugin::{Kind, Manifest};
///
/// assert_eq!(Kind::from("guest_id"), Kind::GuestId);
/// assert_eq!(Kind::from("customer_no"), Kind::Other("customer_no".into()));
/// let manifest = Manifest::new("crm", "1.0.0").requires(Kind::Email).accepts("customer_no");
/// assert!(manifest.identifiers.names("email"));
/// ```
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(into = "String")]
#[schemars(with = "String")]
pub enum Kind {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A person's name.
    Name,
    /// mluvii's id of a guest.
    GuestId,
    /// mluvii's id of a session.
    SessionId,
    /// A tenant's own: `a`-`z`, digits and `_`.
    Other(String),
}

impl Kind {
    /// The word on the wire.
    ///
    /// ```
    /// assert_eq!(quietus_plugin::Kind::SessionId.as_str(), "session_id");
    /// ```
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Name => "name",
            Self::GuestId => "guest_id",
            Self::SessionId => "session_id",
            Self::Other(word) => word,
        }
    }

    /// Whether mluvii gives it out: only what mluvii itself said is one of these, never what somebody typed.
    ///
    /// ```
    /// # use quietus_plugin::Kind;
    /// assert!(Kind::SessionId.is_internal_id() && !Kind::Email.is_internal_id());
    /// ```
    pub fn is_internal_id(&self) -> bool {
        matches!(self, Self::GuestId | Self::SessionId)
    }

    /// Those of all tenants come first, as they stand in the enum.
    fn rank(&self) -> (usize, &str) {
        let word = self.as_str();
        let known = ["email", "phone", "name", "guest_id", "session_id"];
        (known.iter().position(|known| *known == word).unwrap_or(known.len()), word)
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if word.is_empty() || !word.chars().all(plain) {
            return Err(format!("identifier kind `{word}`: only a-z, 0-9 and `_` are allowed"));
        }
        Ok(word.into())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl From<String> for Kind {
    fn from(word: String) -> Self {
        match word.as_str() {
            "email" => Self::Email,
            "phone" => Self::Phone,
            "name" => Self::Name,
            "guest_id" => Self::GuestId,
            "session_id" => Self::SessionId,
            _ => Self::Other(word),
        }
    }
}

impl From<&str> for Kind {
    fn from(word: &str) -> Self {
        word.to_owned().into()
    }
}

impl From<&String> for Kind {
    fn from(word: &String) -> Self {
        word.clone().into()
    }
}

impl From<&Kind> for Kind {
    fn from(kind: &Kind) -> Self {
        kind.clone()
    }
}

impl From<Kind> for String {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Other(word) => word,
            known => known.as_str().to_owned(),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// By the word: `Other("email")` is an e-mail address, too.

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Kind {}

impl PartialEq<str> for Kind {
    fn eq(&self, word: &str) -> bool {
        self.as_str() == word
    }
}

impl PartialEq<&str> for Kind {
    fn eq(&self, word: &&str) -> bool {
        self.as_str() == *word
    }
}

impl PartialOrd for Kind {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kind {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl Hash for Kind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}
