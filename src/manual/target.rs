//! A place that people erase from, as a target: a demand is accepted at once, and its outcome is reported by whoever does it.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use super::settings::ManualSettings;
use crate::erasure::Outcome;
use crate::target::{Answer, Evidence, Target, TargetCall, TargetError};

/// Nothing is called, so that a call takes no time.
const CALL_MAX: Duration = Duration::from_secs(5);

/// Making a task is one commit.
const CONCURRENCY_MAX: usize = 8;

/// Why nobody can say of such a place that something is gone.
const NOBODY_LOOKS: &str = "people erase there, and nobody but them can look";

/// One place that people erase from.
pub(crate) struct ManualTarget {
    settings: ManualSettings,
}

impl ManualTarget {
    pub(crate) fn new(settings: ManualSettings) -> Self {
        Self { settings }
    }
}

#[async_trait]
impl Target for ManualTarget {
    async fn erase(&self, call: &TargetCall) -> Result<Answer, TargetError> {
        if call.dry_run {
            let text = self.settings.text.trim();
            return Ok(unverifiable(format!("somebody gets a task: {text}")));
        }
        Err(TargetError::Later { within: self.settings.deadline().0 })
    }

    /// What somebody says is final, so that this is asked only of a step that was another target's once.
    async fn verify(&self, _: &TargetCall) -> Result<Answer, TargetError> {
        Ok(unverifiable(NOBODY_LOOKS.to_owned()))
    }

    async fn health(&self) -> Result<(), TargetError> {
        Ok(())
    }

    fn call_max(&self) -> Duration {
        CALL_MAX
    }

    fn concurrency_max(&self) -> usize {
        CONCURRENCY_MAX
    }
}

fn unverifiable(reason: String) -> Answer {
    Answer {
        outcome: Outcome::Unverifiable,
        reason: Some(reason),
        counts: BTreeMap::new(),
        verify_after: None,
        evidence: Evidence { expected: true, ..Evidence::default() },
    }
}
