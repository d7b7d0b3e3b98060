//! What an answer says of the search, and of what Exchange keeps.

use super::exchange::PURGES;
use super::mail::party;
use super::*;
use crate::graph::{KEEPS, NOT_LOOKED_AT, UNSEEN};
use crate::scope::{DEVICES, RECEIVED, TEXTS_NEVER};

const SHOWN: &str = "messages of all folders that people see, and recoverable items, by Exchange's search and their headers From, To, Cc \
                     and Bcc";

/// What the answers to a dry run, to an erasure and to a check say.
#[track_caller]
fn check(exchange: &Exchange, more: Value, looked_at: &str, not_looked_at: &[&str], keeps: [bool; 3]) {
    let host = host(exchange, more);
    for (n, keeps) in keeps.into_iter().enumerate() {
        let answer = match n {
            0 => host.whole().dry_run(ANN),
            1 => host.whole().erase(ANN),
            _ => host.whole().verify(ANN),
        };
        let answer = answer.expect("an answer");
        assert_eq!(answer.looked_at, [format!("account `support`: {looked_at}")]);
        assert_eq!(answer.not_looked_at, [not_looked_at, &NOT_LOOKED_AT, &[DEVICES]].concat());
        assert_eq!(answer.keeps, keeps.then(|| KEEPS.map(str::to_owned).to_vec()), "{n}: {answer:?}");
        exchange.retention_ends();
    }
}

#[test]
fn what_exchange_keeps_is_told_before_and_after_an_erasure() {
    check(&Exchange::with(&["ann@x.cz"]), json!({}), SHOWN, &[TEXTS_NEVER], [true, true, false]);
    // Nothing of hers is there, and so nothing is kept.
    check(&Exchange::with(&["joann@x.cz"]), json!({}), SHOWN, &[TEXTS_NEVER], [false; 3]);
}

#[test]
fn what_nobody_knows_of_is_not_said_for_certain_and_the_page_has_the_same_words() {
    assert!(KEEPS[1].starts_with("where there is a hold or a retention policy, "), "{}", KEEPS[1]);
    let page = include_str!("../../../microsoft-365.md").split_whitespace().collect::<Vec<_>>().join(" ");
    for sentence in KEEPS {
        assert!(page.contains(&format!("- kept: {sentence}")), "{sentence}");
    }
}

#[test]
fn what_graph_does_not_show_is_told() {
    let exchange = Exchange::with(&["ann@x.cz"]);
    exchange.mailbox().hides = true;
    let places = SHOWN.replace(", and recoverable items", "").replace("From, To, Cc and Bcc", "From");
    check(&exchange, json!({ "only_from": true }), &places, &[UNSEEN, TEXTS_NEVER, RECEIVED], [true, true, false]);
}

#[test]
fn what_was_purged_before_is_retained_and_says_by_what() {
    let exchange = Exchange::new();
    exchange.mailbox().add(PURGES, json!({ "from": party("ann@x.cz") }));
    let answer = host(&exchange, json!({})).whole().erase(ANN).expect("an answer");
    assert!(answer.reason.is_some_and(|reason| reason.contains("its folder Purges: a hold")), "and not absent");
}
