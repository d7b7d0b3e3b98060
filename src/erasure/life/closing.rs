//! How an erasure ends.

use super::Phase;
use crate::erasure::{Erasure, ErasureState, Outcome, Step};

/// How an erasure ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) state: ErasureState,
    pub(crate) sessions_are_erased: bool,
}

/// What becomes of an erasure with its receipt. Cancelled with steps unfinished, its sessions may still be there, and must
/// still be found. So must those that mluvii was not asked to erase, or of which not all have been seen to be gone: sessions
/// are at mluvii.
pub(crate) fn end_of(erasure: &Erasure) -> End {
    if erasure.state == ErasureState::Cancelled {
        return End { state: ErasureState::of(Phase::Cancelled), sessions_are_erased: false };
    }
    let gone = |step: &Step| matches!(step.final_outcome(), Some(Outcome::Erased | Outcome::Absent));
    let sessions_are_erased = erasure.steps.iter().any(|step| step.target.is_mluvii() && gone(step));
    End { state: ErasureState::of(Phase::Closed), sessions_are_erased }
}
