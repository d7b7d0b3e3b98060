//! A target that must not be asked twice.

use super::*;
use crate::erasure::Sent;

/// The step as it is when its target is being asked.
fn sent() -> Step {
    Begun(vec![to_call(Stage::Erase)]).sending(&target("crm")).expect("a transition")
}

fn unanswered(stage: Stage) -> Step {
    Step { sent: Some(Sent::Unanswered), ..to_call(stage) }
}

fn still_unknown() -> StepEnd {
    StepEnd::StillUnknown { reason: "it cannot say".into() }
}

fn again() -> StepEnd {
    StepEnd::EraseAgain { pause: PAUSE }
}

#[track_caller]
fn refused(step: Step, end: StepEnd) {
    assert!(Begun(vec![step.clone()]).call_ended(&target("crm"), end.clone(), NOW).is_err(), "{step:?}, {end:?}");
}

#[test]
fn a_call_is_noted_before_it_is_made_and_only_where_one_is_made() {
    assert_eq!(sent(), unanswered(Stage::Erase));
    let sending = |step: Step| Begun(vec![step]).sending(&target("crm"));
    assert_eq!(sending(sent()), Ok(sent()), "to the next process of the target");
    assert!(sending(to_call(Stage::Verify)).is_err());
    assert!(sending(parked(Outcome::Parked)).is_err());
    assert!(sending(Step { sent: Some(Sent::Answered), ..to_call(Stage::Erase) }).is_err());
}

#[test]
fn what_became_of_a_call_is_known_by_its_answer_or_by_a_failure_that_did_nothing() {
    let (answered, _) = ended(sent(), answers(Outcome::Erased, Evidence::default()));
    assert_eq!(answered.sent, Some(Sent::Answered));
    let (accepted, _) = ended(sent(), StepEnd::Await { within: PAUSE });
    assert_eq!(accepted.sent, Some(Sent::Answered));
    let (over, _) = ended(sent(), ends(Outcome::Retained));
    assert_eq!(over.sent, None);
    let failed = |step| only(Begun(vec![step]).call_failed(&target("crm"), PAUSE, Attempt::Free, NOW).expect("one")).0;
    assert_eq!(failed(sent()).sent, None);
    assert_eq!(
        failed(unanswered(Stage::Verify)).sent,
        Some(Sent::Unanswered),
        "to look again says nothing of the call"
    );
    let came = Begun(vec![sent()]).reported(&of(Stage::Erase, 0), report(), NOW).expect("taken");
    assert_eq!(failed(only(came).0).sent, Some(Sent::Unanswered), "the report is still to be taken in");
}

#[test]
fn one_whose_call_may_have_been_made_is_asked_whether_the_data_is_gone_and_then_needs_a_person() {
    let (verify, next) = ended(sent(), StepEnd::OutcomeUnknown);
    assert_eq!((&verify, next), (&unanswered(Stage::Verify), Next::Due(NOW)));
    let (over, _) = ended(verify.clone(), ends(Outcome::Absent));
    assert_eq!((over.final_outcome(), over.sent), (Some(Outcome::Absent), None));
    let (asks, next) = ended(verify.clone(), still_unknown());
    assert_eq!(asks.state, StepState::Parked { stage: Stage::Erase, outcome: Outcome::Parked });
    assert_eq!(
        (next, asks.sent, asks.reason.as_deref()),
        (Next::Parked, Some(Sent::Unanswered), Some("it cannot say"))
    );
    let Some((once_more, _)) = step::retried(asks, NOW) else { panic!("it was parked") };
    assert_eq!((once_more.stage(), once_more.sent, once_more.rounds), (Some(Stage::Erase), None, 0));
    // One that could not be asked whether it is gone is asked that again.
    let unasked = Step { state: StepState::Parked { stage: Stage::Verify, outcome: Outcome::Parked }, ..verify };
    let Some((looks, _)) = step::retried(unasked, NOW) else { panic!("it was parked") };
    assert_eq!((looks.stage(), looks.sent), (Some(Stage::Verify), Some(Sent::Unanswered)));
}

#[test]
fn a_second_request_needs_a_person() {
    let answered = |stage| Step { sent: Some(Sent::Answered), ..to_call(stage) };
    for before in [answered(Stage::Verify), unanswered(Stage::Verify), sent()] {
        let (step, next) = ended(before, again());
        assert_eq!((step.outcome(), step.rounds, next), (Some(Outcome::Residual), 0, Next::Parked));
        let Some((once_more, _)) = step::retried(step, NOW) else { panic!("it was parked") };
        assert_eq!((once_more.stage(), once_more.sent, once_more.rounds), (Some(Stage::Erase), None, 1));
    }
    let (step, _) = ended(to_call(Stage::Verify), again());
    assert_eq!((step.stage(), step.rounds), (Some(Stage::Erase), 1), "where it does no harm, it is made");
}

#[test]
fn nothing_is_unknown_where_nothing_was_sent() {
    refused(to_call(Stage::Erase), StepEnd::OutcomeUnknown);
    refused(unanswered(Stage::Verify), StepEnd::OutcomeUnknown);
    refused(to_call(Stage::Verify), still_unknown());
    refused(sent(), still_unknown());
    let (came, next) = {
        let came = Begun(vec![sent()]).reported(&of(Stage::Erase, 0), report(), NOW).expect("taken");
        ended(only(came).0, StepEnd::OutcomeUnknown)
    };
    assert_eq!((came.report(), next), (Some(&report()), Next::Due(NOW)), "the report says it");
}
