//! A gateway that answers 404 to everything for a while: that proves nothing.

use quietus_plugin::{ErrorClass, Outcome};

use super::*;

#[test]
fn a_gateway_without_the_mailbox_makes_nothing_absent() {
    let google = Google::with(&["ann@x.cz"]);
    google.state().gateway = (0, usize::MAX);
    let host = host(&google, json!({}));
    for answer in [host.erase(ANN), host.dry_run(ANN), host.verify(ANN)] {
        assert_eq!(answer.expect_err("nobody has looked").class, ErrorClass::Retryable);
    }
}

#[test]
fn wherever_a_gateway_begins_and_ends_the_answer_is_true() {
    for is_behind in [false, true] {
        for from in 0..14 {
            for count in [1, 2, 3, 30] {
                let google = Google::with(&["ann@x.cz", "ann@x.cz"]);
                google.state().gateway = (from, count);
                if is_behind {
                    google.state().lags = 99;
                }
                let host = host(&google, json!({}));
                let answer = (0..60).find_map(|_| host.erase(ANN).ok()).expect("an answer in the end");
                assert!(google.senders().is_empty(), "from {from} for {count}: {answer:?}");
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
            let google = Google::with(&["ann@x.cz"]);
            google.state().is_lazy = true;
            google.state().gateway = (from, count);
            let host = host(&google, json!({}));
            let answer = (0..60).find_map(|_| host.erase(ANN).ok()).expect("an answer in the end");
            assert_eq!(answer.outcome, Outcome::Residual, "from {from} for {count}: {answer:?}");
        }
    }
}
