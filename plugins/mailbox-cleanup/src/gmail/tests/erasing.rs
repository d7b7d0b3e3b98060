//! What is erased, what stays, and what the answer says of it.

use quietus_plugin::http::test::Reply;
use quietus_plugin::{Answer, ErrorClass, Outcome};

use super::google::refused;
use super::*;

fn erased(messages: u64) -> Answer {
    Answer::erased().count("messages", messages)
}

#[test]
fn the_persons_messages_go_and_look_alikes_stay() {
    let google =
        Google::with(&["Ann <ann@x.cz>", "ANN@X.CZ", "joann@x.cz", "ann@x.czech.com", "\"ann@x.cz\" <eve@x.cz>"]);
    let host = host(&google, json!({}));
    assert_eq!(host.dry_run(ANN), Ok(Answer::residual().count("messages", 2)));
    assert_eq!(google.count("batchDelete"), 0, "a dry run deletes nothing");
    assert_eq!(host.erase(ANN), Ok(erased(2)));
    assert_eq!(google.senders(), ["joann@x.cz", "ann@x.czech.com", "\"ann@x.cz\" <eve@x.cz>"]);
    assert_eq!(host.verify(ANN), Ok(Answer::absent()));
    assert_eq!(host.health(), Ok(()));
}

#[test]
fn every_place_of_an_address_counts_in_spam_and_trash_too() {
    let google = Google::with(&[]);
    google.add("INBOX", &[("From", "eve@x.cz"), ("To", "Bob <bob@x.cz>,\r\n =?utf-8?q?Ann?= <ann@x.cz>")]);
    google.add("SPAM", &[("from", "eve@x.cz"), ("cc", "ann@x.cz")]);
    google.add("TRASH", &[("From", "eve@x.cz"), ("Bcc", "Friends: ann@x.cz, bob@x.cz;")]);
    google.add("TRASH", &[("From", "ann@x.cz")]);
    google.add("INBOX", &[("From", "eve@x.cz"), ("To", "joann@x.cz"), ("Reply-To", "ann@x.cz")]);
    google.add("INBOX", &[("From", "eve@x.cz"), ("Subject", "to ann@x.cz"), ("To", "ann@x.cz.evil.com")]);
    assert_eq!(host(&google, json!({ "only_from": true })).dry_run(ANN), Ok(Answer::residual().count("messages", 1)));
    assert_eq!(host(&google, json!({})).erase(ANN), Ok(erased(5)));
    assert_eq!(google.senders(), ["eve@x.cz"]);
}

#[test]
fn a_message_with_two_of_the_persons_addresses_counts_once() {
    let google = Google::with(&["ann@y.cz", "bob@x.cz"]);
    google.add("INBOX", &[("From", "ann@x.cz"), ("Cc", "ann@y.cz")]);
    let both = [("email", "ann@x.cz"), ("email", "Ann@Y.cz"), ("email", "ann@x.cz")];
    assert_eq!(host(&google, json!({})).erase(both), Ok(erased(2)));
    assert_eq!(google.senders(), ["bob@x.cz"]);
}

#[test]
fn nobody_is_absent() {
    let google = Google::with(&["joann@x.cz"]);
    assert_eq!(host(&google, json!({})).erase(ANN), Ok(Answer::absent()));
    let empty = Google::with(&[]);
    assert_eq!(host(&empty, json!({})).erase(ANN), Ok(Answer::absent()));
    assert_eq!(google.count("batchDelete") + empty.count("batchDelete"), 0);
}

#[test]
fn what_is_accepted_and_not_done_is_residual() {
    let google = Google::with(&["ann@x.cz", "ann@x.cz"]);
    google.state().is_lazy = true;
    let host = host(&google, json!({}));
    assert_eq!(host.erase(ANN), Ok(Answer::residual().count("messages left", 2)));
    assert_eq!(host.verify(ANN), Ok(Answer::residual().count("messages", 2)));
    google.state().is_lazy = false;
    assert_eq!(host.erase(ANN), Ok(erased(2)), "and counts once");
}

#[test]
fn what_a_list_has_left_out_does_not_count_once_it_is_met_again() {
    let google = Google::with(&["ann@x.cz"]);
    google.state().is_lazy = true;
    let host = host(&google, json!({}));
    let first = google.state().mailboxes[USER][0].id.clone();
    google.fault("/messages?q", Reply::json(200, &json!({ "messages": [{ "id": first }] })));
    google.fault("/messages?q", Reply::json(200, &json!({ "resultSizeEstimate": 0 })));
    assert_eq!(host.erase(ANN), Ok(erased(1)));
    assert_eq!(host.erase(ANN), Ok(Answer::residual().count("messages left", 1)), "it was there all the time");
}

#[test]
fn a_list_that_is_behind_is_not_believed() {
    let google = Google::with(&["ann@x.cz", "ann@x.cz"]);
    google.state().lags = 9;
    assert_eq!(host(&google, json!({})).erase(ANN), Ok(erased(2)));
    assert_eq!(
        (google.count("format=minimal"), google.count("/profile")),
        (4, 2),
        "each twice, with a control between"
    );
}

#[test]
fn large_mailboxes_go_page_by_page() {
    let google = Google::with(&["ann@x.cz"; 450]);
    google.state().page = 100;
    assert_eq!(host(&google, json!({})).erase(ANN), Ok(erased(450)));
    assert_eq!((google.senders().len(), google.count("batchDelete")), (0, 3));
}

#[test]
fn more_than_allowed_is_refused_before_anything_is_deleted() {
    let google = Google::with(&["ann@x.cz"; 4]);
    let error = host(&google, json!({ "messages_max": 3 })).erase(ANN).expect_err("too many");
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(error.message.contains("more than 3 messages (`messages_max`)"), "{error}");
    assert_eq!((google.state().reads, google.count("batchDelete")), (0, 0));
}

#[test]
fn a_failure_halfway_loses_no_count_and_no_look() {
    let google = Google::with(&["ann@x.cz"; 300]);
    let host = host(&google, json!({}));
    google.fault("/messages/18c000fa", refused(403, "userRateLimitExceeded"));
    let error = host.erase(ANN).expect_err("halfway");
    assert_eq!((error.class, google.senders().len()), (ErrorClass::RateLimited, 100), "{error}");
    assert_eq!(host.erase(ANN), Ok(erased(300)));
    assert_eq!(google.state().reads, 300, "no headers are read twice");
    assert_eq!(host.erase(ANN), Ok(erased(300)), "the answer may have been lost");
}

#[test]
fn a_deletion_whose_answer_is_lost_counts_once_it_is_not_met_again() {
    let google = Google::with(&["ann@x.cz"; 3]);
    let host = host(&google, json!({}));
    for _ in 0..3 {
        google.fault("batchDelete", Reply::empty(502));
    }
    assert_eq!(host.erase(ANN).expect_err("lost").class, ErrorClass::Retryable);
    // It was done all the same.
    google.state().mailboxes.insert(USER.into(), Vec::new());
    assert_eq!(host.erase(ANN), Ok(erased(3)));
}

#[test]
fn a_message_that_goes_between_the_list_and_the_look_is_no_failure() {
    let google = Google::with(&["ann@x.cz"; 3]);
    // To the headers, twice, and to the two looks after them.
    for _ in 0..4 {
        google.fault("/messages/18c00001", refused(404, "notFound"));
    }
    assert_eq!(host(&google, json!({})).erase(ANN), Ok(erased(2)));
}

#[test]
fn each_account_speaks_for_its_own_user() {
    let google = Google::with(&["ann@x.cz"]);
    google.state().add("sales@x.cz", "INBOX", &[("From", "ann@x.cz")]);
    google.state().add("sales@x.cz", "INBOX", &[("From", "bob@x.cz")]);
    let accounts = json!([
        { "name": "support", "gmail": account(&google, USER) },
        { "name": "nobody", "gmail": account(&google, "nobody@x.cz") },
        { "name": "sales", "gmail": account(&google, "sales@x.cz") },
    ]);
    let error = configured(accounts, json!({})).expect("configured").erase(ANN).expect_err("one account");
    assert_eq!(error.class, ErrorClass::NeedsOperator);
    let told = "account `nobody`: a search: no token: status 401, unauthorized_client; check the key, and that its client \
                is granted https://mail.google.com/ for this user (2 messages are erased so far)";
    assert_eq!(error.message, told);
    assert_eq!((google.senders().len(), google.state().mailboxes["sales@x.cz"].len()), (0, 1));
}

#[test]
fn protected_addresses_are_not_searched_for() {
    let google = Google::with(&["noreply@x.cz"]);
    let answer = host(&google, json!({ "protect": ["@x.cz"] })).erase([("email", "noreply@x.cz")]).expect("an answer");
    assert_eq!(answer.outcome, Outcome::Retained);
    assert!(google.server.lines().is_empty());
}

#[test]
fn a_call_that_is_cancelled_stops() {
    let google = Google::with(&["ann@x.cz"; 200]);
    let host = host(&google, json!({})).cancel_after(10);
    assert_eq!(host.erase(ANN).map_err(|error| error.class), Err(ErrorClass::Cancelled));
    assert_eq!(google.senders().len(), 200);
    assert!(google.state().reads < 200, "it stops between two steps");
}

#[test]
fn a_call_without_time_begins_no_step() {
    let google = Google::with(&["ann@x.cz"]);
    let error = host(&google, json!({})).erase_in_a_moment(ANN);
    assert_eq!(error.class, ErrorClass::Retryable);
    assert!(error.message.contains("the call's time is over, the next one goes on"), "{error}");
    assert!(google.server.lines().is_empty());
}
