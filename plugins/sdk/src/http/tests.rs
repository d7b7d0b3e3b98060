//! The client against a real server in the same process.

mod tokens;

use std::time::Duration;

use super::test::{Reply, Server};
use super::*;
use crate::{Answer, Call, ErrorClass, Manifest, Plugin, PluginError, Secrets, Span, TestHost};

fn settings(server: &Server) -> Settings {
    let timeout = Some(Span(Duration::from_millis(300)));
    Settings { base_url: server.url.clone(), rate: Some(1000.0), timeout, ..Settings::default() }
}

fn client(server: &Server) -> Client {
    Client::new(&settings(server), &Secrets::default()).expect("settings")
}

/// A server that answers with these, one after the other, and then 200.
fn in_turn(replies: impl IntoIterator<Item = Reply>) -> Server {
    let mut replies: std::collections::VecDeque<_> = replies.into_iter().collect();
    Server::start(move |_| replies.pop_front().unwrap_or_else(|| Reply::empty(200)))
}

fn ann() -> crate::Request {
    crate::Request::from([("email", "ann@x.cz")])
}

#[track_caller]
fn check(reply: Reply, class: ErrorClass, retry_after_ms: Option<u64>) {
    let server = in_turn([reply]);
    let answer = client(&server).exchange(&Request::get("/people"), &Call::unattended()).expect("an answer");
    let error = answer.check().expect_err("no success");
    assert_eq!((error.class, error.retry_after_ms), (class, retry_after_ms));
}

#[test]
fn a_status_tells_the_host_what_to_do() {
    check(Reply::empty(400), ErrorClass::Permanent, None);
    check(Reply::empty(302).with("Location", "http://127.0.0.1:1/"), ErrorClass::Permanent, None);
    check(Reply::empty(401), ErrorClass::NeedsOperator, None);
    check(Reply::empty(403), ErrorClass::Permanent, None);
    check(Reply::empty(408), ErrorClass::Retryable, None);
    check(Reply::empty(429), ErrorClass::RateLimited, None);
    check(Reply::empty(429).with("Retry-After", "7"), ErrorClass::RateLimited, Some(7_000));
    check(Reply::empty(503).with("Retry-After", "7"), ErrorClass::RateLimited, Some(7_000));
    check(Reply::empty(503).with("Retry-After", "soon"), ErrorClass::Retryable, None);
    let past = "Fri, 31 Dec 1999 23:59:59 GMT";
    check(Reply::empty(503).with("Retry-After", past), ErrorClass::RateLimited, Some(0));
    let never = "Fri, 31 Dec 9999 23:59:59 GMT";
    check(Reply::empty(429).with("Retry-After", never), ErrorClass::RateLimited, Some(86_400_000));
}

#[test]
fn what_may_be_repeated_is_tried_again_within_the_call() {
    let server = in_turn([Reply::HangUp, Reply::empty(502)]);
    let answer = client(&server).send(&Request::get("/people"), &Call::unattended()).expect("an answer");
    assert_eq!((answer.status(), server.lines().len()), (200, 3));

    let server = in_turn([Reply::empty(500), Reply::empty(500), Reply::empty(500)]);
    let failure = client(&server).send(&Request::get("/people"), &Call::unattended()).expect_err("broken");
    assert_eq!((failure.error.class, failure.unsure), (ErrorClass::Retryable, true));
    assert_eq!(server.lines().len(), 3);
}

#[test]
fn what_may_not_be_repeated_is_tried_again_only_when_it_surely_was_not_done() {
    let ann = ann();
    let post = || Request::post("/forget", ann.writes().expect("no dry run"));
    let server = in_turn([Reply::HangUp]);
    let failure = client(&server).send(&post(), &Call::unattended()).expect_err("lost");
    assert_eq!((failure.unsure, server.lines().len()), (true, 1));

    let server = in_turn([Reply::empty(429).with("Retry-After", "0")]);
    assert!(client(&server).send(&post(), &Call::unattended()).is_ok());

    let server = in_turn([Reply::HangUp]);
    assert!(client(&server).send(&post().repeatable(), &Call::unattended()).is_ok());
}

#[test]
fn a_long_pause_is_left_to_the_host() {
    let server = in_turn([Reply::empty(429).with("Retry-After", "60")]);
    let failure = client(&server).send(&Request::get("/people"), &Call::unattended()).expect_err("limited");
    assert_eq!(failure.error, PluginError::rate_limited(Some(Duration::from_secs(60))));
    assert_eq!(server.lines().len(), 1);
}

#[test]
fn a_deletion_that_was_lost_and_is_gone_counts_as_erased() {
    let ann = ann();
    let delete = Request::delete("/people", ann.writes().expect("no dry run")).segment("7");
    for (first, erased) in [(Reply::Silence, true), (Reply::empty(404), false)] {
        let server = in_turn([first, Reply::empty(404)]);
        let answer = client(&server).send(&delete, &Call::unattended()).expect("an answer");
        assert_eq!((answer.gone(), answer.erased()), (true, erased));
    }
}

#[test]
fn without_leave_nothing_that_writes_is_sent() {
    let server = in_turn([]);
    let writing = [
        Request::new(Method::POST, "/x"),
        Request::new(Method::DELETE, "/x"),
        Request::new(Method::DELETE, "/x").reads(),
        Request::new(Method::PUT, "/x").reads(),
        Request::new(Method::OPTIONS, "/x"),
    ];
    for request in writing {
        let error = client(&server).send(&request, &Call::unattended()).expect_err("refused").error;
        assert_eq!(error.class, ErrorClass::Permanent, "{}", request.method());
    }
    assert!(server.lines().is_empty());
    for request in [Request::new(Method::HEAD, "/x"), Request::search("/x")] {
        client(&server).send(&request, &Call::unattended()).expect("it reads");
    }
}

#[test]
fn a_value_cannot_leave_its_place() {
    let server = in_turn([]);
    let client = client(&server);
    for value in ["", "..", "%2e%2E", "a/../b", "a\\..\\b"] {
        let error =
            client.send(&Request::get("/people").segment(value), &Call::unattended()).expect_err("refused").error;
        assert!(error.class == ErrorClass::Permanent && error.message.contains("path"), "{value}");
    }
    for path in [".evil.example/", "@evil.example/", "people"] {
        let error = client.send(&Request::get(path), &Call::unattended()).expect_err("refused").error;
        assert_eq!(error.message, "the path does not begin with `/`");
    }
    let header = client.send(&Request::get("/").header("X-Person", "a\r\nX-Admin: 1"), &Call::unattended());
    assert_eq!(header.expect_err("refused").error.message, "a value cannot stand in a header");
    assert!(server.lines().is_empty());
    client.send(&Request::get("/people").segment("a/b?c#d").query("q", "a&b=c d"), &Call::unattended()).expect("sent");
    assert_eq!(server.lines(), ["GET /people/a%2Fb%3Fc%23d?q=a%26b%3Dc%20d"]);
}

#[test]
fn no_error_shows_a_url_or_a_body() {
    let server = Server::start(|_| Reply::text(400, "no such person: ann@x.cz"));
    let request = Request::search("/people").query("q", "ann@x.cz").json(&"ann@x.cz");
    let failure = client(&server).send(&request, &Call::unattended()).expect_err("refused");
    assert_eq!(failure.error, PluginError::permanent("status 400"));
    let shown = format!("{failure:?} {request:?}");
    assert!(!shown.contains("ann"), "{shown}");
}

#[test]
fn an_answer_without_end_is_not_read() {
    let server = Server::start(|_| Reply::text(200, &"x".repeat((8 << 20) + 1)));
    let slow = Settings { timeout: None, ..settings(&server) };
    let client = Client::new(&slow, &Secrets::default()).expect("settings");
    let failure = client.send(&Request::get("/people"), &Call::unattended()).expect_err("too large");
    assert_eq!(failure.error.class, ErrorClass::Permanent);
}

#[test]
fn a_class_of_requests_keeps_to_a_rate_of_its_own() {
    let server = in_turn([]);
    let host = TestHost::<Searches>::new(&server.url).expect("configured");
    let error = host.erase([("email", "ann@x.cz")]).expect_err("too soon");
    assert!(error.class == ErrorClass::RateLimited && error.retry_after_ms > Some(90_000), "{error:?}");
    assert_eq!(server.lines(), ["GET /plain", "POST /search", "GET /plain"]);
}

/// Asks in turn what has a rate of its own, a hundred seconds apart, and what has none.
struct Searches(Client);

impl Plugin for Searches {
    type Config = String;

    fn manifest() -> Manifest {
        Manifest::new("searches", "1").requires("email")
    }

    fn configure(base_url: String, _: Secrets) -> Result<Self, PluginError> {
        let settings = Settings { base_url, rate: Some(1000.0), ..Settings::default() };
        Ok(Self(Client::new(&settings, &Secrets::default())?.rate("search", 0.01)?))
    }

    fn erase(&self, _: &crate::Request, call: &Call) -> Result<Answer, PluginError> {
        for _ in 0..2 {
            self.0.send(&Request::get("/plain"), call)?;
            self.0.send(&Request::search("/search").paced_as("search"), call)?;
        }
        Ok(Answer::absent())
    }
}

/// Asks one page after the other.
struct Pages(Client);

impl Plugin for Pages {
    type Config = (String, f64);

    fn manifest() -> Manifest {
        Manifest::new("pages", "1").requires("email")
    }

    fn configure((base_url, rate): Self::Config, _: Secrets) -> Result<Self, PluginError> {
        let settings = Settings { base_url, rate: Some(rate), ..Settings::default() };
        Ok(Self(Client::new(&settings, &Secrets::default())?))
    }

    fn erase(&self, _: &crate::Request, call: &Call) -> Result<Answer, PluginError> {
        for page in 0..100 {
            self.0.send(&Request::get("/people").query("page", &page.to_string()), call)?;
        }
        Ok(Answer::absent())
    }
}

#[test]
fn a_cancelled_call_sends_nothing_more() {
    let server = in_turn([]);
    let host = TestHost::<Pages>::new((&server.url, 1000.0)).expect("configured").cancel_after(3);
    assert_eq!(host.erase([("email", "ann@x.cz")]), Err(PluginError::cancelled()));
    assert!((1..=3).contains(&server.lines().len()), "{:?}", server.lines());

    let server = in_turn([Reply::empty(503)]);
    let host = TestHost::<Pages>::new((&server.url, 1000.0)).expect("configured").cancel_after(1);
    assert_eq!(host.erase([("email", "ann@x.cz")]), Err(PluginError::cancelled()), "while it waits to try again");
    assert_eq!(server.lines().len(), 1);
}

#[test]
fn a_request_ends_with_its_call() {
    let server = in_turn([Reply::Silence]);
    let host = TestHost::<Pages>::new((&server.url, 1000.0)).expect("configured").call_max(Duration::from_millis(200));
    let error = host.erase([("email", "ann@x.cz")]).expect_err("no answer");
    assert_eq!(error, PluginError::retryable("the system did not answer in time"));
    assert_eq!(server.lines().len(), 1, "there was no time for a second attempt");
}

#[test]
fn a_turn_beyond_the_calls_time_is_the_hosts_to_wait_for() {
    let server = in_turn([]);
    let host = TestHost::<Pages>::new((&server.url, 0.01)).expect("configured");
    let error = host.erase([("email", "ann@x.cz")]).expect_err("too soon");
    assert!(error.class == ErrorClass::RateLimited && error.retry_after_ms > Some(90_000), "{error:?}");
    assert_eq!(server.lines().len(), 1);
}

#[test]
fn a_name_that_was_cut_within_an_emoji_hides_no_other() {
    let people = r#"["Ann", "Bob \ud83d"]"#;
    let server = Server::start(|_| Reply::text(200, people).with("Content-Type", "application/json"));
    let answer = client(&server).send(&Request::get("/people"), &Call::unattended()).expect("an answer");
    assert_eq!(answer.json(), Ok(["Ann".to_owned(), "Bob \u{fffd}".to_owned()]));
}
