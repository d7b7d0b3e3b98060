//! `[watch]`, and what a source says of its webhook.

use std::path::PathBuf;

use quietus_plugin::Span;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::keys::TextOrSecret;

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
    /// The URL that hears that the deployment works; nobody hears from one that does not.
    pub(crate) ping: Option<PingSettings>,
}

/// A URL that is told, again and again, that the deployment works, and that tells somebody when it is not.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PingSettings {
    /// A text, or where it is kept: who knows it can say that the deployment works.
    pub(crate) url: TextOrSecret,
    /// How often it is told; not by each server, but once.
    #[serde(default = "default_every")]
    pub(crate) every: Span,
    /// How it is told.
    #[serde(default)]
    pub(crate) method: PingMethod,
    /// Certificates in PEM that are trusted beside those of the machine.
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
    /// The proxy that is connected through, such as `http://proxy:3128`; the environment's is never used.
    #[serde(default)]
    pub(crate) proxy: Option<String>,
    /// Whether `http://` to another machine is allowed: the URL could be read on its way.
    #[serde(default)]
    pub(crate) allow_plaintext: bool,
}

fn default_every() -> Span {
    Span::from_secs(300)
}

/// The method of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum PingMethod {
    #[default]
    Get,
    Head,
    Post,
}
