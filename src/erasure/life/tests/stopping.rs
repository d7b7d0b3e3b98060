//! A person stops it.

use super::*;
use crate::erasure::Sent;

const CALLED: bool = true;

/// Who was to call is gone, and nothing is known of their call.
fn nobody_calls() -> StepEnd {
    StepEnd::Stopped { done: BTreeMap::new() }
}

fn stop(step: Step, is_called: bool) -> (Step, Next) {
    only(Begun(vec![step]).stopped(|_| is_called, None, NOW).expect("there is something to stop"))
}

#[track_caller]
fn ends_as(step: Step, outcome: Outcome, why: &str) {
    let (stopped, next) = stop(step, false);
    assert_eq!((stopped.final_outcome(), next, stopped.stopped), (Some(outcome), Next::Gone, true));
    let reason = stopped.reason.expect("a reason");
    assert!(reason.contains(why), "{reason}");
}

#[test]
fn what_nobody_calls_ends_at_once_with_what_is_known() {
    let unverifiable = Outcome::Unverifiable;
    ends_as(to_call(Stage::Find), unverifiable, "before the target was asked to erase");
    ends_as(in_state("crm", StepState::WaitsForFinds), unverifiable, "before the target was asked to erase");
    ends_as(to_call(Stage::Erase), unverifiable, "before the target was asked to erase");
    ends_as(Step { tried: true, ..to_call(Stage::Erase) }, unverifiable, "may have been asked");
    ends_as(Step { tried: true, rounds: 1, ..to_call(Stage::Erase) }, unverifiable, "may have been asked");
    ends_as(to_call(Stage::Verify), unverifiable, "before the target had answered");
    ends_as(awaited(NOW), unverifiable, "was not awaited");
    let given = Begun(vec![to_call(Stage::Erase)]);
    let given = only(given.call_ended(&target("crm"), StepEnd::GivenToPeople { within: PAUSE }, NOW).expect("one")).0;
    assert!(given.report_by().is_some(), "it waits for their word");
    let (taken, _) = stop(given, false);
    assert_eq!(taken.final_outcome(), Some(unverifiable));
    assert_eq!(taken.reason.as_deref(), Some("stopped: the task was taken back before anybody had answered it"));
    ends_as(
        in_state("crm", StepState::to_call(Stage::Verify, Some(Outcome::Erased))),
        unverifiable,
        "nobody has looked",
    );
    ends_as(Step { sent: Some(Sent::Unanswered), ..to_call(Stage::Erase) }, unverifiable, "may have been asked");
    ends_as(Step { rounds: 1, ..to_call(Stage::Erase) }, Outcome::Residual, "still there");
    ends_as(parked(Outcome::Residual), Outcome::Residual, "needed a person");
    let (said, _) = stop(Step { reason: Some("403".into()), ..parked(Outcome::Parked) }, false);
    assert_eq!(said.reason.as_deref(), Some("stopped while it needed a person; 403"));
}

#[test]
fn what_is_called_ends_with_its_call_whatever_the_call_ends_with() {
    let (called, next) = stop(to_call(Stage::Erase), CALLED);
    assert_eq!((called.stage(), next), (Some(Stage::Erase), Next::DueUnlessHeld(NOW)));
    let cut = |change: Change| {
        assert!(change.closes && change.state == ErasureState::Cancelled, "{change:?}");
        only(change).0
    };
    let begun = || Begun(vec![called.clone()]);
    let answered =
        cut(begun().call_ended(&target("crm"), answers(Outcome::Erased, Evidence::default()), NOW).expect("one"));
    assert_eq!((answered.final_outcome(), answered.erased_at), (Some(Outcome::Unverifiable), Some(NOW)));
    let again = cut(begun().call_ended(&target("crm"), StepEnd::EraseAgain { pause: PAUSE }, NOW).expect("one"));
    assert_eq!(again.final_outcome(), Some(Outcome::Residual));
    let failed = cut(begun().call_failed(&target("crm"), PAUSE, Attempt::Counts, NOW).expect("one"));
    assert_eq!(failed.final_outcome(), Some(Outcome::Unverifiable));
    let parked = cut(begun().call_parked(&called, Outcome::Parked, "403", NOW).expect("one"));
    assert_eq!(parked.final_outcome(), Some(Outcome::Parked));
    let gone = cut(begun().call_ended(&target("crm"), nobody_calls(), NOW).expect("one"));
    assert_eq!(gone.final_outcome(), Some(Outcome::Unverifiable));
}

#[test]
fn what_a_call_had_erased_when_it_went_no_further_is_said() {
    let stopped = Step { stopped: true, tried: true, ..to_call(Stage::Erase) };
    let done = |sessions| StepEnd::Stopped { done: BTreeMap::from([("sessions".to_owned(), sessions)]) };
    let (step, next) = ended(stopped.clone(), done(1));
    assert_eq!((step.final_outcome(), next, step.counts["sessions"]), (Some(Outcome::Unverifiable), Next::Gone, 1));
    assert_eq!((step.erased_at, step.verified_at), (None, None), "nobody has answered for all of it, or looked");
    let reason = step.reason.expect("a reason");
    assert!(reason.contains("has erased a part"), "{reason}");
    // Several calls went no further, of which each counts what those before have erased.
    let before = Step { counts: BTreeMap::from([("sessions".to_owned(), 2)]), ..stopped.clone() };
    assert_eq!(ended(before, done(3)).0.counts["sessions"], 3);
    let (nothing, _) = ended(stopped, nobody_calls());
    assert!(nothing.reason.expect("a reason").contains("may have been asked"));
}

#[test]
fn a_report_that_came_is_taken_in_before_it_ends() {
    let (asked, _) = only(Begun(vec![awaited(NOW)]).reported(&of(Stage::Erase, 0), report(), NOW).expect("taken"));
    let (waits, next) = stop(asked, false);
    assert_eq!((waits.final_outcome(), next), (None, Next::DueUnlessHeld(NOW)));
    let change = Begun(vec![waits]).call_ended(&target("crm"), ends(Outcome::Retained), NOW).expect("one");
    assert_eq!(
        (only(change.clone()).0.final_outcome(), change.state),
        (Some(Outcome::Retained), ErasureState::Verifying)
    );
}

#[test]
fn a_report_that_comes_before_nobody_is_called_is_taken_in_first() {
    let stopped = Step { stopped: true, ..to_call(Stage::Erase) };
    // Somebody has taken it over and finds it stopped; before that is written, the report comes.
    let (came, _) = only(Begun(vec![stopped]).reported(&of(Stage::Erase, 0), report(), NOW).expect("taken"));
    let change = Begun(vec![came.clone()]).call_ended(&target("crm"), nobody_calls(), NOW).expect("a transition");
    assert_eq!(only(change), (came.clone(), Next::Due(NOW)), "what it says is not thrown away");
    let said = Begun(vec![came]).call_ended(&target("crm"), ends(Outcome::Retained), NOW).expect("taken in");
    assert_eq!(only(said).0.final_outcome(), Some(Outcome::Retained));
}

#[test]
fn who_takes_a_step_to_erase_may_have_asked_its_target_whatever_becomes_of_them() {
    let taken = claimed_to_erase(to_call(Stage::Erase)).expect("it is noted");
    assert!(taken.may_have_erased());
    assert_eq!(claimed_to_erase(taken.clone()), None, "once");
    for asks in [Stage::Find, Stage::FindLater, Stage::Verify] {
        assert_eq!(claimed_to_erase(to_call(asks)), None, "to ask erases nothing");
    }
    const HOLD: &str = "held by h-010101010101 (legal-claims)";
    let kept = only(Begun(vec![taken]).stopped(|_| false, Some(HOLD), NOW).expect("stopped")).0;
    assert_eq!(kept.final_outcome(), Some(Outcome::Unverifiable), "nobody knows that all of it is there");
    // What was looked at was there, and nobody was asked since.
    let again = Begun(vec![parked(Outcome::Residual)]).retried(NOW).expect("it goes on");
    assert!(!only(again).0.tried);
}

#[test]
fn what_a_hold_keeps_is_retained_and_what_was_asked_before_is_not() {
    const HOLD: &str = "held by h-010101010101 (legal-claims)";
    let stop =
        |step: Step| only(Begun(vec![step]).stopped(|_| false, Some(HOLD), NOW).expect("there is something to stop"));
    for step in [to_call(Stage::Erase), to_call(Stage::Find), in_state("crm", StepState::WaitsForFinds)] {
        let (kept, next) = stop(step);
        assert_eq!((kept.final_outcome(), next, kept.stopped), (Some(Outcome::Retained), Next::Gone, false));
        assert_eq!(kept.reason.as_deref(), Some(HOLD));
    }
    let change = Begun(vec![over("mluvii"), to_call(Stage::Erase)]).stopped(|_| false, Some(HOLD), NOW).expect("one");
    assert_eq!((change.closes, change.state), (true, ErasureState::Verifying), "all but what is kept is done");
    for step in [awaited(NOW), Step { sent: Some(Sent::Unanswered), ..to_call(Stage::Erase) }, to_call(Stage::Verify)] {
        assert_eq!(stop(step).0.final_outcome(), Some(Outcome::Unverifiable));
    }
}

#[test]
fn what_may_be_gone_in_part_is_not_retained() {
    let stop = |step: Step| only(Begun(vec![step]).stopped(|_| false, Some("held by h"), NOW).expect("stopped")).0;
    let failed = |attempt| {
        only(Begun(vec![to_call(Stage::Erase)]).call_failed(&target("crm"), PAUSE, attempt, NOW).expect("failed")).0
    };
    for attempt in [Attempt::Counts, Attempt::Free] {
        assert_eq!(stop(failed(attempt)).final_outcome(), Some(Outcome::Unverifiable), "it may have done some of it");
    }
    let again = Step { rounds: 1, erased_at: Some(NOW), ..to_call(Stage::Erase) };
    assert_eq!(stop(again).final_outcome(), Some(Outcome::Residual));
    let counted = Step { counts: BTreeMap::from([("contacts".to_owned(), 1)]), ..to_call(Stage::Erase) };
    assert_eq!(stop(counted).final_outcome(), Some(Outcome::Unverifiable));
    // To have been asked what it knows erases nothing.
    let found = Begun(vec![to_call(Stage::Find)]).call_failed(&target("crm"), PAUSE, Attempt::Counts, NOW);
    assert_eq!(stop(only(found.expect("failed")).0).final_outcome(), Some(Outcome::Retained));
}

#[test]
fn nobody_is_asked_to_erase_once_others_have_said_what_they_know() {
    let begun = begins(&["crm", "mluvii"], &["crm"]);
    let change = begun.clone().stopped(|step| *step.target.0 == *"crm", None, NOW).expect("under way");
    assert_eq!(change.still_called(), [target("crm")]);
    let begun = after_change(begun, change);
    let change = begun.call_ended(&target("crm"), found_something(), NOW).expect("a transition");
    assert!(change.closes, "{change:?}");
    let (crm, next) = only(change);
    assert_eq!((crm.final_outcome(), next), (Some(Outcome::Unverifiable), Next::Gone));
}

#[test]
fn what_is_over_is_not_stopped_and_what_was_not_stopped_does_not_end_so() {
    assert_eq!(Begun(vec![over("crm")]).stopped(|_| false, None, NOW), None);
    assert!(Begun(vec![to_call(Stage::Erase)]).call_ended(&target("crm"), nobody_calls(), NOW).is_err());
}
