//! Identifiers are what a stranger typed into a form.

use quietus_plugin::{ErrorClass, Outcome};

use super::mail::party;
use super::*;

/// Erases by this text in a mailbox with others' messages, none of which may go.
#[track_caller]
fn check(typed: &str, expected: Outcome) {
    let exchange = Exchange::with(&["ann@x.cz", "o'hara@x.cz", "b@x.cz", "anybody@y.cz"]);
    let before = exchange.senders();
    let answer = host(&exchange, json!({})).erase([("email", typed)]).expect("an answer");
    assert_eq!(answer.outcome, expected, "{typed}");
    assert_eq!(exchange.senders(), before, "{typed}");
}

#[test]
fn no_text_matches_more_than_itself() {
    let no_addresses = [
        "ann@x.cz' or true or from/emailAddress/address eq 'b@x.cz",
        "ann@x.cz\" OR participants:\"b@x.cz",
        "ann@x.cz\r\nX-Evil: 1\r\n\r\nDELETE / HTTP/1.1",
        "\u{0}@x.cz",
        "../../b@x.cz/../../y",
        "",
        "   ",
        "*",
    ];
    for typed in no_addresses {
        check(typed, Outcome::Unverifiable);
    }
    let long = format!("{}@x.cz", "a".repeat(10_000));
    check(&long, Outcome::Unverifiable);
    let addresses = [
        "*@x.cz",
        "%@x.cz",
        "a*n@x.cz",
        "'or'1'='1@x.cz",
        "a&$filter=true#@x.cz",
        "../b@x.cz",
        "{b}@x.cz",
        "\"b\\\" OR from:\\\"\"@x.cz",
        "\u{202e}nna@x.cz",
        "a\u{301}nn@x.cz",
        "\u{430}nn@x.cz",
    ];
    for typed in addresses {
        check(typed, Outcome::Absent);
    }
}

#[test]
fn addresses_with_characters_that_mean_something_are_found() {
    for address in ["o'hara@x.cz", "a+b@x.cz", "\"a\\\"b\"@x.cz", "a&b=c@x.cz", "%61nn@x.cz"] {
        let exchange = Exchange::with(&["hara@x.cz", "ann@x.cz"]);
        exchange.mailbox().add("sentitems", json!({ "from": party(USER), "ccRecipients": [party(address)] }));
        let answer = host(&exchange, json!({})).erase([("email", address)]).expect("an answer");
        assert_eq!(answer.counts["messages"], 1, "{address}");
        assert_eq!(exchange.senders(), ["hara@x.cz", "ann@x.cz"], "{address}");
    }
}

#[test]
fn an_address_that_looks_masked_is_nobodys() {
    for address in ["a*@x.cz", "a#n@x.cz"] {
        let exchange = Exchange::with(&["ann@x.cz"]);
        exchange.mailbox().add("sentitems", json!({ "from": party(USER), "ccRecipients": [party(address)] }));
        let answer = host(&exchange, json!({})).erase([("email", address)]).expect("an answer");
        assert_eq!((answer.outcome, answer.counts.len()), (Outcome::Unverifiable, 0), "{address}");
        assert_eq!(exchange.senders().len(), 2, "{address}");
    }
}

#[test]
fn a_message_that_was_found_and_gives_no_address_of_somebody_needs_a_person() {
    let nobody = json!({ "emailAddress": { "name": "Ann" } });
    let unresolved = json!({ "emailAddress": { "name": "ann@x.cz", "address": null } });
    for hidden in [nobody, unresolved, party("/O=EXCHANGE/OU=X/CN=RECIPIENTS/CN=ANN")] {
        let exchange = Exchange::with(&["ann@x.cz"]);
        let fields = json!({ "from": party("joann@x.cz"), "toRecipients": [hidden] });
        exchange.mailbox().add("inbox", fields);
        let host = host(&exchange, json!({}));
        let answer = host.erase(ANN).expect("an answer");
        assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Unverifiable, 1), "{answer:?}");
        assert_eq!(exchange.senders(), ["joann@x.cz"]);
        exchange.retention_ends();
        assert_eq!(host.verify(ANN).expect("an answer").outcome, Outcome::Unverifiable);
    }
}

#[test]
fn where_everything_is_listed_a_message_without_an_address_says_nothing() {
    let exchange = Exchange::new();
    exchange.mailbox().searches_no_hidden = true;
    exchange.mailbox().add(super::exchange::DELETIONS, json!({ "toRecipients": [{ "emailAddress": {} }] }));
    assert_eq!(host(&exchange, json!({})).verify(ANN).expect("an answer").outcome, Outcome::Absent);
}

#[test]
fn ids_from_the_system_are_no_more_trusted_than_people() {
    let exchange = Exchange::with(&["ann@x.cz", "ann@x.cz"]);
    exchange.mailbox().mails[0].id = "../../users/boss%40x.cz".into();
    let error = host(&exchange, json!({})).erase(ANN).expect_err("refused");
    assert_eq!(error.class, ErrorClass::Permanent);
    assert_eq!(exchange.count("$batch"), 0);
}
