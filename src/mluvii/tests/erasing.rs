use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::*;
use crate::erasure::{ErasureId, Outcome};
use crate::keys::IndexKey;
use crate::subject::{GuestId, Identifiers, Scope, SessionKey, SourceName};
use crate::target::{Answer, Target as _, TargetCall, TargetError};

fn call(guests: &[&str], sessions: &[SessionId]) -> TargetCall {
    let erasure = ErasureId([7; 16]);
    let key = |&session| SessionKey { source: SourceName("acme".into()), session };
    TargetCall {
        erasure,
        idempotency: IndexKey::new(&Zeroizing::new([1; 32])).idempotency(&erasure.to_string(), "mluvii", 0),
        scope: Scope::Person,
        dry_run: false,
        identifiers: Identifiers::default(),
        guests: guests.iter().map(|&guest| GuestId(guest.to_owned())).collect(),
        sessions: sessions.iter().map(key).collect(),
        report: None,
    }
}

#[track_caller]
fn check(answer: &Result<Answer, TargetError>, outcome: Outcome, sessions: u64) {
    let answer = answer.as_ref().expect("an answer");
    assert_eq!((answer.outcome, answer.counts["sessions"]), (outcome, sessions), "{answer:?}");
}

#[tokio::test]
async fn what_is_anonymized_is_gone_and_verified() {
    let mluvii = Mluvii::start().await;
    let sessions = [mluvii.conversation("7", "ann@x.cz"), mluvii.conversation("8", "ann@x.cz")];
    let other = mluvii.conversation("9", "bob@x.cz");
    let (target, call) = (mluvii.target(), call(&["7"], &sessions));

    let erased = target.erase(&call).await;
    check(&erased, Outcome::Erased, 2);
    let erased = erased.expect("an answer");
    assert_eq!(erased.counts["guests"], 1);
    assert_eq!(erased.verify_after, Some(Duration::from_secs(5)));
    assert!(mluvii.standin.find("ann@x.cz").is_empty());
    check(&target.verify(&call).await, Outcome::Erased, 2);

    assert!(!mluvii.standin.find("bob@x.cz").is_empty());
    let client = mluvii.client();
    assert_eq!(client.is_anonymized(sessions[0]).await, Ok(Anonymized::Yes));
    assert_eq!(client.is_anonymized(other).await, Ok(Anonymized::No));
}

#[tokio::test]
async fn accepted_but_not_done_is_residual() {
    let mluvii = Mluvii::start().await;
    let sessions = [mluvii.conversation("7", "ann@x.cz"), mluvii.conversation("7", "ann@x.cz")];
    mluvii.fail("anonymous", 1, FaultKind::AcceptedButNotDone);
    let (target, call) = (mluvii.target(), call(&[], &sessions));

    check(&target.erase(&call).await, Outcome::Erased, 2);
    let verified = target.verify(&call).await;
    check(&verified, Outcome::Residual, 1);
    assert_eq!(verified.expect("an answer").reason.as_deref(), Some("1 of 2 sessions still show identifiers"));

    check(&target.erase(&call).await, Outcome::Erased, 2);
    check(&target.verify(&call).await, Outcome::Erased, 2);
}

#[tokio::test]
async fn not_listed_and_without_identifiers_is_not_called_erased() {
    let mluvii = Mluvii::start().await;
    let session = SessionId(mluvii.standin.begin(NewConversation::default()));
    mluvii.fail("anonymous", 1, FaultKind::AcceptedButNotDone);
    let (target, call) = (mluvii.target(), call(&[], &[session]));
    target.erase(&call).await.expect("accepted");
    check(&target.verify(&call).await, Outcome::Unverifiable, 0);
}

#[tokio::test]
async fn a_list_that_does_not_know_its_filter_is_not_believed() {
    let mut mluvii = Mluvii::start().await;
    mluvii.settings.verify_session = "GET /api/v1/Sessions?SessionId={id}".into();
    let session = mluvii.conversation("7", "ann@x.cz");
    mluvii.fail("anonymous", 1, FaultKind::AcceptedButNotDone);
    let (target, call) = (mluvii.target(), call(&[], &[session]));
    target.erase(&call).await.expect("accepted");
    check(&target.verify(&call).await, Outcome::Residual, 0);
}

#[tokio::test]
async fn what_mluvii_does_not_know_is_absent() {
    let mluvii = Mluvii::start().await;
    let (target, nobody) = (mluvii.target(), call(&["7"], &[SessionId(404)]));
    check(&target.erase(&nobody).await, Outcome::Absent, 0);
    check(&target.verify(&nobody).await, Outcome::Absent, 0);
    check(&target.erase(&call(&[], &[])).await, Outcome::Absent, 0);
    // That a guest has no session here does not mean that mluvii has none.
    check(&target.verify(&call(&["7"], &[])).await, Outcome::Unverifiable, 0);
}

#[tokio::test]
async fn an_unknown_path_needs_a_person() {
    let mut mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    mluvii.settings.anonymize_session = "POST /api/v1/Sessions/{id}/forget".into();
    let Err(TargetError::NeedsOperator(text)) = mluvii.target().erase(&call(&[], &[session])).await else {
        panic!("needs a person")
    };
    assert_eq!(
        text,
        "POST /api/v1/Sessions/{id}/forget: 404 Not Found: this mluvii does not know this path; \
         see `mluvii.anonymize_session`"
    );

    mluvii.settings.anonymize_session = "DELETE /api/v1/Sessions/{id}".into();
    let refused = mluvii.target().erase(&call(&[], &[session])).await;
    assert!(matches!(&refused, Err(TargetError::NeedsOperator(text)) if text.contains("405")), "{refused:?}");

    mluvii.settings.anonymize_guest = "POST /api/v1/Guests/{id}/anonymous".into();
    let refused = mluvii.target().erase(&call(&["7"], &[session])).await;
    assert!(
        matches!(&refused, Err(TargetError::NeedsOperator(text)) if text.contains("mluvii.anonymize_guest")),
        "{refused:?}"
    );
    assert!(!mluvii.standin.find("ann@x.cz").is_empty());
}

#[tokio::test]
async fn the_other_documented_path_works_too() {
    let mut mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    mluvii.settings.anonymize_session = "POST /api/v1/Sessions/{id}/anonymize".into();
    check(&mluvii.target().erase(&call(&[], &[session])).await, Outcome::Erased, 1);
}

#[tokio::test]
async fn a_dry_run_tells_what_would_go_and_changes_nothing() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let mut call = call(&["7", "8"], &[session, SessionId(404)]);
    call.dry_run = true;
    let answer = mluvii.target().erase(&call).await;
    check(&answer, Outcome::Erased, 1);
    assert_eq!(answer.expect("an answer").counts["guests"], 1);
    assert_eq!(mluvii.calls_of("anonymous"), 0);
    assert!(!mluvii.standin.find("ann@x.cz").is_empty());
}

#[tokio::test]
async fn a_retry_goes_on_where_it_stopped_with_the_same_keys() {
    let mluvii = Mluvii::start().await;
    let sessions = [1, 2, 3].map(|_| mluvii.conversation("7", "ann@x.cz"));
    let (target, call) = (mluvii.target(), call(&["7"], &sessions));
    let second = format!("Sessions/{}/anonymous", sessions[1]);
    mluvii.fail_with(&second, 1, 503);
    assert!(matches!(target.erase(&call).await, Err(TargetError::Retryable(_))));

    // It is counted what was erased, not what was left for the retry.
    let erased = target.erase(&call).await;
    check(&erased, Outcome::Erased, 3);
    assert_eq!(erased.expect("an answer").counts["guests"], 1);

    let calls = mluvii.standin.calls();
    let writes: Vec<_> = calls.iter().filter(|call| call.path.ends_with("anonymous")).collect();
    let keys: Vec<_> = writes.iter().map(|write| write.idempotency_key.as_ref().expect("a key")).collect();
    let different: BTreeSet<_> = keys.iter().collect();
    assert_eq!((writes.len(), different.len()), (5, 4), "only the second session was asked for twice");
    assert!(keys.iter().all(|key| key.starts_with(&call.idempotency.to_string())));
}

#[tokio::test]
async fn what_is_refused_does_not_keep_the_rest() {
    let mluvii = Mluvii::start().await;
    let sessions = [mluvii.conversation("7", "ann@x.cz"), mluvii.conversation("8", "bob@x.cz")];
    mluvii.fail_with(&format!("Sessions/{}/anonymous", sessions[0]), 1, 400);
    let refused = mluvii.target().erase(&call(&[], &sessions)).await;
    assert!(matches!(refused, Err(TargetError::Permanent(_))), "{refused:?}");
    assert!(mluvii.standin.find("bob@x.cz").is_empty());
}

#[tokio::test]
async fn a_call_without_time_left_goes_on_later_and_ends() {
    let mut mluvii = Mluvii::start().await;
    mluvii.settings.call_max = short(1000);
    let sessions: Vec<_> = (0..5).map(|_| mluvii.conversation("7", "ann@x.cz")).collect();
    mluvii.fail("anonymous", 5, FaultKind::Delay { delay_ms: 300 });
    let (target, call) = (mluvii.target(), call(&[], &sessions));
    let mut rounds = 1;
    let erased = loop {
        match target.erase(&call).await {
            Err(TargetError::RateLimited { retry_after: Some(Duration::ZERO) }) => rounds += 1,
            other => break other,
        }
        assert!(rounds <= 5, "no round got further");
    };
    check(&erased, Outcome::Erased, 5);
    assert!(rounds > 1, "it was all done within the time of one call");
    assert_eq!(mluvii.calls_of("anonymous"), 5);
}

#[tokio::test]
async fn errors_show_the_request_as_it_is_configured_and_no_id() {
    let mluvii = Mluvii::start().await;
    mluvii.fail_with("anonymous", 1, 500);
    let failed = mluvii.target().erase(&call(&["ann@x.cz"], &[])).await;
    let Err(TargetError::Retryable(text)) = failed else { panic!("{failed:?}") };
    assert_eq!(text, "POST /api/v1/Guest/{id}/anonymous: 500 Internal Server Error");

    let refused = mluvii.target().erase(&call(&[".."], &[])).await;
    assert!(matches!(&refused, Err(TargetError::Permanent(text)) if text.contains("{id}")), "{refused:?}");
}

#[tokio::test]
async fn health_names_what_is_wrong() {
    let mut mluvii = Mluvii::start().await;
    mluvii.target().health().await.expect("healthy");
    mluvii.settings.verify_session = "GET /api/v9/Sessions?SessionId={id}".into();
    let wrong = mluvii.target().health().await;
    assert!(
        matches!(&wrong, Err(TargetError::NeedsOperator(text)) if text.contains("mluvii.verify_session")),
        "{wrong:?}"
    );
}
