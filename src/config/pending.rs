//! Stand-ins for settings whose modules are not there yet.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::keys::SecretRef;
use crate::subject::Kind;

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
