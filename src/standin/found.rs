//! Where a text is still held.

use serde::{Deserialize, Serialize};

/// A text to look for.
#[derive(Deserialize)]
pub(super) struct Search {
    pub(super) text: String,
}

/// Where a text was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Found {
    pub(crate) id: FoundId,
    pub(crate) place: &'static str,
}

/// The id of what holds the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum FoundId {
    /// A conversation's, or that of a contact of the CRM.
    Number(i64),
    /// That of a contact of mluvii's directory.
    Text(String),
}
