//! What an identifier is. A word in manifests, configurations and on the wire; in code it is a type, so that a misspelt `emial` does not compile.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

/// What an identifier is: an e-mail address, a guest's id, a customer number of the tenant's own.
///
/// Texts become kinds by themselves wherever one is wanted; on the wire a kind is its word.
///
/// ```
/// use quietus_plugin::{Kind, Manifest};
///
/// assert_eq!(Kind::from("guest_id"), Kind::GuestId);
/// assert_eq!(Kind::from("customer_no"), Kind::Other("customer_no".into()));
/// let manifest = Manifest::new("crm", "1.0.0").requires(Kind::Email).accepts("customer_no");
/// assert!(manifest.identifiers.names("email"));
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
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
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Kind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}
