//! Why a call failed, and what the host does about it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What the host does about a failed call.
///
/// ```
/// use quietus_plugin::{ErrorClass, PluginError};
///
/// let error: PluginError = serde_json::from_str(r#"{ "class": "moody", "message": "not today" }"#)?;
/// assert_eq!(error.class, ErrorClass::Retryable, "a class of a later version");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "&'static str")]
#[non_exhaustive]
pub enum ErrorClass {
    /// Tries again, a limited number of times. Also what an unknown class is read as.
    Retryable,
    /// Tries again, no sooner than told (up to the host's longest pause); costs no attempt.
    RateLimited,
    /// Gives up this call and tells a person.
    Permanent,
    /// Stops calling this plugin, as every call would fail alike (a revoked token), tells a person, and tries one call after
    /// pauses that grow.
    NeedsOperator,
    /// The call was cancelled. At a shutdown that costs no attempt; where its time was over, or the plugin gave it up by itself, it is
    /// as [`Retryable`](Self::Retryable).
    Cancelled,
    /// Said by the host: the process died during the call, whose outcome is unknown.
    Crashed,
    /// Said by the host: no answer in time; the outcome is unknown.
    Timeout,
    /// Said by the host: the plugin broke the protocol; the outcome is unknown.
    Protocol,
}

impl From<String> for ErrorClass {
    fn from(word: String) -> Self {
        match word.as_str() {
            "rate_limited" => Self::RateLimited,
            "permanent" => Self::Permanent,
            "needs_operator" => Self::NeedsOperator,
            "cancelled" => Self::Cancelled,
            "crashed" => Self::Crashed,
            "timeout" => Self::Timeout,
            "protocol" => Self::Protocol,
            _ => Self::Retryable,
        }
    }
}

impl From<ErrorClass> for &'static str {
    fn from(class: ErrorClass) -> Self {
        match class {
            ErrorClass::Retryable => "retryable",
            ErrorClass::RateLimited => "rate_limited",
            ErrorClass::Permanent => "permanent",
            ErrorClass::NeedsOperator => "needs_operator",
            ErrorClass::Cancelled => "cancelled",
            ErrorClass::Crashed => "crashed",
            ErrorClass::Timeout => "timeout",
            ErrorClass::Protocol => "protocol",
        }
    }
}

/// Why a call failed. The message is for the operator and free of personal data.
///
/// ```
/// use std::io::{Error, ErrorKind};
/// use quietus_plugin::{ErrorClass, PluginError};
///
/// /// Never the error's own text: it could hold a path or a value.
/// fn of_io(e: &Error) -> PluginError {
///     match e.kind() {
///         ErrorKind::PermissionDenied => PluginError::needs_operator("the folder may not be changed"),
///         kind => PluginError::retryable(format!("cannot delete: {kind}")),
///     }
/// }
/// assert_eq!(of_io(&ErrorKind::PermissionDenied.into()).class, ErrorClass::NeedsOperator);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct PluginError {
    /// What the host does about it.
    pub class: ErrorClass,
    /// What happened.
    #[serde(default)]
    pub message: String,
    /// With [`ErrorClass::RateLimited`]: how long to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl PluginError {
    /// An error of any class.
    ///
    /// ```
    /// # use quietus_plugin::{ErrorClass, PluginError};
    /// let class = if cfg!(unix) { ErrorClass::Retryable } else { ErrorClass::Permanent };
    /// assert_eq!(PluginError::new(class, "the socket is not there").to_string(), "the socket is not there");
    /// ```
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), retry_after_ms: None }
    }

    /// Trying again may help.
    ///
    /// ```
    /// # use quietus_plugin::{ErrorClass, PluginError};
    /// assert_eq!(PluginError::retryable("the database restarts").class, ErrorClass::Retryable);
    /// ```
    pub fn retryable(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Retryable, message)
    }

    /// The system asks to wait.
    ///
    /// ```
    /// # use quietus_plugin::PluginError;
    /// let later = PluginError::rate_limited(Some(std::time::Duration::from_secs(30)));
    /// assert_eq!(later.retry_after_ms, Some(30_000));
    /// ```
    pub fn rate_limited(retry_after: Option<Duration>) -> Self {
        let retry_after_ms = retry_after.map(|pause| pause.as_millis().try_into().unwrap_or(u64::MAX));
        Self { retry_after_ms, ..Self::new(ErrorClass::RateLimited, "rate limited") }
    }

    /// Trying again cannot help this call.
    ///
    /// ```
    /// # use quietus_plugin::{ErrorClass, PluginError};
    /// assert_eq!(PluginError::permanent("the API refuses this id").class, ErrorClass::Permanent);
    /// ```
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Permanent, message)
    }

    /// Every call would fail alike, probably until a person acts.
    ///
    /// ```
    /// # use quietus_plugin::PluginError;
    /// fn token(of_environment: Option<&str>) -> Result<&str, PluginError> {
    ///     of_environment.ok_or_else(|| PluginError::needs_operator("the token was revoked"))
    /// }
    /// assert!(token(None).is_err());
    /// ```
    pub fn needs_operator(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::NeedsOperator, message)
    }

    /// The call was cancelled.
    ///
    /// ```
    /// # use quietus_plugin::{ErrorClass, PluginError};
    /// assert_eq!(PluginError::cancelled().class, ErrorClass::Cancelled);
    /// ```
    pub fn cancelled() -> Self {
        Self::new(ErrorClass::Cancelled, "cancelled")
    }
}
