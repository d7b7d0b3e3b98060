//! What a way to authenticate found of a request.

use subtle::Choice;

/// Why a request is not taken; shows nothing that it carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// `missing`, `garbled`, `wrong` or `stale`, for counting; the sender is not told.
    Unauthenticated(&'static str),
    NetworkNotAllowed,
}

/// What a scheme found, from the least to the most that was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Finding {
    /// No credentials of this scheme.
    Absent,
    /// Credentials that cannot be read.
    Garbled,
    Wrong,
    /// Rightly signed, but outside the window.
    Stale,
    Right,
}

impl Finding {
    pub(super) fn of(same: Choice) -> Self {
        if same.into() { Self::Right } else { Self::Wrong }
    }

    pub(super) fn refusal(self) -> Option<Refused> {
        Some(Refused::Unauthenticated(match self {
            Self::Right => return None,
            Self::Absent => "missing",
            Self::Garbled => "garbled",
            Self::Wrong => "wrong",
            Self::Stale => "stale",
        }))
    }

    /// What is right so far must pass `next` too.
    pub(super) fn then(self, next: impl FnOnce() -> Self) -> Self {
        if self == Self::Right { next() } else { self }
    }
}
