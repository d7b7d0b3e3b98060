//! The ids that mluvii and the configuration give out.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A session's id at mluvii.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SessionId(pub(crate) i64);

/// A tenant's (company's) id at mluvii.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub(crate) struct TenantId(pub(crate) i64);

/// A guest's id at mluvii: `guest.identity`, a string.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct GuestId(pub(crate) String);

impl GuestId {
    /// The longest that is taken for an id, in bytes.
    const BYTES_MAX: usize = 256;

    /// The id that mluvii or a person names; `None` where it can be none.
    pub(crate) fn named(text: &str) -> Option<Self> {
        let sound = !text.is_empty() && text.len() <= Self::BYTES_MAX && !text.chars().any(char::is_control);
        sound.then(|| Self(text.to_owned()))
    }
}

/// The configured name of a source; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SourceName(pub(crate) Arc<str>);

/// The name of a target: `mluvii` or a plugin's name; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct TargetName(pub(crate) Arc<str>);

impl TargetName {
    /// The one target that is built in.
    pub(crate) const MLUVII: &str = "mluvii";

    pub(crate) fn mluvii() -> Self {
        Self(Self::MLUVII.into())
    }

    pub(crate) fn is_mluvii(&self) -> bool {
        &*self.0 == Self::MLUVII
    }
}

/// One session of one source. Session ids are unique within a mluvii installation, not across installations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct SessionKey {
    pub(crate) source: SourceName,
    pub(crate) session: SessionId,
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.source, self.session)
    }
}

impl std::str::FromStr for SessionKey {
    type Err = &'static str;

    /// Reads what `Display` writes: `source/id`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "a session is written as `source/id`, such as `acme/4711`";
        let (source, id) = text.rsplit_once('/').ok_or(wrong)?;
        if source.is_empty() {
            return Err(wrong);
        }
        Ok(Self { source: SourceName(source.into()), session: SessionId(id.parse().map_err(|_| wrong)?) })
    }
}
