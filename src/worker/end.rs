//! The end of a claim: what its work came to is written, or what its failure means for it and for its target.

use jiff::Timestamp;
use tracing::{debug, info, warn};

use super::failure::{Circumstances, ClaimEnd, Failure, FailureAction, TargetEffect};
use super::metrics::{self, WorkEnd};
use super::output::Output;
use super::parts::Worker;
use super::queue::QueueWorker;
use crate::erasure::{ErasureId, NewErasure, Outcome, Stage};
use crate::keys::random_fraction;
use crate::ledger::{Attempt, CallEnd, Claim, Decision, Finished, LedgerError, StepEnd, Work};
use crate::subject::{Scope, SessionKey};

impl Worker {
    /// Writes the result. The claim's fence says in the same transaction whether the work was still ours; a look before it
    /// could be outdated by the time of the commit.
    pub(super) async fn finish(
        &self,
        queue: &QueueWorker,
        claim: Claim,
        output: Output,
        calls: u32,
    ) -> Result<WorkEnd, LedgerError> {
        // Only where there is a failure to forget: otherwise each answer would be one more transaction.
        let is_called = !matches!(&claim.work, Work::Step(work) if self.without_call(work).is_some());
        let has_answered = claim.target_failing && is_called && has_asked(&claim.work, &output, calls);
        let answered = CallEnd::Answered { sort: claim.work.sort() };
        let end = self.write(queue, claim, output).await?;
        if let Some(target) = queue.asks.as_ref().filter(|_| has_answered) {
            self.queue.call_ended(target, &answered, self.erasing.breaker()).await?;
        }
        Ok(end)
    }

    /// Writes what work came to, and counts it once it is written.
    async fn write(&self, queue: &QueueWorker, claim: Claim, output: Output) -> Result<WorkEnd, LedgerError> {
        let (end, finished) = match output {
            Output::Decision(decision) => {
                let demands = Demand::all_of(&decision);
                let decided = self.queue.decided(claim, *decision).await?;
                // Only now it is known which erasures they are: some may be part of one that had not begun.
                demands.into_iter().zip(&decided.erasures).for_each(|(demand, erasure)| demand.tell(*erasure));
                (WorkEnd::Done, decided.finished)
            }
            Output::Resolution(resolution) => (WorkEnd::Done, self.queue.resolved(claim, resolution).await?),
            Output::Rejected => {
                info!("rules that a person has rejected demand this erasure; what they demand does not begin");
                (WorkEnd::Done, self.queue.without_rejected(claim).await?)
            }
            Output::Lapsed => {
                warn!(
                    "whom this erasure is about was found more than a day ago and may have come back since: it does not begin; look again \
                     by `quietus erase-again`"
                );
                (WorkEnd::Done, self.queue.lapsed(claim).await?)
            }
            Output::Step(step) => {
                let outcome = outcome_of(&step);
                let finished = self.queue.stepped(claim, step).await?;
                if let Some(outcome) = outcome.filter(|_| finished == Finished::Done) {
                    metrics::step_ended(queue.target_name(), outcome);
                }
                (if outcome == Some(Outcome::Parked) { WorkEnd::Parked } else { WorkEnd::Done }, finished)
            }
            Output::Residual { reason } => {
                warn!(queue = ?queue.queue, "a target still holds what it was asked to erase; a person is needed");
                (WorkEnd::Parked, self.park(queue, claim, Outcome::Residual, &reason).await?)
            }
        };
        log_race(queue, finished);
        Ok(end.written(finished))
    }

    /// Puts work aside for a person.
    async fn park(
        &self,
        queue: &QueueWorker,
        claim: Claim,
        outcome: Outcome,
        reason: &str,
    ) -> Result<Finished, LedgerError> {
        let is_step = matches!(claim.work, Work::Step(_));
        let finished = self.queue.park(claim, outcome, reason).await?;
        if is_step && finished == Finished::Done {
            metrics::step_ended(queue.target_name(), outcome);
        }
        Ok(finished)
    }

    /// Carries out what a failure means for its claim.
    pub(super) async fn react(
        &self,
        queue: &QueueWorker,
        claim: Claim,
        failure: Failure,
    ) -> Result<WorkEnd, LedgerError> {
        let circumstances = Circumstances {
            erasing: &self.erasing,
            attempt: claim.attempt,
            faults: claim.faults,
            gives_up: matches!(claim.work, Work::Step(_)),
            presence: claim.presence,
            in_vain: claim.in_vain,
            may_repeat: !claim.has_sent_once(),
            is_awaited: matches!(&claim.work, Work::Step(work) if work.stage == Stage::Find),
            random: random_fraction(),
        };
        let failure = failure.judged(&*self.records).await?;
        let is_ordinary = failure.is_ordinary();
        let FailureAction { end, target } = failure.action(circumstances)?;
        let (ClaimEnd::Retry { reason, .. } | ClaimEnd::Park { reason }) = &end;
        // First, or the work would be claimed again at once.
        if let (Some(end), Some(name)) = (call_end(target, &claim, reason), &queue.asks) {
            if let CallEnd::Denied { reason } = &end {
                warn!(target = %name, reason, "the target is out; it is tried again, but a person may be needed");
            }
            self.queue.call_ended(name, &end, self.erasing.breaker()).await?;
        }
        let (end, finished) = match end {
            ClaimEnd::Retry { pause, attempt, reason } => {
                if !is_ordinary {
                    info!(queue = ?queue.queue, ?attempt, pause_ms = pause.as_millis() as u64, reason, "work is retried");
                }
                let end = if attempt == Attempt::Free { WorkEnd::Postponed } else { WorkEnd::Retried };
                (end, self.queue.retry(claim, pause, attempt, &reason).await?)
            }
            ClaimEnd::Park { reason } => {
                warn!(queue = ?queue.queue, reason, "work is parked; a person is needed");
                (WorkEnd::Parked, self.park(queue, claim, Outcome::Parked, &reason).await?)
            }
        };
        log_race(queue, finished);
        Ok(end.written(finished))
    }
}

/// How the call ended for its target, where that says something of it.
fn call_end(effect: TargetEffect, claim: &Claim, reason: &str) -> Option<CallEnd> {
    let reason = reason.to_owned();
    match effect {
        TargetEffect::None => None,
        TargetEffect::Unavailable => Some(CallEnd::Unavailable { reason }),
        TargetEffect::Failed => Some(CallEnd::Failed { record: claim.work.record(), reason }),
        TargetEffect::Refused => {
            Some(CallEnd::Refused { sort: claim.work.sort(), record: claim.work.record(), reason })
        }
        TargetEffect::Denied => Some(CallEnd::Denied { reason }),
        TargetEffect::Limited(pause) => Some(CallEnd::Limited { sort: claim.work.sort(), pause }),
    }
}

/// Whether the work that was done has asked its target, with so many calls to mluvii. Without a call, nothing was seen of mluvii;
/// and neither a report nor what is concluded without a call is one of a plugin's answers. None of them says that it can be reached
/// again.
fn has_asked(work: &Work, output: &Output, calls: u32) -> bool {
    match output {
        Output::Step(StepEnd::NotReported | StepEnd::OutcomeUnknown) => return false,
        Output::Step(StepEnd::Stopped { done }) if done.is_empty() => return false,
        _ => {}
    }
    match work {
        Work::Step(work) if !work.step.target.is_mluvii() => work.step.report().is_none(),
        Work::Decide(_) | Work::Settle(_) | Work::Resolve(_) | Work::Step(_) => calls > 0,
        Work::Close(_) => false,
    }
}

/// What the step came to, where it is over or needs a person.
fn outcome_of(end: &StepEnd) -> Option<Outcome> {
    match end {
        StepEnd::Final { outcome, .. } => Some(*outcome),
        StepEnd::NotReported | StepEnd::StillUnknown { .. } => Some(Outcome::Parked),
        StepEnd::Found { .. }
        | StepEnd::VerifyAfter { .. }
        | StepEnd::Await { .. }
        | StepEnd::GivenToPeople { .. }
        | StepEnd::EraseAgain { .. }
        | StepEnd::OutcomeUnknown
        | StepEnd::Stopped { .. } => None,
    }
}

/// What the log and metrics say of an erasure that a rule demands.
struct Demand {
    session: SessionKey,
    scope: Scope,
    rule: String,
    due: Timestamp,
}

impl Demand {
    fn all_of(decision: &Decision) -> Vec<Self> {
        let session = &decision.session.record.session;
        let of = |erasure: &NewErasure| Self {
            session: session.clone(),
            scope: erasure.subject.scope(),
            rule: erasure.rule.clone(),
            due: erasure.due,
        };
        decision.erasures.iter().map(of).collect()
    }

    fn tell(self, erasure: ErasureId) {
        let Self { session, scope, rule, due } = self;
        info!(
            erasure.id = %erasure, session = %session, scope = scope.as_str(), rule, due = %due,
            "decided to erase"
        );
        metrics::decided(rule);
    }
}

fn log_race(queue: &QueueWorker, finished: Finished) {
    match finished {
        Finished::Done => {}
        Finished::LeaseLost => info!(queue = ?queue.queue, "the lease had ended; another process does the work"),
        Finished::Stale => debug!(queue = ?queue.queue, "the session changed meanwhile; it is looked at again"),
    }
}
