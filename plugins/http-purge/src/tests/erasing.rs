//! What is erased, and what is said about it.

use std::time::Duration;

use quietus_plugin::ErrorClass;

use super::*;

#[test]
fn the_persons_contacts_go_and_the_look_alike_stays() {
    let server = with_contacts();
    let plugin = plugin(&server, crm());
    let answer = erase(&plugin, &ann()).expect("an answer");
    assert_eq!(answer, Answer::erased().count("contacts", 2));
    let lines = ["GET /contacts?email=ann%40x.cz", "DELETE /contacts/1", "DELETE /contacts/2"];
    assert_eq!(server.lines(), lines);
    assert_eq!(verify(&plugin, ann()), Ok(Answer::absent()));
    let other = Request { idempotency_key: "k-2".into(), ..ann() };
    assert_eq!(erase(&plugin, &other), Ok(Answer::absent()), "another erasure");
}

#[test]
fn a_dry_run_says_what_would_go_and_changes_nothing() {
    let server = with_contacts();
    let plugin = plugin(&server, crm());
    let answer = erase(&plugin, &Request { dry_run: true, ..ann() }).expect("an answer");
    assert_eq!(answer, Answer::residual().count("contacts", 2));
    assert!(server.lines().iter().all(|line| line.starts_with("GET ")), "{:?}", server.lines());
}

#[test]
fn a_dry_run_of_a_blind_delete_is_unverifiable_and_sends_nothing() {
    let server = Server::start(|_| Reply::empty(204));
    let step = json!({ "name": "delete", "method": "DELETE", "url": "/people", "query": { "email": "{{email}}" } });
    let plugin = plugin(&server, json!({ "erase": [step] }));
    let answer = erase(&plugin, &Request { dry_run: true, ..ann() }).expect("an answer");
    assert_eq!(answer.outcome, Outcome::Unverifiable);
    assert!(server.lines().is_empty());
    assert_eq!(erase(&plugin, &ann()), Ok(Answer::erased().count("delete", 1)));
    let verified = verify(&plugin, ann()).expect("an answer");
    assert_eq!(verified, Answer::unverifiable("no verify steps are configured"));
}

#[test]
fn accepted_but_not_done_is_residual_when_looked_at_again() {
    let server = Server::start(|seen| match seen.method.as_str() {
        "GET" => results(json!([{ "id": 1, "email": "ann@x.cz" }])),
        _ => Reply::empty(202),
    });
    let plugin = plugin(&server, crm());
    assert_eq!(erase(&plugin, &ann()), Ok(Answer::erased().count("contacts", 1)));
    assert_eq!(verify(&plugin, ann()), Ok(Answer::residual().count("find", 1)));
}

#[test]
fn all_values_of_a_kind_are_tried_and_a_step_without_its_kind_is_skipped() {
    let server = Server::start(|_| Reply::empty(204));
    let step = |name: &str, kind: &str| json!({ "name": name, "method": "DELETE", "url": format!("/{name}/{{{{{kind}}}}}"), "count": "people" });
    let plugin = plugin(&server, json!({ "erase": [step("mails", "email"), step("phones", "phone")] }));
    let request = request(&[("email", "a@x.cz"), ("email", "b@x.cz")]);
    assert_eq!(erase(&plugin, &request), Ok(Answer::erased().count("people", 2)));
    assert_eq!(server.lines(), ["DELETE /mails/a%40x.cz", "DELETE /mails/b%40x.cz"]);
    let nobody = Request { idempotency_key: "k-2".into(), ..super::request(&[("name", "Ann")]) };
    assert_eq!(erase(&plugin, &nobody), Ok(Answer::unverifiable("no step applies to these identifiers")));
}

/// Six contacts on pages of two; the page begins where the request's `at` says. Answers with `next` made of the next
/// page's beginning.
#[track_caller]
fn check_paging(change: impl FnOnce(&mut Value), next: fn(u64) -> Value) {
    let server = Server::start(move |seen| {
        if seen.method == "DELETE" {
            return Reply::empty(204);
        }
        let in_query = seen.target.split(['?', '&']).find_map(|pair| pair.strip_prefix("at="));
        let at = match in_query {
            Some(at) => at.parse().expect("a number"),
            None if seen.body.is_empty() => 0,
            None => seen.json()["at"].as_u64().unwrap_or(0),
        };
        let page: Value = (at..6).take(2).map(|id| json!({ "id": id, "email": "ann@x.cz" })).collect();
        let next = if at < 4 { next(at + 2) } else { Value::Null };
        Reply::json(200, &json!({ "results": page, "next": next }))
    });
    let mut settings = crm();
    change(&mut settings["erase"][0]);
    assert_eq!(erase(&plugin(&server, settings), &ann()), Ok(Answer::erased().count("contacts", 6)));
}

#[test]
fn all_pages_are_read_however_the_system_pages() {
    check_paging(|step| step["paging"] = json!({ "cursor": { "path": "$.next", "query": "at" } }), |at| json!(at));
    let by_body = |step: &mut Value| {
        step["paging"] = json!({ "cursor": { "path": "$.next", "json": "at" } });
        step["method"] = json!("POST");
        step["reads"] = json!(true);
        step["body"] = json!({ "json": { "email": "{{email}}" } });
    };
    check_paging(by_body, |at| json!(at));
    let link = |at| json!(format!("/contacts?at={at}"));
    check_paging(|step| step["paging"] = json!({ "next": { "path": "$.next" } }), link);
    let by_offset = json!({ "offset": { "query": "at", "limit": 2, "limit_query": "limit" } });
    check_paging(|step| step["paging"] = by_offset, |_| Value::Null);
}

#[test]
fn statuses_have_their_reactions() {
    #[track_caller]
    fn check(reply: impl Fn() -> Reply + Send + 'static, class: ErrorClass, retry_after_ms: Option<u64>) {
        let server = Server::start(move |_| reply());
        let error = erase(&plugin(&server, crm()), &ann()).expect_err("an error");
        assert_eq!((error.class, error.retry_after_ms), (class, retry_after_ms), "{}", error.message);
        assert!(!error.message.contains("ann"), "{}", error.message);
    }
    check(|| Reply::empty(429).with("Retry-After", "999999999"), ErrorClass::RateLimited, Some(86_400_000));
    check(|| Reply::empty(429).with("Retry-After", "soon"), ErrorClass::RateLimited, None);
    check(|| Reply::empty(429).with("Retry-After", "7"), ErrorClass::RateLimited, Some(7_000));
    check(|| Reply::empty(429), ErrorClass::RateLimited, None);
    check(|| Reply::empty(503).with("Retry-After", "1"), ErrorClass::RateLimited, Some(1_000));
    check(|| Reply::empty(503), ErrorClass::Retryable, None);
    check(|| Reply::empty(401), ErrorClass::NeedsOperator, None);
    check(|| Reply::empty(403), ErrorClass::Permanent, None);
    // A firewall's word, not the system's.
    check(|| Reply::text(403, "<!DOCTYPE html><html>blocked</html>"), ErrorClass::Retryable, None);
    check(|| Reply::text(403, "<html>").with("Retry-After", "9"), ErrorClass::RateLimited, Some(9_000));
    check(|| Reply::empty(400), ErrorClass::Permanent, None);
    check(|| Reply::empty(302).with("Location", "/elsewhere"), ErrorClass::Permanent, None);
    check(|| Reply::text(200, "<html>log in, ann@x.cz</html>"), ErrorClass::Retryable, None);
    check(|| Reply::text(200, ""), ErrorClass::Retryable, None);
    check(|| Reply::json(200, &json!({ "error": "overloaded" })), ErrorClass::Retryable, None);
    check(|| Reply::json(200, &json!({ "results": "none" })), ErrorClass::Retryable, None);
    check(|| Reply::json(200, &json!({ "results": { "error": "overloaded" } })), ErrorClass::Retryable, None);
}

#[test]
fn a_result_without_an_id_is_left_to_a_person_and_the_others_go() {
    for odd in [json!({}), json!({ "id": null }), json!({ "id": { "a": 1 } }), json!({ "id": "" })] {
        let mut result = odd.clone();
        result.as_object_mut().expect("an object").insert("email".into(), json!("ann@x.cz"));
        let server = Server::start(move |seen| match seen.method.as_str() {
            "GET" => results(json!([result, { "id": 2, "email": "ann@x.cz" }])),
            _ => Reply::empty(204),
        });
        let answer = erase(&plugin(&server, crm()), &ann()).expect("an answer");
        assert_eq!((answer.outcome, answer.counts["contacts"]), (Outcome::Unverifiable, 1), "{odd}");
        assert_eq!(server.lines()[1..], ["DELETE /contacts/2"], "{odd}");
    }
}

#[test]
fn an_answer_may_leave_the_list_out_where_the_operator_says_so() {
    let server = Server::start(|_| Reply::json(200, &json!({})));
    let mut settings = crm();
    settings["erase"][0]["sparse"] = json!(true);
    assert_eq!(erase(&plugin(&server, settings), &ann()), Ok(Answer::absent()));
}

#[test]
fn a_failure_halfway_loses_no_count_and_one_bad_item_does_not_keep_the_others() {
    let mut failing = true;
    let mut gone = Vec::new();
    let server = Server::start(move |seen| match (seen.method.as_str(), seen.target.as_str()) {
        ("GET", _) => {
            let left = (1..=3).filter(|id| !gone.contains(&format!("/contacts/{id}")));
            results(left.map(|id| json!({ "id": id, "email": "ann@x.cz" })).collect())
        }
        (_, "/contacts/2") if std::mem::take(&mut failing) => Reply::empty(500),
        (_, target) => {
            gone.push(target.to_owned());
            Reply::empty(204)
        }
    });
    let plugin = plugin(&server, crm());
    assert_eq!(erase(&plugin, &ann()).expect_err("halfway").class, ErrorClass::Retryable);
    assert_eq!(erase(&plugin, &ann()), Ok(Answer::erased().count("contacts", 3)));

    let server = Server::start(|seen| match (seen.method.as_str(), seen.target.as_str()) {
        ("GET", _) => results((1..=3).map(|id| json!({ "id": id, "email": "ann@x.cz" })).collect()),
        (_, "/contacts/2") => Reply::empty(400),
        _ => Reply::empty(204),
    });
    assert_eq!(erase(&super::plugin(&server, crm()), &ann()).expect_err("one").class, ErrorClass::Permanent);
    assert!(server.lines().contains(&"DELETE /contacts/3".to_owned()));
}

#[test]
fn a_whole_list_goes_in_one_request_and_an_empty_one_in_none() {
    let settings = json!({ "erase": [
        { "name": "list", "method": "GET", "url": "/messages", "query": { "q": "from:\"{{email|backslash}}\"" },
          "extract": { "ids": "$.messages[*].id" }, "sparse": true, "match": "trust_search" },
        { "name": "delete", "method": "POST", "url": "/messages/batchDelete", "count": "messages",
          "body": { "json": { "ids": "{{list.ids}}" } } },
    ] });
    let server = Server::start(|seen| match seen.method.as_str() {
        "GET" if seen.target.contains("ann") => {
            Reply::json(200, &json!({ "messages": [{ "id": "a" }, { "id": "b" }] }))
        }
        "GET" => Reply::json(200, &json!({})),
        _ => Reply::empty(204),
    });
    let answer = erase(&plugin(&server, settings.clone()), &ann()).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Erased, 2));
    assert_eq!(server.seen()[2].json(), json!({ "ids": ["a", "b"] }));

    let empty = Server::start(|_| Reply::json(200, &json!({})));
    assert_eq!(erase(&plugin(&empty, settings), &ann()).expect("an answer").outcome, Outcome::Absent);
    assert_eq!(empty.lines().len(), 1);
}

#[test]
fn a_refused_token_is_renewed_once() {
    let mut tokens = 0;
    let server = Server::start(move |seen| match seen.target.as_str() {
        "/token" => {
            assert!(seen.body.contains("client_secret=hunter2") && seen.body.contains("scope=a%20b"), "{}", seen.body);
            tokens += 1;
            Reply::json(200, &json!({ "access_token": format!("t{tokens}"), "expires_in": 3600 }))
        }
        _ if seen.header("authorization") == Some("Bearer t2") => results(json!([])),
        _ => Reply::empty(401),
    });
    let mut settings = crm();
    let token_url = format!("{}/token", server.url);
    settings["auth"] =
        json!({ "oauth2": { "token_url": token_url, "client_id": "me", "secret": "token", "scope": "a b" } });
    let plugin = plugin(&server, settings);
    assert_eq!(erase(&plugin, &ann()), Ok(Answer::absent()));
    let find = "GET /contacts?email=ann%40x.cz";
    assert_eq!(server.lines(), ["POST /token", find, "POST /token", find]);
    assert_eq!(erase(&plugin, &ann()), Ok(Answer::absent()));
    assert_eq!(server.lines().len(), 5, "the token is kept");
}

#[test]
fn credentials_headers_and_the_rate_are_as_configured() {
    let server = Server::start(|_| results(json!([])));
    let mut settings = crm();
    settings["auth"] = json!({ "basic": { "user": "me", "secret": "token" } });
    settings["headers"] = json!({ "X-Key": "{{secret.token}}", "Idempotency-Key": "{{idempotency_key}}" });
    settings["rate"] = json!(10);
    let plugin = plugin(&server, settings);
    let begin = std::time::Instant::now();
    for _ in 0..3 {
        erase(&plugin, &ann()).expect("an answer");
    }
    assert!(begin.elapsed() >= Duration::from_millis(190), "three requests at ten per second");
    let seen = &server.seen()[0];
    assert_eq!(seen.header("authorization"), Some("Basic bWU6aHVudGVyMg=="));
    assert_eq!((seen.header("x-key"), seen.header("idempotency-key")), (Some("hunter2"), Some("k-1")));
}
