//! One call to one target: what it is told, and what is believed of its answer. What the answer means for the step is said
//! by `find.rs`, `erase.rs` and `verify.rs`.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use quietus_plugin::{ReportTo, Sensitive};
use tracing::{debug, warn};

use super::failure::{Failure, unopened_record};
use super::output::Output;
use super::parts::Worker;
use super::resolve::opened;
use super::resume::KeptResume;
use super::settings::ErasingSettings;
use crate::erasure::{Outcome, Reportable, Stage};
use crate::keys::NotOpened;
use crate::ledger::{ClaimedStep, StepEnd, StepWork};
use crate::target::{Answer, Target, TargetCall, TargetError};

/// How a step gets its answer.
pub(super) enum Prepared {
    /// It was reported, so the target is not asked.
    Reported(Answer),
    /// It was accepted, and no report has come in time.
    NotReported,
    Ask(Arc<dyn Target>, TargetCall),
}

impl Worker {
    /// What a step's call needs, or the report that came instead of an answer.
    pub(super) fn prepare(&self, claimed: ClaimedStep, work: &StepWork) -> Result<Prepared, Failure> {
        let call = self.call(claimed, work)?;
        // Before the target is looked up: a report is taken in even where its target is no longer in the configuration.
        if work.step.report().is_some() {
            return Ok(Prepared::Reported(self.reported(work, &call)?));
        }
        let name = &work.step.target;
        let target = self.targets.get(&name.called_for(work.subject.installation())).ok_or_else(|| {
            Failure::Permanent(format!(
                "there is no target `{name}` in the configuration; it was there when this was decided"
            ))
        })?;
        // Such a step is due again only with a report or at its deadline, so by now none has come in time.
        if let Some(by) = work.step.report_by() {
            warn!(erasure.id = %work.erasure, target = %name, by = %by, "no report has come; a person is needed");
            return Ok(Prepared::NotReported);
        }
        Ok(Prepared::Ask(Arc::clone(target), call))
    }

    /// What a target answered, as far as the step can go on with it.
    pub(super) fn answered(&self, work: &StepWork, answer: Result<Answer, TargetError>) -> Result<Answer, Failure> {
        let answer = answer.map_err(Failure::Call)?;
        if answer.outcome == Outcome::Parked {
            return Err(Failure::Permanent(answer.reason.unwrap_or_else(|| "the target asks for a person".into())));
        }
        debug!(
            erasure.id = %work.erasure, target = %work.step.target, stage = work.stage.as_str(),
            outcome = answer.outcome.as_str(), "target answered"
        );
        Ok(self.with_what_is_accepted(work, answer))
    }

    /// A report is an answer; its text is shown only without what the call was about.
    fn reported(&self, work: &StepWork, call: &TargetCall) -> Result<Answer, Failure> {
        let reportable = Reportable::now(work.erasure, work.stage, &work.step);
        let report = work.step.report().ok_or(NotOpened::Broken);
        let report = report.and_then(|report| reportable.open(report, &self.seal));
        let report = report.map_err(|error| unopened_record(&error))?;
        let identifiers = call.identifiers.0.iter().map(|identifier| identifier.value.expose());
        let guests = call.guests.iter().map(|guest| &*guest.0);
        let report = report.without(&identifiers.chain(guests).collect::<Vec<_>>());
        debug!(
            erasure.id = %work.erasure, target = %work.step.target, stage = work.stage.as_str(),
            outcome = report.outcome.as_str(), "target reported"
        );
        Ok(self.with_what_is_accepted(work, report))
    }

    fn with_what_is_accepted(&self, work: &StepWork, mut answer: Answer) -> Answer {
        if let Some(accepted) = self.accepted.get(&work.step.target) {
            accepted.note(&mut answer);
        }
        answer
    }

    /// What the target is told.
    fn call(&self, claimed: ClaimedStep, work: &StepWork) -> Result<TargetCall, Failure> {
        let whom = opened(&work.capsules, |capsule| capsule.open(work.erasure, &self.seal));
        let whom = whom.map_err(|error| unopened_record(&error))?;
        // Under another key, a target would take a call that it knows for a new one.
        let index = self.index.as_it_was(&work.index_key).ok_or_else(|| {
            let id = &work.index_key;
            Failure::Permanent(format!("it was begun under the index key {id}, which is none of this deployment's"))
        })?;
        let claimed_at = claimed.now;
        let kept = KeptResume::of(claimed, work, Arc::clone(&self.queue), self.seal.clone());
        let reportable = Reportable::now(work.erasure, work.stage, &work.step);
        // A report names an outcome, and one who only says what is known has none.
        let may_report = self.reports.as_deref().filter(|_| !work.stage.is_find());
        let report = may_report.map(|base| ReportTo {
            url: format!("{base}{}", reportable.path()),
            token: Sensitive::new(reportable.token(&index)),
        });
        let erased_at = work.step.erased_at.filter(|_| work.stage == Stage::Verify);
        Ok(TargetCall {
            erasure: work.erasure,
            // The same over all retries of a round, or a target would count them as several requests.
            idempotency: index.idempotency(&work.erasure.to_string(), &work.step.target.0, work.step.rounds),
            scope: work.subject.scope(),
            dry_run: false,
            identifiers: whom.identifiers,
            guests: whom.guests.into_iter().collect(),
            whole_guests: whom.whole_guests.into_iter().collect(),
            sessions: work.sessions.clone(),
            searched: whom.searched,
            region: self.person.region,
            erased_since: erased_at.map(|at| since(at, claimed_at)),
            report,
            // One that does not open is as none: the target then begins anew, which is always right.
            resume: kept.last(work),
            checkpoint: Arc::new(kept),
        })
    }
}

/// How long ago that was. A clock that was put back since shows a time to come: then it was just now, as a target that is told
/// of a long time takes what is still there for what will stay.
fn since(at: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(at)).unwrap_or_default()
}

/// A third party has taken the call over, and reports its outcome later.
pub(super) fn accepted(work: &StepWork, within: Duration) -> Output {
    debug!(
        erasure.id = %work.erasure, target = %work.step.target, within_s = within.as_secs(),
        "accepted; a report is to come"
    );
    Output::Step(StepEnd::Await { within })
}

/// A target that still holds the data is asked to erase it again, until it was asked `rounds_max` times. `random` is in
/// 0..1, for jitter.
pub(super) fn still_there(answer: Answer, rounds: u32, erasing: &ErasingSettings, random: f64) -> Output {
    // A person who retries the step gives it all rounds anew.
    let round = rounds % erasing.rounds_max.max(1);
    if round + 1 >= erasing.rounds_max {
        let reason = answer.reason.unwrap_or_else(|| "after the last round, the target still held it".into());
        return Output::Residual { reason };
    }
    Output::Step(StepEnd::EraseAgain { pause: erasing.retry.pause(round, answer.verify_after, random) })
}

/// Somebody says that the data is still there: who asked them decides whether they are asked once more.
pub(super) fn still_there_by_word(answer: Answer) -> Output {
    Output::Residual { reason: answer.reason.unwrap_or_else(|| "somebody says that it is still there".into()) }
}

/// Nothing more is asked of the target.
pub(super) fn finally(outcome: Outcome, answer: Answer) -> Output {
    Output::Step(StepEnd::Final { outcome, reason: answer.reason, counts: answer.counts, evidence: answer.evidence })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn what_was_erased_in_the_future_was_erased_just_now() {
        let at = |seconds| Timestamp::from_second(seconds).expect("a time");
        assert_eq!(since(at(7), at(10)), Duration::from_secs(3));
        assert_eq!(since(at(3_600), at(10)), Duration::ZERO);
    }

    /// An answer after which to wait for seven seconds.
    pub(in crate::worker) fn answer(outcome: Outcome) -> Answer {
        Answer {
            outcome,
            reason: None,
            counts: Default::default(),
            verify_after: Some(Duration::from_secs(7)),
            evidence: Default::default(),
        }
    }
}
