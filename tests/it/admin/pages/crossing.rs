//! Between the pages and the API, and from other sites: a session is no token, and what somebody has written becomes no header.

use serde_json::json;

use super::{ADMIN, Api, Browser, PASSWORD, rows, sent, user};
use crate::admin::token;
use crate::harness::{Deployment, Server, StandIn};

#[test]
fn a_session_opens_the_pages_alone_and_a_token_the_api() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    user(&deployment, "jana", "Jana Nováková", &["officer"], &[]);
    let browser = Browser::signed_in(&server, "jana");
    browser.get("/requests").is(200);
    let before = rows(&deployment);
    // Else another site could have a browser that is signed in order something.
    let hold = json!({ "on": { "session": 7 }, "reason": "legal-claims" });
    for headers in [&[][..], &[("Sec-Fetch-Site", "same-origin")], &[("Sec-Fetch-Site", "cross-site")]] {
        let with = |request: reqwest::RequestBuilder| {
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
        };
        let read = sent(with(browser.asked("GET", "/api/v1/me"))).is(401);
        assert_eq!(read.header("content-type"), "application/problem+json");
        sent(with(browser.asked("POST", "/api/v1/holds").json(&hold))).is(401);
    }
    let session = browser.session();
    sent(Browser::of(&server).asked("GET", "/api/v1/me").bearer_auth(&session)).is(401);

    let secret = token(&deployment, "pavel", &["officer"], &[]);
    let by_token = |method: &str, path: &str| {
        let request = Browser::of(&server).asked(method, path).bearer_auth(&secret);
        sent(request.header("Sec-Fetch-Site", "same-origin"))
    };
    assert!(by_token("GET", "/requests").goes_on().starts_with("/sign-in"));
    by_token("POST", "/requests/new").is(403);
    // Of a session, too, the cookie alone carries it.
    let by_cookie = Browser::of(&server).asked("GET", "/requests").header("Cookie", format!("quietus={secret}"));
    assert!(sent(by_cookie).goes_on().starts_with("/sign-in"));
    assert_eq!(Api::of(&server, Some(&secret)).get("/api/v1/holds").is(200)["items"], json!([]));
    let made = 2;
    assert_eq!(rows(&deployment), before + made, "of the account and its token alone");
}

#[test]
fn what_is_typed_becomes_no_header() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    user(&deployment, "jana", "Jana Nováková", &["officer"], &[]);
    let browser = Browser::signed_in(&server, "jana");
    let session = browser.session();
    let lines = "/requests\r\nSet-Cookie: quietus=canary\r\nX-Canary: 1";
    let encoded = "%2Frequests%0D%0ASet-Cookie%3A%20quietus%3Dcanary%0D%0AX-Canary%3A%201";
    let stranger = Browser::of(&server);
    let pages = [
        browser.get(&format!("/language/cs?next={encoded}")),
        browser.get(&format!("/language/{encoded}")),
        browser.get(&format!("/requests/acme/{encoded}")),
        browser.get(&format!("/requests?show={encoded}&cursor={encoded}&company={encoded}")),
        browser.post("/requests/new", &[("number", lines), ("came", lines), ("company", lines)]),
        stranger.get(&format!("/requests?show={encoded}")),
        stranger.get(&format!("/sign-in?next={encoded}")),
        stranger.post("/sign-in", &[("user", "jana"), ("password", PASSWORD), ("next", lines)]),
        stranger.post("/sign-in", &[("user", lines), ("password", lines), ("next", "/")]),
    ];
    for page in pages {
        assert!(page.status < 500, "{page:?}");
        assert!(!page.headers.contains_key("x-canary"), "{page:?}");
        for cookie in page.headers.get_all("set-cookie") {
            assert!(!cookie.to_str().expect("text").contains("canary"), "{page:?}");
        }
        // In an address it can only stand as it was sent: encoded.
        let place = page.header("location");
        assert!(place.is_empty() || place.starts_with('/') && !place.contains(['\r', '\n']), "{place}");
    }
    assert_eq!(browser.session(), session);
}
