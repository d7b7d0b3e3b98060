//! The state of an erasure, which follows from what its steps are doing.

use crate::erasure::{ErasureState, Stage, Step, StepState};

/// What is a fact of the erasure as a whole; while its steps are at work, they say the rest.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Phase<'a> {
    /// It waits for a person's approval.
    Requested,
    /// It waits for its time.
    Scheduled,
    /// Its steps have begun, and its receipt is not written.
    Begun(&'a [Step]),
    /// A person ended it, with a receipt or before it began.
    Cancelled,
    /// Its receipt is written.
    Closed,
}

impl ErasureState {
    /// The state of an erasure: nothing else makes one.
    pub(crate) fn of(phase: Phase<'_>) -> Self {
        match phase {
            Phase::Requested => Self::Requested,
            Phase::Scheduled => Self::Scheduled,
            Phase::Begun(steps) => of_steps(steps),
            Phase::Cancelled => Self::Cancelled,
            Phase::Closed => Self::Done,
        }
    }
}

/// What is furthest from the end counts; a step that needs a person only where nothing else moves.
fn of_steps(steps: &[Step]) -> ErasureState {
    let in_stage =
        |wanted| steps.iter().any(|step| matches!(step.state, StepState::UnderWay { stage, .. } if stage == wanted));
    // Nothing is erased while some are asked what they know, but it is under way.
    if in_stage(Stage::Find) || in_stage(Stage::FindLater) || in_stage(Stage::Erase) {
        return ErasureState::Erasing;
    }
    if in_stage(Stage::Verify) {
        return ErasureState::Verifying;
    }
    if steps.iter().any(|step| matches!(step.state, StepState::Parked { .. })) {
        return ErasureState::Parked;
    }
    // All have ended: what is left is the receipt.
    if steps.iter().any(|step| step.stopped) { ErasureState::Cancelled } else { ErasureState::Verifying }
}
