//! The ids that mluvii and the configuration give out.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A session's id at mluvii.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SessionId(pub(crate) i64);

/// A tenant's id at mluvii, which the API calls a department. A company has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub(crate) struct TenantId(pub(crate) i64);

/// A guest's id at mluvii: `guest.identity`, a string.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct GuestId(pub(crate) String);

impl GuestId {
    /// The longest id that is accepted, in bytes.
    const BYTES_MAX: usize = 256;

    /// The id that mluvii or a person names; `None` where it can be none.
    pub(crate) fn named(text: &str) -> Option<Self> {
        let sound = !text.is_empty() && text.len() <= Self::BYTES_MAX && !text.chars().any(char::is_control);
        sound.then(|| Self(text.to_owned()))
    }
}

/// The name of one mluvii company's installation in the configuration; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub(crate) struct InstallationName(pub(crate) Arc<str>);

impl InstallationName {
    /// The name of an installation that the configuration writes as a single `[mluvii]` without a name.
    pub(crate) const UNNAMED: &str = "mluvii";

    pub(crate) fn unnamed() -> Self {
        Self(Self::UNNAMED.into())
    }
}

/// The configured name of a source; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SourceName(pub(crate) Arc<str>);

/// The name of a target: `mluvii`, a plugin's name, or that of a place that people erase from; cheap to clone.
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

    /// mluvii at one installation, as it is called, limited and shown: `mluvii`, or `mluvii/acme` where installations
    /// have names. Each has its own breaker, rate and queues.
    pub(crate) fn mluvii_of(installation: &InstallationName) -> Self {
        if &*installation.0 == InstallationName::UNNAMED {
            return Self::mluvii();
        }
        Self(format!("{}/{installation}", Self::MLUVII).into())
    }

    /// What is wrong with a name that the configuration gives to a target.
    pub(crate) fn check(name: &str) -> Result<(), String> {
        // It stands in file names, cgroups, metrics and URLs.
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        if name == Self::MLUVII {
            return Err("`mluvii` is the name of the built-in target".into());
        }
        if name.is_empty() || name.len() > 64 || !name.bytes().all(is_plain) {
            return Err(format!("the name `{name}`: allowed are 1 to 64 of a-z, 0-9, `-` and `_`"));
        }
        Ok(())
    }

    /// Who is called for this target in an erasure of the installation.
    pub(crate) fn called_for(&self, installation: &InstallationName) -> Self {
        if self.is_mluvii() { Self::mluvii_of(installation) } else { self.clone() }
    }
}

/// One session of one installation: session ids are unique within a mluvii installation only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct SessionKey {
    pub(crate) installation: InstallationName,
    pub(crate) session: SessionId,
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for InstallationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
        write!(f, "{}/{}", self.installation, self.session)
    }
}

impl std::str::FromStr for SessionKey {
    type Err = &'static str;

    /// Reads what `Display` writes: `installation/id`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "a session is written as `installation/id`, such as `acme/4711`";
        let (installation, id) = text.rsplit_once('/').ok_or(wrong)?;
        if installation.is_empty() {
            return Err(wrong);
        }
        let session = SessionId(id.parse().map_err(|_| wrong)?);
        Ok(Self { installation: InstallationName(installation.into()), session })
    }
}
