//! Why mluvii did not do it, and why a client could not be made.

use std::time::Duration;

use crate::subject::InstallationName;
use crate::target::TargetError;

/// A failed call; one variant per reaction of the caller. The texts name the request as the configuration writes it,
/// never a filled-in URL, a body, a token or a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MluviiError {
    /// Slow, failing, or answering what cannot be believed: the same again may succeed later. It may be due to this record
    /// alone.
    #[error("{0}")]
    Away(String),
    /// Not there, whatever the call is about: no connection, no token, out of service.
    #[error("{0}")]
    Unavailable(String),
    /// A web page where a document was asked for, with a new token, too: a gateway's, or the page of a login.
    #[error("{0}")]
    Page(String),
    /// mluvii asks for a pause.
    #[error("{what}: mluvii asks for a pause")]
    Busy { what: String, retry_after: Option<Duration> },
    /// More than is read at once; the same again would not be less, and other records are not as large.
    #[error("{0}")]
    TooLarge(String),
    /// Trying this again cannot help; other calls may well succeed.
    #[error("{0}")]
    Refused(String),
    /// Every call would fail alike, probably until a person acts: credentials, a path that is not known.
    #[error("{0}")]
    Denied(String),
}

impl From<MluviiError> for TargetError {
    fn from(error: MluviiError) -> Self {
        match error {
            MluviiError::Away(what) | MluviiError::Page(what) => Self::Retryable(what),
            MluviiError::Unavailable(what) => Self::Unavailable(what),
            MluviiError::Busy { retry_after, .. } => Self::RateLimited { retry_after },
            MluviiError::TooLarge(what) => Self::OfRecord(what),
            MluviiError::Refused(what) => Self::Permanent(what),
            MluviiError::Denied(what) => Self::NeedsOperator(what),
        }
    }
}

/// A setting that the client cannot be made of: which key, what was found, what is allowed.
#[derive(Debug, thiserror::Error)]
#[error("mluvii.{}{key}: {wrong}", .of.as_ref().map(|name| format!("{name}.")).unwrap_or_default())]
pub(crate) struct SettingsError {
    key: &'static str,
    /// The installation, where it has a name.
    of: Option<InstallationName>,
    wrong: String,
}

impl SettingsError {
    pub(super) fn new(key: &'static str, wrong: impl Into<String>) -> Self {
        Self { key, of: None, wrong: wrong.into() }
    }

    /// Says whose setting it is, where there are several installations.
    pub(super) fn of(self, installation: &InstallationName) -> Self {
        let named = *installation.0 != *InstallationName::UNNAMED;
        Self { of: named.then(|| installation.clone()), ..self }
    }
}
