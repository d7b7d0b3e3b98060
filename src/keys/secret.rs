//! Text that must never be shown.

use std::cmp::Ordering;
use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::causes::HELP_OF_DENIED;

/// Text that is wiped when dropped and cannot be printed or serialized by accident.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself; every use of this is a place where it could leak.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl Ord for Secret {
    fn cmp(&self, other: &Self) -> Ordering {
        self.expose().cmp(other.expose())
    }
}

impl PartialOrd for Secret {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Where the configuration says that a secret is. Read after parsing, so that no secret stands in a file that is shown.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum SecretRef {
    /// A file's content, without the line break at its end.
    File(std::path::PathBuf),
    /// An environment variable.
    Env(String),
    /// A systemd credential, by name.
    Credential(String),
}

/// What may be a secret or not, such as a URL.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(untagged, expecting = "write a text, or where it is kept, such as { file = \"…\" }")]
pub(crate) enum TextOrSecret {
    /// It stands in the configuration.
    Text(String),
    /// It stands elsewhere.
    Secret(SecretRef),
}

impl TextOrSecret {
    /// What it is, to be shown nowhere in either case.
    pub(crate) fn read(&self, read: ReadSecret<'_>) -> Result<Secret, SecretError> {
        match self {
            Self::Text(text) => Ok(Secret::new(text.as_str())),
            Self::Secret(reference) => read(reference),
        }
    }
}

/// Reads the secret that a reference names. The error names the reference, never the content.
pub(crate) type ReadSecret<'a> = &'a dyn Fn(&SecretRef) -> Result<Secret, SecretError>;

/// A secret that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    #[error("{0}")]
    Wrong(String),
    /// Nothing is wrong with it but who asks.
    #[error("the secret in file {path}: Permission denied; {HELP_OF_DENIED}", path = path.display())]
    Denied { path: PathBuf },
}
