//! What changes a single step.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{Next, after};
use crate::erasure::{
    Asked, Attempt, Evidence, Outcome, ReportState, Reportable, Sent, Stage, Step, StepEnd, StepState,
};
use crate::keys::Sealed;

/// A transition that the state does not have: a defect of the program, after which nothing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a step cannot go this way from where it is")]
pub(crate) struct OutOfPlace;

/// What was not looked at where a target knows the person by more than it told.
const FOUND_MORE: &str = "further identifiers that the target holds";

/// What was not looked at where a target said what it knows when others had been asked already.
const FOUND_LATE: &str = "other targets by what this one knows the person by: they were asked before it said so";

/// Why a step needs a person whose target still holds the data and must not be asked to erase a second time.
const ASKED_ONCE: &str = "the target still holds the data, and must not be asked to erase twice";

/// What is known of a step whose work somebody was given as a task, and has not answered.
const GIVEN_TO_PEOPLE: &str = "somebody was given a task";

/// Why nothing is known of a task that was taken back: nobody had said anything of it.
const TAKEN_BACK: &str = "stopped: the task was taken back before anybody had answered it";

/// How the reason begins why a step needs a person whose outcome nobody has reported in time.
pub(crate) const NOT_REPORTED: &str = "it was accepted, and its outcome was not reported by";

/// Somebody takes it to have its target erase: from then on it may have been asked, also where nobody ever learns whether it was. `None`
/// where that was so before.
pub(crate) fn claimed_to_erase(mut step: Step) -> Option<Step> {
    let erases = matches!(step.state, StepState::UnderWay { stage: Stage::Erase, .. });
    if !erases || step.tried {
        return None;
    }
    step.tried = true;
    Some(step)
}

/// A call is about to be made that must not be made twice. A second time it is the same mark: a call that did not reach one
/// process of the target goes to the next.
pub(super) fn sending(mut step: Step) -> Result<Step, OutOfPlace> {
    let erases = matches!(step.state, StepState::UnderWay { stage: Stage::Erase, .. });
    if !erases || step.sent == Some(Sent::Answered) {
        return Err(OutOfPlace);
    }
    step.sent = Some(Sent::Unanswered);
    Ok(step)
}

/// One call of the present stage came to an end. The reason that stands in the step is the target's own.
pub(super) fn call_ended(mut step: Step, end: StepEnd, now: Timestamp) -> Result<(Step, Next), OutOfPlace> {
    let StepState::UnderWay { stage, so_far, report } = step.state.clone() else { return Err(OutOfPlace) };
    if let StepEnd::Stopped { done } = &end {
        if !step.stopped {
            return Err(OutOfPlace);
        }
        count(&mut step, done);
        return match report {
            // It came since the step was claimed, and says what became of the data.
            ReportState::Came(_) => Ok((step, Next::Due(now))),
            ReportState::NotExpected if stage == Stage::Erase && !done.is_empty() => {
                let why = "stopped: the target answered that it has erased a part, and nothing was asked after that";
                Ok(stopped_as(step, Outcome::Unverifiable, why))
            }
            ReportState::Awaited { .. } | ReportState::NotExpected => Ok(stopped_at(step)),
        };
    }
    if stage.is_find() != matches!(end, StepEnd::Found { .. }) {
        return Err(OutOfPlace);
    }
    // The attempts are those of one call; the next one begins anew. What calls before may have done, this answer tells.
    step.attempts = 0;
    step.tried = false;
    let was_unanswered = step.is_unanswered();
    if was_unanswered && stage == Stage::Erase && end != StepEnd::OutcomeUnknown {
        step.sent = Some(Sent::Answered);
    }
    let is_given = matches!(end, StepEnd::GivenToPeople { .. });
    let next = match end {
        StepEnd::Found { more, .. } => {
            step.state = StepState::WaitsForFinds;
            step.asked = step.asked.map(|asked| Asked::AnsweredIn(asked.round()));
            step.reason = None;
            if more {
                note(&mut step.evidence, FOUND_MORE);
            }
            Next::Gone
        }
        // A report that came meanwhile was faster than the answer that announces it, or came at the last moment.
        StepEnd::Await { .. } | StepEnd::GivenToPeople { .. } | StepEnd::NotReported | StepEnd::OutcomeUnknown
            if matches!(report, ReportState::Came(_)) =>
        {
            Next::Due(now)
        }
        StepEnd::Await { within } | StepEnd::GivenToPeople { within } => {
            let by = after(now, within);
            if is_given {
                step.reason = Some(GIVEN_TO_PEOPLE.to_owned());
            }
            step.state = StepState::UnderWay { stage, so_far, report: ReportState::Awaited { by } };
            Next::Due(by)
        }
        StepEnd::NotReported => {
            let ReportState::Awaited { by } = report else { return Err(OutOfPlace) };
            let reason = format!("{NOT_REPORTED} {by}");
            park(&mut step, stage, Outcome::Parked, reason)
        }
        StepEnd::VerifyAfter { pause, outcome, reason, counts, evidence } => {
            let so_far = answered(&mut step, stage, outcome, &counts, now);
            rests_on(&mut step, evidence);
            // `resume` stays: the look is of the same round, and goes on from what its calls have stored.
            step.state = StepState::to_call(Stage::Verify, Some(so_far));
            step.reason = reason;
            Next::Due(after(now, pause))
        }
        // Not by itself: whether asking once more does harm, only a person knows.
        StepEnd::EraseAgain { .. } if step.sent.is_some() => {
            park(&mut step, stage, Outcome::Residual, ASKED_ONCE.to_owned())
        }
        StepEnd::OutcomeUnknown => {
            if !was_unanswered || stage != Stage::Erase {
                return Err(OutOfPlace);
            }
            step.state = StepState::to_call(Stage::Verify, so_far);
            Next::Due(now)
        }
        StepEnd::StillUnknown { reason } => {
            if !was_unanswered || stage != Stage::Verify {
                return Err(OutOfPlace);
            }
            // Retried by a person, it is asked to erase: to ask whether it is gone has told nothing.
            park(&mut step, Stage::Erase, Outcome::Parked, reason)
        }
        StepEnd::EraseAgain { pause } => {
            step.state = StepState::to_call(Stage::Erase, so_far);
            step.reason = None;
            step.rounds += 1;
            // A new round is a new request, with another idempotency key: it goes on from nothing.
            step.resume = None;
            Next::Due(after(now, pause))
        }
        StepEnd::Final { outcome, reason, counts, evidence } => {
            let outcome = concluded(&mut step, stage, outcome, &counts, evidence, now);
            step.state = StepState::Over { outcome };
            step.resume = None;
            step.sent = None;
            step.reason = reason.or(step.reason.take());
            // It ended by its answer: the order to stop came too late to change that.
            step.stopped = false;
            Next::Gone
        }
        StepEnd::Stopped { .. } => return Err(OutOfPlace),
    };
    Ok(unless_stopped(step, next))
}

/// Takes in the last answer of a step; returns the outcome with which it ends.
fn concluded(
    step: &mut Step,
    stage: Stage,
    outcome: Outcome,
    counts: &BTreeMap<String, u64>,
    evidence: Evidence,
    now: Timestamp,
) -> Outcome {
    let said = answered(step, stage, outcome, counts, now);
    // One that cannot be asked has verified nothing, nor has one that repeats what it said before.
    let asked = outcome != Outcome::Unverifiable && !evidence.nothing_asked;
    rests_on(step, evidence);
    if stage == Stage::Verify && asked {
        step.verified_at = Some(now);
    }
    said
}

/// A call failed and is retried after a pause. A report that came meanwhile is taken in at once instead. A target that must not
/// be asked twice may be asked again: only what is known to have done nothing fails so.
pub(super) fn call_failed(mut step: Step, pause: Duration, attempt: Attempt, now: Timestamp) -> (Step, Next) {
    if attempt == Attempt::Counts {
        step.attempts = step.attempts.saturating_add(1);
    }
    if step.report().is_some() {
        return (step, Next::Due(now));
    }
    if step.stage() == Some(Stage::Erase) {
        step.sent = None;
        step.tried = true;
    }
    unless_stopped(step, Next::Due(after(now, pause)))
}

/// A call showed that a person is needed. A report that came since the step was claimed (`as_claimed`) is not thrown away:
/// what it says may be that all is well.
pub(super) fn call_parked(
    mut step: Step,
    as_claimed: &Step,
    outcome: Outcome,
    reason: &str,
    now: Timestamp,
) -> Result<(Step, Next), OutOfPlace> {
    let StepState::UnderWay { stage, .. } = step.state else { return Err(OutOfPlace) };
    if step.report().is_some() && as_claimed.report().is_none() {
        return Ok((step, Next::Due(now)));
    }
    let next = park(&mut step, stage, outcome, reason.to_owned());
    Ok(unless_stopped(step, next))
}

fn park(step: &mut Step, stage: Stage, outcome: Outcome, reason: String) -> Next {
    step.state = StepState::Parked { stage, outcome };
    step.reason = Some(reason);
    Next::Parked
}

/// The other targets are asked to erase before this one has said what it knows.
pub(super) fn found_late(step: &mut Step) {
    note(&mut step.evidence, FOUND_LATE);
}

/// A third party reports the step's outcome. A step that was parked, because no report came or for another reason, goes on
/// with it. `None` where there was a report before, or the step has gone on: it is too late then.
pub(super) fn reported(mut step: Step, of: &Reportable, report: Sealed, now: Timestamp) -> Option<(Step, Next)> {
    if step.rounds != of.round || step.stage() != Some(of.stage) || step.report().is_some() {
        return None;
    }
    let so_far = match step.state {
        StepState::Parked { .. } => {
            step.reason = None;
            known_before(&step)
        }
        _ => step.outcome(),
    };
    step.state = StepState::UnderWay { stage: of.stage, so_far, report: ReportState::Came(report) };
    Some((step, Next::DueUnlessHeld(now)))
}

/// A person has a parked step go on; `None` where it is not parked.
pub(super) fn retried(mut step: Step, now: Timestamp) -> Option<(Step, Next)> {
    let StepState::Parked { stage, outcome } = step.state else { return None };
    let stage = if outcome == Outcome::Residual {
        // A target that still held the data is asked to erase it, not once more whether it did. That is a new round, or it
        // would be treated as the first one's request, and a report on that one for its own.
        step.rounds += 1;
        step.resume = None;
        Stage::Erase
    } else {
        stage
    };
    step.attempts = 0;
    step.reason = None;
    // Knowingly: a target that must not be asked twice is asked once more.
    if stage == Stage::Erase {
        step.sent = None;
        // What was looked at and still there, nobody has been asked for since.
        step.tried = outcome != Outcome::Residual;
    }
    step.state = StepState::to_call(stage, known_before(&step));
    Some((step, Next::Due(now)))
}

/// A person closes the erasure without it: what it needed a person for is how it ends. `None` where it has ended.
pub(super) fn given_up(mut step: Step) -> Option<(Step, Next)> {
    let StepState::Parked { outcome, .. } = step.state else { return None };
    step.state = StepState::Over { outcome };
    step.resume = None;
    step.sent = None;
    Some((step, Next::Gone))
}

/// A person stops it. Where a call is under way (`is_called`), or an answer waits to be taken in, it ends with that, and at
/// once everywhere else: as `retained` where a hold keeps what it was to erase (`kept_by`). `None` where it has ended.
pub(super) fn stopped(mut step: Step, is_called: bool, kept_by: Option<&str>, now: Timestamp) -> Option<(Step, Next)> {
    if step.final_outcome().is_some() {
        return None;
    }
    if matches!(step.state, StepState::UnderWay { .. }) && (is_called || step.report().is_some()) {
        step.stopped = true;
        return Some((step, Next::DueUnlessHeld(now)));
    }
    if let Some(kept_by) = kept_by.filter(|_| is_to_erase(&step)) {
        step.state = StepState::Over { outcome: Outcome::Retained };
        step.reason = Some(kept_by.to_owned());
        step.resume = None;
        return Some((step, Next::Gone));
    }
    Some(stopped_at(step))
}

/// Whether its target is still to be asked to erase, and holds everything that it held: one that was asked before may not.
fn is_to_erase(step: &Step) -> bool {
    match &step.state {
        StepState::WaitsForFinds => true,
        StepState::UnderWay { stage, report: ReportState::NotExpected, .. } => {
            *stage != Stage::Verify && !step.may_have_erased()
        }
        _ => false,
    }
}

/// What follows a call, unless the step was stopped meanwhile: then nothing does. A report that came is still taken in.
fn unless_stopped(step: Step, next: Next) -> (Step, Next) {
    if !step.stopped || step.final_outcome().is_some() || step.report().is_some() {
        return (step, next);
    }
    stopped_at(step)
}

/// The step ends where it stands: with what is known, and with what is not.
fn stopped_at(mut step: Step) -> (Step, Next) {
    // What somebody was given says no more once it is taken back.
    let is_given = step.reason.take_if(|reason| reason.as_str() == GIVEN_TO_PEOPLE).is_some();
    let (outcome, why) = match &step.state {
        StepState::Parked { outcome, .. } => (*outcome, "stopped while it needed a person"),
        StepState::UnderWay { report: ReportState::Awaited { .. }, .. } if is_given => {
            (Outcome::Unverifiable, TAKEN_BACK)
        }
        StepState::UnderWay { report: ReportState::Awaited { .. } | ReportState::Came(_), .. } => {
            (Outcome::Unverifiable, "stopped: the target had accepted the demand, and its outcome was not awaited")
        }
        StepState::UnderWay { stage, .. } if step.is_unanswered() || (*stage == Stage::Erase && step.tried) => (
            Outcome::Unverifiable,
            "stopped: the target may have been asked to erase, and what became of that call is not known",
        ),
        StepState::UnderWay { stage: Stage::Erase, .. } if step.rounds > 0 => {
            (Outcome::Residual, "stopped: looked at again, the data was still there, and nothing was asked after that")
        }
        // What it answered is not what was seen.
        StepState::UnderWay { stage: Stage::Verify, so_far: Some(Outcome::Erased), .. } => (
            Outcome::Unverifiable,
            "stopped: the target answered that it has erased, and nobody has looked whether it is gone",
        ),
        StepState::UnderWay { stage: Stage::Verify, .. } => {
            (Outcome::Unverifiable, "stopped before the target had answered that anything was erased")
        }
        StepState::Planned | StepState::WaitsForFinds | StepState::UnderWay { .. } | StepState::Over { .. } => {
            (Outcome::Unverifiable, "stopped before the target was asked to erase")
        }
    };
    stopped_as(step, outcome, why)
}

/// The step ends because it was stopped; why its outcome is this one goes before what its target said.
fn stopped_as(mut step: Step, outcome: Outcome, why: &str) -> (Step, Next) {
    step.reason = Some(match step.reason.take() {
        Some(said) => format!("{why}; {said}"),
        None => why.to_owned(),
    });
    step.state = StepState::Over { outcome };
    step.resume = None;
    step.sent = None;
    step.stopped = true;
    (step, Next::Gone)
}

/// What is still known of a step whose outcome was that it needs a person.
fn known_before(step: &Step) -> Option<Outcome> {
    step.erased_at.map(|_| Outcome::Erased)
}

/// What a target answers later does not undo what it said before: a repeated call finds less, or nothing any more.
fn answered(
    step: &mut Step,
    stage: Stage,
    outcome: Outcome,
    counts: &BTreeMap<String, u64>,
    now: Timestamp,
) -> Outcome {
    // A look that says so once more makes the erasure no later: what is kept for a time is counted from it.
    if outcome == Outcome::Erased && (step.erased_at.is_none() || stage == Stage::Erase) {
        step.erased_at = Some(now);
    }
    count(step, counts);
    let erased = outcome == Outcome::Absent && step.erased_at.is_some();
    if erased { Outcome::Erased } else { outcome }
}

/// Takes in what a target says that it has erased: the most of all answers and not their sum, as targets count what a round has
/// erased in all, and it would count twice.
fn count(step: &mut Step, counts: &BTreeMap<String, u64>) {
    for (name, count) in counts {
        let most = step.counts.entry(name.clone()).or_default();
        *most = (*most).max(*count);
    }
}

/// Adds to what was not looked at, once.
fn note(evidence: &mut Evidence, not_looked_at: &str) {
    if !evidence.not_looked_at.iter().any(|text| text == not_looked_at) {
        evidence.not_looked_at.push(not_looked_at.to_owned());
    }
}

/// Keeps the newest evidence: an answer that says nothing leaves what an earlier one said. What the vendor keeps stays true
/// until an answer says otherwise: a look at the live records has not seen the bin.
fn rests_on(step: &mut Step, mut evidence: Evidence) {
    // It is about one call.
    evidence.nothing_asked = false;
    let expected = evidence.expected;
    let says_nothing = Evidence { expected: false, ..evidence.clone() }.is_empty();
    if says_nothing {
        step.evidence.expected |= expected;
    } else {
        evidence.keeps = evidence.keeps.or(step.evidence.keeps.take());
        // What the find left open, no later answer of the target closes.
        for open in [FOUND_MORE, FOUND_LATE] {
            if step.evidence.not_looked_at.iter().any(|text| text == open) {
                note(&mut evidence, open);
            }
        }
        step.evidence = evidence;
    }
}
