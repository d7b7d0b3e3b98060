//! How the worker is configured.

use std::time::Duration;

use quietus_plugin::Span;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::erasure::RetrySettings;
use crate::ledger::{BreakerLimits, refused_again};

/// When a session has settled.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettlingSettings {
    /// A session counts as settled this long after its end, whatever is missing.
    pub(crate) limit: Span,
    /// The pause between the last expected event and the look that settles the session.
    pub(crate) pause: Span,
    /// Sessions of these channels also wait for their recording.
    pub(crate) recorded_channels: Vec<String>,
    /// How long a session is looked up again that mluvii does not know yet, or answers about in a way that is not
    /// understood; after that its consent is unknown. Look-ups can lag behind events.
    pub(crate) patience: Span,
    /// The share of sessions, from 0 to 1, whose consent may stay unknown before a person is needed.
    pub(crate) unknown_share_max: f64,
}

/// How erasures are carried out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErasingSettings {
    /// How long before something is late a person is told: an erasure is, a month after it was due (GDPR Art. 12(3)).
    pub(crate) warn_before: Span,
    /// How often a target is asked to erase while it still holds the data.
    pub(crate) rounds_max: u32,
    /// Different records in a row that fail or are refused alike, or calls without a connection, after which the breaker of a
    /// target opens.
    pub(crate) breaker_failures: u32,
    /// How long it is open before one call tries the target. Each one in vain doubles that, up to 15 minutes.
    pub(crate) breaker_pause: Span,
    /// Whether the keyed fingerprints of an erasure's identifiers are kept beyond its end, so that its receipt can be found
    /// by person. Without them, a person who asks for the result of their request cannot be answered.
    pub(crate) keep_fingerprints: bool,
    /// How long after the receipt it is looked again, where fingerprints are kept, whether what was erased is there again.
    pub(crate) recheck: Vec<Span>,
    pub(crate) retry: RetrySettings,
}

impl ErasingSettings {
    /// The pause before work is tried again that the ledger refuses, and has refused so often before, as before a target that is out
    /// is tried; `None` where it needs a person.
    pub(super) fn refused_again(&self, refused: u32) -> Option<Duration> {
        refused_again(refused, self.breaker_pause.0)
    }

    pub(super) fn breaker(&self) -> BreakerLimits {
        BreakerLimits { failures: self.breaker_failures, pause: self.breaker_pause.0 }
    }
}

/// Three attempts, two rounds, pauses from a second to a minute.
#[cfg(test)]
pub(super) fn sample() -> ErasingSettings {
    ErasingSettings {
        warn_before: Span::from_secs(604_800),
        rounds_max: 2,
        breaker_failures: 5,
        breaker_pause: Span::from_secs(30),
        keep_fingerprints: true,
        recheck: Vec::new(),
        retry: RetrySettings { attempts_max: 3, pause_min: Span::from_secs(1), pause_max: Span::from_secs(60) },
    }
}
