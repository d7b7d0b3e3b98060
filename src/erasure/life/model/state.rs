//! What the model knows at one moment. A state is small and is copied; the steps, which are the program's own, stand in a list
//! and are named by their place in it.

use std::collections::HashMap;

use crate::erasure::life::{Begun, Next};
use crate::erasure::{ErasureState, Stage};

/// Targets of an erasure, at most.
pub(super) const TARGETS_MAX: usize = 2;

/// The place of the erasure's own work among the tasks: it is to begin, or to be closed.
pub(super) const OWN: usize = TARGETS_MAX;

/// How long a lease is, in ticks of the ledger's clock.
pub(super) const LEASE: u8 = 3;

/// For how many ticks of its own clock a holder goes on. What is left of the lease is for a clock that is slow, as in
/// `worker/lease`.
pub(super) const HELD: u8 = 1;

/// What is checked, and by which rules.
pub(super) struct Setup {
    pub(super) targets: Vec<Target>,
    /// How often a person may retry, cancel or stop.
    pub(super) orders: u8,
    /// Failed calls after which a step needs a person.
    pub(super) attempts_max: u32,
    pub(super) rules: Rules,
}

#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) name: &'static str,
    /// It must not be asked twice.
    pub(super) once: bool,
    /// It says first what it knows the person by.
    pub(super) finds: bool,
}

/// The rules by which claims are kept apart. Each can be left out.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// A claim ends only what nobody else has claimed since.
    pub(super) fence: bool,
    /// A claim ends only what has not been put back.
    pub(super) held: bool,
    /// A call that must not be made twice is noted before it is made.
    pub(super) mark: bool,
    /// How many ticks a holder's clock may lose during a lease.
    pub(super) drift_max: u8,
}

impl Default for Rules {
    fn default() -> Self {
        Self { fence: true, held: true, mark: true, drift_max: 1 }
    }
}

/// The model, with all steps that it has met, and what became of them by which order.
pub(super) struct Model {
    pub(super) setup: Setup,
    pub(super) met: Vec<Begun>,
    pub(super) written: HashMap<(u16, Order), Option<Written>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    /// Of the erasure, as it is stored.
    pub(super) erasure: ErasureState,
    /// The number of its steps; `None` before it has begun.
    pub(super) steps: Option<u16>,
    /// Of each step, and the erasure's own.
    pub(super) tasks: [Task; TARGETS_MAX + 1],
    pub(super) receipts: u8,
    pub(super) workers: [Option<Claim>; 2],
    pub(super) places: [Place; TARGETS_MAX],
    /// Orders that a person may still give.
    pub(super) orders: u8,
    /// An end was counted twice.
    pub(super) twice: bool,
    /// The ledger was told what there is no transition for.
    pub(super) out_of_place: bool,
}

/// A row of `task`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Task {
    pub(super) there: bool,
    pub(super) parked: bool,
    pub(super) held: bool,
    /// Ticks until the lease ends.
    pub(super) lease: u8,
}

/// What is true at a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) data: bool,
    /// Calls to erase that are under way.
    pub(super) calls: u8,
    /// Calls to erase since a person's last order, without those of which the target said that they did nothing.
    pub(super) asked: u8,
}

/// A claim in the hands of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Claim {
    pub(super) task: usize,
    /// Nobody has claimed the work since: its fence is the task's.
    pub(super) newest: bool,
    /// Ticks of its own clock for which the holder goes on.
    pub(super) left: u8,
    /// Ticks that its clock has lost.
    pub(super) lost: u8,
    pub(super) work: Work,
    pub(super) doing: Doing,
    /// Its end is in the ledger, and the process does not know.
    pub(super) is_written: bool,
}

/// What a claim is about, as it was when it was claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Work {
    Resolve,
    Close,
    Step { stage: Stage, unanswered: bool, attempts: u32, rounds: u32, stopped: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Doing {
    /// Nothing yet.
    Begins,
    /// It has noted the call that it is about to make.
    Noted,
    Calls,
    /// It knows how it ends, and has not written it, or not heard that it is written.
    Ends(End),
}

/// How a claim ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum End {
    Resolved,
    Closed,
    Found,
    /// The target says so.
    Erased,
    /// Asked again, nothing is there.
    Gone,
    Unverifiable,
    EraseAgain,
    Residual,
    Parked,
    OutcomeUnknown,
    StillUnknown,
    /// It counts as an attempt.
    Failed,
    Cancelled,
    /// A person has stopped the step, so nobody is called.
    Stopped,
}

/// What is done to the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Order {
    /// A step is taken to have its target erase.
    Claimed(usize),
    /// The call of a step goes out.
    Noted(usize),
    Ended(usize, End),
    Retry,
    Cancel,
    /// By whom it is held is by the place of the step.
    Stop([bool; TARGETS_MAX]),
}

/// What it makes of them.
#[derive(Clone, Copy)]
pub(super) struct Written {
    pub(super) steps: u16,
    pub(super) next: [Option<Next>; TARGETS_MAX],
    pub(super) erasure: ErasureState,
    pub(super) closes: bool,
}

impl Model {
    pub(super) fn new(setup: Setup) -> Self {
        Self { setup, met: Vec::new(), written: HashMap::new() }
    }

    /// An erasure that is due.
    pub(super) fn first(&self) -> State {
        let mut tasks = [Task::default(); TARGETS_MAX + 1];
        tasks[OWN].there = true;
        State {
            erasure: ErasureState::Scheduled,
            steps: None,
            tasks,
            receipts: 0,
            workers: [None; 2],
            places: [Place { data: true, calls: 0, asked: 0 }; TARGETS_MAX],
            orders: self.setup.orders,
            twice: false,
            out_of_place: false,
        }
    }

    /// The steps of an erasure that has begun.
    pub(super) fn steps(&self, state: &State) -> Option<&Begun> {
        state.steps.map(|number| &self.met[usize::from(number)])
    }

    /// The number of these steps.
    pub(super) fn number(&mut self, steps: Begun) -> u16 {
        let met = self.met.iter().position(|met| *met == steps).unwrap_or_else(|| {
            self.met.push(steps);
            self.met.len() - 1
        });
        u16::try_from(met).expect("few steps are met")
    }
}

impl State {
    /// The same for states that differ in nothing but which process is which.
    pub(super) fn key(&self) -> Self {
        let mut workers = self.workers;
        workers.sort();
        Self { workers, ..*self }
    }
}

impl Task {
    /// Work that is due.
    pub(super) fn due() -> Self {
        Self { there: true, ..Self::default() }
    }

    pub(super) fn can_be_claimed(self) -> bool {
        self.there && !self.parked && self.lease == 0
    }
}
