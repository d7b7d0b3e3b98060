//! `[[plugin]]`: one use of a plugin, as the operator writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use quietus_plugin::Span;
use schemars::JsonSchema;
use serde::Deserialize;

use super::launch::{Level, Limits, Permissions};
use crate::hold::RetainedByLaw;
use crate::keys::SecretRef;
use crate::subject::{Kind, TargetName, Title};

/// One plugin.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PluginSettings {
    /// The target's name in the rules.
    pub(crate) name: String,
    /// How its system is called on papers.
    #[serde(default)]
    pub(crate) title: Option<Title>,
    /// The library's file: absolute, or to be found beside the configuration or the program. This or `exec`.
    #[serde(default)]
    pub(crate) library: Option<PathBuf>,
    /// A program that speaks the plugins' protocol on its standard input and output; found as a library is.
    #[serde(default)]
    pub(crate) exec: Option<PathBuf>,
    /// The arguments of `exec`. No secrets: every user of the machine can read them.
    #[serde(default)]
    pub(crate) args: Vec<String>,
    /// The SHA-256 of the library's or program's file, in hexadecimal: another one is refused.
    #[serde(default)]
    pub(crate) sha256: Option<String>,
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
    /// What is known to come of it, where its system cannot be asked whether something is gone: receipts then say so and are
    /// not incomplete by that.
    #[serde(default)]
    pub(crate) expected: Option<Expected>,
    /// Places where it does not look, word by word as receipts name them: receipts go on naming them and are not incomplete by them.
    #[serde(default)]
    pub(crate) accept_not_looked_at: BTreeSet<String>,
    /// That a law keeps what it holds, of all companies' people: then it is never asked to erase anything, and receipts say so.
    #[serde(default)]
    pub(crate) retained: Option<RetainedByLaw>,
    /// What its process may use.
    #[serde(default)]
    pub(crate) limits: Limits,
    /// The level that the sandbox must reach on this machine; otherwise the plugin does not start. If unset, the highest that the
    /// kernel offers.
    #[serde(default)]
    pub(crate) sandbox: Option<Level>,
    /// TCP ports that it may connect to, beside those of the addresses in its configuration.
    #[serde(default)]
    pub(crate) ports: BTreeSet<u16>,
    /// Files and folders that it may read, beside those that it declares and the system's libraries.
    #[serde(default)]
    pub(crate) reads: BTreeSet<PathBuf>,
    /// Folders in which it may read, write and delete, beside those that it declares.
    #[serde(default)]
    pub(crate) writes: BTreeSet<PathBuf>,
}

/// An outcome that is expected of a target and lowers no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Expected {
    Unverifiable,
}

impl PluginSettings {
    pub(crate) fn target(&self) -> TargetName {
        TargetName(self.name.as_str().into())
    }

    /// The plugin's own configuration; nothing at all means an empty table.
    pub(super) fn own_config(&self) -> serde_json::Value {
        if self.config.is_null() { serde_json::json!({}) } else { self.config.clone() }
    }

    /// What the operator opens to it, whatever it declares.
    pub(super) fn granted(&self) -> Permissions {
        Permissions { ports: self.ports.clone(), reads: self.reads.clone(), writes: self.writes.clone() }
    }

    /// What is wrong with the pin.
    pub(super) fn check_pin(&self) -> Result<(), String> {
        match &self.sha256 {
            Some(pin) if pin.len() != 64 || !pin.bytes().all(|b| b.is_ascii_hexdigit()) => {
                Err(format!("sha256: `{pin}` is not 64 hexadecimal digits; `sha256sum` prints them"))
            }
            _ => Ok(()),
        }
    }

    /// What is wrong with the name.
    pub(crate) fn check_name(&self) -> Result<(), String> {
        TargetName::check(&self.name)
    }
}
