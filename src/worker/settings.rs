//! How the worker is configured.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::erasure::RetrySettings;
use crate::ledger::RestAfter;
use crate::span::Span;

/// When a session has settled.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettlingSettings {
    /// A session counts as settled this long after its end, whatever is missing.
    pub(crate) limit: Span,
    /// Between the last expected event and the look that settles the session.
    pub(crate) pause: Span,
    /// Sessions of these channels also wait for their recording.
    pub(crate) recorded_channels: Vec<String>,
}

/// How erasures are carried out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErasingSettings {
    /// What is open for longer is reported as overdue (GDPR Art. 12(3): one month).
    pub(crate) deadline: Span,
    /// How often a target that still holds the data is asked to erase it.
    pub(crate) rounds_max: u32,
    /// Failed calls in a row after which a target rests.
    pub(crate) breaker_failures: u32,
    /// How long it rests before one call tries it.
    pub(crate) breaker_rest: Span,
    pub(crate) retry: RetrySettings,
}

impl ErasingSettings {
    pub(super) fn rest(&self) -> RestAfter {
        RestAfter { failures: self.breaker_failures, rest: self.breaker_rest.get() }
    }
}
