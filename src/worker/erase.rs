//! Targets are asked to erase.

use tracing::warn;

use super::call::{Prepared, accepted, finally, still_there, still_there_by_word};
use super::failure::Failure;
use super::output::Output;
use super::parts::Worker;
use super::settings::ErasingSettings;
use crate::erasure::{Halt, Outcome};
use crate::keys::random_fraction;
use crate::ledger::{ClaimedStep, StepEnd, StepWork};
use crate::target::{Answer, TargetError};

impl Worker {
    /// One target is asked to erase: from the claim of its step to what its answer means for it.
    pub(super) async fn erase(&self, claimed: ClaimedStep, work: &StepWork) -> Result<Output, Failure> {
        let is_by_people = self.accepted.get(&work.step.target).is_some_and(|accepted| accepted.by_people);
        let answer = match self.prepare(claimed, work)? {
            Prepared::Reported(report) => report,
            Prepared::NotReported => return Ok(Output::Step(StepEnd::NotReported)),
            Prepared::Ask(..) if work.step.sent.is_some() => {
                warn!(
                    erasure.id = %work.erasure, target = %work.step.target,
                    "what became of an earlier call is unknown, and it must not be made twice; asking whether the data is gone"
                );
                return Ok(Output::Step(StepEnd::OutcomeUnknown));
            }
            Prepared::Ask(target, call) => match target.erase(&call).await {
                Err(TargetError::Later { within }) if is_by_people => {
                    return Ok(Output::Step(StepEnd::GivenToPeople { within }));
                }
                Err(TargetError::Later { within }) => return Ok(accepted(work, within)),
                Err(TargetError::Halted { why: Halt::Stopped, done }) => {
                    return Ok(Output::Step(StepEnd::Stopped { done }));
                }
                answer => self.answered(work, answer)?,
            },
        };
        Ok(match answer.outcome {
            Outcome::Residual if is_by_people => still_there_by_word(answer),
            _ => conclude(answer, work.step.rounds, &self.erasing, random_fraction()),
        })
    }
}

/// What the answer means for the step, after so many rounds. `random` is in 0..1, for jitter.
fn conclude(answer: Answer, rounds: u32, erasing: &ErasingSettings, random: f64) -> Output {
    match answer.outcome {
        Outcome::Residual => still_there(answer, rounds, erasing, random),
        // An answer alone proves nothing: the target is asked whether the data is gone.
        Outcome::Erased | Outcome::Absent => Output::Step(StepEnd::VerifyAfter {
            pause: answer.verify_after.unwrap_or_default(),
            outcome: answer.outcome,
            reason: answer.reason,
            counts: answer.counts,
            evidence: answer.evidence,
        }),
        Outcome::Retained | Outcome::Unverifiable | Outcome::Parked => finally(answer.outcome, answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::call::tests::answer;
    use crate::worker::settings::sample;

    fn concluded(outcome: Outcome, rounds: u32) -> Output {
        conclude(answer(outcome), rounds, &sample(), 1.0)
    }

    #[test]
    fn what_is_said_to_be_gone_is_asked_about_once_more() {
        for outcome in [Outcome::Erased, Outcome::Absent] {
            let Output::Step(StepEnd::VerifyAfter { pause, outcome: said, .. }) = concluded(outcome, 0) else {
                panic!("{outcome:?}")
            };
            assert_eq!((said, pause.as_secs()), (outcome, 7));
        }
    }

    #[test]
    fn what_cannot_be_erased_or_asked_about_is_final() {
        for outcome in [Outcome::Retained, Outcome::Unverifiable] {
            let Output::Step(StepEnd::Final { outcome: said, .. }) = concluded(outcome, 0) else {
                panic!("{outcome:?}")
            };
            assert_eq!(said, outcome);
        }
    }

    #[test]
    fn what_is_still_there_is_erased_again_for_so_many_rounds() {
        assert!(matches!(concluded(Outcome::Residual, 0), Output::Step(StepEnd::EraseAgain { .. })));
        assert!(matches!(concluded(Outcome::Residual, 1), Output::Residual { .. }));
        // A person has it retried.
        assert!(matches!(concluded(Outcome::Residual, 2), Output::Step(StepEnd::EraseAgain { .. })));
    }
}
