//! What Exchange keeps of what was deleted, and what the answer says of it.

use quietus_plugin::Outcome;

use super::exchange::{DELETIONS, HOLDS, PURGES};
use super::mail::party;
use super::*;
use crate::graph::UNTOLD;

#[test]
fn recoverable_items_among_all_messages_are_not_taken_for_others() {
    let exchange = Exchange::with(&["ann@x.cz"]);
    for folder in [DELETIONS, PURGES] {
        exchange.mailbox().add(folder, json!({ "from": party("ann@x.cz") }));
    }
    exchange.mailbox().mixes_in = true;
    assert_eq!(host(&exchange, json!({})).erase(ANN), Ok(later(erased(2))));
    assert_eq!((exchange.senders().len(), exchange.purged()), (0, 3));
}

#[test]
fn what_people_have_deleted_before_goes_too() {
    let exchange = Exchange::new();
    exchange.mailbox().add(DELETIONS, json!({ "from": party("ann@x.cz") }));
    exchange.mailbox().add("deleteditems", json!({ "from": party("ann@x.cz") }));
    assert_eq!(host(&exchange, json!({})).erase(ANN), Ok(later(erased(2))));
    assert_eq!(exchange.purged(), 2);
}

#[test]
fn what_a_hold_keeps_is_told_once_the_retention_of_deleted_items_is_over() {
    let exchange = Exchange::with(&["ann@x.cz", "ann@x.cz"]);
    let host = host(&exchange, json!({}));
    assert_eq!(host.erase(ANN), Ok(later(erased(2))));
    let answer = host.verify(ANN).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["kept messages"]), (Outcome::Retained, 2));
    let reason =
        "account `support`: Exchange keeps messages in its folder Purges: a hold, or its retention of deleted items";
    assert_eq!(answer.reason.as_deref(), Some(reason));
}

#[test]
fn where_only_a_hold_keeps_messages_it_is_told_at_once() {
    let exchange = Exchange::with(&["ann@x.cz"]);
    let mut account = account(&exchange);
    account["purges_days"] = json!(0);
    let host = configured(json!([{ "name": "support", "graph": account }]), json!({})).expect("configured");
    let answer = host.erase(ANN).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["kept messages"], answer.counts["messages"]), (Outcome::Retained, 1, 1));
}

#[test]
fn what_was_purged_before_is_kept_and_never_absent() {
    let exchange = Exchange::new();
    exchange.mailbox().add(PURGES, json!({ "from": party("ann@x.cz") }));
    let host = host(&exchange, json!({}));
    for answer in [host.dry_run(ANN), host.erase(ANN), host.verify(ANN)] {
        let answer = answer.expect("an answer");
        assert_eq!((answer.outcome, answer.counts["kept messages"]), (Outcome::Retained, 1));
    }
    assert_eq!(exchange.count("$batch"), 0);
}

#[test]
fn what_exchange_does_not_let_go_of_is_kept() {
    let exchange = Exchange::new();
    exchange.mailbox().add(DELETIONS, json!({ "from": party("ann@x.cz") }));
    exchange.mailbox().inner.push((0, 403, json!({}), "ErrorCannotDeleteObject"));
    let answer = host(&exchange, json!({})).erase(ANN).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["kept messages"]), (Outcome::Retained, 1));
    assert!(!answer.counts.contains_key("messages"), "{answer:?}");
}

#[test]
fn what_is_in_the_folder_of_holds_is_kept_by_one() {
    let exchange = Exchange::with(&["ann@x.cz"]);
    exchange.mailbox().add(HOLDS, json!({ "from": party("ann@x.cz") }));
    let answer = host(&exchange, json!({})).erase(ANN).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["kept messages"], answer.counts["messages"]), (Outcome::Retained, 1, 1));
    let reason = "account `support`: Exchange keeps messages in its folder DiscoveryHolds: a hold";
    assert_eq!(answer.reason.as_deref(), Some(reason));
}

#[test]
fn hidden_folders_that_graph_does_not_know_are_no_failure() {
    let exchange = Exchange::with(&["ann@x.cz"]);
    exchange.mailbox().hides = true;
    assert_eq!(host(&exchange, json!({})).erase(ANN), Ok(erased(1)));
}

#[test]
fn hidden_folders_that_cannot_be_searched_are_looked_through() {
    let exchange = Exchange::new();
    for folder in [DELETIONS, PURGES] {
        let fields = json!({ "from": party("eve@x.cz"), "ccRecipients": [party("ann@x.cz")] });
        exchange.mailbox().add(folder, fields);
        exchange.mailbox().add(folder, json!({ "from": party("joann@x.cz") }));
    }
    exchange.mailbox().searches_no_hidden = true;
    let host = host(&exchange, json!({}));
    let answer = host.dry_run(ANN).expect("an answer");
    assert_eq!((answer.counts["messages"], answer.counts["kept messages"]), (1, 1));
    assert_eq!(host.erase(ANN), Ok(later(erased(1))));
    assert_eq!(exchange.purged(), 3);
}

#[test]
fn what_is_kept_is_counted_beyond_the_limit_for_what_is_erased() {
    let exchange = Exchange::with(&["ann@x.cz"]);
    for _ in 0..3 {
        exchange.mailbox().add(HOLDS, json!({ "from": party("ann@x.cz") }));
    }
    let answer = host(&exchange, json!({ "messages_max": 2 })).erase(ANN).expect("an answer");
    assert_eq!((answer.counts["messages"], answer.counts["kept messages"]), (1, 3));
}

#[test]
fn what_a_look_at_what_is_kept_does_not_tell_is_said() {
    let untold = |folder: &str, fields: &Value, times: usize| {
        let exchange = Exchange::with(&["ann@x.cz"]);
        (0..times).for_each(|_| exchange.mailbox().add(folder, fields.clone()));
        let host = host(&exchange, json!({}));
        let answers = [host.whole().dry_run(ANN), host.whole().erase(ANN), host.whole().verify(ANN)];
        answers.map(|answer| answer.expect("an answer").not_looked_at.contains(&UNTOLD.to_owned()))
    };
    let nameless = json!({ "from": { "emailAddress": { "name": "Ann" } }, "toRecipients": [party("joann@x.cz")] });
    let others = json!({ "from": party("joann@x.cz") });
    for folder in [PURGES, HOLDS] {
        assert_eq!(untold(folder, &nameless, 1), [true; 3], "{folder}: nobody knows whose it is");
        assert_eq!(untold(folder, &others, 1000), [true; 3], "{folder}: there may be more");
        assert_eq!(untold(folder, &others, 900), [false; 3], "{folder}");
    }
}
