//! What is wrong with a configuration is told before the first request.

use super::*;

/// A step of `erase` after a `find` with the list `find.ids`.
fn with_step(step: Value) -> Value {
    let mut settings = crm();
    settings["erase"][1] = step;
    settings
}

#[track_caller]
fn check(settings: Value, expected: &str) {
    match configure("https://crm.example", settings) {
        Ok(_) => panic!("accepted"),
        Err(error) => assert!(error.message.contains(expected), "{}", error.message),
    }
}

#[test]
fn mistakes_are_named() {
    let delete = |url: &str| json!({ "name": "delete", "method": "DELETE", "url": url });
    check(with_step(delete("/contacts/{{emial}}")), "`emial` is not known; kinds are email, phone");
    check(with_step(delete("/contacts/{{item}}")), "`item` needs `for_each`");
    check(with_step(delete("/contacts/{{find.ids}}")), "use `for_each`");
    check(with_step(delete("/contacts/{{email")), "`{{` without `}}`");
    check(with_step(delete("/contacts/{{secret.token}}")), "a secret may not stand here");
    check(with_step(delete("contacts")), "it must begin with `/`");
    check(with_step(delete("https://evil.example/{{email}}")), "it must begin with `/`");
    check(with_step(delete("/contacts?x={{email}}")), "a query goes into `query`");
    let mut each = delete("/contacts/{{item}}");
    each["for_each"] = json!("look.ids");
    check(with_step(each), "`look.ids` is no list of an earlier step; those are: find.ids");
    let mut quoted = delete("/contacts");
    quoted["query"] = json!({ "$filter": "email eq '{{email}}'" });
    check(with_step(quoted.clone()), "say how they are escaped there");
    quoted["query"] = json!({ "$filter": "email eq '{{email|sql}}'" });
    check(with_step(quoted), "`sql` is no filter");
    let mut headed = delete("/contacts");
    headed["headers"] = json!({ "Host": "evil.example" });
    check(with_step(headed), "a name that is not allowed");
    let mut listed = delete("/contacts");
    listed["status"] = json!({ "ok": [200], "absent": [200] });
    check(with_step(listed), "200 has two meanings");
    let mut keyed = delete("/contacts");
    keyed["headers"] = json!({ "X-Key": "{{secret.tokken}}" });
    check(with_step(keyed), "the secret `tokken` is not configured");
    check(with_step(json!({ "name": "find", "method": "DELETE", "url": "/x" })), "two steps are named `find`");
    check(with_step(json!({ "name": "Delete 1", "method": "DELETE", "url": "/x" })), "allowed are 1 to 40 of a-z");
    check(with_step(json!({ "name": "look", "method": "GET", "url": "/x" })), "no step erases anything");
    let search = json!({ "name": "search", "method": "POST", "url": "/x", "extract": { "ids": "$.ids[*]" } });
    check(with_step(search), "is it a search by POST (`reads = true`)?");
    check(
        with_step(json!({ "name": "x", "method": "GET", "url": "/x", "extract": { "ids": "results[" } })),
        "JSON path",
    );

    let put = json!({ "name": "x", "method": "DELETE", "url": "/x", "reads": true });
    check(with_step(put), "DELETE always changes something");
    let offset =
        json!({ "name": "x", "method": "GET", "url": "/x", "paging": { "offset": { "query": "at", "limit": 2 } } });
    check(with_step(offset), "paging.offset needs `items`");

    for rate in [0.0, -1.0, 1e9] {
        let mut settings = crm();
        settings["rate"] = json!(rate);
        check(settings, "rate: allowed are");
    }
    let mut settings = crm();
    settings["verify"] = json!([delete("/contacts/{{email}}")]);
    check(settings, "verify only looks");
    let mut settings = crm();
    settings["erase"][0]["items"] = Value::Null;
    check(settings, "`match` needs `items`");
    let mut settings = crm();
    settings["auth"] = json!({ "bearer": { "secret": "none" } });
    check(settings, "the secret `none` is not configured");
    let mut settings = crm();
    settings["ca_file"] = json!("/nowhere/ca.pem");
    check(settings, "ca_file /nowhere/ca.pem");
    for status_only in [json!({}), json!({ "extract": { "ids": "$.id" } }), json!({ "items": "$.id", "lookup": true })]
    {
        let mut settings = crm();
        settings["health"] = json!({ "name": "me", "method": "GET", "url": "/me" });
        settings["health"]
            .as_object_mut()
            .expect("a step")
            .extend(status_only.as_object().cloned().expect("an object"));
        check(settings, "health: a status alone is also a log-in page's: set `items`");
    }
    let mut settings = crm();
    settings["colour"] = json!("blue");
    check(settings, "unknown field `colour`");
}

#[test]
fn plain_http_is_for_this_machine_unless_it_is_allowed() {
    #[track_caller]
    fn check(url: &str, more: Value, accepted: bool) {
        let mut settings = crm();
        settings.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        assert_eq!(configure(url, settings).is_ok(), accepted, "{url}");
    }
    check("https://crm.example/api", json!({}), true);
    check("http://localhost:8080", json!({}), true);
    check("http://127.0.0.1:8080", json!({}), true);
    check("http://[::1]:8080", json!({}), true);
    check("http://crm.example", json!({}), false);
    check("http://crm.example", json!({ "allow_plaintext": true }), true);
    check("http://127.0.0.1.evil.example", json!({}), false);
    check("https://user:password@crm.example", json!({}), false);
    check("https://crm.example?key=1", json!({}), false);
    check("ftp://crm.example", json!({}), false);
    check("crm.example", json!({}), false);
    let oauth = |url: &str| json!({ "auth": { "oauth2": { "token_url": url, "client_id": "x", "secret": "token" } } });
    check("https://crm.example", oauth("https://login.example/token"), true);
    check("https://crm.example", oauth("http://login.example/token"), false);
}

#[test]
fn a_step_that_erases_no_matter_whom_is_refused() {
    let blind = "nothing in its path, query or body depends on an identifier";
    let delete = |more: Value| {
        let mut step = json!({ "name": "delete", "method": "POST", "url": "/contacts/delete" });
        step.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        with_step(step)
    };
    check(delete(json!({})), blind);
    check(delete(json!({ "headers": { "X-Person": "{{email}}" } })), blind);
    check(delete(json!({ "when": "find.ids" })), blind);
    check(delete(json!({ "body": { "json": { "key": "{{idempotency_key}} {{erasure}} {{secret.token}}" } } })), blind);
    check(delete(json!({ "for_each": "find.ids" })), "`for_each` without `{{item}}`");
    check(
        delete(json!({ "for_each": "find.ids", "query": { "email": "{{email}}" } })),
        "`for_each` without `{{item}}`",
    );
    check(
        delete(json!({ "for_each": "find.ids", "headers": { "X-Id": "{{item}}" } })),
        "`for_each` without `{{item}}`",
    );

    let of_nobody = |last: Value| {
        let lists =
            json!({ "name": "all", "method": "GET", "url": "/x", "items": "$[*]", "extract": { "ids": "$.id" } });
        let parts = json!({ "name": "parts", "method": "GET", "url": "/x/{{item}}", "for_each": "all.ids", "items": "$[*]", "extract": { "ids": "$.id" } });
        json!({ "erase": [lists, parts, last] })
    };
    let each = json!({ "name": "delete", "method": "DELETE", "url": "/x/{{item}}", "for_each": "parts.ids" });
    check(of_nobody(each.clone()), blind);
    let whole =
        json!({ "name": "delete", "method": "POST", "url": "/x", "body": { "json": { "ids": "{{all.ids}}" } } });
    check(of_nobody(whole), blind);

    let accepted = |settings: Value| configure("https://crm.example", settings).map(drop);
    let mut narrowed = of_nobody(each);
    narrowed["erase"][1]["match"] = json!({ "path": "$.email", "equals": "{{email}}" });
    assert_eq!(accepted(narrowed), Ok(()));
    assert_eq!(accepted(delete(json!({ "body": { "json": { "ids": "{{find.ids}}" } } }))), Ok(()));
    assert_eq!(accepted(delete(json!({ "body": { "form": { "email": "{{email}}" } } }))), Ok(()));
    assert_eq!(accepted(delete(json!({ "query": { "email": "{{email}}" } }))), Ok(()));
}

#[test]
fn a_value_within_quotes_says_how_they_are_escaped() {
    #[track_caller]
    fn check_query(query: &str, accepted: bool) {
        let step = json!({ "name": "x", "method": "GET", "url": "/x", "query": { "q": query } });
        assert_eq!(configure("https://crm.example", with_read(step)).is_ok(), accepted, "{query}");
    }
    fn with_read(step: Value) -> Value {
        let mut settings = crm();
        settings["erase"].as_array_mut().expect("steps").insert(1, step);
        settings["health"] = health_step();
        settings
    }
    check_query("from:{{email}}", true);
    check_query("a 'b' \"c\" {{email}}", true);
    check_query("\"from:{{email}}\"", false);
    check_query("'it is {{email}}'", false);
    check_query("\"{{phone|backslash}} {{email}}\"", false);
    check_query("'a\"' \"{{email}}\"", false);
    check_query("\"a\\\"{{email}}\"", false);
    check_query("\"from:{{email|odata}}\"", false);
    check_query("\"from:{{email|backslash}}\"", true);
    check_query("mail eq '{{email|odata}}'", true);
}

#[test]
fn a_status_alone_finds_nobody_without_something_to_compare_it_with() {
    let by_status = json!({ "name": "look", "method": "GET", "url": "/people/{{email}}" });
    for which in ["erase", "verify"] {
        let mut settings = crm();
        settings[which].as_array_mut().expect("steps").insert(0, by_status.clone());
        check(settings.clone(), "step `look`: looks by the status alone");
        settings["health"] = health_step();
        assert!(configure("https://crm.example", settings).is_ok());
    }
    let mut settings = crm();
    settings["erase"][0]["status"] = json!({ "absent": [404] });
    check(settings, "`absent` does not go with `items`");
}
