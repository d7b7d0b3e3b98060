//! What awkward answers come to.

use quietus_plugin::http::test::Reply;
use quietus_plugin::{Answer, ErrorClass, Outcome};

use super::exchange::{DELETIONS, refused};
use super::mail::party;
use super::*;

/// How the plugin fails when all requests of a kind are answered so.
#[track_caller]
fn check(of: &'static str, reply: impl Fn() -> Reply, class: ErrorClass, retry_after_ms: Option<u64>) {
    let exchange = Exchange::with(&["ann@x.cz"; 2]);
    let host = if matches!(reply(), Reply::Silence) { hasty(&exchange) } else { host(&exchange, json!({})) };
    for _ in 0..20 {
        exchange.fault(of, reply());
    }
    let error = host.erase(ANN).expect_err("an error");
    assert_eq!((error.class, error.retry_after_ms), (class, retry_after_ms), "{of}: {error}");
    assert!(error.message.starts_with("account `support`: "), "{error}");
    assert!(!error.message.contains("ann"), "{error}");
    assert_eq!(exchange.senders().len(), 2, "{of}");
}

#[test]
fn every_kind_of_request_fails_as_its_status_says() {
    for of in
        ["GET /v1.0/users/support%40x.cz/messages", "GET /v1.0/users/support%40x.cz/mailFolders", "POST /v1.0/$batch"]
    {
        check(of, || refused(429, "TooManyRequests").with("Retry-After", "37"), ErrorClass::RateLimited, Some(37_000));
        check(of, || refused(429, "TooManyRequests"), ErrorClass::RateLimited, None);
        check(of, || refused(503, "Busy").with("Retry-After", "37"), ErrorClass::RateLimited, Some(37_000));
        check(of, || refused(401, "InvalidAuthenticationToken"), ErrorClass::NeedsOperator, None);
        if !of.ends_with("mailFolders") {
            check(of, || refused(403, "ErrorAccessDenied"), ErrorClass::NeedsOperator, None);
            check(of, || refused(400, "BadRequest"), ErrorClass::Permanent, None);
        }
        check(of, || refused(500, "InternalServerError"), ErrorClass::Retryable, None);
        check(of, || Reply::HangUp, ErrorClass::Retryable, None);
        check(of, || Reply::text(200, "<html>ann@x.cz</html>"), ErrorClass::Retryable, None);
        check(of, || Reply::text(200, ""), ErrorClass::Retryable, None);
        check(of, || Reply::json(200, &json!({ "value": "none" })), ErrorClass::Retryable, None);
        check(of, || Reply::json(200, &json!({ "responses": [] })), ErrorClass::Retryable, None);
    }
    check("POST /token", || refused(400, "x"), ErrorClass::NeedsOperator, None);
    check("POST /token", || refused(500, "x"), ErrorClass::Retryable, None);
    check("POST /token", || Reply::text(200, "{}"), ErrorClass::Retryable, None);
}

#[test]
fn a_request_that_is_not_answered_is_given_up() {
    let of = "GET /v1.0/users/support%40x.cz/messages";
    check(of, || Reply::Silence, ErrorClass::Retryable, None);
}

#[test]
fn a_mailbox_that_is_not_there_is_never_nobody() {
    check("GET /v1.0/users/support%40x.cz/messages", || refused(404, "ErrorInvalidUser"), ErrorClass::Retryable, None);
    let exchange = Exchange::new();
    exchange.fault("mailFolders/inbox", refused(404, "MailboxNotEnabledForRESTAPI"));
    assert_eq!(host(&exchange, json!({})).health().expect_err("none").class, ErrorClass::Retryable);
}

#[test]
fn a_message_without_the_fields_that_were_asked_for_is_no_look_alike() {
    let message = json!({ "value": [{ "id": "1", "parentFolderId": "2", "from": null }] });
    let exchange = Exchange::with(&["joann@x.cz"]);
    (0..2).for_each(|_| exchange.fault("GET /v1.0/users/support%40x.cz/messages", Reply::json(200, &message)));
    let answer = host(&exchange, json!({})).verify(ANN).expect("an answer");
    assert_eq!((answer.outcome, answer.not_looked_at.len()), (Outcome::Unverifiable, 1));
    for lacking in [json!({ "id": "1" }), json!({ "parentFolderId": "2" }), json!("ann@x.cz"), json!(null)] {
        let page = json!({ "value": [lacking] });
        check("GET /v1.0/users/support%40x.cz/messages", || Reply::json(200, &page), ErrorClass::Retryable, None);
    }
}

#[test]
fn one_odd_message_is_left_to_a_person_and_the_others_go() {
    let joann = || party("joann@x.cz");
    for odd in [
        json!({ "from": joann(), "toRecipients": null }),
        json!({ "from": joann(), "toRecipients": "ann@x.cz" }),
        json!({ "from": joann(), "ccRecipients": [null] }),
        json!({ "from": { "emailAddress": null }, "toRecipients": [joann()] }),
        json!({ "from": "ann@x.cz", "toRecipients": [joann()] }),
    ] {
        let exchange = Exchange::with(&["ann@x.cz"; 2]);
        exchange.mailbox().add("inbox", odd.clone());
        exchange.mailbox().add("inbox", json!({ "from": party("ann@x.cz"), "toRecipients": null }));
        let host = host(&exchange, json!({}));
        let answer = host.erase(ANN).expect("an answer");
        assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Unverifiable, 3), "{odd}");
        assert_eq!(exchange.senders().len(), 1, "{odd}");
        exchange.retention_ends();
        assert_eq!(host.verify(ANN).expect("an answer").outcome, Outcome::Unverifiable, "{odd}");
    }
    // Also where everything is listed, as nothing can be searched for.
    let exchange = Exchange::new();
    exchange.mailbox().searches_no_hidden = true;
    exchange.mailbox().add(DELETIONS, json!({ "from": party("eve@x.cz"), "toRecipients": null }));
    exchange.mailbox().add(DELETIONS, json!({ "from": party("ann@x.cz") }));
    let answer = host(&exchange, json!({})).erase(ANN).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Unverifiable, 1));
}

/// `$filter` compares From as a whole; `$search` also finds names and aliases
/// (<https://learn.microsoft.com/graph/search-query-parameter#using-search-on-message-collections>).
#[test]
fn what_a_query_finds_and_does_not_show_needs_a_person() {
    let message = |more: Value| {
        let mut message = json!({ "from": party("eve@y.cz"), "sender": party("eve@y.cz"), "replyTo": [], "toRecipients": [],
            "ccRecipients": [], "bccRecipients": [], "isDraft": false, "id": "AAMk/9+=", "parentFolderId": "F-inbox" });
        message.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        message
    };
    let named = |name: &str, address: &str| json!({ "emailAddress": { "name": name, "address": address } });
    for (query, more, outcome) in [
        ("filter=", json!({ "toRecipients": [party(USER)] }), Outcome::Unverifiable),
        ("search=", json!({ "toRecipients": [party(USER)] }), Outcome::Unverifiable),
        ("search=", json!({}), Outcome::Unverifiable),
        ("search=", json!({ "from": null, "sender": null, "toRecipients": [party(USER)] }), Outcome::Unverifiable),
        (
            "search=",
            json!({ "from": null, "sender": null, "toRecipients": [party("joann@x.cz")] }),
            Outcome::Unverifiable,
        ),
        ("search=", json!({ "toRecipients": [party("a*n@x.cz")] }), Outcome::Unverifiable),
        ("search=", json!({ "toRecipients": [party("a*n@x.cz"), party("joann@x.cz")] }), Outcome::Unverifiable),
        ("search=", json!({ "toRecipients": [party("mailto:eve@y.cz?cc=ann@x.cz")] }), Outcome::Unverifiable),
        ("search=", json!({ "from": named("Ann", "ann@y.cz") }), Outcome::Unverifiable),
        // What they show explains why they were found.
        ("search=", json!({ "toRecipients": [party("joann@x.cz")] }), Outcome::Absent),
        ("search=", json!({ "from": named("ann@x.cz", "eve@y.cz") }), Outcome::Absent),
        (
            "search=",
            json!({ "from": null, "sender": null, "isDraft": true, "toRecipients": [party("joann@x.cz")] }),
            Outcome::Absent,
        ),
    ] {
        let exchange = Exchange::new();
        exchange.fault(query, Reply::json(200, &json!({ "value": [message(more.clone())] })));
        let answer = host(&exchange, json!({})).erase(ANN).expect(query);
        let told = (answer.outcome, answer.counts.len(), exchange.count("$batch"));
        assert_eq!(told, (outcome, 0, 0), "{query} {more}");
    }
}

/// A part of the mailbox that is refused is that part's matter.
#[test]
fn a_folder_or_a_message_that_is_refused_stops_nothing_else() {
    for (of, told) in [
        ("mailFolders/recoverableitemspurges", crate::graph::UNSEEN),
        ("mailFolders/recoverableitemsdeletions?", crate::graph::UNSEEN),
        ("mailFolders/F-recoverableitemsdeletions/messages", crate::graph::REFUSED),
        ("mailFolders/F-recoverableitemspurges/messages", crate::graph::UNTOLD),
    ] {
        let exchange = Exchange::with(&["ann@x.cz"; 2]);
        for _ in 0..40 {
            exchange.fault(of, refused(403, "ErrorAccessDenied"));
        }
        let host = host(&exchange, json!({}));
        let answer = host.whole().erase(ANN).expect(of);
        assert_eq!((answer.counts["messages"], exchange.senders().len()), (2, 0), "{of}: {answer:?}");
        assert!(answer.not_looked_at.contains(&told.to_owned()), "{of}: {answer:?}");
    }
    let exchange = Exchange::with(&["ann@x.cz"; 2]);
    exchange.mailbox().is_stale = true;
    exchange.fault("GET /v1.0/users/support%40x.cz/messages/AAMk", refused(403, "ErrorAccessDenied"));
    let answer = host(&exchange, json!({})).erase(ANN).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Unverifiable, 2), "{answer:?}");
    // Where the mailbox itself is, nothing was looked at.
    check(
        "GET /v1.0/users/support%40x.cz/messages?",
        || refused(403, "ErrorAccessDenied"),
        ErrorClass::NeedsOperator,
        None,
    );
}

#[test]
fn a_message_without_an_id_is_never_nobodys() {
    for id in [Value::Null, json!(""), json!(7), json!({})] {
        for sender in ["ann@x.cz", "joann@x.cz"] {
            let message = || {
                json!({ "from": party(sender), "replyTo": [], "toRecipients": [], "ccRecipients": [], "bccRecipients": [],
                    "id": id, "parentFolderId": "F-inbox" })
            };
            let page = || Reply::json(200, &json!({ "value": [message(), message()] }));
            check("GET /v1.0/users/support%40x.cz/messages", page, ErrorClass::Retryable, None);
        }
    }
}

#[test]
fn a_page_without_its_list_or_with_a_link_that_is_none_is_never_the_last() {
    let of = "GET /v1.0/users/support%40x.cz/messages";
    for page in [json!({}), json!({ "value": null }), json!({ "value": {} })] {
        check(of, || Reply::json(200, &page), ErrorClass::Retryable, None);
    }
    for link in [Value::Null, json!(""), json!(7), json!({}), json!(true)] {
        let page = json!({ "value": [], "@odata.nextLink": link });
        check(of, || Reply::json(200, &page), ErrorClass::Retryable, None);
    }
    check(
        "GET /v1.0/users/support%40x.cz/mailFolders",
        || Reply::json(200, &json!({ "id": "" })),
        ErrorClass::Retryable,
        None,
    );
}

#[test]
fn a_link_that_leads_elsewhere_is_not_followed() {
    let page = json!({ "value": [], "@odata.nextLink": "https://evil.example/v1.0/me/messages" });
    check("GET /v1.0/users/support%40x.cz/messages", || Reply::json(200, &page), ErrorClass::Permanent, None);
}

#[test]
fn a_token_that_is_refused_is_renewed_once() {
    let exchange = Exchange::with(&["ann@x.cz"]);
    let host = host(&exchange, json!({}));
    exchange.fault("GET /v1.0/users", refused(401, "InvalidAuthenticationToken"));
    assert_eq!(host.erase(ANN).expect("an answer").counts["messages"], 1);
    assert_eq!(exchange.count("POST /token"), 2);

    exchange.mailbox().token_valid = false;
    let error = host.verify(ANN).expect_err("still refused");
    assert_eq!((error.class, exchange.count("POST /token")), (ErrorClass::NeedsOperator, 3));
}

/// How the plugin fails when one message of a batch of four is answered so, and the others are deleted.
#[track_caller]
fn check_inner(status: u16, headers: Value, class: ErrorClass, retry_after_ms: Option<u64>) {
    let exchange = Exchange::with(&["ann@x.cz"; 4]);
    exchange.mailbox().inner.push((2, status, headers, "Whatever"));
    let host = host(&exchange, json!({}));
    let error = host.erase(ANN).expect_err("an error");
    assert_eq!((error.class, error.retry_after_ms), (class, retry_after_ms), "{error}");
    assert!(error.message.ends_with("(3 messages are erased so far)"), "{error}");
    let answer = host.erase(ANN).expect("an answer");
    assert_eq!(answer.counts, Answer::erased().count("messages", 4).counts, "once each");
}

#[test]
fn each_status_within_a_batch_counts_for_its_message() {
    check_inner(429, json!({ "Retry-After": "11" }), ErrorClass::RateLimited, Some(11_000));
    check_inner(429, json!({ "retry-after": 11 }), ErrorClass::RateLimited, Some(11_000));
    check_inner(429, json!({}), ErrorClass::RateLimited, None);
    check_inner(503, json!({ "Retry-After": "11" }), ErrorClass::RateLimited, Some(11_000));
    check_inner(403, json!({}), ErrorClass::Permanent, None);
    check_inner(401, json!({}), ErrorClass::NeedsOperator, None);
    check_inner(504, json!({}), ErrorClass::Retryable, None);
    check_inner(424, json!({}), ErrorClass::Retryable, None);
    check_inner(400, json!({}), ErrorClass::Permanent, None);
}

#[test]
fn after_a_short_pause_a_batch_comes_again_in_the_same_call() {
    let exchange = Exchange::with(&["ann@x.cz"; 4]);
    for _ in 0..2 {
        exchange.mailbox().inner.push((2, 429, json!({ "Retry-After": "0" }), "TooManyRequests"));
    }
    let answer = host(&exchange, json!({})).erase(ANN).expect("an answer");
    assert_eq!((answer.counts["messages"], exchange.count("$batch")), (4, 3));

    let exchange = Exchange::with(&["ann@x.cz"; 4]);
    for _ in 0..9 {
        exchange.mailbox().inner.push((2, 429, json!({ "Retry-After": "0" }), "TooManyRequests"));
    }
    let error = host(&exchange, json!({})).erase(ANN).expect_err("limited");
    assert_eq!((error.class, exchange.count("$batch")), (ErrorClass::RateLimited, 3));
}

#[test]
fn a_message_that_a_batchs_answer_leaves_out_is_asked_for_again() {
    let exchange = Exchange::with(&["ann@x.cz"; 2]);
    let host = host(&exchange, json!({}));
    exchange.fault("$batch", Reply::json(200, &json!({ "responses": [{ "id": "1", "status": 204 }] })));
    assert_eq!(host.erase(ANN).expect_err("one is left out").class, ErrorClass::Retryable);
    assert_eq!(host.erase(ANN).expect("an answer").counts["messages"], 2);
}

#[test]
fn health_names_the_right_that_is_missing() {
    let exchange = Exchange::new();
    assert_eq!(host(&exchange, json!({})).health(), Ok(()), "a token that does not show what it grants");
    let of = |roles: Option<&[&'static str]>, is_refused: bool| {
        exchange.mailbox().roles = roles.map(<[_]>::to_vec);
        if is_refused {
            exchange.fault("mailFolders/inbox", refused(403, "ErrorAccessDenied"));
        }
        let error = host(&exchange, json!({})).health().err()?;
        assert_eq!(error.class, ErrorClass::NeedsOperator);
        Some(error.message)
    };
    // <https://learn.microsoft.com/graph/permissions-reference>; with RBAC for Applications, tokens have no roles.
    for granted in [None, Some(&[][..]), Some(&["Mail.ReadWrite", "User.Read.All"])] {
        assert_eq!(of(granted, false), None, "{granted:?}");
    }
    let reads = of(Some(&["User.Read.All", "Mail.Read"]), false).expect("it cannot erase");
    let told = "account `support`: the mailbox: the token grants Mail.Read: that reads messages, and to erase them takes Mail.ReadWrite";
    assert_eq!(reads, told);
    let refused = "account `support`: the mailbox: status 403 (ErrorAccessDenied); check the app's secret, and that its role reaches \
                   this mailbox";
    assert_eq!(of(Some(&["Mail.ReadWrite"]), true).expect("another mailbox"), refused);
    let nothing = of(Some(&["ann@x.cz"]), true).expect("no role");
    let told = " (the token grants nothing of mail by itself, and the app needs Mail.ReadWrite)";
    assert_eq!(nothing, format!("{refused}{told}"));
    exchange.mailbox().token_valid = false;
    let wrong = of(None, false).expect("a wrong secret");
    assert!(wrong.contains("status 401; check the app's secret"), "{wrong}");
}
