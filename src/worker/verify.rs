//! Targets are asked whether it is really gone.

use super::call::{Prepared, accepted, finally, still_there};
use super::failure::{Failure, NOT_TWICE};
use super::output::Output;
use super::parts::Worker;
use super::settings::ErasingSettings;
use crate::erasure::{Outcome, Step};
use crate::keys::random_fraction;
use crate::ledger::{ClaimedStep, StepEnd, StepWork};
use crate::target::{Answer, TargetError};

impl Worker {
    /// One target is asked whether it is gone: from the claim of its step to what its answer means for it.
    pub(super) async fn verify(&self, claimed: ClaimedStep, work: &StepWork) -> Result<Output, Failure> {
        let answer = match self.prepare(claimed, work)? {
            Prepared::Reported(report) => report,
            Prepared::NotReported => return Ok(Output::Step(StepEnd::NotReported)),
            Prepared::Ask(target, call) => match target.verify(&call).await {
                Err(TargetError::Later { within }) => return Ok(accepted(work, within)),
                answer => self.answered(work, answer)?,
            },
        };
        Ok(conclude(answer, &work.step, &self.erasing, random_fraction()))
    }
}

/// What the answer means for the step, after what the target said when it was asked to erase.
fn conclude(answer: Answer, step: &Step, erasing: &ErasingSettings, random: f64) -> Output {
    match answer.outcome {
        Outcome::Residual => still_there(answer, step.rounds, erasing, random),
        // The target holds nothing now, and what it did before stands: it may have erased it, or never have had it.
        Outcome::Erased | Outcome::Absent => finally(step.outcome().unwrap_or(answer.outcome), answer),
        // `unverifiable` is an outcome of what was asked and answered; here not even that is known.
        Outcome::Unverifiable if step.is_unanswered() => {
            let why = answer.reason.unwrap_or_else(|| "the target cannot say whether the data is gone".into());
            Output::Step(StepEnd::StillUnknown { reason: format!("{NOT_TWICE}: {why}") })
        }
        Outcome::Retained | Outcome::Unverifiable | Outcome::Parked => finally(answer.outcome, answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::{Sent, Stage, StepState};
    use crate::ledger::StepEnd;
    use crate::worker::call::tests::answer;
    use crate::worker::settings::sample;

    fn step(said_before: Option<Outcome>) -> Step {
        let state = StepState::to_call(Stage::Verify, said_before);
        Step { state, rounds: 0, ..crate::erasure::sample::step("crm", Outcome::Erased) }
    }

    fn concluded(said_before: Option<Outcome>, outcome: Outcome) -> Output {
        conclude(answer(outcome), &step(said_before), &sample(), 1.0)
    }

    #[track_caller]
    fn check(said_before: Option<Outcome>, outcome: Outcome, expected: Outcome) {
        let Output::Step(StepEnd::Final { outcome: said, .. }) = concluded(said_before, outcome) else {
            panic!("not final")
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn what_the_target_did_stands_once_nothing_is_there_any_more() {
        check(Some(Outcome::Erased), Outcome::Absent, Outcome::Erased);
        check(Some(Outcome::Absent), Outcome::Absent, Outcome::Absent);
        check(None, Outcome::Erased, Outcome::Erased);
    }

    #[test]
    fn what_cannot_be_verified_is_not_what_was_said_before() {
        check(Some(Outcome::Erased), Outcome::Unverifiable, Outcome::Unverifiable);
        check(Some(Outcome::Erased), Outcome::Retained, Outcome::Retained);
    }

    #[test]
    fn where_the_call_was_not_answered_and_the_target_cannot_say_a_person_is_needed() {
        let unanswered = Step { sent: Some(Sent::Unanswered), ..step(None) };
        let concluded = |outcome| conclude(answer(outcome), &unanswered, &sample(), 1.0);
        let Output::Step(StepEnd::StillUnknown { reason }) = concluded(Outcome::Unverifiable) else { panic!("known") };
        assert!(reason.starts_with(NOT_TWICE), "{reason}");
        let Output::Step(StepEnd::Final { outcome, .. }) = concluded(Outcome::Absent) else { panic!("not final") };
        assert_eq!(outcome, Outcome::Absent);
    }

    #[test]
    fn what_is_still_there_is_erased_again() {
        let again = concluded(Some(Outcome::Erased), Outcome::Residual);
        assert!(matches!(again, Output::Step(StepEnd::EraseAgain { .. })));
    }
}
