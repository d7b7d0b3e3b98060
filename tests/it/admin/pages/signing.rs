//! Signing in and out, and what a session is good for.

use super::{ADMIN, Api, Browser, PASSWORD, rows, sent, user};
use crate::harness::{Deployment, Needles, Server, StandIn};

const ANOTHER: &str = "five other unrelated canary words";

fn started(standin: &StandIn) -> (Deployment, Server) {
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    user(&deployment, "jana", "Jana Nováková", &["officer"], &[]);
    (deployment, server)
}

#[test]
fn somebody_signs_in_and_comes_back_to_where_they_wanted_to_go() {
    let standin = StandIn::start();
    let (_deployment, server) = started(&standin);
    let browser = Browser::of(&server);
    browser.get("/").leads_to("/sign-in");
    let asked = browser.get("/requests?show=late").goes_on();
    assert!(asked.starts_with("/sign-in?next="), "{asked}");
    let form = browser.get(&asked).is(200).says(&["User name", "Password"]);
    assert_eq!(form.hidden("next"), "/requests?show=late");
    let of = |password, next| [("user", "Jana "), ("password", password), ("next", next)];
    let wrong = browser.post("/sign-in", &of("not it at all", "/requests?show=late")).is(403);
    let wrong = wrong.says(&["do not fit together", "<title>Error:"]);
    assert!(!wrong.text.contains("not it at all") && !wrong.text.contains("Jana"), "{}", wrong.text);
    let nobody = browser.post("/sign-in", &[("user", "nobody"), ("password", PASSWORD)]).is(403);
    assert_eq!(nobody.text, browser.post("/sign-in", &[("user", "jana"), ("password", ANOTHER)]).is(403).text);

    let signed = browser.post("/sign-in", &of(PASSWORD, "/requests?show=late"));
    signed.leads_to("/requests?show=late");
    let cookie = signed.header("set-cookie");
    assert!(cookie.starts_with("quietus=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
    browser.get("/requests?show=late").is(200).says(&["Jana Nováková", "officer"]);

    // Nobody is led away by an address that somebody has sent them.
    for elsewhere in ["//evil.example/", "https://evil.example/", "/\\evil.example", "/sign-out", "javascript:alert(1)"]
    {
        let page = browser.get(&format!("/sign-in?next={}", elsewhere.replace('\\', "%5C"))).is(200);
        assert_eq!(page.hidden("next"), "/", "{elsewhere}");
        browser.post("/sign-in", &of(PASSWORD, elsewhere)).leads_to("/");
        browser.get(&format!("/language/cs?next={}", elsewhere.replace('\\', "%5C"))).leads_to("/");
    }
    browser.get("/").is(200).says(&["Odhlásit se", "lang=\"cs\""]);
    browser.get("/language/en").leads_to("/");
    browser.get("/").is(200).says(&["Sign out", "lang=\"en\""]);
    browser.get("/language/de").is(404);
    let (_, log) = server.stop();
    Needles::of([PASSWORD, ANOTHER]).must_be_absent("the log", log.join("\n").as_bytes());
}

#[test]
fn a_session_is_new_at_each_sign_in_and_ends_when_it_is_over() {
    let standin = StandIn::start();
    let (deployment, server) = started(&standin);
    // What somebody has had the browser carry before is good for nothing afterwards.
    let browser = Browser::signed_in(&server, "jana");
    let planted = browser.session();
    let victim = Browser::of(&server);
    victim.cookies.borrow_mut().insert("quietus".to_owned(), planted.clone());
    victim.sign_in("jana", PASSWORD).leads_to("/");
    assert_ne!(victim.session(), planted);
    browser.get("/").leads_to("/sign-in");
    victim.get("/").is(200);

    // Of two, nobody guesses which is meant.
    let twice = format!("quietus={0}; quietus={0}", victim.session());
    let mut request = Browser::of(&server).asked("GET", "/");
    request = request.header("Cookie", twice);
    assert_eq!(sent(request).status, 303);
    for wrong in ["", "x", &victim.session()[1..], &format!("{}0", victim.session())] {
        let stranger = Browser::of(&server);
        stranger.cookies.borrow_mut().insert("quietus".to_owned(), wrong.to_owned());
        stranger.get("/").leads_to("/sign-in");
    }

    // A session is no token, and a token no session.
    Api::of(&server, Some(&victim.session())).get("/api/v1/me").refused(401, "unauthenticated");
    let issued = deployment.run(&["tokens", "issue", "jana", "--role", "officer", "--for", "a test"]);
    let token = String::from_utf8(issued.stdout).expect("text").trim_end().to_owned();
    Api::of(&server, Some(&token)).get("/api/v1/me").is(200);
    let by_token = Browser::of(&server);
    by_token.cookies.borrow_mut().insert("quietus".to_owned(), token.clone());
    by_token.get("/").leads_to("/sign-in");
    assert_eq!(sent(Browser::of(&server).asked("GET", "/").bearer_auth(&token)).status, 303);

    // Another browser, which the first one ends.
    let other = Browser::signed_in(&server, "jana");
    let page = victim.get("/sessions").is(200).says(&["You are signed in at 2 places", "this browser"]);
    let (_, rest) = page.text.split_once("action=\"/sessions/").expect("an order");
    let (_, rest) = rest.split_once("action=\"/sessions/").expect("one of the other session, behind the one of all");
    let id = rest.split('/').next().expect("an id");
    victim.post(&format!("/sessions/{id}/end"), &[]).leads_to("/sessions");
    other.get("/").leads_to("/sign-in");
    victim.post(&format!("/sessions/{id}/end"), &[]).is(404);
    let other = Browser::signed_in(&server, "jana");

    // The password: the old one is asked for, and the others end.
    let of = |old, new, again| [("old", old), ("new", new), ("again", again)];
    victim.post("/password", &of(PASSWORD, ANOTHER, PASSWORD)).is(400).says(&["are not the same"]);
    victim.post("/password", &of("not it at all", ANOTHER, ANOTHER)).is(403).says(&["do not fit together"]);
    victim.post("/password", &of(PASSWORD, "short", "short")).is(400).says(&["at least 12 characters"]);
    other.get("/").is(200);
    let former = victim.session();
    victim.post("/password", &of(PASSWORD, ANOTHER, ANOTHER)).leads_to("/sessions");
    assert_ne!(victim.session(), former);
    let kept = Browser::of(&server);
    kept.cookies.borrow_mut().insert("quietus".to_owned(), former);
    kept.get("/").leads_to("/sign-in");
    // Who has signed in keeps the way on, also where there is no such page, or nothing can be made of a form.
    victim.get("/").is(200);
    victim.get("/nothing-here").is(404).says(&["There is no such page", "Sign out"]);
    victim.post("/", &[]).is(405).says(&["does not take that", "Sign out"]);
    let large = "x".repeat(257 << 10);
    victim.post("/requests/new", &[("email", &large)]).is(413).says(&["too much at once", "Sign out"]);
    let nobody = Browser::of(&server).get("/nothing-here").is(404);
    assert!(!nobody.text.contains("Sign out"), "{}", nobody.text);
    other.get("/").leads_to("/sign-in");
    Browser::of(&server).sign_in("jana", PASSWORD).is(403);

    // Signed out, what the browser had is replayed in vain.
    let kept = victim.session();
    let out = victim.post("/sign-out", &[]);
    out.leads_to("/sign-in");
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    let replay = Browser::of(&server);
    replay.cookies.borrow_mut().insert("quietus".to_owned(), kept);
    replay.get("/").leads_to("/sign-in");
    let rows = deployment.json(&["audit", "list"]).to_string();
    assert!(rows.contains("account.sign_in") && rows.contains("account.sign_out"), "{rows}");
}

#[test]
fn a_guesser_waits_and_a_disabled_account_is_out_at_once() {
    let standin = StandIn::start();
    let (deployment, server) = started(&standin);
    let browser = Browser::signed_in(&server, "jana");
    let guesser = Browser::of(&server);
    for _ in 0..5 {
        guesser.sign_in("jana", "not it at all").is(403);
    }
    let later = guesser.sign_in("jana", PASSWORD).is(429).says(&["too many tries", "minutes", "<!DOCTYPE html>"]);
    assert!(later.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
    browser.get("/").is(200);
    super::done(&deployment.run(&["users", "disable", "jana"]));
    browser.get("/").leads_to("/sign-in");
    browser.post("/requests/new", &[]).is(403).says(&["You are signed out"]);
}

#[test]
fn what_another_page_sends_changes_nothing() {
    let standin = StandIn::start();
    let (deployment, server) = started(&standin);
    let browser = Browser::signed_in(&server, "jana");
    let before = rows(&deployment);
    let host = browser.base.trim_start_matches("http://").to_owned();
    let paths = ["/sign-in", "/sign-out", "/sessions/end", "/password", "/requests/new", "/requests/acme/R-1/run"];
    let (same, cross) = (format!("http://{host}"), "http://evil.example".to_owned());
    for path in paths {
        let said: [&[(&str, &str)]; 8] = [
            &[],
            &[("Sec-Fetch-Site", "cross-site")],
            &[("Sec-Fetch-Site", "same-site")],
            &[("Sec-Fetch-Site", "none")],
            &[("Sec-Fetch-Site", "cross-site"), ("Origin", &same)],
            &[("Origin", &cross)],
            &[("Origin", "null")],
            // A name of somebody else's that leads here.
            &[("Host", "evil.example"), ("Sec-Fetch-Site", "same-origin")],
        ];
        for headers in said {
            let request = browser.asked("POST", path).form(&[("user", "jana"), ("password", PASSWORD)]);
            let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            let page = sent(request);
            assert!(page.status == 403 && page.header("set-cookie").is_empty(), "{path} {headers:?}: {}", page.text);
        }
    }
    assert_eq!(rows(&deployment), before);
    let read = sent(browser.asked("GET", "/requests").header("Host", "evil.example"));
    assert_eq!(read.status, 403, "{}", read.text);
    // A browser that says no more than where it is.
    let request = browser.asked("POST", "/sign-out").header("Origin", &same).form(&[("x", "")]);
    assert_eq!(sent(request).status, 303);
}

#[test]
fn behind_a_proxy_the_cookie_is_bound_to_the_host_and_to_tls() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, "");
    deployment.stands_behind_proxy();
    let server = Server::start(&deployment);
    user(&deployment, "jana", "Jana", &["officer"], &[]);
    let browser = Browser::of(&server);
    let form = [("user", "jana"), ("password", PASSWORD)];
    let ask = |scheme: &str| {
        let request = browser.asked("POST", "/sign-in").header("Sec-Fetch-Site", "same-origin");
        sent(request.header("X-Forwarded-Proto", scheme).header("Host", "admin.example").form(&form))
    };
    let page = ask("http").is(403);
    assert!(page.header("set-cookie").is_empty());
    let page = ask("https");
    let cookie = page.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-quietus=") && cookie.ends_with("SameSite=Strict; Secure"), "{cookie}");
}
