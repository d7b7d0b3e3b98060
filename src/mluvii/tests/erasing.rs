use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::*;
use crate::erasure::{ErasureId, Outcome, ReachedSession};
use crate::keys::IndexKey;
use crate::mluvii::settings::{GuestIdField, SearchSettings};
use crate::subject::{GuestId, Identifiers, InstallationName, Scope, SessionKey};
use crate::target::{Answer, Target as _, TargetCall, TargetError, no_checkpoint};

/// A call for sessions that were read before.
pub(super) fn call(whole_guests: &[&str], sessions: &[SessionId]) -> TargetCall {
    let erasure = ErasureId([7; 16]);
    let key = |&session| SessionKey { installation: InstallationName::unnamed(), session };
    let guests: Vec<_> = whole_guests.iter().map(|&guest| GuestId(guest.to_owned())).collect();
    TargetCall {
        erasure,
        idempotency: IndexKey::new(&Zeroizing::new([1; 32])).idempotency(&erasure.to_string(), "mluvii", 0),
        scope: Scope::Person,
        dry_run: false,
        identifiers: Identifiers::default(),
        guests: guests.clone(),
        whole_guests: guests,
        sessions: sessions.iter().map(|session| ReachedSession { key: key(session), read_before: true }).collect(),
        searched: false,
        region: None,
        erased_since: Some(Duration::ZERO),
        report: None,
        resume: None,
        checkpoint: no_checkpoint(),
    }
}

/// An mluvii that lists the sessions of a guest.
pub(super) async fn listing() -> Mluvii {
    let mut mluvii = Mluvii::start().await;
    let sessions_of_guest = Some(super::searching::SESSIONS.to_owned());
    mluvii.settings.search = Some(SearchSettings { sessions_of_guest, ..SearchSettings::default() });
    mluvii
}

/// The same for sessions that nobody has ever read.
pub(super) fn never_read(mut call: TargetCall) -> TargetCall {
    call.sessions.iter_mut().for_each(|session| session.read_before = false);
    call
}

#[track_caller]
pub(super) fn check(answer: &Result<Answer, TargetError>, outcome: Outcome, sessions: u64) {
    let answer = answer.as_ref().expect("an answer");
    assert_eq!((answer.outcome, answer.counts["sessions"]), (outcome, sessions), "{answer:?}");
}

#[track_caller]
pub(super) fn reason(answer: &Result<Answer, TargetError>) -> &str {
    answer.as_ref().expect("an answer").reason.as_deref().expect("a reason")
}

#[tokio::test]
async fn what_is_anonymized_is_gone_and_others_are_not() {
    let mluvii = Mluvii::start().await;
    let sessions = [mluvii.conversation("7", "ann@x.cz"), mluvii.conversation("8", "ann@x.cz")];
    mluvii.conversation("9", "bob@x.cz");
    let target = mluvii.target();
    let call = call(&[], &sessions);
    check(&target.erase(&call).await, Outcome::Erased, 2);
    assert!(!mluvii.server.holds("ann@x.cz") && mluvii.server.holds("bob@x.cz"));
    check(&target.verify(&call).await, Outcome::Erased, 2);
}

#[tokio::test]
async fn a_kept_budget_an_erased_session_costs_five_calls() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let client = mluvii.client();
    let call = call(&[], &[session]);
    let target = MluviiTarget::new(Arc::clone(&client));
    let (_, looked) = counted(client.look_up(session, Look::default())).await;
    let (erased, asked) = counted(target.erase(&call)).await;
    let (verified, seen) = counted(target.verify(&call)).await;
    check(&erased, Outcome::Erased, 1);
    check(&verified, Outcome::Erased, 1);
    assert_eq!((looked, asked, seen), (1, 1, 3));
}

#[tokio::test]
async fn the_guest_call_is_made_for_whole_guests_only() {
    let mluvii = listing().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let mut narrowed = call(&["7"], &[session]);
    narrowed.whole_guests.clear();
    check(&mluvii.target().erase(&narrowed).await, Outcome::Erased, 1);
    assert_eq!(mluvii.server.calls_of("/Guest/"), 0);

    let whole = call(&["7"], &[mluvii.conversation("7", "ann@x.cz")]);
    let answer = mluvii.target().erase(&whole).await;
    assert_eq!(answer.expect("an answer").counts["guests"], 1);
    assert_eq!(mluvii.server.calls_of("/Guest/7/anonymous"), 1);
}

#[tokio::test]
async fn who_begins_to_talk_while_the_guest_call_fails_is_not_taken_with_it() {
    let mluvii = listing().await;
    let target = mluvii.target();
    let call = call(&["7"], &[mluvii.conversation("7", "ann@x.cz")]);
    mluvii.server.fail("/Guest/7/anonymous", 1, Wrong::Status(503));
    assert!(matches!(target.erase(&call).await, Err(TargetError::Unavailable(_))));
    mluvii.conversation("7", "bob@x.cz");
    let erased = target.erase(&call).await;
    check(&erased, Outcome::Erased, 1);
    assert!(!erased.expect("an answer").counts.contains_key("guests"));
    assert_eq!(mluvii.server.calls_of("/Guest/7/anonymous"), 1, "the one that failed");
    assert!(!mluvii.server.holds("ann@x.cz") && mluvii.server.holds("bob@x.cz"));
}

#[tokio::test]
async fn without_a_list_that_is_believed_the_guest_call_is_passed_over() {
    let mluvii = Mluvii::start().await;
    let whole = call(&["7"], &[mluvii.conversation("7", "ann@x.cz")]);
    check(&mluvii.target().erase(&whole).await, Outcome::Erased, 1);
    assert_eq!(mluvii.server.calls_of("/Guest/"), 0, "searching is not set up");

    let mluvii = listing().await;
    mluvii.server.held().ignored.insert("ClientId");
    let whole = call(&["7"], &[mluvii.conversation("7", "ann@x.cz")]);
    check(&mluvii.target().erase(&whole).await, Outcome::Erased, 1);
    assert_eq!(mluvii.server.calls_of("/Guest/"), 0, "the filter is ignored");
    assert!(!mluvii.server.holds("ann@x.cz"));
}

#[tokio::test]
async fn a_list_without_any_session_makes_no_guest_whole() {
    let mluvii = listing().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    mluvii.server.fail("ClientId=7", 1, Wrong::Body("[]".to_owned()));
    check(&mluvii.target().erase(&call(&["7"], &[session])).await, Outcome::Erased, 1);
    assert_eq!(mluvii.server.calls_of("/Guest/"), 0, "who else is of the guest is not known");
    assert!(!mluvii.server.holds("ann@x.cz"));
}

#[tokio::test]
async fn the_configured_id_of_a_guest_is_sent_and_never_null() {
    let mut mluvii = listing().await;
    mluvii.settings.guest_id = GuestIdField::TempId;
    let session = mluvii.conversation("7", "ann@x.cz");
    let wrong_id = mluvii.target().erase(&call(&["7"], &[session])).await;
    assert!(
        matches!(&wrong_id, Err(TargetError::Permanent(text)) if text.contains("or `mluvii.guest_id`")),
        "{wrong_id:?}"
    );
    mluvii.server.held().guest_id = Some("/guest/tempId");
    check(&mluvii.target().erase(&call(&["7"], &[session])).await, Outcome::Erased, 1);
    let calls = mluvii.server.calls_of("/Guest/");
    assert_eq!(mluvii.server.calls_of("/Guest/t-7/anonymous"), calls);

    mluvii.settings.guest_id = GuestIdField::TrackedId;
    let session = mluvii.conversation("8", "bob@x.cz");
    let erased = mluvii.target().erase(&call(&["8"], &[session])).await;
    check(&erased, Outcome::Erased, 1);
    assert_eq!(mluvii.server.calls_of("/Guest/"), calls, "this guest has no trackedId");
    assert!(!mluvii.server.holds("bob@x.cz"), "the sessions go one by one");
}

#[tokio::test]
async fn an_unknown_path_needs_a_person() {
    let mut mluvii = listing().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    mluvii.settings.anonymize_session = "POST /api/v1/Sessions/{id}/forget".into();
    let Err(TargetError::Permanent(text)) = mluvii.target().erase(&call(&[], &[session])).await else {
        panic!("needs a person")
    };
    assert_eq!(
        text,
        "POST /api/v1/Sessions/{id}/forget: 404 Not Found, although it is there: mluvii does not do it for this one, or does \
         not know this path; see `mluvii.anonymize_session`"
    );

    mluvii.settings.anonymize_session = "DELETE /api/v1/Sessions/{id}".into();
    let refused = mluvii.target().erase(&call(&[], &[session])).await;
    assert!(matches!(&refused, Err(TargetError::NeedsOperator(text)) if text.contains("405")), "{refused:?}");

    mluvii.settings.anonymize_session = "POST /api/v1/Sessions/{id}/forget".into();
    mluvii.settings.anonymize_guest = "POST /api/v1/Guests/{id}/anonymous".into();
    let refused = mluvii.target().erase(&call(&["7"], &[session])).await;
    assert!(
        matches!(&refused, Err(TargetError::Permanent(text)) if text.contains("although it is there")),
        "{refused:?}"
    );
    assert!(mluvii.server.holds("ann@x.cz"));
}

#[tokio::test]
async fn one_404_of_the_path_is_an_outage_that_is_over() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    mluvii.server.fail("anonymous", 1, Wrong::Status(404));
    check(&mluvii.target().erase(&call(&[], &[session])).await, Outcome::Erased, 1);
    assert!(!mluvii.server.holds("ann@x.cz"));
}

#[tokio::test]
async fn the_other_documented_path_works_too() {
    let mut mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    mluvii.settings.anonymize_session = "POST /api/v1/Sessions/{id}/anonymize".into();
    check(&mluvii.target().erase(&call(&[], &[session])).await, Outcome::Erased, 1);
}

#[tokio::test]
async fn a_conflict_goes_on_to_verification() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let target = mluvii.target();
    let call = call(&[], &[session]);
    mluvii.server.fail("anonymous", 1, Wrong::Status(409));
    check(&target.erase(&call).await, Outcome::Erased, 1);
    assert!(matches!(target.verify(&call).await, Err(TargetError::NotYet { .. })), "what is not done is seen");
}

#[tokio::test]
async fn a_login_page_is_no_erasure() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    mluvii.server.fail("anonymous", 2, Wrong::Page("text/html"));
    let refused = mluvii.target().erase(&call(&[], &[session])).await;
    assert!(matches!(&refused, Err(TargetError::Retryable(text)) if text.contains("login")), "{refused:?}");
}

#[tokio::test]
async fn a_dry_run_tells_what_would_go_and_changes_nothing() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let mut call = call(&["7", "8"], &[session, SessionId(404)]);
    call.dry_run = true;
    let answer = mluvii.target().erase(&call).await;
    check(&answer, Outcome::Erased, 1);
    let answer = answer.expect("an answer");
    assert_eq!(answer.counts["guests"], 1);
    assert!(answer.evidence.not_looked_at.contains(&"contact record".to_owned()), "{:?}", answer.evidence);
    assert_eq!(mluvii.server.calls_of("anonymous"), 0);
    assert!(mluvii.server.holds("ann@x.cz"));
}

#[tokio::test]
async fn a_retry_goes_on_where_it_stopped_with_the_same_keys() {
    let mluvii = listing().await;
    let sessions = [1, 2, 3].map(|_| mluvii.conversation("7", "ann@x.cz"));
    let target = mluvii.target();
    let call = call(&["7"], &sessions);
    mluvii.server.fail(&format!("Sessions/{}/anonymous", sessions[1]), 1, Wrong::Status(503));
    assert!(matches!(target.erase(&call).await, Err(TargetError::Unavailable(_))));

    // It is counted what was erased, not what was left for the retry.
    let erased = target.erase(&call).await;
    check(&erased, Outcome::Erased, 3);
    assert_eq!(erased.expect("an answer").counts["guests"], 1);

    let held = mluvii.server.held();
    let writes: Vec<_> = held.calls.iter().filter(|call| call.path.ends_with("anonymous")).collect();
    let keys: Vec<_> = writes.iter().map(|write| write.idempotency_key.as_ref().expect("a key")).collect();
    let different: BTreeSet<_> = keys.iter().collect();
    assert_eq!((writes.len(), different.len()), (5, 4), "only the second session was asked for twice");
    assert!(keys.iter().all(|key| key.starts_with(&call.idempotency.to_string())));
}

#[tokio::test]
async fn what_is_refused_for_one_session_does_not_keep_the_rest() {
    for status in [400, 403] {
        let mluvii = Mluvii::start().await;
        let sessions = [mluvii.conversation("7", "ann@x.cz"), mluvii.conversation("8", "bob@x.cz")];
        mluvii.server.fail(&format!("Sessions/{}/anonymous", sessions[0]), 1, Wrong::Status(status));
        let refused = mluvii.target().erase(&call(&[], &sessions)).await;
        assert!(matches!(refused, Err(TargetError::Permanent(_))), "the step, not the target: {refused:?}");
        assert!(!mluvii.server.holds("bob@x.cz"));
    }
}

#[tokio::test]
async fn a_call_without_time_left_goes_on_later_and_ends() {
    let mut mluvii = Mluvii::start().await;
    mluvii.settings.call_max = short(1000);
    let sessions: Vec<_> = (0..5).map(|_| mluvii.conversation("7", "ann@x.cz")).collect();
    mluvii.server.fail("anonymous", 5, Wrong::Slow(Duration::from_millis(300)));
    let target = mluvii.target();
    let call = call(&[], &sessions);
    let mut rounds = 1;
    let erased = loop {
        match target.erase(&call).await {
            Err(TargetError::NotYet { after: Duration::ZERO }) => rounds += 1,
            other => break other,
        }
        assert!(rounds <= 5, "no round got further");
    };
    check(&erased, Outcome::Erased, 5);
    assert!(rounds > 1, "it was all done within the time of one call");
    assert_eq!(mluvii.server.calls_of("anonymous"), 5);
}

#[tokio::test]
async fn errors_show_the_request_as_it_is_configured_and_no_id() {
    let mluvii = listing().await;
    let session = mluvii.conversation("ann@x.cz", "ann@x.cz");
    mluvii.server.fail("anonymous", 1, Wrong::Status(500));
    let failed = mluvii.target().erase(&call(&["ann@x.cz"], &[session])).await;
    let Err(TargetError::Retryable(text)) = failed else { panic!("{failed:?}") };
    assert_eq!(text, "POST /api/v1/Guest/{id}/anonymous: 500 Internal Server Error");

    let refused = mluvii.client().sessions_of_guest(&GuestId("..".into()), []).await;
    assert!(matches!(&refused, Err(MluviiError::Refused(text)) if text.contains("{id}")), "{refused:?}");
    let calls = mluvii.server.calls_of("/Guest/");
    mluvii.target().erase(&call(&[".."], &[])).await.expect("passed over");
    assert_eq!(mluvii.server.calls_of("/Guest/"), calls);
}

#[tokio::test]
async fn health_names_what_is_wrong() {
    let mut mluvii = Mluvii::start().await;
    mluvii.target().health().await.expect("healthy");
    mluvii.settings.list_anonymized = "GET /api/v9/Sessions?SessionId={id}".into();
    let wrong = mluvii.target().health().await;
    assert!(
        matches!(&wrong, Err(TargetError::NeedsOperator(text)) if text.contains("mluvii.list_anonymized")),
        "{wrong:?}"
    );
}
