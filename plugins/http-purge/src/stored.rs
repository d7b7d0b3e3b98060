//! What is stored with the host beside the marks of what was erased: the items of a deletion in two steps, which no search shows
//! between the first and the second.

use std::collections::BTreeMap;

use quietus_plugin::{Own, PluginError, ResumeValue};
use serde_json::Value;

/// Bytes that are always there for it.
const BYTES_MAX: usize = ResumeValue::BYTES_MAX / 2;

/// Items by the name of their list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stored(pub(crate) BTreeMap<String, Vec<Value>>);

impl Stored {
    pub(crate) fn add(&mut self, list: &str, items: &[Value]) {
        if items.is_empty() {
            return;
        }
        let stored = self.0.entry(list.to_owned()).or_default();
        for item in items {
            if !stored.contains(item) {
                stored.push(item.clone());
            }
        }
    }

    /// Whether all of it will be stored. What is left out could not be completed after a kill, and nobody would know.
    pub(crate) fn check(&self) -> Result<(), PluginError> {
        match self.to_bytes(usize::MAX).len() <= BYTES_MAX {
            true => Ok(()),
            false => Err(PluginError::permanent(
                "the ids that were found are too many to be stored between two deletions, and no more was deleted",
            )),
        }
    }
}

impl Own for Stored {
    fn to_bytes(&self, _: usize) -> Vec<u8> {
        if self.0.is_empty() {
            return Vec::new();
        }
        serde_json::to_vec(&self.0).unwrap_or_default()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        serde_json::from_slice(bytes).ok().map(Self)
    }
}
