//! Whose papers they are.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Letterhead;

/// What stands at the head of papers. What is empty is a line to write on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PapersSettings {
    /// The controller's name, such as `Example Energy, s. r. o.`.
    pub(crate) controller: String,
    /// Its address, in one line.
    pub(crate) address: String,
    /// Where to reach the officer: an address of the office, not of a person.
    pub(crate) contact: String,
}

impl PapersSettings {
    pub(crate) fn letterhead(&self) -> Letterhead {
        let said = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Letterhead { controller: said(&self.controller), address: said(&self.address), contact: said(&self.contact) }
    }
}
