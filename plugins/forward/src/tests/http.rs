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

#[test]
fn a_page_of_html_confirms_nothing_whatever_its_status() {
    for status in [200, 202, 203, 206] {
        for page in ["<html>please log in</html>", "\n<!DOCTYPE html><p>x"] {
            assert_eq!(class(move |_| Reply::text(status, page)), ErrorClass::Retryable, "{status}");
        }
    }
    assert_eq!(erased_by(|_| Reply::text(202, "queued")), Ok(unreported("HTTP")));
}

/// An endpoint that takes the right token alone; `open` to whomever it does not matter for.
fn guarded(refusal: u16, open: u16) -> Server {
    Server::start(move |seen| match seen.header("authorization") {
        Some("Bearer hunter2") => Reply::empty(open),
        _ => Reply::empty(refusal),
    })
}

#[test]
fn health_shows_whether_the_credentials_work() {
    let config = |server: &Server, token: &str, more: serde_json::Value| {
        let mut config = http(&format!("{}/hooks", server.url));
        let members = config["http"].as_object_mut().expect("an object");
        members.insert("auth".into(), json!({ "bearer": { "secret": token } }));
        members.extend(more.as_object().cloned().expect("an object"));
        config
    };
    let health = |server: &Server, token: &str, more: serde_json::Value| {
        made(&config(server, token, more)).health().map_err(|error| (error.class, error.message))
    };
    // Endpoints take POST only, and say so in many ways.
    for open in [204, 404, 405, 400, 501] {
        for refusal in [401, 403] {
            let server = guarded(refusal, open);
            assert_eq!(health(&server, "nats", json!({})), Ok(()), "{open}");
            let (class, told) = health(&server, "wrong", json!({})).expect_err("a wrong token");
            assert!(class == ErrorClass::NeedsOperator && told.contains("refuses the credentials"), "{told}");
            assert!(server.lines().iter().all(|line| line == "HEAD /hooks"), "{:?}", server.lines());
        }
    }
    // Where it is answered alike without them, it asks for an address that tells.
    for same in [404, 405, 204] {
        let server = Server::start(move |seen| match (seen.target.as_str(), seen.header("authorization")) {
            ("/health", Some("Bearer hunter2")) => Reply::empty(204),
            ("/health", _) => Reply::empty(401),
            ("/page", _) => Reply::text(200, "<html>please log in</html>"),
            ("/open", _) => Reply::empty(200),
            _ => Reply::empty(same),
        });
        let (class, told) = health(&server, "nats", json!({})).expect_err("nobody knows");
        assert!(class == ErrorClass::NeedsOperator && told.contains("`health_url`"), "{told}");
        let at = |path: &str| json!({ "health_url": format!("{}{path}", server.url) });
        assert_eq!(health(&server, "nats", at("/health")), Ok(()));
        for (token, path) in [("wrong", "/health"), ("nats", "/open"), ("nats", "/page"), ("nats", "/nowhere")] {
            assert_eq!(health(&server, token, at(path)).expect_err(path).0, ErrorClass::NeedsOperator, "{path}");
        }
    }
    let elsewhere = json!({ "health_url": "https://other.example/health" });
    let server = guarded(401, 204);
    assert!(host(&config(&server, "nats", elsewhere)).is_err());
}

#[test]
fn health_is_red_where_nobody_listens() {
    let server = Server::start(|_| Reply::empty(405));
    assert_eq!(made(&http(&server.url)).health(), Ok(()), "without credentials, that something is there is all");
    let away = http("http://127.0.0.1:1");
    assert_eq!(made(&away).health().expect_err("nobody is there").class, ErrorClass::Retryable);
    for status in [502, 503, 504] {
        let server = Server::start(move |_| Reply::empty(status));
        assert_eq!(made(&http(&server.url)).health().expect_err("broken").class, ErrorClass::Retryable, "{status}");
    }
}
