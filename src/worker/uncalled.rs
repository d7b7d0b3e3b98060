//! Steps that end without a call: a person has stopped them, or a law keeps what their targets hold.

use std::collections::BTreeMap;

use super::accepted::Accepted;
use super::parts::Worker;
use crate::erasure::{Evidence, Outcome, Stage};
use crate::ledger::{StepEnd, StepWork};
use crate::subject::TargetName;

impl Worker {
    /// How a step ends of which nobody is to be called; `None` where its target is.
    pub(super) fn without_call(&self, work: &StepWork) -> Option<StepEnd> {
        without_call(work, self.accepted.get(&work.step.target))
    }

    /// The law that keeps what a target holds.
    pub(super) fn law_of(&self, target: &TargetName) -> Option<&str> {
        self.accepted.get(target)?.retained.as_deref()
    }
}

fn without_call(work: &StepWork, accepted: Option<&Accepted>) -> Option<StepEnd> {
    let step = &work.step;
    // What was reported is taken in first.
    if step.report().is_some() {
        return None;
    }
    // Who was to call is gone, or it would have ended with that call.
    if step.stopped {
        return Some(StepEnd::Stopped);
    }
    let law = accepted?.retained.as_ref()?;
    if work.stage.is_find() {
        return Some(StepEnd::Found { capsule: None, more: false });
    }
    // One that was asked to erase before the law was named answers for what it did.
    let was_asked = step.sent.is_some() || step.rounds > 0 || step.erased_at.is_some() || step.report_by().is_some();
    // What may be gone in part is not retained, nor is the rest of it asked for: the law keeps that.
    let (outcome, reason) = if step.may_have_erased() {
        (Outcome::Unverifiable, format!("{law}; a call before that may have erased some of it"))
    } else {
        (Outcome::Retained, law.clone())
    };
    (work.stage == Stage::Erase && !was_asked).then(|| StepEnd::Final {
        outcome,
        reason: Some(reason),
        counts: BTreeMap::new(),
        evidence: Evidence::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::{ErasureId, Sent, Step, StepState, Subject, sample};
    use crate::keys::{Digest, KeyId};
    use crate::subject::InstallationName;

    fn work(stage: Stage, change: impl FnOnce(&mut Step)) -> StepWork {
        let mut step = sample::step("ledger", Outcome::Erased);
        (step.erased_at, step.verified_at, step.rounds) = (None, None, 0);
        step.counts.clear();
        step.state = StepState::to_call(stage, None);
        change(&mut step);
        StepWork {
            erasure: ErasureId([1; 16]),
            subject: Subject::Person { installation: InstallationName::unnamed(), digest: Digest([1; 16]) },
            stage,
            step,
            capsules: Vec::new(),
            sessions: Vec::new(),
            index_key: KeyId::written("index-9".into()),
        }
    }

    #[test]
    fn what_a_law_keeps_is_not_asked_for_and_named() {
        let law = Accepted { retained: Some("kept by law: invoices, by § 31".into()), ..Accepted::default() };
        let end = |work: &StepWork| without_call(work, Some(&law));
        let Some(StepEnd::Final { outcome, reason, .. }) = end(&work(Stage::Erase, |_| {})) else {
            panic!("it is called")
        };
        assert_eq!((outcome, reason), (Outcome::Retained, law.retained.clone()));
        assert_eq!(end(&work(Stage::Find, |_| {})), Some(StepEnd::Found { capsule: None, more: false }));
        for asked in [work(Stage::Verify, |_| {}), work(Stage::Erase, |step| step.sent = Some(Sent::Unanswered))] {
            assert_eq!(end(&asked), None, "it was asked before");
        }
        assert_eq!(without_call(&work(Stage::Erase, |_| {}), Some(&Accepted::default())), None);
    }

    #[test]
    fn what_may_be_gone_in_part_is_not_retained_by_a_law_and_not_asked_for_either() {
        let law = Accepted { retained: Some("kept by law: invoices, by § 31".into()), ..Accepted::default() };
        let Some(StepEnd::Final { outcome, reason, .. }) =
            without_call(&work(Stage::Erase, |step| step.tried = true), Some(&law))
        else {
            panic!("it is called")
        };
        assert_eq!(outcome, Outcome::Unverifiable);
        assert!(reason.is_some_and(|reason| reason.contains("§ 31") && reason.contains("may have erased")));
    }

    #[test]
    fn what_was_stopped_is_called_by_nobody() {
        let stopped = work(Stage::Verify, |step| step.stopped = true);
        assert_eq!(without_call(&stopped, None), Some(StepEnd::Stopped));
    }
}
