//! What the work of a claim came to, before it is written.

use crate::ledger::{Decision, Resolution, StepEnd};

/// The result of a piece of work that did not fail.
pub(super) enum Output {
    Decision(Box<Decision>),
    Resolution(Resolution),
    /// A person has rejected rules that demand the erasure.
    Rejected,
    /// It was to erase again whom somebody has found so long ago that they may have come back.
    Lapsed,
    Step(StepEnd),
    /// A target still holds the data after all rounds: its step needs a person.
    Residual {
        reason: String,
    },
}
