//! Stand-ins for settings whose modules are not there yet.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::erasure::RetrySettings;
use crate::keys::SecretRef;
use crate::span::Span;
use crate::subject::{Kind, TenantId};

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerSettings {
    pub(crate) listen: std::net::SocketAddr,
    pub(crate) public_url: Option<String>,
    pub(crate) body_bytes_max: usize,
    pub(crate) header_read_max: Span,
    pub(crate) body_read_max: Span,
    pub(crate) connections_max: usize,
    pub(crate) requests_max: usize,
    pub(crate) record_max: Span,
    pub(crate) drain_max: Span,
    #[schemars(with = "Vec<String>")]
    pub(crate) trusted_proxies: Vec<ipnet::IpNet>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LedgerSettings {
    pub(crate) url: String,
    pub(crate) duplicates_for: Span,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MluviiSettings {
    pub(crate) base_url: String,
    pub(crate) client_id: SecretRef,
    pub(crate) client_secret: SecretRef,
    pub(crate) scope: Option<String>,
    pub(crate) call_max: Span,
    pub(crate) concurrency_max: usize,
    pub(crate) look_up_session: String,
    pub(crate) look_up_params: String,
    pub(crate) anonymize_session: String,
    pub(crate) anonymize_guest: String,
    pub(crate) verify_session: String,
    pub(crate) verify_after: Span,
    pub(crate) params: std::collections::BTreeMap<String, Kind>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceSettings {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) tenants: Vec<TenantId>,
    pub(crate) auth: Vec<serde_json::Value>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PluginSettings {
    pub(crate) name: String,
    pub(crate) library: std::path::PathBuf,
    #[serde(default)]
    pub(crate) grants: Vec<Kind>,
    #[serde(default)]
    pub(crate) config: serde_json::Value,
    #[serde(default)]
    pub(crate) secrets: std::collections::BTreeMap<String, SecretRef>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettlingSettings {
    pub(crate) limit: Span,
    pub(crate) pause: Span,
    pub(crate) recorded_channels: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErasingSettings {
    pub(crate) deadline: Span,
    pub(crate) rounds_max: u32,
    pub(crate) breaker_failures: u32,
    pub(crate) breaker_rest: Span,
    pub(crate) retry: RetrySettings,
}
