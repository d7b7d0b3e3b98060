//! What answers count as: never for less than is there, never for more than was asked.

use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use quietus_plugin::ErrorClass;

use super::*;

/// The class of an erasure's error, in which nothing was deleted.
#[track_caller]
fn refused(server: &Server, settings: Value) -> ErrorClass {
    let error = erase(&plugin(server, settings), &ann()).expect_err("refused");
    assert!(server.lines().iter().all(|line| line.starts_with("GET ")), "{:?}", server.lines());
    assert!(error.message.contains("`find`") && !error.message.contains("ann"), "{}", error.message);
    error.class
}

/// Adds a step to those that erase.
fn push(settings: &mut Value, step: Value) {
    settings["erase"].as_array_mut().expect("steps").push(step);
}

#[test]
fn what_the_system_must_keep_is_retained_and_the_rest_is_erased() {
    #[track_caller]
    fn check(status: u16, settings: Value) {
        let both = json!([{ "id": 1, "email": "ann@x.cz" }, { "id": 2, "email": "ann@x.cz" }]);
        let server = Server::start(move |seen| match (seen.method.as_str(), seen.target.as_str()) {
            ("GET", _) => results(both.clone()),
            (_, "/contacts/1") => Reply::empty(status),
            _ => Reply::empty(204),
        });
        let answer = erase(&plugin(&server, settings), &ann()).expect("an answer");
        assert_eq!((answer.outcome, answer.counts.get("contacts")), (Outcome::Retained, Some(&1)));
        let reason = answer.reason.expect("a reason");
        assert!(reason.contains("`delete`") && reason.contains(&status.to_string()), "{reason}");
    }
    check(423, crm());
    check(451, crm());
    let mut configured = crm();
    configured["erase"][1]["status"] = json!({ "retained": [409] });
    check(409, configured);
}

#[test]
fn a_search_that_is_refused_by_law_is_retained_and_never_absent() {
    let server = Server::start(|_| Reply::empty(451));
    let plugin = plugin(&server, crm());
    let dry = Request { dry_run: true, ..ann() };
    for answer in [erase(&plugin, &ann()), erase(&plugin, &dry), verify(&plugin, ann())] {
        let answer = answer.expect("an answer");
        assert_eq!(answer.outcome, Outcome::Retained);
        assert!(answer.reason.is_some_and(|reason| reason.contains("`find`") && reason.contains("451")));
    }
}

#[test]
fn what_is_found_and_not_erased_is_never_absent() {
    let server = Server::start(|_| results(json!([{ "id": 1, "email": "ann@x.cz" }])));
    // The person has no phone, so that the step that erases is skipped.
    let mut settings = crm();
    settings["erase"][1]["query"] = json!({ "phone": "{{phone}}" });
    assert_eq!(refused(&server, settings.clone()), ErrorClass::Permanent);
    let dry = Request { dry_run: true, ..ann() };
    assert_eq!(erase(&plugin(&server, settings.clone()), &dry).expect_err("refused").class, ErrorClass::Permanent);

    // Another step erases something else.
    push(
        &mut settings,
        json!({ "name": "list", "method": "GET", "url": "/notes/{{email}}", "items": "$.results[*]", "extract": { "ids": "$.id" },
            "match": { "path": "$.email", "equals": "{{email}}" } }),
    );
    push(
        &mut settings,
        json!({ "name": "notes", "method": "DELETE", "url": "/notes/{{item}}", "for_each": "list.ids" }),
    );
    let error = erase(&plugin(&server, settings), &ann()).expect_err("refused");
    assert!(error.class == ErrorClass::Permanent && error.message.contains("`find`"), "{}", error.message);
}

#[test]
fn what_is_gone_meanwhile_is_absent() {
    let mut is_there = true;
    let server = Server::start(move |seen| match seen.method.as_str() {
        "GET" if is_there => results(json!([{ "id": 1, "email": "ann@x.cz" }])),
        "GET" => results(json!([])),
        _ => {
            is_there = false;
            Reply::empty(410)
        }
    });
    assert_eq!(erase(&plugin(&server, crm()), &ann()), Ok(Answer::absent()));
    assert_eq!(server.lines().len(), 3, "it is looked again");
}

#[test]
fn what_is_said_to_be_gone_and_is_still_found_is_not() {
    let server = Server::start(|seen| match seen.method.as_str() {
        "GET" => results(json!([{ "id": 1, "email": "ann@x.cz" }])),
        _ => Reply::empty(404),
    });
    let error = erase(&plugin(&server, crm()), &ann()).expect_err("still there");
    assert!(error.class == ErrorClass::Retryable && error.message.contains("`delete`"), "{error}");
}

#[test]
fn an_account_that_is_looked_up_is_nobody() {
    let account = json!({ "name": "account", "method": "GET", "url": "/accounts", "items": "$.results[*]", "extract": { "ids": "$.id" } });
    let mut settings = crm();
    settings["erase"].as_array_mut().expect("steps").insert(0, account.clone());
    settings["erase"][1]["for_each"] = json!("account.ids");
    settings["erase"][1]["url"] = json!("/accounts/{{item}}/contacts");
    let server = Server::start(|seen| match seen.target.as_str() {
        "/accounts" => results(json!([{ "id": "a" }])),
        _ => results(json!([])),
    });
    settings["verify"] = json!([account]);
    let plugin = plugin(&server, settings);
    assert_eq!(erase(&plugin, &ann()), Ok(Answer::absent()), "the account is not found data");
    assert_eq!(server.lines(), ["GET /accounts", "GET /accounts/a/contacts?email=ann%40x.cz"]);
    let verified = verify(&plugin, ann()).expect("an answer");
    assert_eq!(verified.outcome, Outcome::Unverifiable, "the account says nothing of the person");
    for nobody in [request(&[]), request(&[("email", " ")]), request(&[("name", "Ann")])] {
        assert_eq!(erase(&plugin, &nobody).expect("an answer").outcome, Outcome::Unverifiable);
    }
}

#[test]
fn a_step_with_a_condition_runs_when_it_holds() {
    let mut settings = crm();
    push(
        &mut settings,
        json!({ "name": "forget", "method": "DELETE", "url": "/people/{{email}}", "when": "find.ids", "count": "people" }),
    );
    let server = with_contacts();
    erase(&plugin(&server, settings.clone()), &ann()).expect("an answer");
    assert_eq!(server.lines()[3..], ["DELETE /people/ann%40x.cz"]);
    let server = Server::start(|_| results(json!([])));
    assert_eq!(erase(&plugin(&server, settings), &ann()), Ok(Answer::absent()));
    assert_eq!(server.lines().len(), 1);
}

#[test]
fn a_short_page_is_not_the_last_one() {
    let server = Server::start(|seen| match seen.target.split_once("at=") {
        _ if seen.method == "DELETE" => Reply::empty(204),
        Some((_, at)) if at.starts_with(['0', '1', '2']) => {
            results(json!([{ "id": at.split('&').next(), "email": "ann@x.cz" }]))
        }
        _ => results(json!([])),
    });
    let mut settings = crm();
    settings["erase"][0]["paging"] = json!({ "offset": { "query": "at", "limit": 50 } });
    assert_eq!(erase(&plugin(&server, settings), &ann()), Ok(Answer::erased().count("contacts", 3)));
}

#[test]
fn a_next_page_of_an_unexpected_type_is_an_error() {
    #[track_caller]
    fn check(paging: &Value, next: Value) {
        let server = Server::start(move |_| Reply::json(200, &json!({ "results": [], "next": next })));
        let mut settings = crm();
        settings["erase"][0]["paging"] = paging.clone();
        assert_eq!(refused(&server, settings), ErrorClass::Permanent);
    }
    let cursor = json!({ "cursor": { "path": "$.next", "query": "at" } });
    let link = json!({ "next": { "path": "$.next" } });
    for next in [json!({ "at": 1 }), json!([1]), json!(true), json!(1.5), json!("the same")] {
        check(&cursor, next);
    }
    for next in [json!({ "href": "/x" }), json!(["/x"]), json!(7), json!("/the/same")] {
        check(&link, next);
    }
}

#[test]
fn an_error_is_not_an_empty_list() {
    #[track_caller]
    fn check(items: &str, answer: Value, expected: Result<Answer, ErrorClass>) {
        let shown = answer.to_string();
        let server = Server::start(move |_| Reply::json(200, &answer));
        let mut settings = crm();
        settings["erase"][0]["items"] = json!(items);
        let answer = erase(&plugin(&server, settings), &ann()).map_err(|error| error.class);
        assert_eq!(answer, expected, "{items} in {shown}");
    }
    let nobody = || Ok(Answer::absent());
    let error = || Err(ErrorClass::Retryable);
    check("$[*]", json!([]), nobody());
    check("$[*]", json!({ "error": { "code": 1 } }), error());
    check("$[?@.email]", json!({ "error": "x" }), error());
    check("$[*]", json!("none"), error());
    check("$.results[*]", json!({ "results": null }), error());
    check("$.results[*]", json!({ "results": { "7": { "email": "joann@x.cz" } } }), nobody());
    check("$.results[*]", json!({ "results": { "error": "x" } }), error());
    check("$.results[*]", json!({ "results": 0 }), error());
    check("$.person", json!({ "error": "x" }), error());
    check("$.person", json!({ "person": { "email": "joann@x.cz" } }), nobody());
}

#[test]
fn numeric_ids_are_exact_or_left_to_a_person() {
    let server = Server::start(|seen| match seen.method.as_str() {
        "GET" => Reply::text(
            200,
            r#"{"results":[{"id":18446744073709551615,"email":"ann@x.cz"},{"id":-9007199254740993,"email":"ann@x.cz"}]}"#,
        ),
        _ => Reply::empty(204),
    });
    erase(&plugin(&server, crm()), &ann()).expect("an answer");
    assert_eq!(server.lines()[1..], ["DELETE /contacts/18446744073709551615", "DELETE /contacts/-9007199254740993"]);
    for id in ["18446744073709551616", "1.0", "1e3", "0.5"] {
        let server =
            Server::start(move |_| Reply::text(200, &format!(r#"{{"results":[{{"id":{id},"email":"ann@x.cz"}}]}}"#)));
        let answer = erase(&plugin(&server, crm()), &ann()).expect("an answer");
        assert_eq!(answer.outcome, Outcome::Unverifiable, "{id}");
        assert!(server.lines().iter().all(|line| line.starts_with("GET ")), "{id}: {:?}", server.lines());
    }
}

#[test]
fn a_search_that_matches_too_much_deletes_nothing() {
    let six: Value = (0..6).map(|id| json!({ "id": id, "email": "ann@x.cz" })).collect();
    let many = six.clone();
    let server = Server::start(move |_| results(many.clone()));
    let mut settings = crm();
    settings["items_max"] = json!(5);
    assert_eq!(refused(&server, settings.clone()), ErrorClass::Permanent);

    // Matches count, too, where no list is taken.
    let server = Server::start(move |_| results(six.clone()));
    settings["erase"][0]["extract"] = json!({});
    settings["erase"][1] = json!({ "name": "delete", "method": "DELETE", "url": "/people/{{email}}" });
    assert_eq!(refused(&server, settings), ErrorClass::Permanent);
}

#[test]
fn more_pages_than_allowed_delete_nothing() {
    let mut page = 0;
    let server = Server::start(move |_| {
        page += 1;
        Reply::json(200, &json!({ "results": [{ "id": page, "email": "ann@x.cz" }], "next": page }))
    });
    let mut settings = crm();
    settings["erase"][0]["paging"] = json!({ "cursor": { "path": "$.next", "query": "at", "pages_max": 3 } });
    assert_eq!(refused(&server, settings), ErrorClass::Permanent);
    assert_eq!(server.lines().len(), 3);
}

#[test]
fn a_pause_may_be_asked_for_by_date() {
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
    let server = Server::start(move |_| Reply::empty(429).with("Retry-After", &date));
    let error = erase(&plugin(&server, crm()), &ann()).expect_err("limited");
    let pause = error.retry_after_ms.expect("a pause");
    assert!((50_000..=100_000).contains(&pause), "{pause}");
}

#[test]
fn without_a_rate_it_is_five_requests_per_second() {
    let server = Server::start(|_| results(json!([])));
    let mut settings = crm();
    settings["rate"] = Value::Null;
    let plugin = plugin(&server, settings);
    let begin = Instant::now();
    for _ in 0..3 {
        erase(&plugin, &ann()).expect("an answer");
    }
    let took = begin.elapsed();
    assert!(took >= Duration::from_millis(390), "{took:?} for three requests");
}

#[test]
fn a_certificate_that_nobody_trusts_stops_the_queue_and_gets_no_secret() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://localhost:{}", listener.local_addr().expect("known").port());
    let certificate = rustls::pki_types::CertificateDer::from(include_bytes!("untrusted.crt").as_slice());
    let key = rustls::pki_types::PrivateKeyDer::try_from(include_bytes!("untrusted.key").as_slice()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(vec![certificate], key))
        .expect("a configuration");
    let server = std::thread::spawn(move || {
        let mut heard = Vec::new();
        let mut session = rustls::ServerConnection::new(Arc::new(config)).expect("a session");
        let (mut stream, _) = listener.accept().expect("a connection");
        let _ = rustls::Stream::new(&mut session, &mut stream).read_to_end(&mut heard);
        heard
    });
    let mut settings = crm();
    settings["auth"] = json!({ "bearer": { "secret": "token" } });
    let plugin = configure(&url, settings).expect("configured");
    assert_eq!(
        plugin.erase(&ann(), &quietus_plugin::Call::unattended()).expect_err("refused").class,
        ErrorClass::NeedsOperator
    );
    assert!(server.join().expect("it ends").is_empty());
}
