//! What attackers try at the API before anything else: what caches keep, headers made of parameters, paths that mean another one, tokens that
//! were good once.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use reqwest::header::{HeaderMap, ORIGIN};
use serde_json::{Value, json};

use super::walk::{EVERY, described, filled};
use super::{ADMIN, Api, done, token};
use crate::harness::{Deployment, PATIENCE, Server, StandIn};

/// A line that would be a header of its own, if anything put it into one.
const INJECTED: &str = "x%0d%0aX-Canary:%201%0d%0a%0d%0a";

fn started(standin: &StandIn) -> (Deployment, Server) {
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    (deployment, server)
}

/// The status and the headers of an answer.
fn answer(request: reqwest::RequestBuilder) -> (u16, HeaderMap) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let response = runtime.block_on(request.send()).expect("the server answers");
    (response.status().as_u16(), response.headers().clone())
}

/// Nobody keeps it, no page uses it, and it says no more of itself than it has to.
#[track_caller]
fn is_kept_by_nobody(place: &str, headers: &HeaderMap) {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().expect("text").to_owned());
    assert_eq!(header("cache-control").as_deref(), Some("no-store"), "{place}");
    assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"), "{place}");
    assert_eq!(header("referrer-policy").as_deref(), Some("no-referrer"), "{place}");
    let policy = header("content-security-policy").unwrap_or_default();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{place}: {policy}");
    for name in headers.keys().map(|name| name.as_str()) {
        let says_too_much = name.starts_with("access-control-") || ["set-cookie", "server", "etag"].contains(&name);
        assert!(!says_too_much, "{place}: {name}");
    }
}

#[test]
fn every_answer_is_kept_by_nobody() {
    let standin = StandIn::start();
    let (deployment, server) = started(&standin);
    let every = Api::by(&server, &deployment, "every", &EVERY, &[]);
    let other = Api::by(&server, &deployment, "operator", &["operator"], &[]);
    let nobody = Api::of(&server, None);
    for (method, path) in described(&nobody) {
        for api in [&every, &other, &nobody] {
            // A web page of somebody else's asks.
            let asked = api.asked(&method, &filled(&path, "acme", "404")).header(ORIGIN, "https://evil.example");
            let asked = if method == "post" { asked.json(&json!({})) } else { asked };
            let (status, headers) = answer(asked);
            is_kept_by_nobody(&format!("{method} {path}: {status}"), &headers);
            let media = headers.get("content-type").map(|value| value.to_str().expect("text"));
            let expected: &[&str] = match status {
                200..300 => &["application/json", "application/x-ndjson", "text/html; charset=utf-8"],
                _ => &["application/problem+json"],
            };
            assert!(media.is_some_and(|media| expected.contains(&media)), "{method} {path}: {status} {media:?}");
        }
    }
    let large = json!({ "came": "x".repeat(300_000) });
    let asked = |method: &str, path: &str| every.asked(method, path);
    for (request, expected) in [
        (asked("get", "/api/v1/openapi.json"), 200),
        (asked("head", "/api/v1/me"), 200),
        (asked("get", "/api/v1/nothing"), 404),
        (asked("delete", "/api/v1/me"), 405),
        (asked("post", "/api/v1/requests").json(&large), 413),
        (asked("post", "/api/v1/requests").body("{}"), 415),
        // A browser asks whether another site may send something. Nobody may.
        (
            nobody
                .asked("options", "/api/v1/requests")
                .header(ORIGIN, "https://evil.example")
                .header("Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Headers", "authorization, content-type"),
            405,
        ),
    ] {
        let (status, headers) = answer(request);
        assert_eq!(status, expected);
        is_kept_by_nobody(&status.to_string(), &headers);
    }
}

#[test]
fn no_parameter_becomes_a_header() {
    let standin = StandIn::start();
    let (deployment, server) = started(&standin);
    let every = Api::by(&server, &deployment, "every", &EVERY, &[]);
    let description = every.get("/api/v1/openapi.json").is(200);
    let mut tried = 0;
    for (path, item) in description["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let queries = parameters.filter(|one| one["in"] == "query").filter_map(|one| one["name"].as_str());
            let mut places: Vec<String> =
                queries.map(|name| format!("{}?{name}={INJECTED}", filled(path, "acme", "404"))).collect();
            if path.contains('{') {
                places.push(filled(path, INJECTED, INJECTED));
            }
            for place in places {
                let asked = every.asked(method, &place);
                let asked = if method == "post" { asked.json(&json!({})) } else { asked };
                let (status, headers) = answer(asked);
                let said = format!("{headers:?}").to_lowercase();
                assert!(!said.contains("canary"), "{method} {place}: {status} {said}");
                assert!([200, 400, 404].contains(&status), "{method} {place}: {status}");
                tried += 1;
            }
        }
    }
    assert!(tried > 40, "{tried}");
    let (_, log) = server.stop();
    assert!(!log.iter().any(|line| line.to_lowercase().contains("x-canary")), "what is asked for is not logged");
}

/// Sends a request line as it is, which no client would, and reads the answer with its status. None where it is cut off before all was sent.
fn raw(base: &str, target: &str, token: Option<&str>) -> (Option<u16>, String) {
    let address = base.strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("it is set");
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let head = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n{token}Connection: close\r\n\r\n");
    // Where it does not want all of it, it has answered by then.
    drop(stream.write_all(head.as_bytes()));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer.split(' ').nth(1).and_then(|status| status.parse().ok()), answer)
}

#[test]
fn no_path_means_another_one() {
    let standin = StandIn::start();
    let (deployment, server) = started(&standin);
    let secret = token(&deployment, "eliska", &EVERY, &[]);
    let eliska = Api::of(&server, Some(&secret));
    let (status, answer) = raw(&eliska.base, "/api/v1/me", Some(&secret));
    assert!(status == Some(200) && answer.contains("eliska"), "it is asked rightly: {answer}");
    let rows = deployment.json(&["audit", "list"]);
    let long = format!("/api/v1/erasures/{}", "a".repeat(20_000));
    let longer = format!("/api/v1/{}", "a/".repeat(60_000));
    let tricks = [
        "/api/v1/./me",
        "/api/v1/../v1/me",
        "/api/v1/nothing/../me",
        "/api/v1/%2e%2e/v1/me",
        "/api/v1/%2e/me",
        "/api/v1//me",
        "//api/v1/me",
        "/api/v1/me/",
        "/api/v1/me;a=1",
        "/api/v1/me%00",
        "/api/v1/me%20",
        "/api/v1/me%2f",
        "/api/v1/me%3f",
        "/api/v1/ME",
        "/api/v1\\me",
        "/api%2fv1%2fme",
        "/api/v1/%6d%65",
        "/api/v1/%256d%2565",
        "/api/v1/me\0",
        "/API/v1/me",
        "/api/v1/requests/acme/..%2f..%2fme",
        "/api/v1/requests/acme%2f..%2f..%2fme/1",
        "/api/v1/requests/acme/%2e%2e",
        "/api/v1/requests/../me",
        "/api/v1/requests/acme/%00",
        "/api/v1/requests/%ff/%fe",
        "/api/v1/erasures/%c0%ae%c0%ae",
        "/api/v1/erasures/..%5c..%5cquietus.toml",
        "/api/v1/receipts/-1",
        "/api/v1/receipts/18446744073709551616",
        "/api/v1/receipts/1e0",
        "/api/v1/receipts/%d9%a1",
        "/static/..%2f..%2fquietus.toml",
        "/static/../quietus.toml",
        long.as_str(),
        longer.as_str(),
    ];
    for target in tricks {
        let shown = &target[..target.len().min(80)];
        for bearer in [None, Some(secret.as_str())] {
            let (status, answer) = raw(&eliska.base, target, bearer);
            let is_refused = status.map_or(target == longer, |status| (400..500).contains(&status));
            assert!(is_refused, "{shown}: {answer}");
            assert!(!answer.contains("eliska") && !answer.contains("client_secret"), "{shown}: {answer}");
        }
    }
    eliska.get("/api/v1/me").is(200);
    assert_eq!(deployment.json(&["audit", "list"]), rows, "nothing was ordered");
}

#[test]
fn a_token_that_was_good_once_is_answered_nothing_that_it_was_answered_then() {
    let standin = StandIn::start();
    let (deployment, server) = started(&standin);
    let secret = token(&deployment, "olga", &["officer"], &[]);
    let olga = Api::of(&server, Some(&secret));
    let hold = json!({ "on": { "session": 7 }, "reason": "legal-claims" });
    let order = || super::sent(olga.asked("post", "/api/v1/holds").header("Idempotency-Key", "order-1").json(&hold));
    let made = order().is(201);
    assert_eq!(order().is(201), made, "it is answered the same");
    let id = secret.split('_').nth(1).expect("its id");
    done(&deployment.run(&["tokens", "revoke", id]));
    order().refused(401, "unauthenticated");

    // Another one of the same account is the same account's, as far as it may see the same.
    let issue = ["tokens", "issue", "olga", "--for", "a test", "--role", "officer"];
    let issued = |more: &[&str]| {
        let output = deployment.run(&[&issue[..], more].concat());
        done(&output);
        Api::of(&server, Some(String::from_utf8(output.stdout).expect("text").trim_end()))
    };
    let again =
        |api: &Api| super::sent(api.asked("post", "/api/v1/holds").header("Idempotency-Key", "order-1").json(&hold));
    assert_eq!(again(&issued(&[])).is(201), made);
    again(&issued(&["--company", "acme"])).refused(409, "conflict");

    // Nowhere else than in its header.
    let another = issued(&[]);
    let secret = another.token.clone().expect("a token");
    let nobody = Api::of(&server, None);
    let me = |name: &str, value: String| super::sent(nobody.asked("get", "/api/v1/me").header(name, value));
    for (name, value) in [
        ("Cookie", format!("quietus={secret}")),
        ("Cookie", format!("token={secret}")),
        ("X-Api-Key", secret.clone()),
        ("Proxy-Authorization", format!("Bearer {secret}")),
        ("Authorization", secret.clone()),
        ("Authorization", format!("Bearer {secret}, Bearer {secret}")),
        ("Authorization", format!("Bearer\t{secret}")),
    ] {
        me(name, value).refused(401, "unauthenticated");
    }
    let account: Value = me("Authorization", format!("Bearer {secret}")).is(200);
    assert_eq!(account["account"], "olga");
}
