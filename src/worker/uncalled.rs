//! Steps of which nobody is called: a person has stopped them, a law keeps what their targets hold, or whom they are about was found too
//! long ago.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::parts::Worker;
use crate::erasure::recheck::has_lapsed;
use crate::erasure::{Evidence, Outcome, Stage};
use crate::ledger::{StepEnd, StepWork};

/// Why a target is not asked to erase what came back there, however often that is tried.
pub(super) const FOUND_TOO_LONG_AGO: &str = "whom it is about was found more than a day ago and may have come back since: stop this \
     erasure, and look again by `quietus erase-again`";

/// Whether a target is about to be asked to erase what was found there so long ago that somebody may have come back: whatever it has
/// waited for since, and whether it was asked before. What was reported, and what became of a call of which nobody knows, is seen to
/// all the same: that asks for no erasure.
pub(super) fn is_found_too_long_ago(work: &StepWork, now: Timestamp) -> bool {
    let step = &work.step;
    let is_asked_for = step.report().is_none() && step.report_by().is_none() && step.sent.is_none();
    is_asked_for && has_lapsed(work.rules.iter().map(String::as_str), work.created, now)
}

impl Worker {
    /// How a step ends of which nobody is to be called; `None` where its target is.
    pub(super) fn without_call(&self, work: &StepWork) -> Option<StepEnd> {
        without_call(work, self.exemptions.of(work.subject.installation(), &work.step.target))
    }
}

/// `law`: that which keeps what the step's target holds, as receipts say it.
fn without_call(work: &StepWork, law: Option<&str>) -> Option<StepEnd> {
    let step = &work.step;
    // What was reported is taken in first.
    if step.report().is_some() {
        return None;
    }
    // Who was to call is gone, or it would have ended with that call.
    if step.stopped {
        return Some(StepEnd::Stopped { done: BTreeMap::new() });
    }
    let law = law?;
    if work.stage.is_find() {
        return Some(StepEnd::Found { capsule: None, more: false });
    }
    // One that was asked to erase before the law was named answers for what it did.
    let was_asked = step.sent.is_some() || step.rounds > 0 || step.erased_at.is_some() || step.report_by().is_some();
    // What may be gone in part is not retained, nor is the rest of it asked for: the law keeps that.
    let (outcome, reason) = if step.may_have_erased() {
        (Outcome::Unverifiable, format!("{law}; a call before that may have erased some of it"))
    } else {
        (Outcome::Retained, law.to_owned())
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
    use crate::erasure::recheck::{ERASED_AGAIN, rule_after};
    use crate::erasure::{ErasureId, ReportState, Sent, Step, StepState, Subject, sample};
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
            rules: vec!["request".to_owned()],
            created: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn what_was_found_a_day_ago_is_not_asked_for_any_more_whatever_it_has_waited_for() {
        let again = || vec![rule_after(ERASED_AGAIN, ErasureId([2; 16]))];
        let at = |seconds| Timestamp::from_second(seconds).expect("a time");
        let is = |rules: Vec<String>, seconds, change: fn(&mut Step)| {
            is_found_too_long_ago(&StepWork { rules, ..work(Stage::Erase, change) }, at(seconds))
        };
        assert!(is(again(), 86_401, |_| {}) && !is(again(), 86_400, |_| {}));
        assert!(is(again(), 86_401, |step| (step.tried, step.rounds) = (true, 1)), "nor once more");
        assert!(!is(vec!["request".to_owned()], 86_401, |_| {}), "what somebody has asked for waits");
        // These end without another demand.
        assert!(!is(again(), 86_401, |step| step.sent = Some(Sent::Unanswered)));
        let awaits = |step: &mut Step| {
            let report = ReportState::Awaited { by: Timestamp::MAX };
            step.state = StepState::UnderWay { stage: Stage::Erase, so_far: None, report };
        };
        assert!(!is(again(), 86_401, awaits));
    }

    #[test]
    fn what_a_law_keeps_is_not_asked_for_and_named() {
        let law = "kept by law: invoices, by § 31";
        let end = |work: &StepWork| without_call(work, Some(law));
        let Some(StepEnd::Final { outcome, reason, .. }) = end(&work(Stage::Erase, |_| {})) else {
            panic!("it is called")
        };
        assert_eq!((outcome, reason.as_deref()), (Outcome::Retained, Some(law)));
        assert_eq!(end(&work(Stage::Find, |_| {})), Some(StepEnd::Found { capsule: None, more: false }));
        for asked in [work(Stage::Verify, |_| {}), work(Stage::Erase, |step| step.sent = Some(Sent::Unanswered))] {
            assert_eq!(end(&asked), None, "it was asked before");
        }
        assert_eq!(without_call(&work(Stage::Erase, |_| {}), None), None);
    }

    #[test]
    fn what_may_be_gone_in_part_is_not_retained_by_a_law_and_not_asked_for_either() {
        let law = "kept by law: invoices, by § 31";
        let Some(StepEnd::Final { outcome, reason, .. }) =
            without_call(&work(Stage::Erase, |step| step.tried = true), Some(law))
        else {
            panic!("it is called")
        };
        assert_eq!(outcome, Outcome::Unverifiable);
        assert!(reason.is_some_and(|reason| reason.contains("§ 31") && reason.contains("may have erased")));
    }

    #[test]
    fn what_was_stopped_is_called_by_nobody() {
        let stopped = work(Stage::Verify, |step| step.stopped = true);
        assert_eq!(without_call(&stopped, None), Some(StepEnd::Stopped { done: BTreeMap::new() }));
    }
}
