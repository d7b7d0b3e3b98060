//! One claim's way: do the work within its time, then finish it, put it back, or park it.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{info, warn};

use super::lane::Lane;
use super::resolve::call;
use super::{Halt, LEASE, RENEWALS, Worker, chain, random};
use crate::erasure::{Outcome, Stage};
use crate::ledger::{Attempt, Claim, Closed, Decision, Finished, LedgerError, Resolution, StepEnd, StepWork, Work};
use crate::receipt::Receipt;
use crate::target::{Answer, TargetError};

/// What work came to, before it is written.
enum Brought {
    Decision(Decision),
    Resolution(Resolution),
    Step(StepEnd),
    Residual(Option<String>),
    Receipt(Receipt),
}

impl Worker {
    /// Does a claimed piece of work and ends its claim.
    pub(super) async fn work(&self, lane: &Lane, claim: Claim, leased: Instant) {
        let brought = tokio::select! {
            () = lane.abandon.cancelled() => Err(Halt::CalledOff),
            () = tokio::time::sleep(lane.call_max) => {
                Err(Halt::Call(TargetError::Retryable("it took longer than it may".into())))
            }
            // Whoever has lost the lease must not go on calling: somebody else may have begun.
            () = keep(LEASE, leased, || self.ledger.renew(&claim, LEASE)) => Err(Halt::CalledOff),
            brought = self.bring(&claim) => brought,
        };
        let ended = match brought {
            Ok(brought) => self.finish(lane, claim, brought).await,
            Err(halt) => self.halt(lane, claim, halt).await,
        };
        if let Err(error) = ended {
            warn!(queue = ?lane.queue, error = %chain(&error), "could not write what became of work; it is done again");
        }
    }

    async fn bring(&self, claim: &Claim) -> Result<Brought, Halt> {
        Ok(match &claim.work {
            Work::Decide(event) => Brought::Decision(self.decide(event).await?),
            Work::Settle(session) => Brought::Decision(self.settle(session).await?),
            Work::Resolve(work) => Brought::Resolution(self.resolve(work).await?),
            Work::Step(work) => self.step(work).await?,
            Work::Close(erasure) => Brought::Receipt(self.issue(erasure).await?),
        })
    }

    /// One call to one target.
    async fn step(&self, work: &StepWork) -> Result<Brought, Halt> {
        let name = &work.step.target;
        let target = self.targets.get(name).ok_or_else(|| {
            Halt::Hopeless(format!(
                "there is no target `{name}` in the configuration; it was there when this was decided"
            ))
        })?;
        let call =
            call(work, &self.index, &self.seal).map_err(|broken| Halt::Hopeless(format!("the capsule: {broken}")))?;
        let answer = match work.stage {
            Stage::Erase => target.erase(&call).await,
            Stage::Verify => target.verify(&call).await,
        };
        let answer = answer.map_err(Halt::Call)?;
        if answer.outcome == Outcome::Parked {
            return Err(Halt::Hopeless(answer.reason.unwrap_or_else(|| "the target asks for a person".into())));
        }
        info!(
            erasure.id = %work.erasure, target = %name, stage = work.stage.as_str(),
            outcome = answer.outcome.as_str(), "target answered"
        );
        Ok(self.conclude(work, answer))
    }

    /// What an answer means for the step.
    fn conclude(&self, work: &StepWork, answer: Answer) -> Brought {
        let Answer { outcome, reason, counts, verify_after } = answer;
        match (work.stage, outcome) {
            (_, Outcome::Residual) if work.step.rounds + 1 >= self.erasing.rounds_max => Brought::Residual(reason),
            (_, Outcome::Residual) => {
                let pause = self.erasing.retry.pause(work.step.rounds, verify_after, random());
                Brought::Step(StepEnd::EraseAgain { pause })
            }
            (Stage::Erase, Outcome::Erased | Outcome::Absent) => {
                Brought::Step(StepEnd::VerifyAfter { pause: verify_after.unwrap_or_default(), outcome, reason, counts })
            }
            (Stage::Verify, Outcome::Erased | Outcome::Absent) => {
                // Asked again, the target holds nothing: what it did before stands.
                let outcome = work.step.outcome.unwrap_or(outcome);
                Brought::Step(StepEnd::Final { outcome, reason, counts })
            }
            (_, Outcome::Retained | Outcome::Unverifiable | Outcome::Parked) => {
                Brought::Step(StepEnd::Final { outcome, reason, counts })
            }
        }
    }

    async fn finish(&self, lane: &Lane, claim: Claim, brought: Brought) -> Result<(), LedgerError> {
        if let Some(breaker) = &lane.breaker {
            breaker.succeeded(&*self.ledger, Timestamp::now()).await?;
        }
        let finished = match brought {
            Brought::Decision(decision) => {
                for erasure in &decision.erasures {
                    info!(
                        erasure.subject = %erasure.subject.scope().as_str(), rule = erasure.rule, due = %erasure.due,
                        "decided to erase"
                    );
                }
                self.ledger.decided(claim, decision).await?
            }
            Brought::Resolution(resolution) => self.ledger.resolved(claim, resolution).await?,
            Brought::Step(end) => self.ledger.stepped(claim, end).await?,
            Brought::Residual(reason) => {
                let reason = reason.unwrap_or_else(|| "asked again, it was still there".into());
                warn!(queue = ?lane.queue, "a target still holds what it was asked to erase; a person is needed");
                self.ledger.park(claim, Outcome::Residual, &reason).await?
            }
            Brought::Receipt(receipt) => {
                let (erasure, sequence) = (receipt.statement.erasure, receipt.statement.sequence);
                match self.ledger.closed(claim, receipt).await? {
                    Closed::Done => info!(erasure.id = %erasure, receipt = sequence, "wrote the receipt"),
                    Closed::LeaseLost | Closed::HeadMoved => {}
                }
                return Ok(());
            }
        };
        report(lane, finished);
        Ok(())
    }

    async fn halt(&self, lane: &Lane, claim: Claim, halt: Halt) -> Result<(), LedgerError> {
        let now = Timestamp::now();
        let breaker = lane.breaker.as_deref();
        let finished = match halt {
            Halt::Ledger(error) => return Err(error),
            Halt::Postponed(pause) => {
                self.ledger.retry(claim, pause, Attempt::Free, "waits for a session to settle").await?
            }
            Halt::Hopeless(reason) | Halt::Call(TargetError::Permanent(reason)) => {
                self.park(lane, claim, &reason).await?
            }
            Halt::CalledOff => self.ledger.retry(claim, Duration::ZERO, Attempt::Free, "called off").await?,
            Halt::Call(TargetError::Cancelled) => {
                let pause = self.erasing.retry.pause(0, Some(self.erasing.retry.pause_min.get()), random());
                self.ledger.retry(claim, pause, Attempt::Free, "called off by the target").await?
            }
            Halt::Call(TargetError::RateLimited { retry_after }) => {
                // Costing no attempt, it would never be asked more slowly.
                let pause = retry_after.unwrap_or(self.erasing.breaker_rest.get());
                let pause = self.erasing.retry.pause(0, Some(pause), random());
                self.ledger.retry(claim, pause, Attempt::Free, "rate limited").await?
            }
            Halt::Call(TargetError::NeedsOperator(reason)) => {
                warn!(queue = ?lane.queue, reason, "the target's queue is parked; a person is needed");
                if let Some(breaker) = breaker {
                    breaker.park(&*self.ledger, &reason, now).await?;
                }
                self.ledger.retry(claim, Duration::ZERO, Attempt::Free, &reason).await?
            }
            Halt::Call(TargetError::Retryable(reason)) => {
                if let Some(breaker) = breaker {
                    breaker.failed(&*self.ledger, &self.erasing, &reason, now).await?;
                }
                // A session is looked up for as long as it takes: an erasure duty does not end with an outage.
                let gives_up = matches!(claim.work, Work::Step(_));
                if gives_up && claim.attempt + 1 >= self.erasing.retry.attempts_max {
                    self.park(lane, claim, &reason).await?
                } else {
                    info!(queue = ?lane.queue, attempt = claim.attempt + 1, reason, "a call failed; it is tried again");
                    let pause = self.erasing.retry.pause(claim.attempt, None, random());
                    self.ledger.retry(claim, pause, Attempt::Counts, &reason).await?
                }
            }
        };
        report(lane, finished);
        Ok(())
    }

    async fn park(&self, lane: &Lane, claim: Claim, reason: &str) -> Result<Finished, LedgerError> {
        warn!(queue = ?lane.queue, reason, "work is parked; a person is needed");
        self.ledger.park(claim, Outcome::Parked, reason).await
    }
}

fn report(lane: &Lane, finished: Finished) {
    match finished {
        Finished::Done => {}
        Finished::LeaseLost => info!(queue = ?lane.queue, "the lease had ended; somebody else does the work"),
        Finished::Stale => info!(queue = ?lane.queue, "the session changed meanwhile; it is looked at again"),
    }
}

/// Renews a lease for as long as it can; returns when it is lost, or early enough before its end that no one else has
/// begun. `leased` is when it was asked for: it may have begun then.
async fn keep<F>(lease: Duration, mut leased: Instant, renew: impl Fn() -> F)
where
    F: Future<Output = Result<Finished, LedgerError>>,
{
    let step = lease / RENEWALS;
    loop {
        let renewal = async {
            sleep(step).await;
            (Instant::now(), renew().await)
        };
        match timeout_at(leased + lease - step, renewal).await {
            Ok((asked, Ok(Finished::Done))) => leased = asked,
            Ok((_, Ok(Finished::LeaseLost | Finished::Stale))) | Err(_) => return,
            Ok((_, Err(_))) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, pending, ready};

    use super::*;

    const SHORT: Duration = Duration::from_millis(800);

    async fn kept<F>(renew: impl Fn() -> F) -> Duration
    where
        F: Future<Output = Result<Finished, LedgerError>>,
    {
        // The claim has taken its time.
        let leased = Instant::now() - SHORT / 4;
        keep(SHORT, leased, renew).await;
        leased.elapsed()
    }

    #[tokio::test]
    async fn a_lease_that_cannot_be_renewed_is_given_up_before_its_end() {
        assert!(kept(pending).await < SHORT);
        let away = || ready(Err(LedgerError::Busy(anyhow::anyhow!("away"))));
        assert!(kept(away).await < SHORT);
    }

    #[tokio::test]
    async fn a_lease_is_kept_while_it_is_renewed() {
        let left = std::cell::Cell::new(4);
        let renew = || -> Ready<_> {
            left.set(left.get() - 1);
            ready(Ok(if left.get() < 0 { Finished::LeaseLost } else { Finished::Done }))
        };
        assert!(kept(renew).await > SHORT);
    }
}
