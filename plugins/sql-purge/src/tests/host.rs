//! The host of a plugin in these tests: what the answers say of statements' tables is in the way of those that are about something
//! else.

use std::time::Duration;

use quietus_plugin::{Answer, Manifest, Outcome, PluginError, Request, TestHost};

use super::SqlPurge;
use crate::told;

/// A plugin whose answers say nothing of the search but what is particular to it. The whole answers are the inner host's.
pub(super) struct Host(pub(super) TestHost<SqlPurge>);

impl Host {
    pub(super) fn erase(&self, request: impl Into<Request>) -> Result<Answer, PluginError> {
        self.0.erase(request).map(bare)
    }

    pub(super) fn dry_run(&self, request: impl Into<Request>) -> Result<Answer, PluginError> {
        self.0.dry_run(request).map(bare)
    }

    pub(super) fn verify(&self, request: impl Into<Request>) -> Result<Answer, PluginError> {
        self.0.verify(request).map(bare)
    }

    pub(super) fn health(&self) -> Result<(), PluginError> {
        self.0.health()
    }

    pub(super) fn manifest(&self) -> &Manifest {
        self.0.manifest()
    }

    pub(super) fn call_max(self, longest: Duration) -> Self {
        Self(self.0.call_max(longest))
    }

    pub(super) fn cancel_after(self, questions: u64) -> Self {
        Self(self.0.cancel_after(questions))
    }

    pub(super) fn stores_at_most(self, checkpoints: u64) -> Self {
        Self(self.0.stores_at_most(checkpoints))
    }

    pub(super) fn restarted(self) -> Result<Self, PluginError> {
        self.0.restarted().map(Self)
    }
}

/// What was erased or is absent was looked for somewhere, and not everywhere.
#[track_caller]
fn bare(mut answer: Answer) -> Answer {
    let all = answer.looked_at.len();
    answer.looked_at.retain(|place| {
        !place.starts_with("rows of `") && !place.starts_with("the types and character sets of what `")
    });
    let is_limited = told::BEYOND.iter().all(|place| answer.not_looked_at.iter().any(|own| own == place));
    let looked = all > answer.looked_at.len() && is_limited;
    assert!(looked || answer.outcome == Outcome::Unverifiable, "{answer:?}");
    let particular = |place: &String| {
        let hidden = place.starts_with("what triggers") || place.starts_with("the server that this one follows, if");
        !told::BEYOND.contains(&place.as_str()) && !hidden
    };
    answer.not_looked_at.retain(particular);
    Answer { keeps: None, ..answer }
}
