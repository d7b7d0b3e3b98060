//! The model's work: what is due, and who holds it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::model::Model;
use crate::erasure::life::after;
use crate::erasure::{Attempt, ErasureId, Step};
use crate::ledger::{Claim, Finished, QueueName, Work};
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
    /// The number of the claim that holds it. It does beyond its lease, until somebody else claims the work.
    pub(super) holder: Option<u64>,
}

impl Task {
    pub(super) fn new(queue: &QueueName, due: Timestamp) -> Self {
        Self { queue: queue.name().into_owned(), due, parked: false, attempt: 0, reason: None, holder: None }
    }

    pub(super) fn is_step(&self) -> bool {
        self.queue.starts_with("step:")
    }
}

/// A claim, and its number.
pub(super) struct Held {
    pub(super) claim: Claim,
    pub(super) piece: Piece,
    pub(super) number: u64,
}

impl Model {
    /// What can be claimed, the longest due first.
    pub(super) fn due(&self, queue: &QueueName, now: Timestamp) -> Vec<(Timestamp, Piece)> {
        if matches!(queue, QueueName::Step(called) if self.stopped.contains(called)) {
            return Vec::new();
        }
        let is_due = |task: &Task| task.queue == queue.name() && !task.parked && task.due <= now;
        let due = self.work.iter().filter(|(_, task)| is_due(task));
        let mut due: Vec<_> = due.map(|(piece, task)| (task.due, piece.clone())).collect();
        due.sort();
        due
    }

    pub(super) fn claimed(&mut self, claim: Claim, lease: Duration, now: Timestamp) -> Held {
        self.claims += 1;
        let piece = Piece::of(&claim.work);
        let task = self.work.get_mut(&piece).expect("it was due");
        task.holder = Some(self.claims);
        task.due = after(now, lease);
        Held { claim, piece, number: self.claims }
    }

    /// The work of a claim, if it still holds it.
    pub(super) fn held(&mut self, held: &Held) -> Option<&mut Task> {
        self.work.get_mut(&held.piece).filter(|task| task.holder == Some(held.number))
    }

    pub(super) fn renewed(&mut self, held: &Held, lease: Duration, now: Timestamp) -> Finished {
        let Some(task) = self.held(held) else { return Finished::LeaseLost };
        task.due = after(now, lease);
        Finished::Done
    }

    /// Work other than a step is put back.
    pub(super) fn put_back(&mut self, held: &Held, pause: Duration, attempt: Attempt, now: Timestamp) -> Finished {
        let Some(task) = self.held(held) else { return Finished::LeaseLost };
        task.due = after(now, pause);
        task.attempt += u32::from(attempt == Attempt::Counts);
        task.holder = None;
        Finished::Done
    }

    /// Work other than a step needs a person.
    pub(super) fn put_aside(&mut self, held: &Held) -> Finished {
        let Some(task) = self.held(held) else { return Finished::LeaseLost };
        task.parked = true;
        task.holder = None;
        Finished::Done
    }

    /// Has what is parked of this work done again; returns how much there was.
    pub(super) fn set_going(&mut self, which: impl Fn(&Piece, &Task) -> bool, now: Timestamp) -> u64 {
        let mut going = 0;
        for (piece, task) in &mut self.work {
            if task.parked && which(piece, task) {
                *task = Task { due: now, parked: false, attempt: 0, reason: None, ..task.clone() };
                going += 1;
            }
        }
        going
    }

    pub(super) fn count(&self, which: impl Fn(&Task) -> bool) -> u64 {
        self.work.values().filter(|task| which(task)).count() as u64
    }

    /// Steps by the target as it is called.
    pub(super) fn steps_by_target(&self, which: impl Fn(&Task) -> bool) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for task in self.work.values().filter(|task| which(task)) {
            if let Some(called) = task.queue.strip_prefix("step:") {
                *counts.entry(called.to_owned()).or_default() += 1;
            }
        }
        counts
    }
}
