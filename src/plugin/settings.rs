//! `[[plugin]]`: one use of a plugin, as the operator writes it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::keys::SecretRef;
use crate::span::Span;
use crate::subject::{Kind, TargetName};

/// One plugin.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PluginSettings {
    /// The target's name in the rules.
    pub(crate) name: String,
    /// The library's file: absolute, or to be found beside the configuration or the program.
    pub(crate) library: PathBuf,
    /// The kinds of identifiers that it may see.
    #[serde(default)]
    pub(crate) grants: Vec<Kind>,
    /// Its own configuration; the plugin's manifest has the schema.
    #[serde(default)]
    pub(crate) config: serde_json::Value,
    /// Its secrets, by the names that its manifest gives them.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, SecretRef>,
    /// The longest that one call may take, whatever the plugin declares; 5 minutes if unset.
    #[serde(default)]
    pub(crate) call_max: Option<Span>,
    /// Calls at once over all processes on the ledger, if fewer than the plugin allows.
    #[serde(default)]
    pub(crate) concurrency: Option<u32>,
    /// Calls that may begin in a second, over all processes on the ledger; no bound if unset.
    #[serde(default)]
    pub(crate) calls_per_s: Option<std::num::NonZeroU32>,
}

impl PluginSettings {
    pub(crate) fn target(&self) -> TargetName {
        TargetName(self.name.as_str().into())
    }

    /// The plugin's own configuration; nothing at all means an empty table.
    pub(super) fn own_config(&self) -> serde_json::Value {
        if self.config.is_null() { serde_json::json!({}) } else { self.config.clone() }
    }

    /// What is wrong with the name.
    pub(crate) fn check_name(&self) -> Result<(), String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if self.name == TargetName::MLUVII {
            return Err("`mluvii` is the name of the built-in target".into());
        }
        if self.name.is_empty() || self.name.len() > 64 || !self.name.chars().all(plain) {
            return Err(format!("the name `{}`: allowed are 1 to 64 of a-z, 0-9, `-` and `_`", self.name));
        }
        Ok(())
    }
}
