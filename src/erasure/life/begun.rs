//! What changes an erasure that has begun: one of its steps does, and the whole follows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::step::{self, OutOfPlace};
use super::{Next, Phase};
use crate::erasure::{Asked, Attempt, ErasureState, Outcome, Reportable, Stage, Step, StepEnd, StepState};
use crate::keys::Sealed;
use crate::subject::{InstallationName, TargetName};

/// All steps of an erasure that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Begun(pub(crate) Vec<Step>);

/// What a transition changed, and what has to be scheduled: all that a ledger writes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "what changed is to be written"]
pub(crate) struct Change {
    /// The steps that are another now, and what becomes of the work of each.
    pub(crate) steps: Vec<(Step, Next)>,
    pub(crate) state: ErasureState,
    /// Whether nothing is left but the receipt, which is to be written now.
    pub(crate) closes: bool,
}

/// The targets that say what else they know the person by before they erase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Finds {
    /// The others wait for these, each of which is asked in this round: after those of all earlier ones.
    pub(crate) first: BTreeMap<TargetName, u32>,
    /// Of these it is not known yet whether they know anything, as they have not started: nobody waits for them.
    pub(crate) later: BTreeSet<TargetName>,
}

/// The steps of an erasure that begins. All of them are due at once; but where some targets are to say first what else they
/// know the person by, the others wait for what is found, and so do those of them that are asked in a later round.
pub(crate) fn begin(targets: &[TargetName], finds: &Finds, installation: &InstallationName) -> Begun {
    let round = |target: &TargetName| finds.first.get(target).copied();
    // Whatever the rounds are called: somebody is asked at once.
    let begins = targets.iter().filter_map(round).min();
    let first = |target: &TargetName| {
        let round = round(target);
        let state = if round.is_some() && round == begins {
            StepState::to_call(Stage::Find, None)
        } else if finds.later.contains(target) {
            StepState::to_call(Stage::FindLater, None)
        } else if begins.is_some() {
            StepState::WaitsForFinds
        } else {
            StepState::to_call(Stage::Erase, None)
        };
        Step { state, asked: round.map(Asked::In), ..Step::planned(target.clone(), installation) }
    };
    Begun(targets.iter().map(first).collect())
}

impl Begun {
    /// The state of the erasure.
    pub(crate) fn state(&self) -> ErasureState {
        ErasureState::of(Phase::Begun(&self.0))
    }

    /// A call of a step is about to be made that must not be made twice: the step as it is to be written before the call.
    pub(crate) fn sending(&self, target: &TargetName) -> Result<Step, OutOfPlace> {
        step::sending(self.step(target)?.clone())
    }

    /// One call of a step's present stage came to an end.
    pub(crate) fn call_ended(self, target: &TargetName, end: StepEnd, now: Timestamp) -> Result<Change, OutOfPlace> {
        let step = self.step(target)?.clone();
        let has_found = matches!(end, StepEnd::Found { capsule: Some(_), .. });
        let round = step.asked.map_or(0, Asked::round);
        let (mut step, next) = step::call_ended(step, end, now)?;
        // Asked before `changed`, which may let the others erase now that they are told of it: that is not too late.
        if has_found && self.others_have_gone_on(target, round) {
            step::found_late(&mut step);
        }
        Ok(self.changed([(step, next)], now))
    }

    /// A call failed and is retried after a pause.
    pub(crate) fn call_failed(
        self,
        target: &TargetName,
        pause: Duration,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<Change, OutOfPlace> {
        let step = self.step(target)?.clone();
        Ok(self.changed([step::call_failed(step, pause, attempt, now)], now))
    }

    /// A call of a step, which was claimed as it is here, showed that a person is needed.
    pub(crate) fn call_parked(
        self,
        as_claimed: &Step,
        outcome: Outcome,
        reason: &str,
        now: Timestamp,
    ) -> Result<Change, OutOfPlace> {
        let step = self.step(&as_claimed.target)?.clone();
        Ok(self.changed([step::call_parked(step, as_claimed, outcome, reason, now)?], now))
    }

    /// A third party reports a step's outcome; `None` where it is too late.
    pub(crate) fn reported(self, of: &Reportable, report: Sealed, now: Timestamp) -> Option<Change> {
        let step = self.step(&of.target).ok()?.clone();
        let changed = step::reported(step, of, report, now)?;
        Some(self.changed([changed], now))
    }

    /// A person has the parked steps go on; `None` where there are none.
    pub(super) fn retried(self, now: Timestamp) -> Option<Change> {
        let retried: Vec<_> = self.0.iter().cloned().filter_map(|step| step::retried(step, now)).collect();
        (!retried.is_empty()).then(|| self.changed(retried, now))
    }

    /// A person closes it as it is; `None` where anything is under way, or nothing needs a person.
    pub(super) fn cancelled(self) -> Option<Change> {
        if self.state() != ErasureState::Parked {
            return None;
        }
        let steps = self.0.into_iter().filter_map(step::given_up).collect();
        Some(Change { steps, state: ErasureState::of(Phase::Cancelled), closes: true })
    }

    /// The queues of the targets that are not done.
    pub(super) fn waits_for(&self) -> Vec<TargetName> {
        self.0.iter().filter(|step| step.stage().is_some()).map(|step| step.called.clone()).collect()
    }

    fn step(&self, target: &TargetName) -> Result<&Step, OutOfPlace> {
        self.0.iter().find(|step| step.target == *target).ok_or(OutOfPlace)
    }

    /// What follows for the whole when some of its steps have changed.
    fn changed(mut self, changed: impl IntoIterator<Item = (Step, Next)>, now: Timestamp) -> Change {
        let mut steps: Vec<(Step, Next)> = changed.into_iter().collect();
        for (step, _) in &steps {
            if let Some(before) = self.0.iter_mut().find(|before| before.target == step.target) {
                before.clone_from(step);
            }
        }
        if self.round_is_over() {
            self.go_on(&mut steps, now);
        }
        let closes = self.0.iter().all(|step| step.final_outcome().is_some());
        Change { state: self.state(), closes, steps }
    }

    /// Whether other targets have been let erase, or asked what they know in a round after this one, by what was known then.
    fn others_have_gone_on(&self, target: &TargetName, round: u32) -> bool {
        let was_asked_later = |step: &Step| match (step.asked, &step.state) {
            (Some(Asked::In(_)), StepState::WaitsForFinds) | (None, _) => false,
            (Some(asked), _) => asked.round() > round,
        };
        let erases = |step: &Step| step.state != StepState::WaitsForFinds && !step.stage().is_some_and(Stage::is_find);
        self.0.iter().any(|step| step.target != *target && (erases(step) || was_asked_later(step)))
    }

    /// Whether all that are asked now have said what they know the person by, and some wait for it. Nobody waits for one that
    /// needs a person: the others' data goes in time, and if it finds something later, the receipt says so.
    fn round_is_over(&self) -> bool {
        let waits = self.0.iter().any(|step| step.state == StepState::WaitsForFinds);
        let is_asked = |step: &Step| matches!(step.state, StepState::UnderWay { stage: Stage::Find, .. });
        waits && !self.0.iter().any(is_asked)
    }

    /// The next round begins; after the last one, all that waited are to erase, now that everything is known that anybody told.
    fn go_on(&mut self, steps: &mut Vec<(Step, Next)>, now: Timestamp) {
        let waiting = |step: &&mut Step| step.state == StepState::WaitsForFinds;
        let to_ask = |step: &Step| match step.asked {
            Some(Asked::In(round)) => Some(round),
            Some(Asked::AnsweredIn(_)) | None => None,
        };
        let next = self.0.iter_mut().filter(waiting).filter_map(|step| to_ask(step)).min();
        let stage = if next.is_some() { Stage::Find } else { Stage::Erase };
        for step in self.0.iter_mut().filter(waiting).filter(|step| to_ask(step) == next) {
            step.state = StepState::to_call(stage, None);
            match steps.iter_mut().find(|(changed, _)| changed.target == step.target) {
                // Its own call has just ended, and its work is there.
                Some(changed) => *changed = (step.clone(), Next::Due(now)),
                None => steps.push((step.clone(), Next::Added(now))),
            }
        }
    }
}
