//! A gateway that answers 404 to everything for a while: that proves nothing.

use quietus_plugin::{ErrorClass, Outcome};

use super::exchange::PURGES;
use super::mail::party;
use super::*;

#[test]
fn a_gateway_without_the_mailbox_makes_nothing_absent() {
    let exchange = Exchange::with(&["ann@x.cz"]);
    exchange.mailbox().gateway = (0, usize::MAX);
    let host = host(&exchange, json!({}));
    for answer in [host.erase(ANN), host.dry_run(ANN), host.verify(ANN)] {
        assert_eq!(answer.expect_err("nobody has looked").class, ErrorClass::Retryable);
    }
}

#[test]
fn wherever_a_gateway_begins_and_ends_the_answer_is_true() {
    for is_behind in [false, true] {
        for from in 0..14 {
            for count in [1, 2, 3, 30] {
                let exchange = Exchange::with(&["ann@x.cz", "ann@x.cz"]);
                exchange.mailbox().gateway = (from, count);
                if is_behind {
                    exchange.mailbox().is_stale = true;
                }
                let host = host(&exchange, json!({}));
                let answer = (0..60).find_map(|_| host.erase(ANN).ok()).expect("an answer in the end");
                assert!(exchange.senders().is_empty(), "from {from} for {count}: {answer:?}");
                assert_eq!(
                    (answer.outcome, answer.counts["messages"]),
                    (Outcome::Erased, 2),
                    "from {from} for {count}"
                );
            }
        }
    }
}

#[test]
fn what_is_still_there_is_never_erased_although_a_gateway_says_so() {
    for from in 0..14 {
        for count in [1, 2, 3] {
            let exchange = Exchange::with(&["ann@x.cz"]);
            exchange.mailbox().is_lazy = true;
            exchange.mailbox().gateway = (from, count);
            let host = host(&exchange, json!({}));
            let answer = (0..60).find_map(|_| host.erase(ANN).ok()).expect("an answer in the end");
            assert_eq!(answer.outcome, Outcome::Residual, "from {from} for {count}: {answer:?}");
        }
    }
}

#[test]
fn a_folder_that_is_not_there_is_believed_after_a_control() {
    let exchange = Exchange::new();
    exchange.mailbox().add(PURGES, json!({ "from": party("ann@x.cz") }));
    // Where the gateway answers only while the hidden folders are looked up, what they keep must be told all the same.
    for from in 0..4 {
        exchange.mailbox().gateway = (exchange.server.lines().len() + from, 1);
        let answer = (0..9).find_map(|_| host(&exchange, json!({})).verify(ANN).ok()).expect("an answer in the end");
        assert_eq!(answer.outcome, Outcome::Retained, "from {from}: {answer:?}");
    }
}
