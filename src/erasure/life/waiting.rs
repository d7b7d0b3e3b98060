//! What changes an erasure before it begins: further demands of the same, an approval, its session, a person.

use jiff::Timestamp;

use super::{Cancelled, Phase};
use crate::erasure::{Confirm, Confirming, ErasureId, ErasureState, NewErasure, RuleDemand, approved_key};
use crate::subject::TargetName;

/// An erasure that has not begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) id: ErasureId,
    /// `requested` or `scheduled`.
    pub(crate) state: ErasureState,
    /// A further demand with the same key joins it.
    pub(crate) merge_key: String,
    pub(crate) rules: Vec<String>,
    /// What each of these rules asks for, in each version of it that did.
    pub(crate) demands: Vec<RuleDemand>,
    /// What was among them until a person rejected it, by name.
    pub(crate) rejected: Vec<String>,
    pub(crate) targets: Vec<TargetName>,
    /// The time of the rule, or of the approval where that came later.
    pub(crate) due_rule: Timestamp,
    /// The time at which it begins: the rule's, or when its session is looked at for settling.
    pub(crate) due: Timestamp,
    pub(crate) approved: Option<Timestamp>,
    /// What lets it begin in the place of a person, and when that did.
    pub(crate) confirm: Option<Confirming>,
    pub(crate) confirmed: Option<Timestamp>,
}

/// What becomes of the work of resolving it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolving {
    /// It stays as it is; before an approval there is none.
    Kept,
    /// It is due then, and a worker that is resolving it now loses its claim: its result would be incomplete.
    Due(Timestamp),
    /// There is some from now on, due then.
    Added(Timestamp),
}

/// What is left of an erasure without what a person has rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WithoutRejected {
    /// What others demand, at their own time.
    Others(Waiting, Resolving),
    /// Nothing: it is over. What was rejected stays with it.
    Nothing { rejected: Vec<String>, ended: Cancelled },
}

/// A demand that names no target: nothing could be seen to be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an erasure has no targets")]
pub(crate) struct NoTargets;

impl Waiting {
    /// A new demand. `settle_at`: when its session, of a session's, is looked at for settling.
    pub(crate) fn new(new: &NewErasure, settle_at: Option<Timestamp>) -> Result<(Self, Resolving), NoTargets> {
        if new.targets.is_empty() {
            return Err(NoTargets);
        }
        let mut targets = Vec::new();
        add_missing(&mut targets, &new.targets);
        let due = begins(new.due, settle_at);
        let (phase, resolving) = if new.approve || new.confirm.is_some() {
            (Phase::Requested, Resolving::Kept)
        } else {
            (Phase::Scheduled, Resolving::Added(due))
        };
        let waiting = Self {
            id: new.id,
            state: ErasureState::of(phase),
            merge_key: new.merge_key(),
            rules: vec![new.rule.clone()],
            demands: vec![RuleDemand { targets: targets.clone(), ..RuleDemand::of(new) }],
            rejected: Vec::new(),
            targets,
            due_rule: new.due,
            due,
            approved: new.approved,
            confirm: new.confirm.map(Confirm::kept),
            confirmed: None,
        };
        Ok((waiting, resolving))
    }

    /// Takes in a further demand with the same merge key: the union of targets and rules, the earlier time. Its
    /// identifiers are added to what is there. `None` where it was all there: nobody loses the work for it.
    pub(crate) fn merged(mut self, new: &NewErasure, settle_at: Option<Timestamp>) -> Option<(Self, Resolving)> {
        let more_targets = add_missing(&mut self.targets, &new.targets);
        let more_rules = add_missing(&mut self.rules, std::slice::from_ref(&new.rule));
        let more_demands = RuleDemand::of(new).add(&mut self.demands);
        let earlier = new.due < self.due_rule;
        if earlier {
            self.due_rule = new.due;
            self.due = begins(new.due, settle_at);
        }
        // Also for a capsule alone: a worker that resolves it now has not read these identifiers.
        let changed = more_targets || more_rules || more_demands || earlier || new.capsule.is_some();
        changed.then(|| self.taken_from_who_resolves())
    }

    /// A person approves it: it was to begin now at the earliest, and from here on nothing joins it, or more would happen
    /// than was approved. `None` where it does not wait for that.
    pub(crate) fn approved(mut self, settle_at: Option<Timestamp>, now: Timestamp) -> Option<(Self, Resolving)> {
        if self.state != ErasureState::Requested {
            return None;
        }
        self.merge_key = approved_key(self.id);
        self.approved = Some(now);
        Some(self.let_begin(settle_at, now))
    }

    /// Whoever has the mailbox has used the link: the same as an approval, but that no person has looked at it, so that a rejected rule
    /// still takes its demand out of it. `None` where it does not wait for a link.
    pub(crate) fn confirmed(mut self, settle_at: Option<Timestamp>, now: Timestamp) -> Option<(Self, Resolving)> {
        if !self.awaits_link() {
            return None;
        }
        self.merge_key = format!("confirmed:{}", self.id);
        self.confirmed = Some(now);
        Some(self.let_begin(settle_at, now))
    }

    /// Whether a link can let it begin.
    pub(crate) fn awaits_link(&self) -> bool {
        self.state == ErasureState::Requested && self.confirm == Some(Confirming::Email)
    }

    /// Its session is looked at for settling at another time, or has settled (`None`): then the rule's time counts. `None`
    /// where that changes nothing.
    pub(crate) fn settling_moved(mut self, settle_at: Option<Timestamp>, now: Timestamp) -> Option<(Self, Resolving)> {
        let due = begins(self.due_rule, Some(settle_at.unwrap_or(now)));
        if due == self.due {
            return None;
        }
        self.due = due;
        Some(self.taken_from_who_resolves())
    }

    /// A person has it begin now, settled or not; `None` where it waits for an approval.
    pub(super) fn made_due(mut self, now: Timestamp) -> Option<(Self, Resolving)> {
        if self.state != ErasureState::Scheduled {
            return None;
        }
        self.due_rule = now;
        self.due = now;
        self.demands.iter_mut().for_each(|demand| demand.made_due(now));
        Some(self.taken_from_who_resolves())
    }

    /// Its session has settled, and these rules do not apply to it. `None` where there is another reason: a rule that still
    /// applies, a person's request, or a person's approval.
    pub(crate) fn rules_no_longer(self, rules: &[String]) -> Option<Cancelled> {
        let by_these_alone = self.approved.is_none() && self.rules.iter().all(|rule| rules.contains(rule));
        by_these_alone.then(|| self.cancelled())
    }

    /// A person has rejected what some rules demand. `None` where nothing of it is theirs, or where a person has approved it.
    pub(crate) fn without(
        mut self,
        is_rejected: impl Fn(&RuleDemand) -> bool,
        settle_at: Option<Timestamp>,
    ) -> Option<WithoutRejected> {
        if self.approved.is_some() {
            return None;
        }
        let (rejected, left): (Vec<_>, Vec<_>) = self.demands.drain(..).partition(is_rejected);
        if rejected.is_empty() {
            return None;
        }
        let names: Vec<_> = rejected.iter().map(RuleDemand::named).collect();
        add_missing(&mut self.rejected, &names);
        let Some(due) = left.iter().map(RuleDemand::due).min() else {
            // Its rules stay, so that it is seen by what it once came.
            return Some(WithoutRejected::Nothing { rejected: self.rejected.clone(), ended: self.cancelled() });
        };
        self.rules.clear();
        self.targets.clear();
        for demand in &left {
            add_missing(&mut self.rules, std::slice::from_ref(&demand.rule));
            add_missing(&mut self.targets, &demand.targets);
        }
        self.demands = left;
        self.due_rule = due;
        self.due = begins(due, settle_at);
        let (waiting, resolving) = self.taken_from_who_resolves();
        Some(WithoutRejected::Others(waiting, resolving))
    }

    /// It ends before it has begun.
    pub(super) fn cancelled(self) -> Cancelled {
        Cancelled::AtOnce { state: ErasureState::of(Phase::Cancelled) }
    }

    /// Nothing stands in its way any more but its time.
    fn let_begin(mut self, settle_at: Option<Timestamp>, now: Timestamp) -> (Self, Resolving) {
        self.state = ErasureState::of(Phase::Scheduled);
        self.due_rule = self.due_rule.max(now);
        self.due = begins(self.due_rule, settle_at);
        let due = self.due;
        (self, Resolving::Added(due))
    }

    fn taken_from_who_resolves(self) -> (Self, Resolving) {
        let resolving = match self.state {
            ErasureState::Scheduled => Resolving::Due(self.due),
            _ => Resolving::Kept,
        };
        (self, resolving)
    }
}

/// When an erasure can begin: a session's not before the session is looked at for settling.
fn begins(rule: Timestamp, settle_at: Option<Timestamp>) -> Timestamp {
    settle_at.map_or(rule, |at| at.max(rule))
}

/// Adds what is missing; says whether anything was.
fn add_missing<T: Clone + PartialEq>(all: &mut Vec<T>, more: &[T]) -> bool {
    let before = all.len();
    for item in more {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
    all.len() > before
}

#[cfg(test)]
mod tests;
