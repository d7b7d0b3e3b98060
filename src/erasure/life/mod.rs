//! The life of an erasure and its steps: every transition there is, as a pure function of what is stored and of now.
//!
//! A transition returns the new state and what has to be scheduled. The ledgers read, call and write; they decide nothing.
//! Each is named by what happened: a call ended, a report came, a person ordered something.

mod begun;
mod closing;
mod state;
mod step;
mod waiting;

pub(crate) use begun::{Begun, Change, Finds, begin};
pub(crate) use closing::end_of;
pub(crate) use state::Phase;
pub(crate) use step::{NOT_REPORTED, OutOfPlace, claimed_to_erase};
pub(crate) use waiting::{NoTargets, Resolving, Waiting, WithoutRejected};

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{ErasureState, Step};
use crate::subject::TargetName;

/// What becomes of a step's work, which stands in its target's queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It is due then; who held it has let go of it.
    Due(Timestamp),
    /// The same, unless somebody is calling just now: then the end of that call sees to it.
    DueUnlessHeld(Timestamp),
    /// There is none yet; there is some from now on, due then.
    Added(Timestamp),
    /// It is not due before a person acts or a report comes.
    Parked,
    /// There is none any more.
    Gone,
}

/// An erasure that is not over, as a person's order meets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Waiting(Waiting),
    Begun(Begun),
}

/// What a person's order to go on comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Retried {
    /// It begins now.
    Due(Waiting, Resolving),
    Steps {
        /// `None` where no step was parked.
        change: Option<Change>,
        /// The targets that it waits for, by the names of their queues: a parked one is resumed as well.
        targets: Vec<TargetName>,
    },
}

/// What a person's order to end it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cancelled {
    /// It has not begun: its capsules and its work go, and there is no receipt.
    AtOnce { state: ErasureState },
    /// It is closed as it is, with a receipt that says so.
    WithReceipt(Change),
}

impl Life {
    /// A person has it begin now, or go on where it is parked. `None` where nobody may have it begin: nothing goes around
    /// an approval.
    pub(crate) fn retried(self, now: Timestamp) -> Option<Retried> {
        match self {
            Self::Waiting(waiting) => {
                waiting.made_due(now).map(|(waiting, resolving)| Retried::Due(waiting, resolving))
            }
            Self::Begun(begun) => Some(Retried::Steps { targets: begun.waits_for(), change: begun.retried(now) }),
        }
    }

    /// A person refuses the approval. `None` where it does not wait for that.
    pub(crate) fn rejected(self) -> Option<Cancelled> {
        match self {
            Self::Waiting(waiting) if waiting.state == ErasureState::Requested => Some(waiting.cancelled()),
            _ => None,
        }
    }

    /// A person stops it, also where it is under way: no further call begins. `kept_by`: the holds that keep what is left of it.
    /// `None` where nothing is left to stop.
    pub(crate) fn stopped(
        self,
        is_called: impl Fn(&Step) -> bool,
        kept_by: Option<&str>,
        now: Timestamp,
    ) -> Option<Cancelled> {
        match self {
            Self::Waiting(waiting) => Some(waiting.cancelled()),
            Self::Begun(begun) => begun.stopped(is_called, kept_by, now).map(Cancelled::WithReceipt),
        }
    }

    /// A person ends it. `None` where it is under way: what was begun is carried through.
    pub(crate) fn cancelled(self) -> Option<Cancelled> {
        match self {
            Self::Waiting(waiting) => Some(waiting.cancelled()),
            Self::Begun(begun) => begun.cancelled().map(Cancelled::WithReceipt),
        }
    }
}

/// The time after a pause, as far as the calendar goes.
pub(crate) fn after(now: Timestamp, pause: Duration) -> Timestamp {
    SignedDuration::try_from(pause).ok().and_then(|pause| now.checked_add(pause).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
