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
