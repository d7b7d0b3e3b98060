//! Who stands in the messages, after a restore.

use quietus_plugin::http::test::Reply;
use quietus_plugin::{ErrorClass, unsaid};

use super::google::{TAKEN, refused};
use super::*;
use crate::gmail::sweep::UNSHOWN;
use crate::standin::{Told, sweep};

const LIST: &str = "GET /gmail/v1/users/me/messages?";
/// Of a message's headers, in a batch.
const HEADERS: &str = "?format=metadata";

fn settings(google: &Google, more: Value) -> Value {
    let mut config =
        config(json!([{ "name": "support", "gmail": account(google, USER) }]), json!({ "protect": [USER] }));
    config.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    config
}

fn told(google: &Google, records_max: u32) -> Result<Told, PluginError> {
    sweep(&settings(google, json!({})), ("google", KEY), records_max, || {})
}

#[test]
fn everybody_in_spam_and_trash_too_is_told_whatever_the_pages_are() {
    let google = Google::with(&["Ann <ann@x.cz>", "BOB@Y.CZ"]);
    let (to, cc) = ("Carl <carl@y.cz>,\r\n a*n@y.cz", "Friends: dora@y.cz, eve@y.cz;");
    google.add("SENT", &[("From", USER), ("To", to), ("Cc", cc), ("BCC", "<fred@y.cz>, gina@y.cz")]);
    google.add("SPAM", &[("From", "hugo@y.cz"), ("Subject", "zoe@y.cz")]);
    google.add("TRASH", &[("From", "ann@x.cz"), ("Sender", "ida@y.cz"), ("Reply-To", "'jan@y.cz'")]);
    let before = google.senders();
    let expected = [
        "ann@x.cz",
        "bob@y.cz",
        "carl@y.cz",
        "dora@y.cz",
        "eve@y.cz",
        "fred@y.cz",
        "gina@y.cz",
        "hugo@y.cz",
        "ida@y.cz",
        "jan@y.cz",
    ];
    for page in [1, 2, 500] {
        google.state().page = page;
        for records_max in [1, 3, 500] {
            let told = told(&google, records_max).expect("told");
            assert_eq!(told.emails(), expected, "{page} at once, {records_max} a page");
            assert_eq!(told.not_looked_at, [""; 0]);
        }
    }
    assert_eq!((google.senders(), google.count("batchDelete")), (before, 0), "a look changes nothing");
    let only_from = settings(&google, json!({ "only_from": true }));
    let told = sweep(&only_from, ("google", KEY), 500, || {}).expect("told");
    assert_eq!(told.emails(), ["ann@x.cz", "bob@y.cz", "hugo@y.cz", "ida@y.cz", "jan@y.cz"]);
}

#[test]
fn everybody_is_as_new_as_their_latest_message_and_of_an_unknown_age_where_one_has_none() {
    let google = Google::with(&["ann@x.cz", "bob@y.cz", "ann@x.cz", "dan@y.cz", "dan@y.cz", "eve@y.cz"]);
    google.state().mailboxes.get_mut(USER).expect("a mailbox")[3].taken = Value::Null;
    google.state().mailboxes.get_mut(USER).expect("a mailbox")[5].taken = json!(7);
    let mut told = told(&google, 500).expect("told");
    told.records.sort();
    let expected =
        [("ann@x.cz", Some(TAKEN + 2)), ("bob@y.cz", Some(TAKEN + 1)), ("dan@y.cz", None), ("eve@y.cz", Some(7))];
    assert_eq!(told.records, expected.map(|(email, at)| (email.to_owned(), at)));
}

/// The stand-in's tokens say how many messages are to be passed over.
#[test]
fn a_message_that_goes_between_two_pages_hides_no_other() {
    let senders: Vec<_> = (0..10).map(|n| format!("p{n}@y.cz")).collect();
    let google = Google::with(&senders.iter().map(String::as_str).collect::<Vec<_>>());
    google.state().page = 2;
    let gone = || {
        let mut state = google.state();
        let mails = state.mailboxes.get_mut(USER).expect("a mailbox");
        mails.retain(|mail| !["18c00000", "18c00001"].contains(&mail.id.as_str()));
    };
    let told = sweep(&settings(&google, json!({})), ("google", KEY), 2, gone).expect("told");
    assert_eq!((told.emails().len(), told.not_looked_at.len()), (10, 0));
}

#[test]
fn a_large_mailbox_is_told_in_pages_although_it_is_one_persons() {
    let google = Google::with(&["ann@x.cz"; 230]);
    google.add("INBOX", &[("From", "bob@y.cz")]);
    let told = told(&google, 500).expect("told");
    assert_eq!((told.emails(), told.pages), (vec!["ann@x.cz", "bob@y.cz"], 2));
    // Three lists, each once more, and the headers of each message once.
    assert_eq!(google.state().units, 6 * 5 + 231 * 20);
}

/// How a sweep fails when all requests of a kind are answered so.
#[track_caller]
fn check(of: &'static str, reply: impl Fn() -> Reply, class: ErrorClass, retry_after_ms: Option<u64>) {
    let google = Google::with(&["ann@x.cz"; 2]);
    (0..30).for_each(|_| google.fault(of, reply()));
    let error = told(&google, 500).err().expect("an error");
    assert_eq!((error.class, error.retry_after_ms), (class, retry_after_ms), "{of}: {error}");
    assert!(!error.message.contains("ann@"), "{error}");
}

#[test]
fn nothing_that_is_no_list_is_an_end() {
    for of in [LIST, "POST /batch/gmail/v1"] {
        let limited = || refused(429, "rateLimitExceeded").with("Retry-After", "37");
        check(of, limited, ErrorClass::RateLimited, Some(37_000));
        check(of, || refused(403, "userRateLimitExceeded"), ErrorClass::RateLimited, None);
        check(of, || refused(403, "insufficientPermissions"), ErrorClass::NeedsOperator, None);
        check(of, || refused(403, "delegationDenied"), ErrorClass::NeedsOperator, None);
        check(of, || refused(401, "authError"), ErrorClass::NeedsOperator, None);
        // Not `permanent`: the host would take it for a mailbox that nobody can list.
        check(of, || refused(400, "badRequest"), ErrorClass::Retryable, None);
        check(of, || Reply::empty(302).with("Location", "https://login.example/"), ErrorClass::Retryable, None);
        check(of, || refused(404, "notFound"), ErrorClass::Retryable, None);
        check(of, || refused(503, "backendError"), ErrorClass::Retryable, None);
        check(of, || Reply::HangUp, ErrorClass::Retryable, None);
        check(of, || Reply::text(200, "<html>log in</html>"), ErrorClass::Retryable, None);
        check(of, || Reply::text(200, "{}"), ErrorClass::Retryable, None);
    }
    for answer in [
        json!({ "messages": "none" }),
        json!({ "messages": null }),
        json!({ "messages": [{ "threadId": "t" }] }),
        json!({ "messages": [{ "id": "../profile" }] }),
        json!({ "messages": [{ "id": "" }] }),
        // The mailbox has two.
        json!({ "resultSizeEstimate": 0 }),
        // The same page again, with somebody on it and without.
        json!({ "messages": [{ "id": "18c00000" }], "nextPageToken": "again" }),
        json!({ "resultSizeEstimate": 9, "nextPageToken": "again" }),
        json!({ "messages": [{ "id": "18c00000" }], "nextPageToken": "" }),
    ] {
        check(LIST, || Reply::json(200, &answer), ErrorClass::Retryable, None);
    }
}

#[test]
fn a_page_that_is_empty_is_not_the_end_and_a_mailbox_that_is_has_one() {
    let google = Google::with(&["ann@x.cz"]);
    google.fault(LIST, Reply::json(200, &json!({ "resultSizeEstimate": 1, "nextPageToken": "0" })));
    assert_eq!(told(&google, 500).expect("told").emails(), ["ann@x.cz"]);
    assert!(told(&Google::with(&[]), 500).expect("told").records.is_empty());
}

#[test]
fn an_account_that_is_not_there_is_no_account_without_people() {
    let google = Google::with(&["ann@x.cz"]);
    let other = account(&google, "other@x.cz");
    let accounts = json!([{ "name": "support", "gmail": account(&google, USER) }, { "name": "other", "gmail": other }]);
    let error = sweep(&config(accounts, json!({})), ("google", KEY), 500, || {}).err().expect("nobody has looked");
    assert_eq!(error.class, ErrorClass::NeedsOperator, "{error}");
}

#[test]
fn a_message_that_is_not_shown_is_said_and_the_others_are_told() {
    let bare = json!({ "id": "18c00001", "payload": { "headers": [] } });
    let replies: [(&str, &dyn Fn() -> Reply); 5] = [
        ("400", &|| refused(400, "badRequest")),
        ("404", &|| refused(404, "notFound")),
        ("500", &|| refused(500, "backendError")),
        ("HTML", &|| Reply::text(200, "<html>")),
        ("none", &|| Reply::json(200, &bare)),
    ];
    for (how, reply) in replies {
        let google = Google::with(&["ann@x.cz", "bob@y.cz", "carl@y.cz"]);
        (0..2).for_each(|_| google.fault("messages/18c00001?format=metadata", reply()));
        let told = told(&google, 500).expect(how);
        let others = (vec!["ann@x.cz", "carl@y.cz"], vec![UNSHOWN.to_owned()]);
        assert_eq!((told.emails(), told.not_looked_at.clone()), others, "{how}");
    }
    // One that went after the list had shown it hides nobody.
    let google = Google::with(&["ann@x.cz"]);
    let listed = json!({ "messages": [{ "id": "18cfffff" }, { "id": "18c00000" }] });
    google.fault(LIST, Reply::json(200, &listed));
    let told = told(&google, 500).expect("told");
    assert_eq!((told.emails(), told.not_looked_at.len()), (vec!["ann@x.cz"], 0));
}

#[test]
fn headers_of_which_none_is_shown_for_a_while_are_asked_for_again() {
    for reply in [|| refused(503, "backendError"), || Reply::HangUp] {
        let google = Google::with(&["ann@x.cz"; 3]);
        (0..30).for_each(|_| google.fault(HEADERS, reply()));
        assert_eq!(told(&google, 500).err().expect("nobody has looked").class, ErrorClass::Retryable);
        google.state().faults.clear();
        assert_eq!(told(&google, 500).expect("told").emails(), ["ann@x.cz"]);
    }
}

#[test]
fn the_page_says_what_a_sweep_may_say() {
    assert_eq!(unsaid(include_str!("../../../google-workspace.md"), [UNSHOWN]), [""; 0]);
}
