//! One breaker per target: whether its queue moves. What must be seen by every process and by `quietus status` stands
//! in the ledger; the count of failures is this process's own.

use std::sync::Mutex;

use jiff::Timestamp;

use super::ErasingSettings;
use crate::ledger::{Ledger, LedgerError, TargetHealth, TargetState};
use crate::subject::TargetName;

/// The breaker of one target.
pub(super) struct Breaker {
    target: TargetName,
    failures: Mutex<Failures>,
}

/// What this process has seen of the target.
#[derive(Default)]
struct Failures {
    in_a_row: u32,
    /// Whether the ledger holds a state other than `Open`, as far as we know.
    noted: bool,
}

/// How many calls may begin now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    Open,
    /// The rest is over: one call tries.
    Probe,
    Shut,
}

impl Breaker {
    pub(super) fn new(target: TargetName) -> Self {
        // A state from before this start is looked up at the first question.
        Self { target, failures: Mutex::new(Failures { in_a_row: 0, noted: true }) }
    }

    /// Asks the ledger only while the target is not known to be open.
    pub(super) async fn gate(&self, ledger: &dyn Ledger, now: Timestamp) -> Result<Gate, LedgerError> {
        if !self.lock().noted {
            return Ok(Gate::Open);
        }
        let state = ledger.targets().await?.into_iter().find(|health| health.target == self.target);
        Ok(match state.map(|health| health.state) {
            None | Some(TargetState::Open) => {
                *self.lock() = Failures::default();
                Gate::Open
            }
            Some(TargetState::Resting { until, .. }) if until <= now => Gate::Probe,
            Some(TargetState::Resting { .. } | TargetState::Parked { .. }) => Gate::Shut,
        })
    }

    /// The target answered.
    pub(super) async fn succeeded(&self, ledger: &dyn Ledger, now: Timestamp) -> Result<(), LedgerError> {
        let noted = {
            let mut failures = self.lock();
            failures.in_a_row = 0;
            std::mem::take(&mut failures.noted)
        };
        if noted { self.note(ledger, TargetState::Open, now).await } else { Ok(()) }
    }

    /// The target did not answer; after some failures in a row it rests.
    pub(super) async fn failed(
        &self,
        ledger: &dyn Ledger,
        settings: &ErasingSettings,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let rests = {
            let mut failures = self.lock();
            failures.in_a_row += 1;
            let rests = failures.in_a_row >= settings.breaker_failures;
            failures.noted |= rests;
            rests
        };
        if !rests {
            return Ok(());
        }
        let until = now.saturating_add(settings.breaker_rest.get()).unwrap_or(Timestamp::MAX);
        self.note(ledger, TargetState::Resting { until, reason: reason.to_owned() }, now).await
    }

    /// Every call would fail alike until a person acts.
    pub(super) async fn park(&self, ledger: &dyn Ledger, reason: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.lock().noted = true;
        self.note(ledger, TargetState::Parked { reason: reason.to_owned() }, now).await
    }

    async fn note(&self, ledger: &dyn Ledger, state: TargetState, now: Timestamp) -> Result<(), LedgerError> {
        ledger.set_target(TargetHealth { target: self.target.clone(), state, since: now }).await
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
