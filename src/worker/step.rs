//! One claim's way: do the work within its time, then finish it, put it back, or park it.

use std::time::Duration;

use quietus_plugin::{ReportTo, Sensitive};
use tokio::time::Instant;
use tracing::{info, warn};

use super::lease::Lease;
use super::queue_worker::QueueWorker;
use super::{Failure, LEASE, Worker, chain, random};
use crate::erasure::{Outcome, Reportable, Stage};
use crate::keys::SealBroken;
use crate::ledger::{
    Attempt, Claim, Decision, Finished, LedgerError, Resolution, StepEnd, StepWork, TargetHealth, TargetState, Work,
};
use crate::mluvii::counted;
use crate::target::{Answer, TargetCall, TargetError};

const NOT_TWICE: &str = "cancelled while the target was asked, which must not be asked twice; its outcome is unknown";

/// What work came to, before it is written.
enum Output {
    Decision(Box<Decision>),
    Resolution(Resolution),
    Step(StepEnd),
    Residual(Option<String>),
}

impl Worker {
    /// Does a claimed piece of work and ends its claim.
    pub(super) async fn work(&self, queue_worker: &QueueWorker, claim: Claim, leased: Instant) {
        let lease = Lease::new(leased, LEASE);
        let output = tokio::select! {
            () = queue_worker.abandon.cancelled() => Err(Failure::Cancelled),
            () = tokio::time::sleep(queue_worker.call_max()) => {
                Err(Failure::Call(TargetError::Retryable("it took longer than it may".into())))
            }
            () = lease.keep(|| self.ledger.renew(&claim, LEASE)) => Err(Failure::Cancelled),
            output = lease.hold(self.do_counted(queue_worker, &claim)) => output.unwrap_or(Err(Failure::Cancelled)),
        };
        let output = match output {
            Err(Failure::Cancelled) if !queue_worker.may_repeat(&claim) => Err(Failure::Permanent(NOT_TWICE.into())),
            output => output,
        };
        let ended = match output {
            Ok(output) => self.finish(queue_worker, claim, output).await,
            Err(failure) => self.failed(queue_worker, claim, failure).await,
        };
        if let Err(error) = ended {
            warn!(queue = ?queue_worker.queue, error = %chain(&error), "could not write what became of work; it is done again");
        }
    }

    /// Does the work, and charges the calls to mluvii that it took beyond the one that its claim counts.
    async fn do_counted(&self, queue_worker: &QueueWorker, claim: &Claim) -> Result<Output, Failure> {
        let (output, calls) = counted(self.do_work(claim)).await;
        if let (Some(target), Some(rate)) = (&queue_worker.asks, queue_worker.calls_per_s)
            && calls > 1
        {
            self.ledger.charge(target, calls - 1, rate).await?;
        }
        output
    }

    /// The call of a step.
    fn call(&self, work: &StepWork) -> Result<TargetCall, SealBroken> {
        let whom = work.capsule.open(&self.seal)?;
        let reportable = Reportable::now(work.erasure, work.stage, &work.step);
        let report_to = |base: &str| ReportTo {
            url: format!("{base}{}", reportable.path()),
            token: Sensitive::new(reportable.token(&self.index)),
        };
        let since = |erased: jiff::Timestamp| jiff::Timestamp::now().duration_since(erased).unsigned_abs();
        let erased_since = work.step.erased_at.filter(|_| work.stage == Stage::Verify).map(since);
        Ok(TargetCall {
            erasure: work.erasure,
            idempotency: self.index.idempotency(&work.erasure.to_string(), &work.step.target.0, work.step.rounds),
            scope: work.subject.scope(),
            dry_run: false,
            identifiers: whom.identifiers,
            guests: whom.guests.into_iter().collect(),
            whole_guests: whom.whole_guests.into_iter().collect(),
            sessions: work.sessions.clone(),
            searched: whom.searched,
            region: self.person.region,
            erased_since,
            report: self.reports.as_deref().map(report_to),
        })
    }

    async fn do_work(&self, claim: &Claim) -> Result<Output, Failure> {
        Ok(match &claim.work {
            Work::Decide(work) => Output::Decision(Box::new(self.decide(work).await?)),
            Work::Settle(work) => Output::Decision(Box::new(self.settle(work).await?)),
            Work::Resolve(work) => Output::Resolution(self.resolve(work).await?),
            Work::Step(work) => self.step(work).await?,
            Work::Close(_) => return Err(Failure::Permanent("erasures are closed together".into())),
        })
    }

    /// One call to one target.
    async fn step(&self, work: &StepWork) -> Result<Output, Failure> {
        let name = &work.step.target;
        let call = self.call(work).map_err(|broken| Failure::Permanent(format!("the capsule: {broken}")))?;
        let reportable = Reportable::now(work.erasure, work.stage, &work.step);
        if let Some(report) = work.step.report() {
            let report = reportable.open(report, &self.seal).ok_or_else(|| {
                Failure::Permanent(
                    "what was reported does not open, or is of another demand; were the keys replaced?".into(),
                )
            })?;
            return Ok(self.take_report(work, report, &call));
        }
        let target = self.targets.get(&name.called_for(work.subject.installation())).ok_or_else(|| {
            Failure::Permanent(format!(
                "there is no target `{name}` in the configuration; it was there when this was decided"
            ))
        })?;
        if let Some(by) = work.step.report_by() {
            warn!(erasure.id = %work.erasure, target = %name, by = %by, "no report has come; a person is needed");
            return Ok(Output::Step(StepEnd::NotReported));
        }
        let answer = match work.stage {
            Stage::Erase => target.erase(&call).await,
            Stage::Verify => target.verify(&call).await,
        };
        let answer = match answer {
            Err(TargetError::Later { within }) => {
                info!(erasure.id = %work.erasure, target = %name, within_s = within.as_secs(), "accepted; a report is to come");
                return Ok(Output::Step(StepEnd::Await { within }));
            }
            answer => answer.map_err(Failure::Call)?,
        };
        if answer.outcome == Outcome::Parked {
            return Err(Failure::Permanent(answer.reason.unwrap_or_else(|| "the target asks for a person".into())));
        }
        info!(
            erasure.id = %work.erasure, target = %name, stage = work.stage.as_str(),
            outcome = answer.outcome.as_str(), "target answered"
        );
        Ok(self.conclude(work, answer))
    }

    /// A report is an answer; its text is shown only without what the call was about.
    fn take_report(&self, work: &StepWork, report: Answer, call: &TargetCall) -> Output {
        let values = call.identifiers.0.iter().map(|identifier| identifier.value.expose());
        let report = report.without(&values.chain(call.guests.iter().map(|guest| &*guest.0)).collect::<Vec<_>>());
        info!(
            erasure.id = %work.erasure, target = %work.step.target, stage = work.stage.as_str(),
            outcome = report.outcome.as_str(), "target reported"
        );
        self.conclude(work, report)
    }

    /// What an answer means for the step.
    fn conclude(&self, work: &StepWork, answer: Answer) -> Output {
        // Whenever a person sets it going again, it has all rounds before it.
        let round = work.step.rounds % self.erasing.rounds_max.max(1);
        let Answer { outcome, reason, counts, verify_after, mut evidence } = answer;
        evidence.expected = outcome == Outcome::Unverifiable && self.expected.contains(&work.step.target);
        match (work.stage, outcome) {
            (_, Outcome::Residual) if round + 1 >= self.erasing.rounds_max => Output::Residual(reason),
            (_, Outcome::Residual) => {
                let pause = self.erasing.retry.pause(round, verify_after, random());
                Output::Step(StepEnd::EraseAgain { pause })
            }
            (Stage::Erase, Outcome::Erased | Outcome::Absent) => {
                let pause = verify_after.unwrap_or_default();
                Output::Step(StepEnd::VerifyAfter { pause, outcome, reason, counts, evidence })
            }
            (Stage::Verify, Outcome::Erased | Outcome::Absent) => {
                // Asked again, the target holds nothing: what it did before stands.
                let outcome = work.step.outcome().unwrap_or(outcome);
                Output::Step(StepEnd::Final { outcome, reason, counts, evidence })
            }
            (_, Outcome::Retained | Outcome::Unverifiable | Outcome::Parked) => {
                Output::Step(StepEnd::Final { outcome, reason, counts, evidence })
            }
        }
    }

    async fn finish(&self, queue_worker: &QueueWorker, claim: Claim, output: Output) -> Result<(), LedgerError> {
        // An erasure can be resolved without anybody being asked, and a report is none of the target's answers.
        let asked = match &claim.work {
            Work::Resolve(_) => false,
            Work::Step(work) => work.step.report().is_none(),
            _ => true,
        };
        let answered = claim.target_failing && asked;
        let finished = match output {
            Output::Decision(decision) => {
                for erasure in &decision.erasures {
                    info!(
                        erasure.subject = %erasure.subject.scope().as_str(), rule = erasure.rule, due = %erasure.due,
                        "decided to erase"
                    );
                }
                self.ledger.decided(claim, *decision).await?
            }
            Output::Resolution(resolution) => self.ledger.resolved(claim, resolution).await?,
            Output::Step(end) => self.ledger.stepped(claim, end).await?,
            Output::Residual(reason) => {
                let reason = reason.unwrap_or_else(|| "asked again, it was still there".into());
                warn!(queue = ?queue_worker.queue, "a target still holds what it was asked to erase; a person is needed");
                self.ledger.park(claim, Outcome::Residual, &reason).await?
            }
        };
        report(queue_worker, finished);
        match &queue_worker.asks {
            Some(target) if answered => self.ledger.target_answered(target).await,
            _ => Ok(()),
        }
    }

    async fn failed(&self, queue_worker: &QueueWorker, claim: Claim, failure: Failure) -> Result<(), LedgerError> {
        let finished = match failure {
            Failure::Ledger(error) => return Err(error),
            Failure::Postponed(pause) => {
                self.ledger.retry(claim, pause, Attempt::Free, "waits for a session to settle").await?
            }
            Failure::Early { pause, why } => {
                info!(queue = ?queue_worker.queue, why, pause_ms = pause.as_millis() as u64, "too early; it is looked at again");
                self.ledger.retry(claim, pause, Attempt::Free, &why).await?
            }
            Failure::Call(TargetError::NotYet { after }) => {
                info!(queue = ?queue_worker.queue, after_s = after.as_secs(), "the target is not done yet; it is asked again");
                self.ledger.retry(claim, after, Attempt::Free, "the target is not done yet").await?
            }
            Failure::Permanent(reason) | Failure::Call(TargetError::Permanent(reason)) => {
                self.park(queue_worker, claim, &reason).await?
            }
            Failure::Cancelled => self.ledger.retry(claim, Duration::ZERO, Attempt::Free, "cancelled").await?,
            Failure::Call(TargetError::Cancelled | TargetError::Later { .. }) => {
                let pause = self.erasing.retry.pause(0, Some(self.erasing.retry.pause_min.get()), random());
                self.ledger.retry(claim, pause, Attempt::Free, "cancelled by the target").await?
            }
            Failure::Call(TargetError::RateLimited { retry_after }) => {
                // Costing no attempt, it would never be asked more slowly.
                let pause = retry_after.unwrap_or(self.erasing.breaker_pause.get());
                let pause = self.erasing.retry.pause(0, Some(pause), random());
                self.ledger.retry(claim, pause, Attempt::Free, "rate limited").await?
            }
            Failure::Call(TargetError::NeedsOperator(reason)) => {
                warn!(queue = ?queue_worker.queue, reason, "the target's queue is parked; a person is needed");
                // First, or the work would be claimed again at once.
                if let Some(target) = &queue_worker.asks {
                    let (target, since) = (target.clone(), jiff::Timestamp::now());
                    let state = TargetState::Parked { reason: reason.clone() };
                    self.ledger.set_target(TargetHealth { target, state, since }).await?;
                }
                self.ledger.retry(claim, Duration::ZERO, Attempt::Free, &reason).await?
            }
            Failure::Call(TargetError::Retryable(reason)) => {
                // A session is looked up for as long as it takes: an erasure duty does not end with an outage.
                let gives_up = matches!(claim.work, Work::Step(_));
                let finished = if gives_up && claim.attempt + 1 >= self.erasing.retry.attempts_max {
                    self.park(queue_worker, claim, &reason).await?
                } else {
                    info!(queue = ?queue_worker.queue, attempt = claim.attempt + 1, reason, "a call failed; it is tried again");
                    let pause = self.erasing.retry.pause(claim.attempt, None, random());
                    self.ledger.retry(claim, pause, Attempt::Counts, &reason).await?
                };
                if let Some(target) = &queue_worker.asks {
                    self.ledger.target_failed(target, self.erasing.breaker(), &reason).await?;
                }
                finished
            }
        };
        report(queue_worker, finished);
        Ok(())
    }

    async fn park(&self, queue_worker: &QueueWorker, claim: Claim, reason: &str) -> Result<Finished, LedgerError> {
        warn!(queue = ?queue_worker.queue, reason, "work is parked; a person is needed");
        self.ledger.park(claim, Outcome::Parked, reason).await
    }
}

fn report(queue_worker: &QueueWorker, finished: Finished) {
    match finished {
        Finished::Done => {}
        Finished::LeaseLost => info!(queue = ?queue_worker.queue, "the lease had ended; somebody else does the work"),
        Finished::Stale => info!(queue = ?queue_worker.queue, "the session changed meanwhile; it is looked at again"),
    }
}
