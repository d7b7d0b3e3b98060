//! What is erased, what stays, and what the answer says of it.

use quietus_plugin::http::test::Reply;
use quietus_plugin::{Answer, ErrorClass, Outcome};

use super::exchange::PURGES;
use super::mail::party;
use super::*;

#[test]
fn the_persons_messages_go_and_look_alikes_stay() {
    let exchange = Exchange::with(&["ann@x.cz", "ANN@X.CZ", "joann@x.cz", "ann@x.czech.com", "ann@x.cz.evil.com"]);
    let host = host(&exchange, json!({}));
    assert_eq!(host.dry_run(ANN), Ok(Answer::residual().count("messages", 2)));
    assert_eq!(exchange.count("POST /v1.0"), 0, "a dry run deletes nothing");
    assert_eq!(host.erase(ANN), Ok(later(erased(2))));
    assert_eq!(exchange.senders(), ["joann@x.cz", "ann@x.czech.com", "ann@x.cz.evil.com"]);
    exchange.retention_ends();
    assert_eq!(host.verify(ANN), Ok(Answer::absent()));
    assert_eq!(host.health(), Ok(()));
}

#[test]
fn every_place_of_an_address_counts() {
    let exchange = Exchange::new();
    let ann = party("ann@x.cz");
    let eve = party("eve@x.cz");
    for fields in [
        json!({ "from": ann }),
        json!({ "from": eve, "toRecipients": [eve, ann] }),
        json!({ "from": eve, "ccRecipients": [ann] }),
        json!({ "from": eve, "bccRecipients": [ann] }),
        json!({ "from": eve, "replyTo": [ann], "toRecipients": [party("joann@x.cz")] }),
        json!({ "from": null, "sender": ann, "toRecipients": [party("joann@x.cz")] }),
        json!({ "from": eve, "toRecipients": [party("joann@x.cz")] }),
    ] {
        exchange.mailbox().add("sentitems", fields);
    }
    assert_eq!(host(&exchange, json!({ "only_from": true })).dry_run(ANN), Ok(Answer::residual().count("messages", 1)));
    assert_eq!(host(&exchange, json!({})).erase(ANN), Ok(later(erased(6))));
}

#[test]
fn a_message_with_two_of_the_persons_addresses_counts_once() {
    let exchange = Exchange::with(&["ann@y.cz", "bob@x.cz"]);
    let fields = json!({ "from": party("ann@x.cz"), "ccRecipients": [party("ann@y.cz")] });
    exchange.mailbox().add("inbox", fields);
    let both = [("email", "ann@x.cz"), ("email", "Ann@Y.cz"), ("email", "ann@x.cz")];
    assert_eq!(host(&exchange, json!({})).erase(both), Ok(later(erased(2))));
    assert_eq!(exchange.senders(), ["bob@x.cz"]);
}

#[test]
fn nobody_is_absent() {
    let exchange = Exchange::with(&["joann@x.cz"]);
    let host = host(&exchange, json!({}));
    assert_eq!(host.erase(ANN), Ok(Answer::absent()));
    assert_eq!(host.verify(ANN), Ok(Answer::absent()));
    assert_eq!(exchange.senders().len(), 1);
}

#[test]
fn an_index_that_shows_no_more_than_what_is_erased_is_asked_again_later() {
    let exchange = Exchange::with(&["ann@x.cz"]);
    for _ in 0..3 {
        let fields = json!({ "from": party(USER), "toRecipients": [party("ann@x.cz")] });
        exchange.mailbox().add("sentitems", fields);
    }
    exchange.mailbox().search_max = 1000;
    exchange.mailbox().mixes_in = true;
    let mails = vec![exchange.mailbox().mails[1].clone(); 1000];
    exchange.mailbox().mails.extend(mails);
    let error = host(&exchange, json!({})).erase(ANN).expect_err("cut");
    assert_eq!(error.class, ErrorClass::Retryable);
    assert!(error.message.contains("still shows what is erased"), "{error}");
}

#[test]
fn what_is_accepted_and_not_done_is_residual() {
    let exchange = Exchange::with(&["ann@x.cz", "ann@x.cz"]);
    exchange.mailbox().is_lazy = true;
    let host = host(&exchange, json!({}));
    assert_eq!(host.erase(ANN), Ok(Answer::residual().count("messages left", 2)));
    assert_eq!(host.verify(ANN), Ok(Answer::residual().count("messages", 2)));
    exchange.mailbox().is_lazy = false;
    assert_eq!(host.erase(ANN), Ok(later(erased(2))), "and counts once");
}

#[test]
fn an_index_that_is_behind_is_not_believed() {
    let exchange = Exchange::with(&["ann@x.cz", "ann@x.cz"]);
    exchange.mailbox().is_stale = true;
    // Neither does it know of Purges: a look at once would take for a hold what is only on its way.
    assert_eq!(host(&exchange, json!({})).erase(ANN), Ok(later(erased(2))));
    assert_eq!(exchange.purged(), 2);
}

#[test]
fn all_pages_are_read() {
    let exchange = Exchange::with(&["ann@x.cz"; 9]);
    exchange.mailbox().page = 2;
    assert_eq!(host(&exchange, json!({})).erase(ANN), Ok(later(erased(9))));
    assert_eq!(exchange.count("$batch"), 3, "four in each batch");
}

#[test]
fn more_than_one_search_shows_is_searched_deleted_and_searched_again() {
    let exchange = Exchange::new();
    for _ in 0..2500 {
        let fields = json!({ "from": party(USER), "toRecipients": [party("ann@x.cz")] });
        exchange.mailbox().add("sentitems", fields);
    }
    assert_eq!(host(&exchange, json!({})).erase(ANN), Ok(later(erased(2500))));
    assert!(exchange.senders().is_empty());
}

#[test]
fn more_than_allowed_is_refused_before_anything_is_deleted() {
    let exchange = Exchange::with(&["ann@x.cz"; 4]);
    let error = host(&exchange, json!({ "messages_max": 3 })).erase(ANN).expect_err("too many");
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(error.message.contains("more than 3 messages (`messages_max`)"), "{error}");
    assert_eq!(exchange.count("$batch"), 0);
}

#[test]
fn a_search_that_others_fill_is_never_nobody() {
    let exchange = Exchange::with(&["joann@x.cz"; 1000]);
    let host = host(&exchange, json!({}));
    for answer in [host.erase(ANN), host.verify(ANN)] {
        assert_eq!(answer.expect_err("it cannot show all").class, ErrorClass::Permanent);
    }
    assert_eq!(exchange.senders().len(), 1000);
}

#[test]
fn a_failure_halfway_loses_no_count() {
    let exchange = Exchange::with(&["ann@x.cz"; 10]);
    let host = host(&exchange, json!({}));
    exchange.mailbox().inner.push((5, 503, json!({}), "ServiceUnavailable"));
    let error = host.erase(ANN).expect_err("halfway");
    assert_eq!(error.class, ErrorClass::Retryable);
    assert!(error.message.ends_with("(7 messages are erased so far)"), "{error}");
    assert_eq!(host.erase(ANN), Ok(later(erased(10))));
    assert_eq!(host.erase(ANN), Ok(later(erased(10))), "the answer may have been lost");
}

#[test]
fn a_batch_whose_answer_is_lost_counts_once_it_is_not_met_again() {
    for lost in [Reply::HangUp, Reply::Silence, Reply::empty(504), Reply::text(200, "<html>")] {
        let exchange = Exchange::with(&["ann@x.cz"; 3]);
        let host = hasty(&exchange);
        exchange.fault("POST /v1.0/$batch", lost);
        assert_eq!(host.erase(ANN).expect_err("lost").class, ErrorClass::Retryable);
        // It was done all the same.
        exchange.mailbox().mails.iter_mut().for_each(|mail| mail.folder = PURGES.into());
        assert_eq!(host.erase(ANN), Ok(later(erased(3))));
    }
}

#[test]
fn what_somebody_else_has_deleted_meanwhile_does_not_count() {
    let exchange = Exchange::with(&["ann@x.cz"; 3]);
    exchange.mailbox().inner.push((1, 404, json!({}), "ErrorItemNotFound"));
    assert_eq!(host(&exchange, json!({})).erase(ANN), Ok(later(erased(2))));
}

#[test]
fn one_message_that_is_refused_for_good_does_not_keep_the_others() {
    let exchange = Exchange::with(&["ann@x.cz"; 10]);
    exchange.mailbox().inner.push((0, 400, json!({}), "ErrorInvalidRequest"));
    assert_eq!(host(&exchange, json!({})).erase(ANN).expect_err("one").class, ErrorClass::Permanent);
    assert_eq!(exchange.senders().len(), 1);
}

#[test]
fn an_account_that_fails_does_not_keep_the_others_from_being_done() {
    let sick = Exchange::with(&["ann@x.cz"]);
    let sound = Exchange::with(&["ann@x.cz"; 2]);
    sick.mailbox().token_valid = false;
    let accounts =
        json!([{ "name": "sales", "graph": account(&sick) }, { "name": "support", "graph": account(&sound) }]);
    let host = configured(accounts, json!({})).expect("configured");
    let error = host.erase(ANN).expect_err("one account");
    assert_eq!(error.class, ErrorClass::NeedsOperator);
    assert!(error.message.starts_with("account `sales`: "), "{error}");
    assert!(sound.senders().is_empty());
    sick.mailbox().token_valid = true;
    assert_eq!(host.erase(ANN), Ok(later(erased(3))));
}

#[test]
fn protected_addresses_are_not_searched_for() {
    let exchange = Exchange::with(&["noreply@x.cz", "me@ours.cz"]);
    let host = host(&exchange, json!({ "protect": ["noreply@x.cz", "@ours.cz"] }));
    let answer = host.erase([("email", "NoReply@x.cz"), ("email", "me@ours.cz")]).expect("an answer");
    assert_eq!(answer.outcome, Outcome::Retained);
    assert!(exchange.server.lines().is_empty());
}

#[test]
fn a_call_that_is_cancelled_stops() {
    let exchange = Exchange::with(&["ann@x.cz"; 40]);
    let host = host(&exchange, json!({})).cancel_after(30);
    assert_eq!(host.erase(ANN).map_err(|error| error.class), Err(ErrorClass::Cancelled));
    assert!(!exchange.senders().is_empty());
}

#[test]
fn a_call_without_time_begins_no_step() {
    let exchange = Exchange::with(&["ann@x.cz"]);
    let error = host(&exchange, json!({})).erase_in_a_moment(ANN);
    assert_eq!(error.class, ErrorClass::Retryable);
    assert!(error.message.contains("the call's time is over, the next one goes on"), "{error}");
    assert!(exchange.server.lines().is_empty());
}
