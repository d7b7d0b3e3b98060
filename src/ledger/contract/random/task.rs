//! A piece of work, and who holds it.

use jiff::Timestamp;

use crate::erasure::{ErasureId, Step};
use crate::hold::NewHold;
use crate::ledger::{Claim, QueueName, Work};
use crate::subject::SessionKey;

/// What a piece of work is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Piece {
    /// By its number.
    Event(u128),
    Settling(SessionKey),
    /// By the name of the queue, too.
    Erasure(ErasureId, String),
}

impl Piece {
    pub(super) fn of(work: &Work) -> Self {
        let queue = work.queue().name().into_owned();
        match work {
            Work::Decide(work) => Self::Event(u128::from_be_bytes(work.event.head.digest.0)),
            Work::Settle(work) => Self::Settling(work.session.clone()),
            Work::Resolve(work) => Self::Erasure(work.id, queue),
            Work::Step(work) => Self::Erasure(work.erasure, queue),
            Work::Close(erasure) => Self::Erasure(erasure.id, queue),
        }
    }

    pub(super) fn in_queue(id: ErasureId, queue: &QueueName) -> Self {
        Self::Erasure(id, queue.name().into_owned())
    }

    pub(super) fn step(id: ErasureId, step: &Step) -> Self {
        Self::in_queue(id, &QueueName::Step(step.called.clone()))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) queue: String,
    pub(super) due: Timestamp,
    pub(super) parked: bool,
    /// Tries that counted.
    pub(super) attempt: u32,
    /// Why it is repeated.
    pub(super) reason: Option<String>,
    /// The holds for which it waits.
    pub(super) held_by: Vec<NewHold>,
    /// The number of the claim that holds it. It does beyond its lease, until somebody else claims the work.
    pub(super) holder: Option<u64>,
}

impl Task {
    pub(super) fn new(queue: &QueueName, due: Timestamp) -> Self {
        let queue = queue.name().into_owned();
        Self { queue, due, parked: false, attempt: 0, reason: None, held_by: Vec::new(), holder: None }
    }

    /// Whether a hold keeps it from being done: one that is over keeps nothing, whether anybody has looked since or not.
    pub(super) fn is_on_hold(&self, now: Timestamp) -> bool {
        self.held_by.iter().any(|hold| is_in_force(hold, now))
    }

    pub(super) fn is_step(&self) -> bool {
        self.queue.starts_with("step:")
    }
}

pub(super) fn is_in_force(hold: &NewHold, now: Timestamp) -> bool {
    hold.until.is_none_or(|until| until > now)
}

/// A claim, and its number.
pub(super) struct Held {
    pub(super) claim: Claim,
    pub(super) piece: Piece,
    pub(super) number: u64,
}
