//! Who stands in the messages, after a restore.

use quietus_plugin::http::test::Reply;
use quietus_plugin::{ErrorClass, ResumeValue, Swept, unsaid};

use super::google::{TAKEN, refused};
use super::*;
use crate::gmail::sweep::UNSHOWN;
use crate::standin::{Told, page, sweep};

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
fn a_list_of_nobody_is_not_believed_where_the_mailbox_does_not_say_how_much_it_has() {
    for total in [json!(null), json!("2"), json!({})] {
        let google = Google::with(&[]);
        let profile = json!({ "emailAddress": super::google::USER, "messagesTotal": total });
        (0..20).for_each(|_| google.fault("/profile", Reply::json(200, &profile)));
        let Err(error) = told(&google, 500) else { panic!("nobody knows: {total}") };
        assert_eq!(error.class, ErrorClass::Retryable, "{total}: {error}");
    }
}

#[test]
fn a_page_that_is_empty_is_not_the_end_and_a_mailbox_that_is_has_one() {
    let google = Google::with(&["ann@x.cz"]);
    google.fault(LIST, Reply::json(200, &json!({ "resultSizeEstimate": 1, "nextPageToken": "0" })));
    assert_eq!(told(&google, 500).expect("told").emails(), ["ann@x.cz"]);
    assert!(told(&Google::with(&[]), 500).expect("told").records.is_empty());
}

/// A page that begins there.
fn told_from(config: &Value, cursor: Option<&ResumeValue>) -> Result<Swept, PluginError> {
    page(config, ("google", KEY), 500, cursor.cloned())
}

#[test]
fn a_place_among_other_accounts_is_none() {
    let google = Google::with(&["ann@x.cz", "bob@y.cz"]);
    for (user, sender) in [("second@x.cz", "carl@y.cz"), ("third@x.cz", "dan@y.cz")] {
        google.state().add(user, "INBOX", &[("From", sender)]);
    }
    let [one, two, three] = [USER, "second@x.cz", "third@x.cz"]
        .map(|user| json!({ "name": user.split('@').next(), "gmail": account(&google, user) }));
    let of = |accounts: &[&Value], more: Value| config(json!(accounts), more);
    let before = of(&[&one, &two], json!({}));
    let first = told_from(&before, None).expect("told");
    let cursor = first.next.expect("the second account is to follow");
    assert_eq!(told_from(&before, Some(&cursor)).expect("it goes on").records.len(), 1);
    let url = "http://127.0.0.1:1";
    let graph = json!({ "user": USER, "base_url": url, "token_url": url, "client_id": "app", "secret": "google" });
    let graph = json!({ "name": "graph", "graph": graph });
    for (after, more) in [
        (vec![&two, &one], json!({})),
        (vec![&one], json!({})),
        (vec![&two], json!({})),
        (vec![&one, &three], json!({})),
        (vec![&three, &one, &two], json!({})),
        (vec![&one, &two, &three], json!({})),
        (vec![&one, &graph], json!({})),
        (vec![&one, &two], json!({ "only_from": true })),
        (vec![&one, &two], json!({ "protect": ["bob@y.cz"] })),
    ] {
        let error = told_from(&of(&after, more), Some(&cursor)).expect_err("it would go on among others");
        assert_eq!(error.class, ErrorClass::Permanent, "{after:?}: {error}");
    }
    // Of an earlier version, which named no accounts, and of a hand that names one that is not there.
    let text = String::from_utf8(cursor.expose().to_vec()).expect("JSON");
    for cursor in ["{\"account\":1}".to_owned(), text.replace("\"account\":1", "\"account\":2")] {
        let error = told_from(&before, Some(&ResumeValue::new(cursor))).expect_err("it is none");
        assert_eq!(error.class, ErrorClass::Permanent, "{error}");
    }
    // How it is asked, and not whom.
    let mut faster = two.clone();
    faster["gmail"]["timeout"] = json!("9s");
    assert!(told_from(&of(&[&one, &faster], json!({ "messages_max": 7 })), Some(&cursor)).is_ok());
}

#[test]
fn a_token_that_is_refused_is_no_place_any_more() {
    let google = Google::with(&["ann@x.cz"; 230]);
    let settings = settings(&google, json!({}));
    let cursor = told_from(&settings, None).expect("told").next.expect("it goes on");
    let refusal = |message: &str, reason: &str| {
        let error = json!({ "message": message, "domain": "global", "reason": reason });
        Reply::json(400, &json!({ "error": { "code": 400, "message": message, "errors": [error] } }))
    };
    let newer = json!({ "error": { "code": 400, "message": "Page token is invalid.", "status": "INVALID_ARGUMENT" } });
    for (reply, class) in [
        (refusal("Invalid pageToken", "invalidArgument"), ErrorClass::Permanent),
        (Reply::json(400, &newer), ErrorClass::Permanent),
        // What says nothing of the token may pass.
        (refusal("Invalid query", "invalidArgument"), ErrorClass::Retryable),
        (refused(400, "badRequest"), ErrorClass::Retryable),
        (Reply::text(400, "<html>pageToken</html>"), ErrorClass::Retryable),
    ] {
        google.fault("pageToken=", reply);
        let error = told_from(&settings, Some(&cursor)).expect_err("no page");
        assert_eq!(error.class, class, "{error}");
    }
    // The first page has no token.
    google.fault(LIST, refusal("Invalid pageToken", "invalidArgument"));
    assert_eq!(told_from(&settings, None).expect_err("no page").class, ErrorClass::Retryable);
    assert!(told_from(&settings, Some(&cursor)).expect("told").next.is_none());
}

#[test]
fn a_list_that_lacks_the_rest_for_once_is_not_the_end() {
    let lists = [json!({ "resultSizeEstimate": 231 }), json!({ "messages": [], "resultSizeEstimate": 231 })];
    for list in lists {
        let google = Google::with(&["ann@x.cz"; 230]);
        google.add("INBOX", &[("From", "bob@y.cz")]);
        let mut is_first = true;
        let once = || {
            if std::mem::take(&mut is_first) {
                google.fault(LIST, Reply::json(200, &list));
            }
        };
        let told = sweep(&settings(&google, json!({})), ("google", KEY), 500, once).expect("told");
        assert_eq!(told.emails(), ["ann@x.cz", "bob@y.cz"], "{list}");
    }
    let google = Google::with(&["ann@x.cz"; 230]);
    let settings = settings(&google, json!({}));
    let cursor = told_from(&settings, None).expect("told").next.expect("it goes on");
    google.fault(LIST, Reply::json(200, &json!({ "messages": null, "resultSizeEstimate": 231 })));
    let error = told_from(&settings, Some(&cursor)).expect_err("it is no list");
    assert_eq!(error.class, ErrorClass::Retryable, "{error}");
}

/// The host ends a sweep that comes to a cursor where it has been.
#[test]
fn tokens_that_go_round_come_to_a_cursor_that_was_there() {
    let google = Google::with(&["ann@x.cz", "bob@y.cz"]);
    google.state().page = 1;
    for (of, id, next) in [("pageToken=1", "18c00001", "2"), ("pageToken=2", "18c00000", "1")] {
        let list = json!({ "messages": [{ "id": id }], "resultSizeEstimate": 2, "nextPageToken": next });
        (0..200).for_each(|_| google.fault(of, Reply::json(200, &list)));
    }
    let settings = settings(&google, json!({}));
    let mut cursors: Vec<Option<ResumeValue>> = vec![None];
    for _ in 0..6 {
        let next = told_from(&settings, cursors.last().and_then(Option::as_ref)).expect("told").next;
        assert!(next.is_some(), "nothing has ended");
        if cursors.contains(&next) {
            return;
        }
        cursors.push(next);
    }
    panic!("each cursor is a new one");
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
