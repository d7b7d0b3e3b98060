//! How what is stored changes: the same in every backend, without a word of SQL.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Claim, Decision, LedgerError, SessionChange, StepEnd, Work};
use crate::consent::{ConsentState, UnknownCause};
use crate::erasure::{Erasure, ErasureId, ErasureState, Evidence, NewErasure, Outcome, Stage, Step};
use crate::receipt::{Receipt, ReceiptHead};
use crate::subject::{Fingerprinted, SessionKey, TargetName};

/// The time after a pause, as far as the calendar goes.
pub(super) fn after(now: Timestamp, pause: Duration) -> Timestamp {
    SignedDuration::try_from(pause).ok().and_then(|pause| now.checked_add(pause).ok()).unwrap_or(Timestamp::MAX)
}

/// Why a session counts among those whose consent stayed unknown, if it does.
pub(super) fn unknown_cause(change: &SessionChange) -> Option<UnknownCause> {
    let consent = &change.record.consent;
    if consent.state == ConsentState::Unknown { consent.cause } else { None }
}

/// Fingerprints in their order, each once; of one that is supplementary and not, the one that is not counts.
pub(super) fn distinct(fingerprints: &[Fingerprinted]) -> Vec<&Fingerprinted> {
    // The ones that are not supplementary come first.
    let sorted: BTreeSet<_> = fingerprints.iter().collect();
    let mut all: Vec<_> = sorted.into_iter().collect();
    all.dedup_by_key(|one| (one.fingerprint, one.version));
    all
}

/// The session that a decision is about, which must be the work's; and so must be the installation of all that follows.
pub(super) fn decided_on<'a>(claim: &'a Claim, decision: &Decision) -> Result<&'a SessionKey, LedgerError> {
    let session = match &claim.work {
        Work::Decide(work) => &work.event.head.session,
        Work::Settle(work) => &work.session,
        Work::Resolve(_) | Work::Step(_) | Work::Close(_) => {
            return Err(super::broken("only events and sessions are decided on"));
        }
    };
    let key = &decision.session.record.session;
    if session != key {
        return Err(super::broken(format!("the work was about session {session}, the decision is about {key}")));
    }
    if decision.foreign && !decision.erasures.is_empty() {
        return Err(super::broken(format!("session {session} is of a tenant that is not ours, and has erasures")));
    }
    let elsewhere = |erasure: &NewErasure| *erasure.subject.installation() != session.installation;
    if decision.erasures.iter().any(elsewhere) {
        return Err(super::broken(format!("what was decided on {session} is about another installation")));
    }
    Ok(session)
}

/// What counts of an erasure that has not begun.
pub(super) struct Waiting {
    pub(super) id: ErasureId,
    pub(super) state: ErasureState,
    pub(super) rules: Vec<String>,
    pub(super) targets: Vec<TargetName>,
    /// The time of the rule, or of the approval where that came later.
    pub(super) due_rule: Timestamp,
    /// The time at which it begins: the rule's, or when its session is looked at for settling.
    pub(super) due: Timestamp,
}

/// What a merge comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Merged {
    /// It was all there; nobody loses the work.
    Same,
    /// It is to be written. `earlier`: `due` is to be worked out from the rule's new time.
    Changed { earlier: bool },
}

impl Waiting {
    /// Takes in a further request with the same merge key: the union of targets and rules, the earlier time. What it brought
    /// of identifiers is added to what is there: capsules here, fingerprints in any case.
    pub(super) fn merge(&mut self, new: &NewErasure) -> Merged {
        let targets = add_missing(&mut self.targets, &new.targets);
        let rules = add_missing(&mut self.rules, std::slice::from_ref(&new.rule));
        let earlier = new.due < self.due_rule;
        if earlier {
            self.due_rule = new.due;
        }
        let changed = targets || rules || earlier || new.capsule.is_some();
        if changed { Merged::Changed { earlier } } else { Merged::Same }
    }
}

/// The state of a new erasure.
pub(super) fn first_state(new: &NewErasure) -> ErasureState {
    if new.approve { ErasureState::Requested } else { ErasureState::Scheduled }
}

/// The merge key of an approved erasure: its own, so that nothing joins what a person has approved.
pub(super) fn approved_key(id: ErasureId) -> String {
    format!("approved:{id}")
}

/// The targets of a new erasure, each once.
pub(super) fn targets_of(new: &NewErasure) -> Result<Vec<TargetName>, LedgerError> {
    if new.targets.is_empty() {
        return Err(super::broken(format!("erasure {} has no targets", new.id)));
    }
    let mut targets = Vec::new();
    add_missing(&mut targets, &new.targets);
    Ok(targets)
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

/// What becomes of a step's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It is due again after the pause.
    GoesOn(Duration),
    /// The outcome is final.
    Over,
}

/// Writes into the step what one call of its present stage brought. The reason that stands in it is the target's own.
pub(super) fn after_call(step: &mut Step, end: StepEnd, now: Timestamp) -> Next {
    step.attempts = 0;
    let report = step.report.take();
    step.report_by = None;
    match end {
        StepEnd::Await { within } => match report {
            // It was faster than the answer.
            Some(report) => {
                step.report = Some(report);
                Next::GoesOn(Duration::ZERO)
            }
            None => {
                step.report_by = Some(after(now, within));
                Next::GoesOn(within)
            }
        },
        StepEnd::VerifyAfter { pause, outcome, reason, counts, evidence } => {
            answered(step, outcome, &counts, now);
            rests_on(step, evidence);
            step.stage = Some(Stage::Verify);
            step.reason = reason;
            Next::GoesOn(pause)
        }
        StepEnd::EraseAgain { pause } => {
            step.stage = Some(Stage::Erase);
            step.reason = None;
            step.rounds += 1;
            Next::GoesOn(pause)
        }
        StepEnd::Final { outcome, reason, counts, mut evidence } => {
            answered(step, outcome, &counts, now);
            // One that cannot be asked has verified nothing, nor has one that repeats what it said before.
            let asked = outcome != Outcome::Unverifiable && !std::mem::take(&mut evidence.nothing_asked);
            rests_on(step, evidence);
            if step.stage == Some(Stage::Verify) && asked {
                step.verified_at = Some(now);
            }
            step.stage = None;
            step.reason = reason.or(step.reason.take());
            Next::Over
        }
    }
}

/// What a target answers later does not undo what it said before: a repeated call finds less, or nothing any more.
fn answered(step: &mut Step, outcome: Outcome, counts: &BTreeMap<String, u64>, now: Timestamp) {
    if outcome == Outcome::Erased && (step.erased_at.is_none() || step.stage == Some(Stage::Erase)) {
        step.erased_at = Some(now);
    }
    let erased = outcome == Outcome::Absent && step.erased_at.is_some();
    step.outcome = Some(if erased { Outcome::Erased } else { outcome });
    for (name, count) in counts {
        let most = step.counts.entry(name.clone()).or_default();
        *most = (*most).max(*count);
    }
}

/// Keeps the newest evidence: an answer that says nothing leaves what an earlier one said. What the vendor keeps stays true
/// until an answer says otherwise: a look at the live records has not seen the bin.
fn rests_on(step: &mut Step, mut evidence: Evidence) {
    let expected = evidence.expected;
    let says_nothing = Evidence { expected: false, ..evidence.clone() }.is_empty();
    if says_nothing {
        step.evidence.expected |= expected;
    } else {
        evidence.keeps = evidence.keeps.or(step.evidence.keeps.take());
        step.evidence = evidence;
    }
}

/// A step of an erasure that has not begun.
pub(super) fn planned(target: TargetName) -> Step {
    Step {
        target,
        stage: None,
        outcome: None,
        reason: None,
        attempts: 0,
        rounds: 0,
        counts: BTreeMap::new(),
        evidence: Evidence::default(),
        erased_at: None,
        verified_at: None,
        report_by: None,
        report: None,
    }
}

/// What the steps of a begun erasure are doing: whether any of them erases, verifies, is parked.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnderWay {
    pub(super) erasing: bool,
    pub(super) verifying: bool,
    pub(super) parked: bool,
}

impl UnderWay {
    pub(super) fn state(self) -> ErasureState {
        match (self.erasing, self.verifying, self.parked) {
            (true, _, _) => ErasureState::Erasing,
            (false, false, true) => ErasureState::Parked,
            (false, _, _) => ErasureState::Verifying,
        }
    }

    /// Whether every outcome is final, so that the erasure can be closed.
    pub(super) fn is_over(self) -> bool {
        !self.erasing && !self.verifying && !self.parked
    }
}

/// Whether the receipts are the head's successors, one after the other. Of the first one ever, the number says so.
pub(super) fn succeed<'a>(receipts: impl IntoIterator<Item = &'a Receipt>, head: Option<ReceiptHead>) -> bool {
    let mut head = head;
    receipts.into_iter().all(|receipt| {
        let statement = &receipt.statement;
        let follows = match &head {
            Some(head) => statement.sequence == head.sequence + 1 && statement.previous == head.hash,
            None => statement.sequence == 1,
        };
        head = Some(receipt.head());
        follows
    })
}

/// The erasure that a claim closes; the receipt must be its own.
pub(super) fn erasure_of<'a>(claim: &'a Claim, receipt: &Receipt) -> Result<&'a Erasure, LedgerError> {
    let Work::Close(erasure) = &claim.work else {
        return Err(super::broken("only an erasure with all outcomes is closed"));
    };
    if receipt.statement.erasure != erasure.id {
        let (of, not) = (receipt.statement.erasure, erasure.id);
        return Err(super::broken(format!("the receipt of {of} is not one of {not}")));
    }
    Ok(erasure)
}

/// How an erasure ends.
pub(super) struct End {
    pub(super) state: ErasureState,
    pub(super) sessions_are_erased: bool,
}

/// Cancelled with steps unfinished, its sessions may still be there, and must still be found. So must those that mluvii was
/// not asked to erase, or of which not all have been seen to be gone: sessions are at mluvii.
pub(super) fn end_of(erasure: &Erasure) -> End {
    if erasure.state == ErasureState::Cancelled {
        return End { state: ErasureState::Cancelled, sessions_are_erased: false };
    }
    let gone = |step: &Step| matches!(step.outcome, Some(Outcome::Erased | Outcome::Absent));
    let sessions_are_erased = erasure.steps.iter().any(|step| step.target.is_mluvii() && gone(step));
    End { state: ErasureState::Done, sessions_are_erased }
}

#[cfg(test)]
mod tests;
