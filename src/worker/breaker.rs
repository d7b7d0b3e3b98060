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
    noted: Noted,
}

/// What the ledger holds of the target, as far as this process knows.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Noted {
    #[default]
    Open,
    /// It rests, or has rested; or it is not known yet.
    Rests,
    /// Only a person opens it: what comes back of calls that were under way changes nothing.
    Parked,
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
        Self { target, failures: Mutex::new(Failures { in_a_row: 0, noted: Noted::Rests }) }
    }

    /// Asks the ledger only while the target is not known to be open.
    pub(super) async fn gate(&self, ledger: &dyn Ledger, now: Timestamp) -> Result<Gate, LedgerError> {
        if self.lock().noted == Noted::Open {
            return Ok(Gate::Open);
        }
        let state = ledger.targets().await?.into_iter().find(|health| health.target == self.target);
        let mut failures = self.lock();
        Ok(match state.map(|health| health.state) {
            None | Some(TargetState::Open) => {
                *failures = Failures::default();
                Gate::Open
            }
            Some(TargetState::Resting { until, .. }) => {
                failures.noted = Noted::Rests;
                if until <= now { Gate::Probe } else { Gate::Shut }
            }
            Some(TargetState::Parked { .. }) => {
                failures.noted = Noted::Parked;
                Gate::Shut
            }
        })
    }

    /// The target answered.
    pub(super) async fn succeeded(&self, ledger: &dyn Ledger, now: Timestamp) -> Result<(), LedgerError> {
        let rested = {
            let mut failures = self.lock();
            failures.in_a_row = 0;
            let rested = failures.noted == Noted::Rests;
            if rested {
                failures.noted = Noted::Open;
            }
            rested
        };
        if rested { self.note(ledger, TargetState::Open, now).await } else { Ok(()) }
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
            let rests = failures.in_a_row >= settings.breaker_failures && failures.noted != Noted::Parked;
            if rests {
                failures.noted = Noted::Rests;
            }
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
        self.lock().noted = Noted::Parked;
        self.note(ledger, TargetState::Parked { reason: reason.to_owned() }, now).await
    }

    async fn note(&self, ledger: &dyn Ledger, state: TargetState, now: Timestamp) -> Result<(), LedgerError> {
        ledger.set_target(TargetHealth { target: self.target.clone(), state, since: now }).await
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::RetrySettings;
    use crate::ledger::sqlite::SqliteLedger;
    use crate::span::Span;

    fn settings() -> ErasingSettings {
        let second = Span::from_secs(1);
        let retry = RetrySettings { attempts_max: 9, pause_min: second, pause_max: second };
        ErasingSettings { deadline: second, rounds_max: 3, breaker_failures: 1, breaker_rest: second, retry }
    }

    #[tokio::test]
    async fn what_comes_back_late_does_not_open_a_parked_target() {
        let dir = tempfile::tempdir().expect("a directory");
        let ledger = SqliteLedger::open(&dir.path().join("ledger.db")).expect("opens");
        let (breaker, now) = (Breaker::new(TargetName::mluvii()), Timestamp::now());
        let gate = async || breaker.gate(&*ledger, now).await.expect("answered");
        assert_eq!(gate().await, Gate::Open);

        breaker.park(&*ledger, "the token was revoked", now).await.expect("noted");
        breaker.succeeded(&*ledger, now).await.expect("noted");
        breaker.failed(&*ledger, &settings(), "no answer", now).await.expect("noted");
        let parked = TargetState::Parked { reason: "the token was revoked".into() };
        assert_eq!(ledger.targets().await.expect("read")[0].state, parked);
        assert_eq!(gate().await, Gate::Shut);

        let open = TargetHealth { target: TargetName::mluvii(), state: TargetState::Open, since: now };
        ledger.set_target(open).await.expect("noted");
        assert_eq!(gate().await, Gate::Open);
        breaker.failed(&*ledger, &settings(), "no answer", now).await.expect("noted");
        assert_eq!(gate().await, Gate::Shut);
        breaker.succeeded(&*ledger, now).await.expect("noted");
        assert_eq!(gate().await, Gate::Open);
    }
}
