//! What an order does to the steps: the program's own transitions, each asked once and remembered.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::state::{End, Model, Order, TARGETS_MAX, Written};
use crate::erasure::life::{Begun, Cancelled, Change, Finds, Life, Next, OutOfPlace, Retried, begin, claimed_to_erase};
use crate::erasure::{Attempt, Evidence, Outcome, StepEnd};
use crate::subject::{InstallationName, TargetName};

/// The model's time is in its leases: for the steps, all happens at once.
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

impl Model {
    /// The steps as they are when the erasure begins.
    pub(super) fn begin(&self) -> Begun {
        let targets: Vec<_> = self.setup.targets.iter().map(|target| TargetName(target.name.into())).collect();
        let first = self.setup.targets.iter().filter(|target| target.finds);
        let first = first.map(|target| (TargetName(target.name.into()), 0)).collect();
        begin(&targets, &Finds { first, ..Finds::default() }, &InstallationName::unnamed())
    }

    /// What an order makes of these steps; `None` where there is no such transition.
    pub(super) fn ordered(&mut self, steps: u16, order: Order) -> Option<Written> {
        if let Some(written) = self.written.get(&(steps, order)) {
            return *written;
        }
        let before = self.met[usize::from(steps)].clone();
        let written = changed(before.clone(), order).ok().map(|change| {
            let mut after = before;
            let mut next = [None; TARGETS_MAX];
            for (step, becomes) in change.steps {
                let place = after.0.iter().position(|one| one.target == step.target).expect("it is one of them");
                after.0[place] = step;
                next[place] = Some(becomes);
            }
            Written { steps: self.number(after), next, erasure: change.state, closes: change.closes }
        });
        self.written.insert((steps, order), written);
        written
    }
}

fn changed(steps: Begun, order: Order) -> Result<Change, OutOfPlace> {
    match order {
        Order::Claimed(place) => {
            let step = steps.0[place].clone();
            let step = claimed_to_erase(step.clone()).unwrap_or(step);
            let state = steps.state();
            Ok(Change { steps: vec![(step, Next::DueUnlessHeld(NOW))], state, closes: false })
        }
        Order::Noted(place) => {
            let step = steps.sending(&steps.0[place].target)?;
            // Its work stays with who makes the call.
            let state = steps.state();
            Ok(Change { steps: vec![(step, Next::DueUnlessHeld(NOW))], state, closes: false })
        }
        Order::Ended(place, end) => ended(steps, place, end),
        Order::Retry => match Life::Begun(steps).retried(NOW) {
            Some(Retried::Steps { change: Some(change), .. }) => Ok(change),
            _ => Err(OutOfPlace),
        },
        Order::Cancel => with_receipt(Life::Begun(steps).cancelled()),
        Order::Stop(held) => {
            let targets: Vec<_> = steps.0.iter().map(|step| step.target.clone()).collect();
            let is_held = |target: &TargetName| targets.iter().zip(held).any(|(one, held)| one == target && held);
            with_receipt(Life::Begun(steps).stopped(|step| is_held(&step.target), None, NOW))
        }
    }
}

fn with_receipt(cancelled: Option<Cancelled>) -> Result<Change, OutOfPlace> {
    match cancelled {
        Some(Cancelled::WithReceipt(change)) => Ok(change),
        _ => Err(OutOfPlace),
    }
}

/// One call of a step came to this end.
fn ended(steps: Begun, place: usize, end: End) -> Result<Change, OutOfPlace> {
    let step = steps.0[place].clone();
    let target = step.target.clone();
    let pause = Duration::ZERO;
    let over =
        |outcome| StepEnd::Final { outcome, reason: None, counts: BTreeMap::new(), evidence: Evidence::default() };
    let end = match end {
        End::Failed => return steps.call_failed(&target, pause, Attempt::Counts, NOW),
        End::Cancelled => return steps.call_failed(&target, pause, Attempt::Free, NOW),
        End::Residual => return steps.call_parked(&step, Outcome::Residual, "", NOW),
        End::Parked => return steps.call_parked(&step, Outcome::Parked, "", NOW),
        End::Found => StepEnd::Found { capsule: None, more: false },
        End::Erased => StepEnd::VerifyAfter {
            pause,
            outcome: Outcome::Erased,
            reason: None,
            counts: BTreeMap::new(),
            evidence: Evidence::default(),
        },
        End::Gone => over(step.outcome().unwrap_or(Outcome::Absent)),
        End::Unverifiable => over(Outcome::Unverifiable),
        End::EraseAgain => StepEnd::EraseAgain { pause },
        End::OutcomeUnknown => StepEnd::OutcomeUnknown,
        End::Stopped => StepEnd::Stopped { done: BTreeMap::new() },
        End::StillUnknown => StepEnd::StillUnknown { reason: String::new() },
        End::Resolved | End::Closed => return Err(OutOfPlace),
    };
    steps.call_ended(&target, end, NOW)
}
