//! What is wrong with a configuration is told when it is read.

use super::*;
use crate::standin::example;

#[track_caller]
fn check(change: impl FnOnce(&mut Value), expected: &str) {
    let google = Google::with(&[]);
    let mut account = account(&google, USER);
    change(&mut account);
    let error = configured(json!([{ "name": "support", "gmail": account }]), json!({})).err().expect("refused");
    assert!(error.message.contains(expected), "{error}");
    assert!(google.server.lines().is_empty());
}

#[test]
fn the_error_names_what_is_wrong() {
    check(|account| account["user"] = json!("support"), "accounts[0].gmail.user: it is not an address");
    check(|account| account["base_url"] = json!("http://gmail.example"), "accounts[0].gmail.base_url: ");
    check(|account| account["token_url"] = json!("http://login.example"), "token_url: ");
    check(|account| account["key"] = json!("none"), "the secret `none` is not configured");
    check(|account| account["units_per_minute"] = json!(0), "accounts[0].gmail.units_per_minute: allowed are 1 to ");
}

#[test]
fn a_secret_that_is_no_key_is_refused_and_not_quoted() {
    let google = Google::with(&[]);
    let config = json!({ "accounts": [{ "name": "support", "gmail": account(&google, USER) }] });
    let error = Host::with_secrets(config, [("google", "hunter2")]).err().expect("refused");
    assert!(error.message.contains("issuer") && !error.message.contains("hunter2"), "{error}");
}

#[test]
fn the_example_is_accepted() {
    let config = example(include_str!("../../../config.gmail.toml"));
    assert!(Host::with_secrets(config, [("google", KEY)]).is_ok());
}
