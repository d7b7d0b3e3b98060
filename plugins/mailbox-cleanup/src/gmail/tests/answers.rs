//! What awkward answers come to.

use quietus_plugin::http::test::Reply;
use quietus_plugin::{ErrorClass, Outcome};

use super::google::refused;
use super::*;

/// How the plugin fails when all requests of a kind are answered so.
#[track_caller]
fn check(of: &'static str, reply: impl Fn() -> Reply, class: ErrorClass, retry_after_ms: Option<u64>) {
    let google = Google::with(&["ann@x.cz"; 2]);
    let host = if matches!(reply(), Reply::Silence) { hasty(&google) } else { host(&google, json!({})) };
    for _ in 0..20 {
        google.fault(of, reply());
    }
    let error = host.erase(ANN).expect_err("an error");
    assert_eq!((error.class, error.retry_after_ms), (class, retry_after_ms), "{of}: {error}");
    assert!(error.message.starts_with("account `support`: "), "{error}");
    assert!(!error.message.contains("ann"), "{error}");
    assert_eq!(google.senders().len(), 2, "{of}");
}

const LIST: &str = "GET /gmail/v1/users/me/messages?";
const GET: &str = "GET /gmail/v1/users/me/messages/";
const BATCH: &str = "POST /batch/gmail/v1";
const DELETE: &str = "POST /gmail/v1/users/me/messages/batchDelete";

#[test]
fn every_kind_of_request_fails_as_its_status_says() {
    for of in [LIST, GET, DELETE] {
        check(
            of,
            || refused(429, "rateLimitExceeded").with("Retry-After", "37"),
            ErrorClass::RateLimited,
            Some(37_000),
        );
        check(of, || refused(429, "rateLimitExceeded"), ErrorClass::RateLimited, None);
        check(of, || refused(403, "userRateLimitExceeded"), ErrorClass::RateLimited, None);
        check(
            of,
            || refused(403, "rateLimitExceeded").with("Retry-After", "37"),
            ErrorClass::RateLimited,
            Some(37_000),
        );
        check(of, || refused(403, "dailyLimitExceeded"), ErrorClass::RateLimited, None);
        check(of, || refused(403, "insufficientPermissions"), ErrorClass::NeedsOperator, None);
        check(of, || refused(403, "domainPolicy"), ErrorClass::NeedsOperator, None);
        check(of, || Reply::empty(403), ErrorClass::NeedsOperator, None);
        check(of, || refused(401, "authError"), ErrorClass::NeedsOperator, None);
        check(of, || refused(400, "badRequest"), ErrorClass::Permanent, None);
        check(of, || refused(500, "backendError"), ErrorClass::Retryable, None);
        check(of, || Reply::HangUp, ErrorClass::Retryable, None);
    }
    for of in [LIST, GET] {
        check(of, || Reply::text(200, "<html>ann@x.cz</html>"), ErrorClass::Retryable, None);
        check(of, || Reply::text(200, ""), ErrorClass::Retryable, None);
        check(of, || Reply::text(200, "{}"), ErrorClass::Retryable, None);
        check(of, || Reply::json(200, &json!({ "messages": "none" })), ErrorClass::Retryable, None);
    }
    let newer = json!({ "error": { "code": 403, "details": [{ "reason": "RATE_LIMIT_EXCEEDED" }] } });
    check(LIST, || Reply::json(403, &newer), ErrorClass::RateLimited, None);
    check(LIST, || refused(404, "notFound"), ErrorClass::Retryable, None);
    check(DELETE, || refused(404, "notFound"), ErrorClass::Retryable, None);
    for reply in [|| Reply::text(200, "<html>"), || Reply::text(200, ""), || Reply::HangUp, || Reply::empty(500)] {
        check(BATCH, reply, ErrorClass::Retryable, None);
    }
    check(BATCH, || refused(429, "rateLimitExceeded"), ErrorClass::RateLimited, None);
    check(BATCH, || refused(404, "notFound"), ErrorClass::Retryable, None);
    check("POST /token", || Reply::json(400, &json!({ "error": "invalid_grant" })), ErrorClass::NeedsOperator, None);
    check("POST /token", || Reply::empty(500), ErrorClass::Retryable, None);
}

/// Of a message's headers, in a batch.
const HEADERS: &str = "?format=metadata";

#[test]
fn a_batch_that_shows_no_message_for_a_while_decides_nothing() {
    // A batch without any part is not asked for twice.
    let replies: [(&str, usize, &dyn Fn() -> Reply); 3] = [
        ("503", 6, &|| refused(503, "backendError")),
        ("408", 6, &|| Reply::empty(408)),
        ("left out", 3, &|| Reply::HangUp),
    ];
    for (how, times, reply) in replies {
        let google = Google::with(&["ann@x.cz"; 3]);
        let host = host(&google, json!({}));
        (0..times).for_each(|_| google.fault(HEADERS, reply()));
        assert_eq!(host.erase(ANN).expect_err(how).class, ErrorClass::Retryable, "{how}");
        assert_eq!(google.senders().len(), 3, "{how}");
        let answer = host.erase(ANN).expect(how);
        assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Erased, 3), "{how}");
    }
}

#[test]
fn a_message_that_is_never_shown_holds_no_other_up() {
    let google = Google::with(&["ann@x.cz"; 21]);
    // Alone in the second batch of headers.
    (0..4).for_each(|_| google.fault("messages/18c00014?format=metadata", refused(500, "backendError")));
    let host = host(&google, json!({}));
    let answer = host.erase(ANN).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Unverifiable, 20), "{answer:?}");
    assert_eq!(google.senders().len(), 1);
}

#[test]
fn a_request_that_is_not_answered_is_given_up() {
    check(BATCH, || Reply::Silence, ErrorClass::Retryable, None);
}

#[test]
fn headers_of_another_message_decide_nothing() {
    let other = json!({ "id": "18cfffff", "payload": { "headers": [{ "name": "From", "value": "ann@x.cz" }] } });
    check(GET, || Reply::json(200, &other), ErrorClass::Retryable, None);
}

#[test]
fn pages_that_bring_nothing_new_end() {
    let page = json!({ "resultSizeEstimate": 9, "nextPageToken": "again" });
    check(LIST, || Reply::json(200, &page), ErrorClass::Retryable, None);
}

#[test]
fn a_page_without_its_list_or_with_a_token_that_is_none_is_never_the_last() {
    for list in [json!(null), json!({}), json!(7)] {
        check(
            LIST,
            || Reply::json(200, &json!({ "messages": list, "resultSizeEstimate": 0 })),
            ErrorClass::Retryable,
            None,
        );
    }
    for token in [json!(null), json!(""), json!(7), json!({}), json!(true)] {
        let page = json!({ "resultSizeEstimate": 0, "nextPageToken": token });
        check(LIST, || Reply::json(200, &page), ErrorClass::Retryable, None);
    }
}

#[test]
fn a_search_that_shows_none_and_says_that_there_are_some_is_not_nobody() {
    let none = || Reply::json(200, &json!({ "resultSizeEstimate": 201 }));
    check(LIST, none, ErrorClass::Retryable, None);
    // For once.
    let google = Google::with(&["ann@x.cz"]);
    google.fault(LIST, none());
    assert_eq!(host(&google, json!({})).erase(ANN).expect("an answer").counts["messages"], 1);
}

#[test]
fn a_page_that_is_empty_is_not_the_end() {
    let google = Google::with(&["ann@x.cz"]);
    google.fault(LIST, Reply::json(200, &json!({ "resultSizeEstimate": 1, "nextPageToken": "0" })));
    assert_eq!(host(&google, json!({})).erase(ANN).expect("an answer").counts["messages"], 1);
}

#[test]
fn a_token_that_is_refused_is_renewed_once() {
    let google = Google::with(&["ann@x.cz"]);
    let host = host(&google, json!({}));
    google.fault(LIST, refused(401, "authError"));
    assert_eq!(host.erase(ANN).expect("an answer").counts["messages"], 1);
    assert_eq!(google.count("POST /token"), 2);

    google.state().token_valid = false;
    let error = host.verify(ANN).expect_err("still refused");
    assert_eq!((error.class, google.count("POST /token")), (ErrorClass::NeedsOperator, 3));
}

#[test]
fn health_names_the_right_that_is_missing() {
    let google = Google::with(&[]);
    let host = host(&google, json!({}));
    assert_eq!(host.health(), Ok(()));
    // <https://developers.google.com/workspace/gmail/api/guides/handle-errors>, and the reasons of Google's newer format.
    let newer =
        |reason: &str| Reply::json(403, &json!({ "error": { "code": 403, "details": [{ "reason": reason }] } }));
    for (reply, missing) in [
        (refused(403, "insufficientPermissions"), ": the scope https://mail.google.com/ is not granted"),
        (newer("ACCESS_TOKEN_SCOPE_INSUFFICIENT"), ": the scope https://mail.google.com/ is not granted"),
        (refused(403, "accessNotConfigured"), ": the Gmail API is off in the key's project"),
        (newer("SERVICE_DISABLED"), ": the Gmail API is off in the key's project"),
        (refused(403, "domainPolicy"), ": the administrators of the domain have turned Gmail's API off"),
        (refused(403, "delegationDenied"), ": the service account may not act for this user"),
        (refused(403, "ann@x.cz"), ""),
    ] {
        google.fault("/profile", reply);
        let error = host.health().expect_err("forbidden");
        let told = format!("account `support`: the mailbox: status 403{missing}; check the ");
        assert!(error.class == ErrorClass::NeedsOperator && error.message.starts_with(&told), "{error}");
    }
    google.state().mailboxes.clear();
    google.state().token_valid = false;
    let error = host.health().expect_err("a wrong key");
    assert!(error.message.contains("is granted https://mail.google.com/ for this user"), "{error}");
}
