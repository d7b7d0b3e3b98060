//! The words of the protocol that authors use too: requests, answers, errors.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Kind;

/// Text that is personal or secret: wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sensitive(Zeroizing<String>);

impl Sensitive {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself; every use of this is a place where it could leak.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// How far an erasure reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scope {
    /// One session.
    Session,
    /// All sessions of one guest.
    Guest,
    /// Everything of one person.
    Person,
}

/// A kind, such as [`Kind::Email`], and a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identifier {
    /// What it is.
    pub kind: Kind,
    /// As the person wrote it: anything at all may stand here.
    pub value: Sensitive,
}

/// Whom a call is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The erasure's id; free of personal data.
    pub erasure: String,
    /// The same over all calls of this erasure to this plugin.
    pub idempotency_key: String,
    /// How far it reaches.
    pub scope: Scope,
    /// `true`: say what would go, and change nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Only of kinds that the manifest names and the operator granted.
    pub identifiers: Vec<Identifier>,
}

impl Identifier {
    /// An identifier.
    pub fn new(kind: impl Into<Kind>, value: impl Into<String>) -> Self {
        Self { kind: kind.into(), value: Sensitive::new(value) }
    }
}

impl Request {
    /// The values of one kind.
    pub fn values<'a, K: Into<Kind>>(&'a self, kind: K) -> impl Iterator<Item = &'a str> + use<'a, K> {
        let kind = kind.into();
        self.identifiers.iter().filter(move |identifier| identifier.kind == kind).map(|i| i.value.expose())
    }
}

/// A request about these identifiers, with made-up ids, for tests: see [`TestHost`](crate::TestHost).
impl<K: Into<Kind>, V: Into<String>, const N: usize> From<[(K, V); N]> for Request {
    fn from(identifiers: [(K, V); N]) -> Self {
        Self {
            erasure: "e-test".into(),
            idempotency_key: "k-test".into(),
            scope: Scope::Person,
            dry_run: false,
            identifiers: identifiers.into_iter().map(|(kind, value)| Identifier::new(kind, value)).collect(),
        }
    }
}

impl From<&Request> for Request {
    fn from(request: &Request) -> Self {
        request.clone()
    }
}

/// What became of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It was there and is gone. To `verify`: it is gone.
    Erased,
    /// It was never there. To `verify`: it is not there.
    Absent,
    /// A hold or a law keeps it; the reason says which.
    Retained,
    /// Asked again, it was still there.
    Residual,
    /// The system cannot be asked.
    Unverifiable,
}

/// What a plugin answers to `erase` and `verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What became of the data.
    pub outcome: Outcome,
    /// Why, where the outcome needs a reason; free of personal data, as it goes into the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many of what, such as `contacts: 2`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<String, u64>,
    /// How many seconds to wait before `verify`, where the system needs time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_after_s: Option<u64>,
}

impl Answer {
    fn new(outcome: Outcome, reason: Option<String>) -> Self {
        Self { outcome, reason, counts: BTreeMap::new(), verify_after_s: None }
    }

    /// It was there and is gone.
    pub fn erased() -> Self {
        Self::new(Outcome::Erased, None)
    }

    /// It was never there.
    pub fn absent() -> Self {
        Self::new(Outcome::Absent, None)
    }

    /// A hold or a law keeps it.
    pub fn retained(reason: impl Into<String>) -> Self {
        Self::new(Outcome::Retained, Some(reason.into()))
    }

    /// Asked again, it is still there.
    pub fn residual() -> Self {
        Self::new(Outcome::Residual, None)
    }

    /// The system cannot be asked.
    pub fn unverifiable(reason: impl Into<String>) -> Self {
        Self::new(Outcome::Unverifiable, Some(reason.into()))
    }

    /// Adds to the count of `what`.
    pub fn count(mut self, what: impl Into<String>, how_many: u64) -> Self {
        *self.counts.entry(what.into()).or_default() += how_many;
        self
    }

    /// The system needs this long until `verify` makes sense.
    pub fn verify_after(mut self, pause: Duration) -> Self {
        self.verify_after_s = Some(pause.as_secs());
        self
    }
}

/// What the host does about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "&'static str")]
#[non_exhaustive]
pub enum ErrorClass {
    /// Tries again, a limited number of times. Also what an unknown class is read as.
    Retryable,
    /// Tries again, no sooner than told; costs no attempt.
    RateLimited,
    /// Gives up this call and tells a person.
    Permanent,
    /// Stops calling this plugin until a person acts: a revoked token fails every call alike.
    NeedsOperator,
    /// The call was cancelled; costs no attempt.
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
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), retry_after_ms: None }
    }

    /// Trying again may help.
    pub fn retryable(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Retryable, message)
    }

    /// The system asks to wait.
    pub fn rate_limited(retry_after: Option<Duration>) -> Self {
        let retry_after_ms = retry_after.map(|pause| pause.as_millis().try_into().unwrap_or(u64::MAX));
        Self { retry_after_ms, ..Self::new(ErrorClass::RateLimited, "rate limited") }
    }

    /// Trying again cannot help this call.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Permanent, message)
    }

    /// Every call would fail alike until a person acts.
    pub fn needs_operator(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::NeedsOperator, message)
    }

    /// The call was cancelled.
    pub fn cancelled() -> Self {
        Self::new(ErrorClass::Cancelled, "cancelled")
    }
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Somebody should look.
    Error,
    /// Somebody may want to look.
    Warn,
    /// What happened.
    Info,
    /// How it happened.
    Debug,
    /// Everything.
    Trace,
}

impl Level {
    /// The number in the C ABI.
    pub fn number(self) -> i32 {
        self as i32 + 1
    }

    /// The level of a number in the C ABI; a number that is none is the nearest one.
    pub fn from_number(number: i32) -> Self {
        match number {
            i32::MIN..=1 => Self::Error,
            2 => Self::Warn,
            3 => Self::Info,
            4 => Self::Debug,
            5.. => Self::Trace,
        }
    }
}
