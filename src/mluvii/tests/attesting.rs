//! What verification says, and what a 404 is believed to mean.

use super::erasing::{call, check, never_read, reason};
use super::server::PERSONAL;
use super::*;
use crate::erasure::Outcome;
use crate::mluvii::settings::SearchSettings;
use crate::subject::{Identifier, Identifiers, Kind, Scope};
use crate::target::{Target as _, TargetCall, TargetError};

#[tokio::test]
async fn a_filter_that_ignores_the_session_makes_it_unverifiable() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let target = mluvii.target();
    let call = call(&[], &[session]);
    target.erase(&call).await.expect("accepted");
    mluvii.server.held().ignored.insert("SessionId");
    let verified = target.verify(&call).await;
    check(&verified, Outcome::Unverifiable, 0);
    assert!(reason(&verified).contains("ignores its filters"), "{verified:?}");
}

#[tokio::test]
async fn a_list_that_says_the_same_for_both_questions_makes_it_unverifiable() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let target = mluvii.target();
    let call = call(&[], &[session]);
    target.erase(&call).await.expect("accepted");
    mluvii.server.held().ignored.insert("Anonymized.Null");
    let verified = target.verify(&call).await;
    check(&verified, Outcome::Unverifiable, 0);
    assert!(reason(&verified).contains("both values of `Anonymized.Null`"), "{verified:?}");
}

#[tokio::test]
async fn a_filter_that_is_ignored_does_not_hide_what_is_still_there() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    mluvii.server.held().ignored.insert("Anonymized.Null");
    let mut call = call(&[], &[session]);
    call.erased_since = Some(Duration::from_secs(2 * 3600));
    check(&mluvii.target().verify(&call).await, Outcome::Residual, 0);
}

#[tokio::test]
async fn control_requests_are_shared_for_a_minute_and_not_counted() {
    let mluvii = Mluvii::start().await;
    let sessions = [mluvii.conversation("7", "ann@x.cz"), mluvii.conversation("8", "bob@x.cz")];
    let target = mluvii.target();
    let call = call(&[], &sessions);
    target.erase(&call).await.expect("accepted");
    let (verified, calls) = counted(target.verify(&call)).await;
    check(&verified, Outcome::Erased, 2);
    assert_eq!(calls, 6);
    assert_eq!(mluvii.server.calls_of("SessionId=9007199254740991"), 2, "one for each list");
    target.verify(&call).await.expect("an answer");
    assert_eq!(mluvii.server.calls_of("SessionId=9007199254740991"), 2);
}

#[tokio::test]
async fn what_must_be_empty_and_is_not_is_residual() {
    let mut mluvii = Mluvii::start().await;
    mluvii.server.held().leaves = vec!["/guest/callParams", "/guest/ipAddress"];
    let session = mluvii.conversation("7", "ann@x.cz");
    let target = mluvii.target();
    let call = call(&[], &[session]);
    target.erase(&call).await.expect("accepted");
    let verified = target.verify(&call).await;
    check(&verified, Outcome::Residual, 0);
    assert_eq!(reason(&verified), "1 of 1 sessions still show what must be empty (mluvii.must_be_empty)");

    mluvii.settings.must_be_empty = vec!["/guest/ipAddress".into()];
    check(&mluvii.target().verify(&call).await, Outcome::Residual, 0);
}

#[tokio::test]
async fn a_place_that_the_reply_does_not_show_is_not_seen_empty() {
    let mut mluvii = Mluvii::start().await;
    mluvii.settings.must_be_empty = vec!["/guest/nickname".into()];
    let session = mluvii.conversation("7", "ann@x.cz");
    let target = mluvii.target();
    let call = call(&[], &[session]);
    target.erase(&call).await.expect("accepted");
    let verified = target.verify(&call).await;
    check(&verified, Outcome::Unverifiable, 0);
    assert!(reason(&verified).contains("does not show `/guest/nickname`"), "{verified:?}");

    mluvii.settings.nulls = crate::mluvii::settings::Nulls::Omitted;
    check(&mluvii.target().verify(&call).await, Outcome::Erased, 1);
}

#[tokio::test]
async fn what_is_left_is_named_by_kind_and_number_and_what_is_accepted_apart() {
    let mut mluvii = Mluvii::start().await;
    mluvii.settings.must_be_empty = Vec::new();
    mluvii.settings.accept_left = vec!["ip_address".into(), "e-mail threads".into()];
    mluvii.server.held().leaves = PERSONAL.to_vec();
    let mut reply = session("7", "ann@x.cz");
    reply["guest"]["trackedId"] = "cookie".into();
    reply["guest"]["channelIdentity"] = "link".into();
    reply["guest"]["callParams"]["order"] = "A-17".into();
    reply["phoneCallbackNumber"] = "777123456".into();
    reply["notes"] = json!([{ "id": 1, "userId": 4, "text": "called" }, { "id": 2, "text": "" }]);
    reply["activities"] = json!([
        { "id": 1, "type": "ChatMessage", "time": "2024-05-02T16:05:24", "text": "hello" },
        { "id": 2, "type": "ChatMessage", "text": "" },
        { "id": 3, "type": "HeroCardSubmission", "submissionParams": { "agree": "no" } },
    ]);
    reply["feedback"] = json!({ "rating": 2 });
    reply["recordings"] = json!([{ "id": 1, "isDeleted": false }, { "id": 2, "isDeleted": true }]);
    let target = mluvii.target();
    let call = call(&[], &[mluvii.put(reply)]);
    target.erase(&call).await.expect("accepted");
    let answer = target.verify(&call).await.expect("an answer");
    let left = [
        ("call_params", 1),
        ("channel_identity", 1),
        ("email", 1),
        ("feedback", 1),
        ("identity", 1),
        ("notes", 1),
        ("phone_callback_number", 1),
        ("recordings", 1),
        ("temp_id", 1),
        ("texts", 2),
        ("tracked_id", 1),
    ];
    let left = left.map(|(kind, count)| (kind.to_owned(), count));
    assert_eq!((answer.outcome, answer.evidence.left), (Outcome::Erased, left.into()));
    let accepted = [("ip_address".to_owned(), 1), ("e-mail threads".to_owned(), 0)];
    assert_eq!(answer.evidence.accepted, accepted.into());
}

#[tokio::test]
async fn the_evidence_says_what_was_looked_at_and_what_was_not() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let target = mluvii.target();
    let mut call = call(&[], &[session]);
    target.erase(&call).await.expect("accepted");
    let evidence = target.verify(&call).await.expect("an answer").evidence;
    assert_eq!(evidence.looked_at, ["session", "anonymized list"]);
    assert_eq!(evidence.not_looked_at, ["contact record", "e-mail threads"]);
    assert!(evidence.left.is_empty());

    call.scope = Scope::Session;
    let evidence = target.verify(&call).await.expect("an answer").evidence;
    assert!(evidence.not_looked_at.is_empty(), "neither belongs to a single conversation");
}

#[tokio::test]
async fn an_answer_that_is_none_is_asked_again() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let target = mluvii.target();
    let call = call(&[], &[session]);
    target.erase(&call).await.expect("accepted");
    let error = json!({ "id": session.0, "error": "maintenance" }).to_string();
    for (path, body) in [("SessionId=1&", error.clone()), (&*format!("Sessions/{session}"), error)] {
        mluvii.server.fail(path, 1, Wrong::Body(body));
        let failed = target.verify(&call).await;
        assert!(matches!(failed, Err(TargetError::Retryable(_))), "{failed:?}");
    }
    check(&target.verify(&call).await, Outcome::Erased, 1);
}

#[tokio::test]
async fn a_404_of_a_list_is_an_error_and_parks_nothing() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let target = mluvii.target();
    let call = call(&[], &[session]);
    target.erase(&call).await.expect("accepted");
    mluvii.server.fail("Anonymized.Null", 1, Wrong::Status(404));
    let failed = target.verify(&call).await;
    assert!(matches!(&failed, Err(TargetError::Retryable(text)) if text.contains("404")), "{failed:?}");
}

#[tokio::test]
async fn a_404_to_everything_makes_nobody_erased_or_absent() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let client = mluvii.client();
    let call = call(&["7"], &[session]);
    client.look_up(session, Look::default()).await.expect("read before");
    let target = MluviiTarget::new(client);
    mluvii.server.fail("/api/", u32::MAX, Wrong::Status(404));
    for answer in [target.erase(&call).await, target.verify(&call).await, target.erase(&never_read(call.clone())).await]
    {
        assert!(matches!(&answer, Err(TargetError::Retryable(text)) if text.contains("404")), "{answer:?}");
    }
    mluvii.server.held().faults.clear();
    check(&target.erase(&call).await, Outcome::Erased, 1);
    assert!(!mluvii.server.holds("ann@x.cz"));
}

#[tokio::test]
async fn gone_is_believed_of_a_session_that_was_read_before_when_another_is_found() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    mluvii.forget(session);
    let target = mluvii.target();
    let call = call(&[], &[session]);
    check(&target.erase(&call).await, Outcome::Absent, 0);
    let verified = target.verify(&call).await;
    check(&verified, Outcome::Absent, 0);
    let answer = verified.expect("an answer");
    assert_eq!((answer.counts["gone"], &*answer.evidence.looked_at[0]), (1, "session"));
    let looked = format!("GET /api/v1/Sessions/{session}");
    let held = mluvii.server.held();
    let of_it = held.calls.iter().filter(|call| format!("{} {}", call.method, call.path) == looked).count();
    assert_eq!(of_it, 4, "it was asked for again after the control, both times");
}

#[tokio::test]
async fn gone_is_not_believed_when_no_other_session_is_found() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    mluvii.forget(session);
    let target = mluvii.target();
    // The list answers, the look-up does not.
    mluvii.server.fail("Sessions/", u32::MAX, Wrong::Status(404));
    let failed = target.erase(&call(&[], &[session])).await;
    assert!(matches!(&failed, Err(TargetError::Retryable(text)) if text.contains("mluvii.control_list")), "{failed:?}");

    mluvii.server.held().faults.clear();
    mluvii.server.held().sessions.clear();
    let failed = target.erase(&call(&[], &[session])).await;
    assert!(matches!(failed, Err(TargetError::Retryable(_))), "nothing to compare with: {failed:?}");
}

#[tokio::test]
async fn a_404_that_does_not_repeat_after_the_control_was_an_outage() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let target = mluvii.target();
    let call = call(&[], &[session]);
    target.erase(&call).await.expect("accepted");
    mluvii.server.fail(&format!("Sessions/{session}"), 1, Wrong::Status(404));
    check(&target.verify(&call).await, Outcome::Erased, 1);
}

#[tokio::test]
async fn what_is_listed_and_not_shown_is_not_gone() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let target = mluvii.target();
    let call = call(&[], &[session]);
    target.erase(&call).await.expect("accepted");
    mluvii.server.fail(&format!("Sessions/{session}"), u32::MAX, Wrong::Status(404));
    let verified = target.verify(&call).await;
    check(&verified, Outcome::Unverifiable, 0);
    assert!(reason(&verified).contains("lists it as anonymized and does not show it"), "{verified:?}");
}

#[tokio::test]
async fn the_session_that_was_read_last_serves_as_control() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let other = mluvii.conversation("8", "bob@x.cz");
    mluvii.forget(session);
    let client = mluvii.client();
    let call = call(&[], &[session]);
    client.look_up(other, Look::default()).await.expect("found");
    check(&MluviiTarget::new(client).erase(&call).await, Outcome::Absent, 0);
    assert_eq!(mluvii.server.calls_of("Sessions?limit"), 0, "no list was needed");
}

#[tokio::test]
async fn what_was_never_read_is_not_known_to_mluvii_and_not_absent() {
    let mluvii = Mluvii::start().await;
    mluvii.conversation("7", "ann@x.cz");
    let target = mluvii.target();
    let call = never_read(call(&[], &[SessionId(404)]));
    for answer in [target.erase(&call).await, target.verify(&call).await] {
        check(&answer, Outcome::Unverifiable, 0);
        assert!(reason(&answer).contains("mluvii does not know it"), "{answer:?}");
    }
}

#[tokio::test]
async fn nothing_asked_is_unverifiable_unless_mluvii_was_searched() {
    let mluvii = Mluvii::start().await;
    let target = mluvii.target();
    let mut call = call(&[], &[]);
    for answer in [target.erase(&call).await, target.verify(&call).await] {
        check(&answer, Outcome::Unverifiable, 0);
        assert!(reason(&answer).contains("mluvii was not asked"), "{answer:?}");
    }
    assert!(mluvii.server.held().calls.is_empty());
    call.searched = true;
    for (answer, nothing_asked) in [(target.erase(&call).await, false), (target.verify(&call).await, true)] {
        check(&answer, Outcome::Absent, 0);
        assert_eq!(answer.expect("an answer").evidence.nothing_asked, nothing_asked, "the search was before");
    }
}

#[tokio::test]
async fn a_search_says_by_what_it_was_made_and_what_it_cannot_find() {
    let mut mluvii = Mluvii::start().await;
    let fields = [(Kind::Email, "mail".to_owned())].into();
    mluvii.settings.search = Some(SearchSettings { fields, ..SearchSettings::default() });
    mluvii.settings.accept_left = vec!["contacts by phone".into(), "sessions without a contact".into()];
    let values = [(Kind::Email, "ann@x.cz"), (Kind::Phone, "+420777123456"), (Kind::Name, "Ann")];
    let identifiers = values.into_iter().filter_map(|(kind, value)| Identifier::new(kind, value)).collect();
    let mut call = TargetCall { searched: true, identifiers: Identifiers(identifiers), ..call(&[], &[]) };
    let evidence = mluvii.target().erase(&call).await.expect("an answer").evidence;
    assert_eq!(evidence.looked_at, ["contacts by email"]);
    let not = ["contacts by phone", "sessions without a contact", "contact record", "e-mail threads"];
    assert_eq!(evidence.not_looked_at, not);
    let accepted = [("contacts by phone".to_owned(), 0), ("sessions without a contact".to_owned(), 0)];
    assert_eq!(evidence.accepted, accepted.into());

    call.scope = Scope::Guest;
    let evidence = mluvii.target().erase(&call).await.expect("an answer").evidence;
    assert_eq!(evidence.looked_at, ["sessions of the guest"]);
    assert_eq!(evidence.not_looked_at, ["contact record", "e-mail threads"]);
}

#[tokio::test]
async fn a_reason_shows_nobody() {
    let mut mluvii = Mluvii::start().await;
    mluvii.server.held().leaves = vec!["/guest/callParams", "/activities", "/guest/identity"];
    mluvii.settings.must_be_empty = vec!["/guest/callParams/*".into()];
    let session = mluvii.conversation("guest-7", "ann@x.cz");
    let target = mluvii.target();
    let call = call(&[], &[session]);
    target.erase(&call).await.expect("accepted");
    let shown = format!("{:?}", target.verify(&call).await.expect("an answer"));
    assert!(!shown.contains("ann@") && !shown.contains("guest-7") && !shown.contains("192.0.2.7"), "{shown}");
}
