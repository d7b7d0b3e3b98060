//! An endpoint that takes Standard Webhooks, in all its moods.

use std::time::Duration;

use quietus_plugin::http::test::{Reply, Seen, Server};
use quietus_plugin::{Answer, ErrorClass, Outcome, PluginError};
use serde_json::json;

use super::*;

#[track_caller]
fn erased_by(reply: impl FnMut(&Seen) -> Reply + Send + 'static) -> Result<Answer, PluginError> {
    let endpoint = Server::start(reply);
    made(&http(&endpoint.url)).erase(ann())
}

fn class(reply: impl FnMut(&Seen) -> Reply + Send + 'static) -> ErrorClass {
    erased_by(reply).expect_err("an error").class
}

/// Nobody but the receiver has looked.
fn its_word(answer: Answer) -> Answer {
    answer.not_looked_at(crate::told::BY_ITS_WORD)
}

#[test]
fn what_is_answered_at_once_is_the_outcome() {
    let erased = json!({ "outcome": "erased", "counts": { "tickets": 2 } });
    assert_eq!(erased_by(move |_| Reply::json(200, &erased)), Ok(its_word(Answer::erased().count("tickets", 2))));
    let absent = json!({ "outcome": "absent" });
    assert_eq!(erased_by(move |_| Reply::json(200, &absent)), Ok(its_word(Answer::absent())));
    let kept = json!({ "outcome": "retained", "reason": "invoices are kept" });
    assert_eq!(erased_by(move |_| Reply::json(200, &kept)), Ok(its_word(Answer::retained("invoices are kept"))));
    let told = json!({ "outcome": "absent", "looked_at": ["tickets"], "not_looked_at": ["mail"], "keeps": ["a bin"] });
    let answer = Answer::absent().looked_at("receiver: tickets").not_looked_at("mail");
    let answer = answer.keeps("receiver: a bin");
    assert_eq!(erased_by(move |_| Reply::json(200, &told)), Ok(its_word(answer)));
}

/// The host keeps 200 characters of each text.
#[test]
fn a_receivers_text_of_190_characters_is_not_cut() {
    let long = "x".repeat(190);
    let told = json!({ "outcome": "absent", "looked_at": [long], "keeps": [long] });
    let answer = erased_by(move |_| Reply::json(200, &told)).expect("an answer");
    for text in answer.looked_at.iter().chain(answer.keeps.iter().flatten()) {
        assert!(text.ends_with(&long) && text.chars().count() <= 200, "{text}");
    }
    assert_eq!((answer.looked_at.len(), answer.keeps.map(|keeps| keeps.len())), (1, Some(1)));
}

#[test]
fn what_is_only_confirmed_is_not_said_to_be_erased() {
    for reply in [Reply::empty(200), Reply::empty(202), Reply::empty(204), Reply::json(202, &json!({ "queued": true }))]
    {
        let mut reply = Some(reply);
        assert_eq!(erased_by(move |_| reply.take().expect("once")), Ok(unreported("HTTP")));
    }
}

#[test]
fn a_demand_whose_outcome_is_reported_later_is_accepted() {
    let endpoint = Server::start(|_| Reply::empty(202));
    let mut config = http(&endpoint.url);
    config["report_within"] = json!("7d");
    let host = made(&config);
    assert_eq!(host.erase(reportable()), Ok(confirmed(Answer::accepted(Duration::from_secs(7 * 86_400)), "HTTP")));
    let body = endpoint.seen()[0].json();
    let report = &body["data"]["report"];
    assert_eq!(report["url"], "https://quietus.example/v1/reports/e-test/forward");
    assert_eq!(report["token"], "erase-0-c0ffee");
    assert!(report["by"].as_str().is_some_and(|by| by.ends_with('Z')), "{report}");
    // Nobody could report.
    let refused = host.erase(ann()).expect_err("there is no address");
    assert_eq!(refused.class, ErrorClass::NeedsOperator);
    assert!(refused.message.contains("server.reports_listen"), "{refused}");
    assert_eq!(endpoint.lines().len(), 1);
}

#[test]
fn an_endpoint_that_always_answers_needs_no_report() {
    let endpoint = Server::start(|_| Reply::json(200, &json!({ "outcome": "erased" })));
    let mut config = http(&endpoint.url);
    config["report_within"] = json!("7d");
    assert_eq!(made(&config).erase(reportable()), Ok(its_word(Answer::erased())));
}

#[test]
fn a_message_says_who_and_why_and_nothing_else() {
    let endpoint = Server::start(|_| Reply::empty(204));
    made(&http(&format!("{}/hooks/quietus", endpoint.url))).erase(reportable()).expect("handed on");
    let seen = endpoint.seen();
    assert_eq!(endpoint.lines(), ["POST /hooks/quietus"]);
    let mut body = seen[0].json();
    assert!(body["timestamp"].take().as_str().is_some_and(|at| at.ends_with('Z')));
    let data = json!({
        "erasure": "e-test", "idempotency_key": "k-test", "scope": "person",
        "identifiers": [{ "kind": "email", "value": "ann@x.cz" }],
    });
    assert_eq!(body, json!({ "type": "erasure.demanded", "timestamp": null, "data": data }));
    assert_eq!(seen[0].header("webhook-id"), Some("k-test"));
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
}

#[test]
fn looking_again_is_asked_for_only_where_somebody_looks() {
    let endpoint = Server::start(|seen| {
        let body = seen.json();
        assert_eq!(
            (&body["type"], seen.header("webhook-id")),
            (&json!("erasure.verification"), Some("k-test-verification"))
        );
        Reply::json(200, &json!({ "outcome": "residual", "counts": { "tickets": 1 } }))
    });
    let mut config = http(&endpoint.url);
    assert_eq!(made(&config).verify(ann()).map(|answer| answer.outcome), Ok(Outcome::Unverifiable));
    assert!(endpoint.lines().is_empty());
    config["verify"] = json!(true);
    assert_eq!(made(&config).verify(ann()), Ok(its_word(Answer::residual().count("tickets", 1))));
}

#[test]
fn a_dry_run_hands_nothing_on() {
    let endpoint = Server::start(|_| Reply::empty(204));
    let answer = made(&http(&endpoint.url)).dry_run(ann()).expect("an answer");
    assert_eq!(answer.outcome, Outcome::Unverifiable);
    assert!(endpoint.lines().is_empty());
}

#[test]
fn refusals_say_who_must_act() {
    for status in [401, 404, 410] {
        assert_eq!(class(move |_| Reply::empty(status)), ErrorClass::NeedsOperator, "{status}");
    }
    for status in [400, 403, 422] {
        assert_eq!(class(move |_| Reply::empty(status)), ErrorClass::Permanent, "{status}");
    }
    for status in [500, 502, 503, 504] {
        assert_eq!(class(move |_| Reply::empty(status)), ErrorClass::Retryable, "{status}");
    }
}

#[test]
fn rates_are_kept_with_and_without_the_time_to_wait() {
    let limited = erased_by(|_| Reply::empty(429)).expect_err("limited");
    assert_eq!((limited.class, limited.retry_after_ms), (ErrorClass::RateLimited, None));
    let limited = erased_by(|_| Reply::empty(429).with("Retry-After", "120")).expect_err("limited");
    assert_eq!((limited.class, limited.retry_after_ms), (ErrorClass::RateLimited, Some(120_000)));
    let mut first = true;
    let again = erased_by(move |_| match std::mem::take(&mut first) {
        true => Reply::empty(429).with("Retry-After", "0"),
        false => Reply::empty(204),
    });
    assert_eq!(again, Ok(unreported("HTTP")));
}

#[test]
fn an_endpoint_that_was_away_gets_the_same_message_again() {
    let mut answers = [Reply::empty(503), Reply::empty(204)].into_iter();
    let endpoint = Server::start(move |_| answers.next().unwrap_or_else(|| Reply::empty(500)));
    made(&http(&endpoint.url)).erase(ann()).expect("handed on");
    let seen = endpoint.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].header("webhook-id"), seen[1].header("webhook-id"));
    assert_eq!(seen[0].body, seen[1].body);
}

#[test]
fn garbage_is_never_an_outcome() {
    for body in ["{", "[]", "<html>", "{\"outcome\":\"gone\"}", "{}"] {
        let failed = erased_by(move |_| Reply::text(200, body)).expect_err(body);
        assert!(!failed.message.contains(body), "{failed}");
    }
}

#[test]
fn hostile_values_arrive_as_they_are_and_break_nothing() {
    let endpoint = Server::start(|_| Reply::empty(204));
    made(&http(&endpoint.url)).erase(with_values(&hostile())).expect("handed on");
    assert_eq!(values(endpoint.seen()[0].body.as_bytes()), hostile());
    assert_eq!(endpoint.lines(), ["POST /"]);
}
