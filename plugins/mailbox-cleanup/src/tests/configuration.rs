//! What is wrong with a configuration is told before anybody is asked; the examples are right.

use super::*;

fn account() -> Value {
    json!({ "url": "imaps://mail.example.com", "user": "office", "password": "password" })
}

#[track_caller]
fn check(config: Value, told: &str) {
    let error = configure(config).err().expect("refused");
    assert_eq!(error.class, ErrorClass::NeedsOperator);
    assert!(error.message.contains(told), "{}", error.message);
}

#[track_caller]
fn check_imap(more: Value, told: &str) {
    let account = with(account(), more);
    check(json!({ "accounts": [{ "name": "office", "imap": account }] }), &format!("accounts[0].imap.{told}"));
}

#[test]
fn mistakes_are_named() {
    check(json!({ "accounts": [] }), "accounts: allowed are 1 to 16");
    check(json!({ "accounts": [{ "name": "office" }] }), "accounts[0]: it needs one of");
    check(json!({ "accounts": [{ "name": "an office", "imap": account() }] }), "accounts[0].name: allowed are");
    let twice = json!({ "name": "office", "imap": account() });
    check(json!({ "accounts": [twice, twice] }), "accounts: two are named `office`");
    check(json!({ "accounts": [twice], "protect": ["noreply"] }), "protect: `noreply` is neither");
    check(json!({ "accounts": [twice], "only_from": true, "look_at_body": true }), "only_from: it excludes");
    check(json!({ "accounts": [twice], "messages_max": 0 }), "messages_max: allowed are 1 and more");

    check_imap(json!({ "url": "https://mail.example.com" }), "url: it begins with neither");
    check_imap(json!({ "url": "imaps://office@mail.example.com" }), "url: it has more than a host and a port");
    check_imap(json!({ "url": "imaps://mail.example.com/INBOX" }), "url: it has more than");
    check_imap(json!({ "url": "imaps://mail.example.com:99999" }), "url: its port");
    check_imap(json!({ "url": "imaps://" }), "url: its host");
    check_imap(json!({ "starttls": false }), "starttls: it is for imap://");
    check_imap(
        json!({ "url": "imap://mail.example.com", "starttls": false }),
        "starttls: without it nothing is encrypted",
    );
    check_imap(json!({ "password": null }), "password: it needs either this or `xoauth2`");
    check_imap(json!({ "xoauth2": { "bearer": { "secret": "token" } } }), "password: it needs either");
    check_imap(json!({ "password": "passwort" }), "password: the secret `passwort` is not configured");
    check_imap(
        json!({ "password": null, "xoauth2": { "basic": { "user": "x", "secret": "token" } } }),
        "xoauth2: `basic`",
    );
    check_imap(
        json!({ "password": null, "xoauth2": { "bearer": { "secret": "tokken" } } }),
        "xoauth2.bearer: the secret",
    );
    check_imap(json!({ "user": "" }), "user: it is empty");
    check_imap(json!({ "folders": [] }), "folders: none is named");
    check_imap(json!({ "exclude": ["*x"] }), "exclude: `*x` is no folder");
    check_imap(json!({ "body_bytes_max": 40 << 20 }), "body_bytes_max: allowed are 1 to 33554432");
    check_imap(json!({ "ca_file": "/nowhere/ca.pem" }), "ca_file /nowhere/ca.pem: ");
}

#[test]
fn plaintext_is_for_this_machine_unless_it_is_allowed() {
    #[track_caller]
    fn check(url: &str, more: Value, accepted: bool) {
        let account = with(with(account(), json!({ "url": url, "starttls": false })), more);
        assert_eq!(configure(json!({ "accounts": [{ "name": "a", "imap": account }] })).is_ok(), accepted, "{url}");
    }
    check("imap://localhost", json!({}), true);
    check("imap://127.0.0.1:1143", json!({}), true);
    check("imap://[::1]:1143", json!({}), true);
    check("imap://mail.example.com", json!({}), false);
    check("imap://127.0.0.1.example.com", json!({}), false);
    check("imap://mail.example.com", json!({ "allow_plaintext": true }), true);
}

#[test]
fn the_sandbox_opens_what_each_account_names() {
    let host = host(account());
    let manifest = host.manifest();
    for n in [0, 15] {
        assert!(manifest.ports_from.contains(&format!("/accounts/{n}/imap/url")));
        assert!(manifest.ports_from.contains(&format!("/accounts/{n}/imap/xoauth2/oauth2/token_url")));
        assert!(manifest.reads_from.contains(&format!("/accounts/{n}/imap/ca_file")));
    }
}

#[test]
fn the_example_is_accepted() {
    let config = crate::standin::example(include_str!("../../config.imap.toml"));
    assert_eq!(config["accounts"].as_array().map(Vec::len), Some(2));
    let accepted = Host::with_secrets(config, [("office", "x"), ("support", "y")]);
    assert_eq!(accepted.map(drop), Ok(()));
}
