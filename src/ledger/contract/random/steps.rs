//! How the model's erasures begin, go on and end.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::model::{Began, Model, Refused};
use super::task::{Held, Piece, Task};
use crate::erasure::life::{Begun, Change, Next, OutOfPlace, begin, claimed_to_erase, end_of};
use crate::erasure::{Attempt, ErasureId, Halt, Outcome, Reportable, Step, StepEnd};
use crate::keys::Sealed;
use crate::ledger::{Closing, Finished, QueueName, Reported, Resolution, StepWork, transition};

impl Model {
    pub(super) fn resolved(&mut self, held: &Held, resolution: &Resolution, now: Timestamp) -> Finished {
        let Piece::Erasure(id, _) = held.piece else { panic!("{:?} does not begin", held.piece) };
        if self.held(held).is_none() {
            return Finished::LeaseLost;
        }
        self.work.remove(&held.piece);
        let erasure = self.erasure(id);
        let mut begun = begin(&erasure.waiting.targets, &resolution.finds, erasure.subject.installation());
        erasure.state = begun.state();
        begun.0.sort_by(|one, other| one.target.cmp(&other.target));
        let reaches: BTreeSet<_> = resolution.sessions.iter().cloned().collect();
        erasure.began = Some(Began { at: now, steps: begun.0.clone(), reaches, capsules: 1 });
        for step in begun.0.iter().filter(|step| step.stage().is_some()) {
            let queue = QueueName::Step(step.called.clone());
            self.work.insert(Piece::step(id, step), Task::new(&queue, now));
        }
        Finished::Done
    }

    pub(super) fn stepped(
        &mut self,
        held: &Held,
        work: &StepWork,
        end: StepEnd,
        now: Timestamp,
    ) -> Result<Finished, Refused> {
        let found = matches!(end, StepEnd::Found { capsule: Some(_), .. });
        let came = self.called(held, work, None, now, |begun| begun.call_ended(&work.step.target, end, now))?;
        if found && came == Finished::Done {
            self.began(work.erasure).capsules += 1;
        }
        Ok(came)
    }

    /// Who claims a step to have its target erase may ask it, whatever is heard of them.
    pub(super) fn may_be_asked(&mut self, piece: &Piece) {
        let Piece::Erasure(id, queue) = piece else { return };
        if queue.starts_with("resolve:") || self.destroyed_by(piece).is_none() {
            return;
        }
        let step = self.began(*id).steps.iter_mut().find(|step| Piece::step(*id, step) == *piece);
        let step = step.expect("it is claimed");
        if let Some(claimed) = claimed_to_erase(step.clone()) {
            *step = claimed;
        }
    }

    /// A call goes out that must not be made twice.
    pub(super) fn sending(&mut self, held: &Held, work: &StepWork) -> Result<Finished, Refused> {
        if self.held(held).is_none() {
            return Ok(Finished::LeaseLost);
        }
        let step = self.begun(work.erasure).sending(&work.step.target).map_err(|OutOfPlace| Refused)?;
        let before = self.began(work.erasure).steps.iter_mut().find(|before| before.target == step.target);
        *before.expect("the step was there") = step;
        Ok(Finished::Done)
    }

    /// Why a call must erase no further.
    pub(super) fn halted(&mut self, held: &Held, work: &StepWork, now: Timestamp) -> Option<Halt> {
        if self.held(held).is_none() {
            return Some(Halt::LeaseLost);
        }
        let step = self.began(work.erasure).steps.iter().find(|step| step.target == work.step.target);
        if step.expect("the step is there").stopped {
            return Some(Halt::Stopped);
        }
        (!self.kept_by(work.erasure, now).is_empty()).then_some(Halt::Held)
    }

    /// How far a call is.
    pub(super) fn kept(&mut self, held: &Held, work: &StepWork, resume: &Sealed) -> Finished {
        if self.held(held).is_none() {
            return Finished::LeaseLost;
        }
        let step = self.began(work.erasure).steps.iter_mut().find(|step| step.target == work.step.target);
        step.expect("the step is there").resume = Some(resume.clone());
        Finished::Done
    }

    fn began(&mut self, id: ErasureId) -> &mut Began {
        self.erasure(id).began.as_mut().expect("it has steps")
    }

    pub(super) fn failed(
        &mut self,
        held: &Held,
        work: &StepWork,
        pause: Duration,
        attempt: Attempt,
        reason: &str,
        now: Timestamp,
    ) -> Result<Finished, Refused> {
        let failed = |begun: Begun| begun.call_failed(&work.step.target, pause, attempt, now);
        self.called(held, work, Some(reason), now, failed)
    }

    pub(super) fn parked(
        &mut self,
        held: &Held,
        work: &StepWork,
        outcome: Outcome,
        reason: &str,
        now: Timestamp,
    ) -> Result<Finished, Refused> {
        let parked = |begun: Begun| begun.call_parked(&work.step, outcome, reason, now);
        self.called(held, work, Some(reason), now, parked)
    }

    /// A claim on a step ends.
    fn called(
        &mut self,
        held: &Held,
        work: &StepWork,
        reason: Option<&str>,
        now: Timestamp,
        transition: impl FnOnce(Begun) -> Result<Change, OutOfPlace>,
    ) -> Result<Finished, Refused> {
        if self.held(held).is_none() {
            return Ok(Finished::LeaseLost);
        }
        let change = transition(self.begun(work.erasure)).map_err(|OutOfPlace| Refused)?;
        self.write(work.erasure, change, reason, now);
        Ok(Finished::Done)
    }

    pub(super) fn reported(&mut self, of: &Reportable, report: Sealed, now: Timestamp) -> Reported {
        let Some(change) = self.begun(of.erasure).reported(of, report, now) else { return Reported::TooLate };
        self.write(of.erasure, change, None, now);
        Reported::Taken
    }

    /// The steps of an erasure: none where it has not begun.
    fn begun(&self, id: ErasureId) -> Begun {
        let began = self.erasures.get(&id).and_then(|erasure| erasure.began.as_ref());
        Begun(began.map(|began| began.steps.clone()).unwrap_or_default())
    }

    /// `reason`: why work is repeated, where it is.
    pub(super) fn write(&mut self, id: ErasureId, change: Change, reason: Option<&str>, now: Timestamp) {
        for (step, next) in change.steps {
            self.goes_on(id, &step, next, reason);
            let before = self.began(id).steps.iter_mut().find(|before| before.target == step.target);
            *before.expect("the step was there") = step;
        }
        self.erasure(id).state = change.state;
        if change.closes {
            let piece = Piece::in_queue(id, &QueueName::Close);
            self.work.insert(piece, Task::new(&QueueName::Close, now));
        }
    }

    fn goes_on(&mut self, id: ErasureId, step: &Step, next: Next, reason: Option<&str>) {
        let piece = Piece::step(id, step);
        let queue = QueueName::Step(step.called.clone());
        match next {
            Next::Gone => {
                self.work.remove(&piece);
                return;
            }
            Next::Added(due) => {
                let before = self.work.insert(piece, Task::new(&queue, due));
                assert!(before.is_none(), "it waited for what others find and had work");
                return;
            }
            Next::Due(_) | Next::DueUnlessHeld(_) | Next::Parked => {}
        }
        let task = self.work.get_mut(&piece).expect("a step that is not over has work");
        let reason = reason.map(str::to_owned);
        match next {
            Next::DueUnlessHeld(_) if task.holder.is_some() => {}
            Next::Due(due) | Next::DueUnlessHeld(due) => {
                *task = Task { attempt: step.attempts, reason, ..Task::new(&queue, due) };
            }
            Next::Parked => {
                task.parked = true;
                task.holder = None;
                task.held_by.clear();
                task.reason = step.reason.clone();
            }
            Next::Gone | Next::Added(_) => {}
        }
    }

    /// All of them hold, and their receipts follow the head.
    pub(super) fn closed(&mut self, closing: &[Closing], now: Timestamp) {
        let mut erased = BTreeSet::new();
        for Closing { claim, receipt } in closing {
            self.work.remove(&Piece::of(&claim.work));
            let id = receipt.statement.erasure;
            let end = end_of(&self.shown(id, now));
            let began = self.erasures[&id].began.as_ref().filter(|_| end.sessions_are_erased);
            erased.extend(began.iter().flat_map(|began| &began.reaches).map(|reached| reached.key.clone()));
            let erasure = self.erasure(id);
            erasure.state = end.state;
            erasure.ended = Some(now);
            erasure.verdict = Some(receipt.statement.verdict);
            erasure.receipt = Some(receipt.statement.sequence);
            self.erasure_ended(id, Some(transition::rest(receipt)), now);
            self.receipts += 1;
        }
        self.sessions_erased(&erased);
    }
}
