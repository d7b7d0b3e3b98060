//! Work in hand.

use jiff::Timestamp;

use crate::erasure::{Capsule, Erasure, ErasureId, Stage, Step, Subject};
use crate::event::StoredEvent;
use crate::subject::{SessionKey, TargetName};

/// One kind of work; each queue has its own bounds, so that none starves another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Queue {
    /// Events to decide on.
    Decide,
    /// Sessions to look at once more.
    Settle,
    /// Erasures whose time has come.
    Resolve,
    /// Calls to one target.
    Step(TargetName),
    /// Erasures whose receipt is to be written.
    Close,
}

/// A piece of work that is ours until its lease ends. It is neither `Clone` nor kept: it leaves through the ledger's
/// `retry`, `park` or one of the methods that finish it.
#[derive(Debug)]
#[must_use = "a claim ends as finish, retry or park"]
pub(crate) struct Claim {
    /// The backend's name for the work.
    pub(super) task: i64,
    /// Grows with every claim of the work; an old one finishes nothing.
    pub(super) fence: i64,
    /// Attempts that counted before this one.
    pub(crate) attempt: u32,
    pub(crate) work: Work,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    Decide(StoredEvent),
    Settle(SessionKey),
    Resolve(EraseWork),
    Step(StepWork),
    Close(Erasure),
}

/// An erasure whose identifiers are to be resolved.
#[derive(Clone, Debug)]
pub(crate) struct EraseWork {
    pub(crate) id: ErasureId,
    pub(crate) subject: Subject,
    /// What the requests brought that were merged into it.
    pub(crate) capsules: Vec<Capsule>,
    pub(crate) targets: Vec<TargetName>,
    pub(crate) created: Timestamp,
    /// When it was to begin, waiting aside.
    pub(crate) due: Timestamp,
    /// When the oldest event came that nobody has decided on.
    pub(crate) undecided_since: Option<Timestamp>,
}

/// One call to one target.
#[derive(Clone, Debug)]
pub(crate) struct StepWork {
    pub(crate) erasure: ErasureId,
    pub(crate) subject: Subject,
    pub(crate) stage: Stage,
    pub(crate) step: Step,
    pub(crate) capsule: Capsule,
    pub(crate) sessions: Vec<SessionKey>,
}
