//! What can happen next, and what it leads to.

use super::state::{Claim, Doing, End, HELD, LEASE, Model, OWN, Order, Rules, State, Task, Work};
use crate::erasure::{ErasureState, Stage};

/// How often a target is asked to erase that still holds the data.
const ROUNDS_MAX: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Time passes. `loses`: whose clocks do not see it.
    Tick {
        loses: [bool; 2],
    },
    Claim {
        worker: usize,
        task: usize,
    },
    Renew {
        worker: usize,
    },
    /// It notes that a call goes out which must not be made twice.
    Note {
        worker: usize,
        commit: Commit,
    },
    Call {
        worker: usize,
    },
    Answer {
        worker: usize,
        answer: Answer,
    },
    /// The call is cancelled: its lease is over, the process shuts down, or it takes too long. `done`: the target did it.
    Stop {
        worker: usize,
        done: bool,
    },
    /// It writes how its claim ends.
    End {
        worker: usize,
        commit: Commit,
    },
    /// The process is killed. `done`: the target did what it was being asked.
    Kill {
        worker: usize,
        done: bool,
    },
    /// A person has what is parked go on, or ends the erasure.
    Retry,
    Cancel,
    /// A person has no further call begin.
    StopErasure,
}

/// What becomes of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Commit {
    Answered,
    /// It is committed, and nobody learns it.
    Unanswered,
    /// The ledger is away.
    Lost,
}

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Found,
    /// It says that it has erased; `done`: it has.
    Erased {
        done: bool,
    },
    /// It fails, and says that a retry may help. `done`: it has erased all the same.
    Failed {
        done: bool,
    },
    /// The target is lost during the call, which must not be made again.
    Lost {
        done: bool,
    },
    /// What it sees when it is asked whether the data is gone.
    Looked,
    Unverifiable,
}

impl Model {
    pub(super) fn actions(&self, state: &State) -> Vec<Action> {
        let mut actions = Vec::new();
        for worker in [0, 1] {
            match &state.workers[worker] {
                None => self.claims(state, worker, &mut actions),
                Some(claim) => self.moves(state, worker, claim, &mut actions),
            }
        }
        self.ticks(state, &mut actions);
        // While it waits, a person may cancel it; later, what needs a person.
        if state.orders > 0 && state.erasure == ErasureState::Parked {
            actions.extend([Action::Retry, Action::Cancel]);
        }
        if state.orders > 0 && state.erasure == ErasureState::Scheduled {
            actions.push(Action::Cancel);
        }
        let is_open = self.steps(state).is_some_and(|begun| begun.0.iter().any(|step| step.final_outcome().is_none()));
        if state.orders > 0 && is_open {
            actions.push(Action::StopErasure);
        }
        actions
    }

    fn claims(&self, state: &State, worker: usize, actions: &mut Vec<Action>) {
        let due = (0..=OWN).filter(|task| state.tasks[*task].can_be_claimed());
        actions.extend(due.map(|task| Action::Claim { worker, task }));
    }

    fn moves(&self, state: &State, worker: usize, claim: &Claim, actions: &mut Vec<Action>) {
        let erases = claim.doing == Doing::Calls && claim.erases();
        let ways: &[bool] = if erases { &[false, true] } else { &[false] };
        // Killed before it writes, it is as one whose write is lost.
        if !matches!(claim.doing, Doing::Ends(_)) {
            actions.extend(ways.iter().map(|done| Action::Kill { worker, done: *done }));
        }
        let commits = [Commit::Answered, Commit::Unanswered, Commit::Lost];
        match claim.doing {
            Doing::Begins if claim.left == 0 => actions.push(Action::Stop { worker, done: false }),
            Doing::Begins if self.is_noted_first(claim) => {
                actions.extend(commits.map(|commit| Action::Note { worker, commit }));
            }
            Doing::Noted if claim.left == 0 => actions.push(Action::Stop { worker, done: false }),
            Doing::Begins | Doing::Noted => actions.push(Action::Call { worker }),
            Doing::Calls => {
                actions.extend(self.answers(claim).into_iter().map(|answer| Action::Answer { worker, answer }));
                actions.extend(ways.iter().map(|done| Action::Stop { worker, done: *done }));
                if claim.left < HELD && self.holds(state, claim) {
                    actions.push(Action::Renew { worker });
                }
            }
            Doing::Ends(_) => actions.extend(commits.map(|commit| Action::End { worker, commit })),
        }
    }

    fn answers(&self, claim: &Claim) -> Vec<Answer> {
        match claim.stage() {
            Some(Stage::Find | Stage::FindLater) => vec![Answer::Found, Answer::Failed { done: false }],
            Some(Stage::Erase) if self.setup.targets[claim.task].once => vec![
                Answer::Erased { done: true },
                Answer::Erased { done: false },
                // What such a target says of itself is believed: only what has done nothing may fail so.
                Answer::Failed { done: false },
                Answer::Lost { done: true },
                Answer::Lost { done: false },
            ],
            Some(Stage::Erase) => vec![
                Answer::Erased { done: true },
                Answer::Erased { done: false },
                Answer::Failed { done: true },
                Answer::Failed { done: false },
            ],
            _ => vec![Answer::Looked, Answer::Unverifiable, Answer::Failed { done: false }],
        }
    }

    /// No tick passes over a holder who has to stop: that it does is what the lease is about.
    fn ticks(&self, state: &State, actions: &mut Vec<Action>) {
        let calls = |claim: &Claim| claim.doing == Doing::Calls;
        let must_stop = state.workers.iter().flatten().any(|claim| calls(claim) && claim.left == 0);
        if must_stop || state.tasks.iter().all(|task| task.lease == 0) {
            return;
        }
        let may_lose = |claim: &Option<Claim>| {
            claim.is_some_and(|claim| claim.left > 0 && claim.lost < self.setup.rules.drift_max)
        };
        let may = state.workers.each_ref().map(may_lose);
        for loses in [[false, false], [true, false], [false, true], [true, true]] {
            if loses.iter().zip(may).all(|(loses, may)| !loses || may) {
                actions.push(Action::Tick { loses });
            }
        }
    }

    /// Whether the call that it is about to make has to be noted before.
    fn is_noted_first(&self, claim: &Claim) -> bool {
        self.setup.rules.mark && claim.erases() && self.setup.targets[claim.task].once
    }

    pub(super) fn next(&mut self, mut state: State, action: Action) -> State {
        let next = &mut state;
        match action {
            Action::Tick { loses } => tick(next, loses),
            Action::Claim { worker, task } => self.claim(next, worker, task),
            Action::Renew { worker } => renew(next, worker),
            Action::Note { worker, commit } => self.note(next, worker, commit),
            Action::Call { worker } => self.call(next, worker),
            Action::Answer { worker, answer } => self.answer(next, worker, answer),
            Action::Stop { worker, done } => self.stop(next, worker, done),
            Action::End { worker, commit } => self.write(next, worker, commit),
            Action::Kill { worker, done } => {
                let claim = next.workers[worker].take().expect("it works");
                hang_up(next, &claim, done);
            }
            Action::Retry => self.retry(next),
            Action::Cancel => self.cancel(next),
            Action::StopErasure => {
                next.orders -= 1;
                let held = [0, 1].map(|place| next.tasks[place].held);
                let steps = next.steps.expect("it has begun");
                self.order(next, steps, Order::Stop(held));
            }
        }
        self.let_go(next);
        state
    }

    /// A claim that can neither call nor write any more is none: what its process still does has no effect. Only by all rules
    /// is that so for good.
    fn let_go(&self, state: &mut State) {
        let Rules { fence: true, held: true, .. } = self.setup.rules else { return };
        for worker in [0, 1] {
            let Some(claim) = state.workers[worker] else { continue };
            let may_call = claim.doing == Doing::Calls || claim.left > 0;
            if !may_call && !self.holds(state, &claim) {
                state.workers[worker] = None;
            }
        }
    }

    fn note(&mut self, state: &mut State, worker: usize, commit: Commit) {
        let claim = state.workers[worker].expect("it works");
        let is_written = commit != Commit::Lost && self.holds(state, &claim);
        if is_written {
            let steps = state.steps.expect("it has begun");
            self.order(state, steps, Order::Noted(claim.task));
        }
        // The call is made only where it is known to be noted.
        let knows = is_written && commit == Commit::Answered;
        let doing = if knows { Doing::Noted } else { Doing::Ends(End::Cancelled) };
        state.workers[worker] = Some(claim.now(doing));
    }

    fn call(&self, state: &mut State, worker: usize) {
        let mut claim = state.workers[worker].expect("it works");
        claim.doing = Doing::Calls;
        state.workers[worker] = Some(claim);
        if claim.erases() {
            let place = &mut state.places[claim.task];
            place.calls += 1;
            // Where it does no harm, nobody counts.
            place.asked += u8::from(self.setup.targets[claim.task].once);
        }
    }

    fn answer(&self, state: &mut State, worker: usize, answer: Answer) {
        let claim = state.workers[worker].expect("it works");
        let done = match answer {
            Answer::Erased { done } | Answer::Failed { done } | Answer::Lost { done } => done,
            Answer::Found | Answer::Looked | Answer::Unverifiable => false,
        };
        hang_up(state, &claim, done);
        if claim.erases() && matches!(answer, Answer::Failed { done: false }) {
            let asked = &mut state.places[claim.task].asked;
            *asked = asked.saturating_sub(1);
        }
        let data = state.places.get(claim.task).is_some_and(|place| place.data);
        let end = claim.concluded(answer, data, self.setup.attempts_max);
        state.workers[worker] = Some(claim.now(Doing::Ends(end)));
    }

    /// What the worker makes of a call that it has cancelled.
    fn stop(&self, state: &mut State, worker: usize, done: bool) {
        let claim = state.workers[worker].expect("it works");
        let may_be_made = self.is_noted_first(&claim) && claim.doing != Doing::Begins;
        hang_up(state, &claim, done);
        let end = if may_be_made { End::Parked } else { End::Cancelled };
        state.workers[worker] = Some(claim.now(Doing::Ends(end)));
    }

    fn write(&mut self, state: &mut State, worker: usize, commit: Commit) {
        let mut claim = state.workers[worker].expect("it works");
        let Doing::Ends(end) = claim.doing else { panic!("it has not come to an end") };
        // Not by itself as it writes: what it writes may take its claim away.
        state.workers[worker] = None;
        let holds = self.holds(state, &claim);
        if commit != Commit::Lost && holds {
            state.twice |= claim.is_written;
            state.workers[worker] = Some(claim);
            self.end(state, &claim, end);
            claim = state.workers[worker].expect("it works");
            state.workers[worker] = None;
        }
        // Who does not know whether it was written writes it again.
        if commit == Commit::Unanswered && holds && !state.twice {
            state.workers[worker] = Some(Claim { is_written: true, ..claim });
        }
    }

    fn retry(&mut self, state: &mut State) {
        state.orders -= 1;
        let steps = state.steps.expect("it has begun");
        let parked: Vec<usize> = (0..OWN).filter(|task| state.tasks[*task].parked).collect();
        self.order(state, steps, Order::Retry);
        for place in parked {
            state.places[place].asked = 0;
        }
    }

    fn cancel(&mut self, state: &mut State) {
        state.orders -= 1;
        match state.steps {
            Some(steps) => self.order(state, steps, Order::Cancel),
            None => {
                state.tasks[OWN] = Task::default();
                state.erasure = ErasureState::Cancelled;
            }
        }
    }
}

impl Claim {
    /// It goes on. What is only to be written, any fence may refuse: its holder's clock no longer matters.
    fn now(self, doing: Doing) -> Self {
        match doing {
            Doing::Ends(_) => Self { doing, left: 0, lost: 0, ..self },
            _ => Self { doing, ..self },
        }
    }

    fn stage(&self) -> Option<Stage> {
        match self.work {
            Work::Step { stage, .. } => Some(stage),
            Work::Resolve | Work::Close => None,
        }
    }

    fn erases(&self) -> bool {
        self.stage() == Some(Stage::Erase)
    }

    /// What the worker makes of an answer (`worker/erase`, `verify`, `failure`).
    fn concluded(&self, answer: Answer, data: bool, attempts_max: u32) -> End {
        let Work::Step { unanswered, attempts, rounds, .. } = self.work else { panic!("it calls nobody") };
        match answer {
            Answer::Found => End::Found,
            Answer::Erased { .. } => End::Erased,
            Answer::Lost { .. } => End::Parked,
            Answer::Failed { .. } if attempts + 1 >= attempts_max => End::Parked,
            Answer::Failed { .. } => End::Failed,
            Answer::Unverifiable if unanswered => End::StillUnknown,
            Answer::Unverifiable => End::Unverifiable,
            Answer::Looked if !data => End::Gone,
            Answer::Looked if rounds % ROUNDS_MAX + 1 >= ROUNDS_MAX => End::Residual,
            Answer::Looked => End::EraseAgain,
        }
    }
}

fn tick(state: &mut State, loses: [bool; 2]) {
    for task in &mut state.tasks {
        task.lease = task.lease.saturating_sub(1);
    }
    for (claim, loses) in state.workers.iter_mut().zip(loses) {
        if let Some(claim) = claim {
            claim.lost += u8::from(loses);
            claim.left -= u8::from(!loses && claim.left > 0);
        }
    }
}

fn renew(state: &mut State, worker: usize) {
    if let Some(claim) = &mut state.workers[worker] {
        claim.left = HELD;
        claim.lost = 0;
        state.tasks[claim.task].lease = LEASE;
    }
}

/// The call of a claim, if there is one, is over. `done`: the data is gone by it.
fn hang_up(state: &mut State, claim: &Claim, done: bool) {
    if claim.doing == Doing::Calls && claim.erases() {
        let place = &mut state.places[claim.task];
        place.calls -= 1;
        place.data &= !done;
    }
}
