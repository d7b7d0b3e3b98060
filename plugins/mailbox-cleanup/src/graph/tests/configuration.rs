//! What is wrong with a configuration is told when it is read.

use super::*;
use crate::standin::example;

#[track_caller]
fn check(change: impl FnOnce(&mut Value), expected: &str) {
    let exchange = Exchange::new();
    let mut account = account(&exchange);
    change(&mut account);
    let error = configured(json!([{ "name": "support", "graph": account }]), json!({})).err().expect("refused");
    assert!(error.message.contains(expected), "{error}");
    assert!(exchange.server.lines().is_empty());
}

#[test]
fn the_error_names_what_is_wrong() {
    check(|account| account["user"] = json!(" "), "accounts[0].graph.user: ");
    check(|account| account["user"] = json!("../groups"), "accounts[0].graph.user: ");
    check(|account| account["base_url"] = json!("http://graph.example"), "accounts[0].graph.base_url: ");
    check(|account| account["token_url"] = json!("http://login.example"), "token_url: ");
    check(|account| account["secret"] = json!("none"), "the secret `none` is not configured");
    check(|account| account["purges_days"] = json!(32), "accounts[0].graph.purges_days: allowed are 0 to 31");
    check(|account| account["rate"] = json!(0), "accounts[0].graph.rate: ");
    check(|account| account["ca_file"] = json!("/nowhere/ca.pem"), "accounts[0].graph.ca_file");
}

#[test]
fn clouds_without_permanent_deletion_are_refused() {
    // <https://learn.microsoft.com/graph/api/message-permanentdelete> and <https://learn.microsoft.com/graph/deployments>.
    for url in [
        "https://graph.microsoft.us/v1.0",
        "https://DOD-Graph.Microsoft.us:443/v1.0",
        "https://microsoftgraph.chinacloudapi.cn/v1.0",
    ] {
        check(|account| account["base_url"] = json!(url), "accounts[0].graph.base_url: this is ");
        check(
            |account| account["base_url"] = json!(url),
            "`permanentDelete` of messages: it exists in the global service only",
        );
    }
    for url in
        ["https://login.microsoftonline.us/x/oauth2/v2.0/token", "https://login.chinacloudapi.cn/x/oauth2/v2.0/token"]
    {
        check(|account| account["token_url"] = json!(url), "accounts[0].graph.token_url: this is ");
    }
    let exchange = Exchange::new();
    for url in ["https://graph.microsoft.com/v1.0", "https://graph.notmicrosoft.us/v1.0"] {
        let mut account = account(&exchange);
        account["base_url"] = json!(url);
        assert!(configured(json!([{ "name": "support", "graph": account }]), json!({})).is_ok(), "{url}");
    }
}

#[test]
fn an_account_is_of_one_kind_and_only_imap_looks_at_the_text() {
    let exchange = Exchange::new();
    let gmail = json!({ "user": USER, "base_url": "https://x.cz", "token_url": "https://x.cz", "key": "app" });
    let two = json!([{ "name": "a", "graph": account(&exchange), "gmail": gmail }]);
    let error = configured(two, json!({})).err().expect("refused");
    assert_eq!(error.message, "accounts[0]: it needs one of `imap`, `graph` and `gmail`, and no more");
    let graph = json!([{ "name": "support", "graph": account(&exchange) }]);
    let error = configured(graph, json!({ "look_at_body": true })).err().expect("refused");
    assert!(error.message.starts_with("look_at_body: it is for IMAP accounts only"), "{error}");
}

#[test]
fn the_example_is_accepted() {
    let config = example(include_str!("../../../config.graph.toml"));
    assert!(Host::with_secrets(config, [("app", "hunter2")]).is_ok());
}
