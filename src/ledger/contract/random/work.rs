//! The model's work: what is due, what is claimed, and what becomes of claims.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::model::Model;
use super::task::{Held, Piece, Task};
use crate::erasure::Attempt;
use crate::erasure::life::after;
use crate::ledger::{Claim, Finished, QueueName};

impl Model {
    /// What can be claimed, the longest due first.
    pub(super) fn due(&self, queue: &QueueName, now: Timestamp) -> Vec<(Timestamp, Piece)> {
        if matches!(queue, QueueName::Step(called) if self.stopped.contains(called) || self.paused.contains(called)) {
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
        self.may_be_asked(&piece);
        let task = self.work.get_mut(&piece).expect("it was due");
        task.holder = Some(self.claims);
        task.held_by.clear();
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
        task.reason = None;
        task.attempt += u32::from(attempt == Attempt::Counts);
        task.holder = None;
        Finished::Done
    }

    /// Work other than a step needs a person.
    pub(super) fn put_aside(&mut self, held: &Held) -> Finished {
        let Some(task) = self.held(held) else { return Finished::LeaseLost };
        task.parked = true;
        task.reason = None;
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
