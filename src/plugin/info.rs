//! What is known of a plugin that runs, for people and for `quietus plugin list`. Types only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::launch::Level;
use crate::subject::TargetName;

/// What a plugin says of itself, and what its process is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PluginInfo {
    /// The operator's name for it.
    pub(crate) target: TargetName,
    /// Its own name.
    pub(crate) name: String,
    pub(crate) version: String,
    /// The level that its sandbox reached.
    pub(crate) sandbox: Level,
    /// The id of its process.
    pub(crate) process: u32,
    /// Such as the file's `sha256`.
    pub(crate) facts: BTreeMap<String, String>,
    /// What its operator should know of it, though it works.
    pub(crate) doubts: Vec<String>,
}
