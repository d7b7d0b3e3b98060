//! The host of a plugin in these tests: what the answers say of the search is in the way of those that are about something else.

use std::ops::Deref;
use std::time::Duration;

use quietus_plugin::{Answer, Outcome, PluginError, Request, TestHost};

use super::Files;

/// A plugin whose answers say nothing of the search. The whole answers are the inner host's.
pub(super) struct Host(pub(super) TestHost<Files>);

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

impl Deref for Host {
    type Target = TestHost<Files>;

    fn deref(&self) -> &TestHost<Files> {
        &self.0
    }
}

/// What was erased or is absent was looked for somewhere, and not everywhere.
#[track_caller]
fn bare(answer: Answer) -> Answer {
    let looked = !answer.looked_at.is_empty() && !answer.not_looked_at.is_empty();
    assert!(looked || answer.outcome == Outcome::Unverifiable, "{answer:?}");
    Answer { looked_at: Vec::new(), not_looked_at: Vec::new(), keeps: None, ..answer }
}
