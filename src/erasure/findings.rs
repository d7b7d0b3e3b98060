//! What resolving an erasure found: numbers and codes for the receipt, nothing personal.

use serde::{Deserialize, Serialize};

use crate::subject::Narrowed;

/// What was found of whom an erasure is about, and what of it was left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Findings {
    /// Sessions that are certainly meant and go.
    pub(crate) certain: u32,
    /// Sessions that are only possibly meant and go, because a person said so.
    pub(crate) possible_included: u32,
    /// Sessions that are only possibly meant and were left.
    pub(crate) possible_left: u32,
    /// Sessions that are only possibly meant and stay, because a person said that they are somebody else's.
    pub(crate) possible_excluded: u32,
    /// Sessions that stay because a person said so, and are theirs: certain ones, and possible ones that are needed.
    pub(crate) excluded: u32,
    /// Sessions that are certainly meant and stay, because they were not there, or not certainly meant, when it was planned what goes.
    pub(crate) came_since: u32,
    /// Sessions of the installation that nobody could read, so that nobody knows whose they are; and sessions that go of
    /// which the targets could not be told anything.
    pub(crate) unread: u32,
    /// Sessions that were asked for by their number and that nobody has ever read at mluvii.
    pub(crate) never_read: u32,
    /// Why the scope is smaller than the rule or request says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) narrowed: Option<Narrowed>,
    /// Whether mluvii itself was searched for further sessions.
    pub(crate) search: MluviiSearch,
    /// The versions of the consent texts of the sessions that go, each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) consent_versions: Vec<String>,
}

/// Whether mluvii itself was searched for sessions that the ledger does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MluviiSearch {
    /// One session is meant; there is nothing to search for.
    #[default]
    NotNeeded,
    /// It is not set up (`mluvii.search`): sessions that never reached quietus are not found.
    Off,
    /// The same, and `person.accept_ledger_only` says that this is known and accepted.
    OffAccepted,
    /// It was searched with filters that were proved at that time.
    Done,
    /// No session is meant, but what a backup of another system has brought back: there is nothing to search for.
    IdentifiersOnly,
}
