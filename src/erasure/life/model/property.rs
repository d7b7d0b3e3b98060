//! What must hold whatever happens.

use super::state::{Model, State};
use crate::erasure::{ErasureState, Outcome, Step, StepState};

impl Model {
    /// What a move from one state to the next breaks.
    pub(super) fn violated(&self, before: &State, after: &State) -> Option<&'static str> {
        let rules = [
            (after.out_of_place, "the ledger was told what there is no transition for"),
            (after.twice, "one end was counted twice"),
            (
                after.places.iter().any(|place| place.calls > 1),
                "two destructive calls of a step were under way at once",
            ),
            (self.asks_twice(after), "a target that must not be asked twice was asked twice"),
            (after.receipts > 1, "there were two receipts"),
            (after.receipts > 0 && !self.is_over(after), "there was a receipt before each step had its outcome"),
            (after.erasure == ErasureState::Done && after.receipts == 0, "it was done without a receipt"),
            (self.forgets(before, after), "an outcome was lost"),
            (self.is_untrue(after), "what was said to be gone was there"),
            (self.is_unknown(after), "a target was called, and its step does not know that it may have been"),
            (is_taken_back(before, after), "what was over went on"),
            (calls_when_over(after), "a target was called for an erasure that was over"),
        ];
        rules.into_iter().find_map(|(broken, property)| broken.then_some(property))
    }

    /// Whether nothing more has to happen. From everywhere, some way must lead here.
    pub(super) fn is_end(&self, state: &State) -> bool {
        match state.erasure {
            ErasureState::Done | ErasureState::Parked => true,
            ErasureState::Cancelled => state.steps.is_none() || state.receipts == 1,
            _ => false,
        }
    }

    fn asks_twice(&self, state: &State) -> bool {
        let mut places = self.setup.targets.iter().zip(&state.places);
        places.any(|(target, place)| target.once && place.asked > 1)
    }

    fn is_over(&self, state: &State) -> bool {
        self.steps(state).is_some_and(|begun| begun.0.iter().all(|step| step.final_outcome().is_some()))
    }

    fn forgets(&self, before: &State, after: &State) -> bool {
        let (Some(before), Some(after)) = (self.steps(before), self.steps(after)) else {
            return before.steps.is_some() && after.steps.is_none();
        };
        let mut steps = before.0.iter().zip(&after.0);
        steps.any(|(before, after)| matches!(before.state, StepState::Over { .. }) && before != after)
    }

    fn is_unknown(&self, state: &State) -> bool {
        let steps = self.steps(state).into_iter().flat_map(|begun| &begun.0);
        let is_open = |step: &Step| step.final_outcome().is_none();
        steps.zip(&state.places).any(|(step, place)| place.calls > 0 && is_open(step) && !step.may_have_erased())
    }

    fn is_untrue(&self, state: &State) -> bool {
        let steps = self.steps(state).into_iter().flat_map(|begun| &begun.0);
        let said = |outcome| matches!(outcome, Some(Outcome::Erased | Outcome::Absent));
        steps.zip(&state.places).any(|(step, place)| said(step.final_outcome()) && place.data)
    }
}

fn is_taken_back(before: &State, after: &State) -> bool {
    let is_over = matches!(before.erasure, ErasureState::Done | ErasureState::Cancelled);
    is_over && (before.erasure != after.erasure || before.steps.is_none() != after.steps.is_none())
}

fn calls_when_over(state: &State) -> bool {
    let is_over = matches!(state.erasure, ErasureState::Done | ErasureState::Cancelled);
    is_over && state.places.iter().any(|place| place.calls > 0)
}
