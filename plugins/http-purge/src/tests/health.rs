//! `health` asks the system with the credentials, and names what they may not do.

use quietus_plugin::ErrorClass;

use super::*;

/// A CRM that answers the right token only, and nobody at `closed`.
fn guarded(closed: &'static str) -> Server {
    Server::start(move |seen| match seen.header("authorization") {
        Some("Bearer hunter2") if seen.target.starts_with(closed) => Reply::empty(403),
        Some("Bearer hunter2") => results(json!([])),
        _ => Reply::empty(401),
    })
}

/// Configurations with and without a step of their own, and with a search that is believed.
fn configurations() -> Vec<Value> {
    let mut stepped = crm();
    stepped["health"] = json!({ "name": "me", "method": "GET", "url": "/contacts", "query": { "limit": "1" },
        "items": "$.results[*]" });
    let mut trusting = crm();
    trusting["erase"][0]["match"] = json!("trust_search");
    let mut last = crm();
    last["erase"] = json!([{ "name": "delete", "method": "DELETE", "url": "/contacts/{{email}}" }]);
    vec![crm(), stepped, trusting, last]
}

fn health(server: &Server, settings: &Value, secret: &str) -> Result<(), PluginError> {
    let mut settings = config(&server.url, settings.clone());
    if settings.get("auth").is_none() {
        settings["auth"] = json!({ "bearer": { "secret": "token" } });
    }
    TestHost::<HttpPurge>::with_secrets(settings, [("token", secret)]).expect("configured").health()
}

#[test]
fn a_wrong_token_is_red_whatever_is_configured() {
    for settings in configurations() {
        let server = guarded("/nowhere");
        assert_eq!(health(&server, &settings, "hunter2"), Ok(()), "{settings}");
        let error = health(&server, &settings, "hunter1").expect_err("red");
        assert_eq!(error.class, ErrorClass::NeedsOperator, "{settings}");
        assert!(error.message.contains("refuses the credentials (401)"), "{settings}: {error}");
        assert!(server.lines().iter().all(|line| line.starts_with("GET ")), "{:?}", server.lines());
    }
}

#[test]
fn a_right_that_is_missing_is_named() {
    for settings in configurations() {
        let error = health(&guarded("/contacts"), &settings, "hunter2").expect_err("red");
        assert_eq!(error.class, ErrorClass::NeedsOperator, "{settings}");
        assert!(error.message.contains("may not GET /contacts (403)"), "{settings}: {error}");
    }
}

#[test]
fn what_nobody_has_seen_is_not_green() {
    let blind = json!({ "erase": [{ "name": "delete", "method": "DELETE", "url": "/people/{{email}}" }] });
    let error = health(&guarded("/nowhere"), &blind, "hunter2").expect_err("nothing was asked");
    assert!(error.message.contains("add `health`"), "{error}");
    for (reply, class) in [
        ((|| Reply::empty(422)) as fn() -> Reply, ErrorClass::NeedsOperator),
        (|| Reply::text(200, "<html>please log in</html>"), ErrorClass::Retryable),
        (|| Reply::json(200, &json!({ "success": false })), ErrorClass::Retryable),
        (|| Reply::json(200, &json!({})), ErrorClass::Retryable),
        (|| Reply::empty(503), ErrorClass::Retryable),
        (|| Reply::empty(404), ErrorClass::Retryable),
        (|| Reply::empty(302), ErrorClass::Permanent),
        (|| Reply::text(403, "<html>blocked</html>"), ErrorClass::Retryable),
    ] {
        let server = Server::start(move |_| reply());
        assert_eq!(health(&server, &crm(), "hunter2").expect_err("red").class, class);
    }
}

#[test]
fn a_token_that_is_given_needs_no_search() {
    let server = Server::start(|seen| match seen.body.contains("client_secret=hunter2") {
        true => Reply::json(200, &json!({ "access_token": "t", "expires_in": 3600 })),
        false => Reply::json(401, &json!({ "error": "invalid_client" })),
    });
    let mut blind = json!({ "erase": [{ "name": "delete", "method": "DELETE", "url": "/people/{{email}}" }] });
    let token_url = format!("{}/token", server.url);
    blind["auth"] = json!({ "oauth2": { "token_url": token_url, "client_id": "me", "secret": "token" } });
    let with = |secret: &str| {
        let settings = config(&server.url, blind.clone());
        TestHost::<HttpPurge>::with_secrets(settings, [("token", secret)]).expect("configured").health()
    };
    assert_eq!(with("hunter2"), Ok(()));
    assert!(with("hunter1").is_err());
}

#[test]
fn a_health_step_shows_what_only_the_right_credentials_are_shown() {
    #[track_caller]
    fn check(reply: fn() -> Reply, expected: Result<(), ErrorClass>) {
        let server = Server::start(move |_| reply());
        let mut settings = crm();
        settings["health"] = json!({ "name": "me", "method": "GET", "url": "/me", "items": "$.user.id" });
        assert_eq!(plugin(&server, settings).health().map_err(|error| error.class), expected);
    }
    check(|| Reply::json(200, &json!({ "user": { "id": 7 } })), Ok(()));
    // An anonymous user, as Zendesk shows to everybody.
    check(|| Reply::json(200, &json!({ "user": { "id": null } })), Err(ErrorClass::NeedsOperator));
    check(|| Reply::json(200, &json!({ "user": { "id": "" } })), Err(ErrorClass::NeedsOperator));
    check(|| Reply::json(200, &json!({ "user": {} })), Err(ErrorClass::Retryable));
    check(|| Reply::text(200, "<!DOCTYPE html><html>please log in</html>"), Err(ErrorClass::Retryable));
    check(|| Reply::text(200, "OK"), Err(ErrorClass::Retryable));
    check(|| Reply::empty(204), Err(ErrorClass::Retryable));
    check(|| Reply::empty(404), Err(ErrorClass::Retryable));
    check(|| Reply::empty(423), Err(ErrorClass::NeedsOperator));
    check(|| Reply::empty(401), Err(ErrorClass::NeedsOperator));
}

#[test]
fn a_right_that_is_missing_is_named_in_the_systems_own_words() {
    for body in [
        json!({ "message": "scope contacts.write is missing" }),
        json!({ "error": { "message": "scope contacts.write is missing", "code": 7 } }),
        json!({ "title": "Forbidden", "detail": "scope contacts.write is missing" }),
        json!({ "error": "scope contacts.write is missing\n" }),
    ] {
        let shown = body.to_string();
        let server = Server::start(move |_| Reply::json(403, &body));
        let error = health(&server, &configurations()[1], "hunter2").expect_err("red");
        assert_eq!(error.class, ErrorClass::NeedsOperator, "{shown}");
        assert!(error.message.contains("it says: scope contacts.write is missing"), "{shown}: {error}");
    }
}

/// Systems repeat what they were sent: whole, or as much of it as they show.
#[test]
fn no_part_of_the_credentials_is_quoted() {
    let key = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
    let far = format!("{}{key}", "the key is refused ".repeat(10));
    let cut = format!("invalid token {}…", &key[..12]);
    for (how, text) in [("cut off by the system", cut), ("beyond what is quoted", far), ("whole", key.to_owned())] {
        for status in [401, 403] {
            let text = text.clone();
            let server = Server::start(move |_| Reply::json(status, &json!({ "message": text })));
            let error = health(&server, &configurations()[1], key).expect_err("red");
            assert!(!error.message.contains("it says") && !error.message.contains("sk_live"), "{how}: {error}");
        }
    }
}

#[test]
fn no_part_of_an_access_token_is_quoted() {
    let server = Server::start(|seen| match seen.target.as_str() {
        "/token" => Reply::json(200, &json!({ "access_token": "eyJhbGciOiJub25lIn0.e30.", "expires_in": 3600 })),
        _ => Reply::json(403, &json!({ "message": "the token eyJhbGciOiJub… has no such scope" })),
    });
    let mut settings = configurations()[1].clone();
    let token_url = format!("{}/token", server.url);
    settings["auth"] = json!({ "oauth2": { "token_url": token_url, "client_id": "quietus", "secret": "token" } });
    let error = health(&server, &settings, "hunter2").expect_err("red");
    assert_eq!(error.class, ErrorClass::NeedsOperator);
    assert!(!error.message.contains("eyJhb"), "{error}");
}
