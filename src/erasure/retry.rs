//! When to try again: exponential back-off with full jitter, bounded.

use std::time::Duration;

use quietus_plugin::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// How calls to a target are repeated.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetrySettings {
    /// Failed calls of one stage after which the step is parked; not counting those of an outage.
    pub(crate) attempts_max: u32,
    /// The upper bound of the first pause.
    pub(crate) pause_min: Span,
    /// The upper bound of every pause, and of a `Retry-After`.
    pub(crate) pause_max: Span,
}

impl RetrySettings {
    /// The pause before attempt `attempt + 1`; `random` is uniform in 0..1. A `Retry-After` is a lower bound.
    pub(crate) fn pause(&self, attempt: u32, retry_after: Option<Duration>, random: f64) -> Duration {
        let ceiling = self.pause_min.0.saturating_mul(1 << attempt.min(20)).min(self.pause_max.0);
        ceiling.mul_f64(random).max(retry_after.unwrap_or_default().min(self.pause_max.0))
    }
}
