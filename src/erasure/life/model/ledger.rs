//! What the ledger writes, each in one transaction: as both backends do it.

use super::state::{Claim, Doing, End, HELD, LEASE, Model, OWN, Order, State, Task, Work};
use crate::erasure::life::{Next, end_of};
use crate::erasure::{Erasure, Stage, sample};

impl Model {
    /// A process takes work that is due, and all who had it before no longer can end it.
    pub(super) fn claim(&mut self, state: &mut State, worker: usize, task: usize) {
        forget(state, task);
        state.tasks[task] = Task { held: true, lease: LEASE, ..Task::due() };
        let work = self.work(state, task);
        let doing = match work {
            Work::Resolve => Doing::Ends(End::Resolved),
            Work::Close => Doing::Ends(End::Closed),
            Work::Step { stopped: true, .. } => Doing::Ends(End::Stopped),
            Work::Step { stage: Stage::Erase, unanswered: true, .. } => Doing::Ends(End::OutcomeUnknown),
            Work::Step { .. } => Doing::Begins,
        };
        // Noted with the claim: whoever stops it later does not say that nobody was asked.
        if let (Work::Step { stage: Stage::Erase, .. }, Doing::Begins, Some(steps)) = (work, doing, state.steps) {
            self.order(state, steps, Order::Claimed(task));
        }
        let left = if doing == Doing::Begins { HELD } else { 0 };
        state.workers[worker] = Some(Claim { task, newest: true, left, lost: 0, work, doing, is_written: false });
    }

    fn work(&self, state: &State, task: usize) -> Work {
        let Some(steps) = self.steps(state) else { return Work::Resolve };
        let Some(step) = steps.0.get(task).filter(|_| task != OWN) else { return Work::Close };
        Work::Step {
            stage: step.stage().expect("a step that is over has no work"),
            unanswered: step.is_unanswered(),
            attempts: step.attempts,
            rounds: step.rounds,
            stopped: step.stopped,
        }
    }

    /// Whether a claim may still write.
    pub(super) fn holds(&self, state: &State, claim: &Claim) -> bool {
        let rules = self.setup.rules;
        let task = state.tasks[claim.task];
        task.there && (claim.newest || !rules.fence) && (task.held || !rules.held)
    }

    /// Writes the end of a claim that holds.
    pub(super) fn end(&mut self, state: &mut State, claim: &Claim, end: End) {
        match (claim.work, state.steps) {
            (Work::Resolve, _) => self.resolved(state),
            (Work::Close, Some(_)) => self.closed(state),
            (Work::Step { .. }, Some(steps)) => self.order(state, steps, Order::Ended(claim.task, end)),
            (_, None) => state.out_of_place = true,
        }
    }

    fn resolved(&mut self, state: &mut State) {
        let begun = self.begin();
        state.tasks[OWN] = Task::default();
        for (place, step) in begun.0.iter().enumerate() {
            if step.stage().is_some() {
                add(state, place);
            }
        }
        state.erasure = begun.state();
        state.steps = Some(self.number(begun));
    }

    /// Appends the receipt.
    fn closed(&mut self, state: &mut State) {
        let steps = self.steps(state).map(|begun| begun.0.clone()).unwrap_or_default();
        let erasure = Erasure { state: state.erasure, ..sample::session(steps) };
        state.erasure = end_of(&erasure).state;
        state.tasks[OWN] = Task::default();
        state.receipts += 1;
    }

    /// Writes what an order makes of the steps, and what becomes of their work.
    pub(super) fn order(&mut self, state: &mut State, steps: u16, order: Order) {
        let Some(written) = self.ordered(steps, order) else {
            state.out_of_place = true;
            return;
        };
        state.steps = Some(written.steps);
        state.erasure = written.erasure;
        for (place, next) in written.next.into_iter().enumerate() {
            match next {
                None => {}
                Some(Next::Due(_)) => state.tasks[place] = Task::due(),
                Some(Next::DueUnlessHeld(_)) if state.tasks[place].held => {}
                Some(Next::DueUnlessHeld(_)) => state.tasks[place] = Task::due(),
                Some(Next::Parked) => state.tasks[place] = Task { parked: true, ..Task::due() },
                Some(Next::Added(_)) => add(state, place),
                Some(Next::Gone) => state.tasks[place] = Task::default(),
            }
        }
        if written.closes {
            add(state, OWN);
        }
    }
}

/// New work: it is none that anybody has claimed.
fn add(state: &mut State, task: usize) {
    forget(state, task);
    state.tasks[task] = Task::due();
}

fn forget(state: &mut State, task: usize) {
    for claim in state.workers.iter_mut().flatten().filter(|claim| claim.task == task) {
        claim.newest = false;
    }
}
