//! `[watch]`, and what a source says of its webhook.

use quietus_plugin::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// What is watched beside what comes in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WatchSettings {
    /// How often the webhooks at mluvii are compared with what the configuration needs. mluvii deletes one after three days of failures.
    /// `0s`: never.
    pub(crate) webhooks: Span,
    /// How often what has ended at mluvii is compared with the ledger. `0s`: never.
    pub(crate) reconcile: Span,
    /// How long ago a session must have ended before it counts as one of which nobody told us: deliveries and mluvii's lists may be late.
    pub(crate) reconcile_after: Span,
    /// How much of what was compared is compared once more, for what has come late to mluvii's lists.
    pub(crate) reconcile_overlap: Span,
}
