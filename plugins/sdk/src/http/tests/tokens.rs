//! Credentials: tokens that are fetched, shared, refused and rotated, and headers of the vendor's own.

use super::*;
use crate::Sensitive;

fn secrets() -> Secrets {
    let secrets = [("token", "hunter2"), ("refresh", "r-1")];
    Secrets::new(secrets.map(|(name, value)| (name.to_owned(), Sensitive::new(value))).into())
}

#[test]
fn a_refused_token_is_fetched_again_once() {
    let mut tokens = 0;
    let server = Server::start(move |seen| match (seen.target.as_str(), seen.header("authorization")) {
        ("/token", _) => {
            tokens += 1;
            Reply::text(200, &format!(r#"{{"access_token":"t-{tokens}","expires_in":3600}}"#))
        }
        (_, Some("Bearer t-2")) => Reply::empty(200),
        _ => Reply::empty(401),
    });
    let auth = Auth::Oauth2 {
        token_url: format!("{}/token", server.url),
        client_id: "quietus".into(),
        secret: "token".into(),
        scope: Some("erase all".into()),
    };
    let client = Client::new(&Settings { auth: Some(auth), ..settings(&server) }, &secrets()).expect("settings");
    client.send(&Request::get("/people"), &Call::unattended()).expect("an answer");
    client.send(&Request::get("/people"), &Call::unattended()).expect("an answer");
    assert_eq!(server.lines(), ["POST /token", "GET /people", "POST /token", "GET /people", "GET /people"]);
    let form = "grant_type=client_credentials&client_id=quietus&client_secret=hunter2&scope=erase%20all";
    assert_eq!(server.seen()[0].body, form);
}

/// Gives out `t-1` for `r-1`, `t-2` for `r-2`, and so on, once each; a request needs the latest except `t-1`.
fn rotating() -> Server {
    let mut given = 0;
    Server::start(move |seen| match (seen.target.as_str(), seen.header("authorization")) {
        ("/token", _) if seen.body.contains(&format!("refresh_token=r-{}", given + 1)) => {
            given += 1;
            let next = given + 1;
            Reply::text(200, &format!(r#"{{"access_token":"t-{given}","expires_in":3600,"refresh_token":"r-{next}"}}"#))
        }
        ("/token", _) => Reply::text(400, r#"{"error":"invalid_grant"}"#),
        (_, Some(token)) if given > 1 && token == format!("Bearer t-{given}") => Reply::empty(200),
        _ => Reply::empty(401),
    })
}

fn refreshing(server: &Server, client_auth: ClientAuth) -> Client {
    let auth = Auth::Oauth2Refresh {
        token_url: format!("{}/token", server.url),
        client_id: "quietus".into(),
        secret: Some("token".into()),
        refresh_token: "refresh".into(),
        client_auth,
    };
    Client::new(&Settings { auth: Some(auth), ..settings(server) }, &secrets()).expect("settings")
}

#[test]
fn a_rotated_refresh_token_is_used_from_then_on() {
    let server = rotating();
    let client = refreshing(&server, ClientAuth::Form);
    client.send(&Request::get("/people"), &Call::unattended()).expect("an answer");
    assert_eq!(server.lines(), ["POST /token", "GET /people", "POST /token", "GET /people"]);
    let form =
        |token: &str| format!("grant_type=refresh_token&refresh_token={token}&client_id=quietus&client_secret=hunter2");
    let forms: Vec<_> = server.seen().into_iter().filter(|seen| seen.method == "POST").map(|seen| seen.body).collect();
    assert_eq!(forms, [form("r-1"), form("r-2")]);
}

#[test]
fn a_client_may_say_who_it_is_in_a_header() {
    let server = rotating();
    refreshing(&server, ClientAuth::Basic).log_in(&Call::unattended()).expect("a token");
    let seen = &server.seen()[0];
    assert_eq!(seen.body, "grant_type=refresh_token&refresh_token=r-1");
    assert_eq!(seen.header("authorization"), Some("Basic cXVpZXR1czpodW50ZXIy"));
}

#[test]
fn calls_at_once_share_one_refresh() {
    let server = rotating();
    let client = refreshing(&server, ClientAuth::Form);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| client.send(&Request::get("/people"), &Call::unattended()).expect("an answer"));
        }
    });
    let tokens = server.lines().iter().filter(|line| line.as_str() == "POST /token").count();
    assert_eq!(tokens, 2, "the first, and one after it was refused");
}

#[test]
fn a_refresh_token_that_is_refused_needs_a_person() {
    let server = Server::start(|_| Reply::text(400, r#"{"error":"invalid_grant"}"#));
    let error = refreshing(&server, ClientAuth::Form).log_in(&Call::unattended()).expect_err("refused");
    assert_eq!(error, PluginError::needs_operator("no token: status 400, invalid_grant"));
    let server = Server::start(|_| Reply::empty(429).with("Retry-After", "7"));
    let error = refreshing(&server, ClientAuth::Form).log_in(&Call::unattended()).expect_err("limited");
    assert_eq!(error, PluginError::rate_limited(Some(Duration::from_secs(7))));
}

#[test]
fn a_vendors_own_header_carries_the_secret() {
    let server = in_turn([]);
    let of = |name: &str| Auth::Header { name: name.into(), secret: "token".into() };
    let make = |name: &str| Client::new(&Settings { auth: Some(of(name)), ..settings(&server) }, &secrets());
    make("x-api-token").expect("settings").send(&Request::get("/"), &Call::unattended()).expect("an answer");
    let seen = &server.seen()[0];
    assert_eq!((seen.header("X-Api-Token"), seen.header("authorization")), (Some("hunter2"), None));
    for refused in ["Host", "content-length", "x api", ""] {
        let error = make(refused).err().expect("refused");
        assert!(error.message.starts_with("auth.header.name: "), "{error}");
    }
}

#[test]
fn a_call_that_nobody_waits_for_does_not_wait_for_anothers_token() {
    struct Unwanted;

    impl crate::call::CallHost for Unwanted {
        fn log(&self, _: u64, _: crate::Level, _: &str) {}

        fn cancelled(&self, _: u64) -> bool {
            true
        }

        fn remaining_ms(&self, _: u64) -> i64 {
            -1
        }
    }

    let (asked, is_asked) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let server = Server::start(move |_| {
        asked.send(()).expect("the test listens");
        match released.recv_timeout(Duration::from_secs(10)) {
            Ok(()) => Reply::json(200, &serde_json::json!({ "access_token": "t-1" })),
            Err(_) => Reply::empty(400),
        }
    });
    let auth = serde_json::json!({ "oauth2": {
        "token_url": format!("{}/token", server.url), "client_id": "quietus", "secret": "token",
    } });
    let auth = serde_json::from_value(auth).expect("settings");
    let timeout = Some(Span(Duration::from_secs(30)));
    let client = Client::new(&Settings { auth, timeout, ..settings(&server) }, &secrets()).expect("settings");
    std::thread::scope(|scope| {
        let first = scope.spawn(|| client.log_in(&Call::unattended()));
        is_asked.recv().expect("the first call fetches");
        let unwanted = Call::new(&Unwanted, 1, None, &[]);
        assert_eq!(client.log_in(&unwanted), Err(PluginError::cancelled()));
        // Who had waited would come too late for that.
        release.send(()).expect("the server waits");
        assert_eq!(first.join().expect("no panic"), Ok(()));
    });
}
