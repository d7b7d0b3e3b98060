//! Who stands in the messages, after a restore.

use quietus_plugin::http::test::Reply;
use quietus_plugin::{ErrorClass, unsaid};

use super::exchange::{DELETIONS, HOLDS, PURGES, refused};
use super::mail::{CAME, party};
use super::*;
use crate::graph::sweep::{AT_ONCE, ODD, UNDATED};
use crate::graph::{REFUSED, UNSEEN, UNTOLD, time};
use crate::standin::{Told, page, sweep};

/// A list by time.
const LIST: &str = "%24filter=receivedDateTime";
/// Looks at the oldest message, and at the newest.
const OLDEST: &str = "%24top=1&";
const NEWEST: &str = "receivedDateTime%20desc";

fn settings(exchange: &Exchange, more: Value) -> Value {
    let mut config = config(json!([{ "name": "support", "graph": account(exchange) }]), json!({ "protect": [USER] }));
    config.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    config
}

fn told(exchange: &Exchange, records_max: u32) -> Result<Told, PluginError> {
    sweep(&settings(exchange, json!({})), ("app", "hunter2"), records_max, || {})
}

#[test]
fn everybody_in_all_that_an_erasure_looks_into_is_told_whatever_the_pages_are() {
    let exchange = Exchange::with(&["ann@x.cz", "BOB@Y.CZ"]);
    let fields = json!({
        "from": party(USER), "toRecipients": [party("carl@y.cz"), party("dora@y.cz")],
        "ccRecipients": [party("eve@y.cz")], "bccRecipients": [party("fred@y.cz"), party("a*n@y.cz"), party("ann")],
    });
    exchange.mailbox().add("sentitems", fields);
    for (folder, sender) in [(DELETIONS, "gina@y.cz"), (PURGES, "hugo@y.cz"), (HOLDS, "ida@y.cz")] {
        exchange.mailbox().add(folder, json!({ "from": party(sender) }));
    }
    let fields = json!({ "from": party("ann@x.cz"), "sender": party("jan@y.cz"), "replyTo": [party("'kim@y.cz'")] });
    exchange.mailbox().add("inbox", fields);
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
        "kim@y.cz",
    ];
    let before = exchange.senders();
    for page in [1, 2, 1000] {
        exchange.mailbox().page = page;
        for records_max in [1, 3, 500] {
            let told = told(&exchange, records_max).expect("told");
            assert_eq!(told.emails(), expected, "{page} at once, {records_max} a page");
            assert_eq!(told.not_looked_at, [""; 0]);
        }
    }
    assert_eq!((exchange.senders(), exchange.count("POST /v1.0")), (before, 0), "a look changes nothing");
    let only_from = settings(&exchange, json!({ "only_from": true }));
    let told = sweep(&only_from, ("app", "hunter2"), 500, || {}).expect("told");
    let senders = ["ann@x.cz", "bob@y.cz", "gina@y.cz", "hugo@y.cz", "ida@y.cz", "jan@y.cz", "kim@y.cz"];
    assert_eq!(told.emails(), senders);
}

#[test]
fn everybody_is_as_new_as_their_latest_message_and_a_draft_as_its_last_change() {
    let exchange = Exchange::with(&["ann@x.cz", "bob@y.cz", "ann@x.cz"]);
    let changed = "2026-03-01T00:00:00Z";
    let draft = json!({ "isDraft": true, "toRecipients": [party("dan@y.cz")], "lastModifiedDateTime": changed });
    exchange.mailbox().add("drafts", draft);
    exchange.mailbox().add("drafts", json!({ "isDraft": true, "toRecipients": [party("eve@y.cz")] }));
    let mut told = told(&exchange, 500).expect("told");
    told.records.sort();
    let at = |second: i64| Some(second * 1_000);
    let changed = time::seconds(changed).and_then(at);
    let expected = [("ann@x.cz", at(CAME + 2)), ("bob@y.cz", at(CAME + 1)), ("dan@y.cz", changed), ("eve@y.cz", None)];
    assert_eq!(told.records, expected.map(|(email, at)| (email.to_owned(), at)));
}

#[test]
fn all_that_came_in_one_second_is_told() {
    let exchange = Exchange::new();
    for n in 0..7 {
        let fields = json!({ "from": party(&format!("p{n}@y.cz")), "receivedDateTime": "2026-02-01T00:00:00Z" });
        exchange.mailbox().add("inbox", fields);
    }
    for page in [1, 2, 1000] {
        exchange.mailbox().page = page;
        for records_max in [1, 2, 500] {
            let told = told(&exchange, records_max).expect("told");
            let people = ["p0@y.cz", "p1@y.cz", "p2@y.cz", "p3@y.cz", "p4@y.cz", "p5@y.cz", "p6@y.cz"];
            assert_eq!(told.emails(), people, "{page} at once, {records_max} a page");
            assert_eq!((told.records.len(), told.not_looked_at), (7, Vec::new()), "each once");
        }
    }
}

/// A link would say how many messages are to be passed over.
#[test]
fn a_message_that_goes_between_two_pages_hides_no_other() {
    let senders: Vec<_> = (0..10).map(|n| format!("p{n}@y.cz")).collect();
    let exchange = Exchange::with(&senders.iter().map(String::as_str).collect::<Vec<_>>());
    exchange.mailbox().page = 2;
    let gone = || exchange.mailbox().mails.retain(|mail| !mail.holds("p0@y.cz", true) && !mail.holds("p1@y.cz", true));
    let told = sweep(&settings(&exchange, json!({})), ("app", "hunter2"), 2, gone).expect("told");
    assert_eq!(told.emails(), senders);
}

#[test]
fn a_large_mailbox_is_told_in_pages_although_it_is_one_persons() {
    let exchange = Exchange::with(&["ann@x.cz"; 2_100]);
    exchange.mailbox().add("inbox", json!({ "from": party("bob@y.cz") }));
    let told = told(&exchange, 500).expect("told");
    assert_eq!((told.emails(), told.pages), (vec!["ann@x.cz", "bob@y.cz"], 2));
}

/// As users have reported it of Graph: a list by time that is empty for some mailboxes, and one without a link to the rest.
#[test]
fn a_list_that_ends_before_its_end_is_never_the_end() {
    let exchange = Exchange::with(&["ann@x.cz", "bob@y.cz"]);
    let first = exchange.mailbox().mails[0].json("inbox");
    for value in [json!([]), json!([first])] {
        let short = || exchange.fault(LIST, Reply::json(200, &json!({ "value": value })));
        short();
        assert_eq!(told(&exchange, 500).expect("another list shows it").emails(), ["ann@x.cz", "bob@y.cz"]);
        (0..9).for_each(|_| short());
        let error = told(&exchange, 500).err().expect("nobody has seen bob");
        assert_eq!(error.class, ErrorClass::Retryable, "{error}");
        exchange.mailbox().faults.clear();
    }
    assert!(told(&Exchange::new(), 500).expect("told").records.is_empty(), "and an empty mailbox is empty");
}

/// How a sweep fails when all requests of a kind are answered so.
#[track_caller]
fn check(of: &'static str, reply: impl Fn() -> Reply, class: ErrorClass, retry_after_ms: Option<u64>) {
    let exchange = Exchange::with(&["ann@x.cz"; 2]);
    (0..20).for_each(|_| exchange.fault(of, reply()));
    let error = told(&exchange, 500).err().expect("an error");
    assert_eq!((error.class, error.retry_after_ms), (class, retry_after_ms), "{of}: {error}");
    assert!(!error.message.contains("ann@"), "{error}");
}

#[test]
fn nothing_that_is_no_list_is_an_end() {
    let purges = "mailFolders/F-recoverableitemspurges/messages";
    for of in [OLDEST, LIST, NEWEST, purges] {
        check(of, || refused(429, "TooManyRequests").with("Retry-After", "37"), ErrorClass::RateLimited, Some(37_000));
        check(of, || refused(503, "Busy").with("Retry-After", "37"), ErrorClass::RateLimited, Some(37_000));
        check(of, || refused(504, "GatewayTimeout"), ErrorClass::Retryable, None);
        check(of, || refused(401, "InvalidAuthenticationToken"), ErrorClass::NeedsOperator, None);
        check(of, || refused(404, "ErrorInvalidUser"), ErrorClass::Retryable, None);
        check(of, || Reply::HangUp, ErrorClass::Retryable, None);
        check(of, || Reply::text(200, "<html>log in</html>"), ErrorClass::Retryable, None);
        check(of, || Reply::text(200, "{}"), ErrorClass::Retryable, None);
        check(of, || Reply::json(200, &json!({ "value": null })), ErrorClass::Retryable, None);
        check(of, || Reply::json(200, &json!({ "value": [{ "id": "1" }] })), ErrorClass::Retryable, None);
    }
    check(LIST, || refused(403, "ErrorAccessDenied"), ErrorClass::NeedsOperator, None);
    // Not `permanent`: the host would take it for a mailbox that nobody can list.
    check(LIST, || refused(400, "BadRequest"), ErrorClass::Retryable, None);
    check(LIST, || Reply::empty(302).with("Location", "https://login.example/"), ErrorClass::Retryable, None);
    check("mailFolders/recoverableitemsdeletions", || refused(500, "x"), ErrorClass::Retryable, None);
}

#[test]
fn a_list_that_is_not_the_one_that_was_asked_for_tells_nothing() {
    let exchange = Exchange::with(&["ann@x.cz"; 2]);
    let message = |change: &str, value: Value| {
        let mut message = exchange.mailbox().mails[0].json("inbox");
        message[change] = value;
        message
    };
    let newer = message("receivedDateTime", json!("2026-02-01T00:00:00Z"));
    let list = "/v1.0/users/support%40x.cz/messages?%24filter=receivedDateTime";
    for answer in [
        json!({ "value": [newer, message("isDraft", json!(false))] }),
        json!({ "value": [message("receivedDateTime", json!("1899-01-01T00:00:00Z"))] }),
        json!({ "value": [message("receivedDateTime", Value::Null)] }),
        json!({ "value": [message("receivedDateTime", json!("2026-02-01T00:00:00"))] }),
        json!({ "value": [message("id", json!(""))] }),
        json!({ "value": [message("id", Value::Null)] }),
        json!({ "value": [], "@odata.nextLink": list }),
        json!({ "value": [], "@odata.nextLink": "https://evil.example/v1.0/me/messages" }),
    ] {
        check(LIST, || Reply::json(200, &answer), ErrorClass::Retryable, None);
    }
}

#[test]
fn a_folder_that_nobody_may_look_into_is_said_and_the_rest_is_told() {
    for (of, noted) in [
        ("mailFolders/recoverableitemspurges", UNSEEN),
        ("mailFolders/F-recoverableitemsdeletions/messages", REFUSED),
        ("mailFolders/F-recoverableitemsdiscoveryholds/messages", UNTOLD),
    ] {
        let exchange = Exchange::with(&["ann@x.cz"]);
        exchange.mailbox().add(HOLDS, json!({ "from": party("ida@y.cz") }));
        (0..9).for_each(|_| exchange.fault(of, refused(403, "ErrorAccessDenied")));
        let told = told(&exchange, 500).expect(of);
        let people = if of.contains("holds") { &["ann@x.cz"][..] } else { &["ann@x.cz", "ida@y.cz"] };
        assert_eq!((told.emails(), told.not_looked_at.clone()), (people.to_vec(), vec![noted.to_owned()]), "{of}");
    }
}

/// No cursor has a link: the list is asked for anew, and no folder is passed over because of it.
#[test]
fn a_link_that_is_refused_hides_nobody() {
    let stale =
        || [refused(400, "BadRequest"), refused(400, "ErrorInvalidUrlQuery"), refused(410, "SyncStateNotFound")];
    for folder in ["inbox", DELETIONS] {
        let exchange = Exchange::new();
        for n in 0..3 {
            let fields = json!({ "from": party(&format!("p{n}@y.cz")), "receivedDateTime": "2026-02-01T00:00:00Z" });
            exchange.mailbox().add(folder, fields);
        }
        exchange.mailbox().page = 2;
        for reply in stale() {
            exchange.fault("%24skip=", reply);
            let first = page(&settings(&exchange, json!({})), ("app", "hunter2"), 500, None);
            let cursor = match first {
                // What came before it is told, and the cursor is the list's beginning.
                Ok(swept) => Some(swept.next.expect("not the end")),
                Err(error) => {
                    assert_eq!(error.class, ErrorClass::Retryable, "{error}");
                    None
                }
            };
            assert!(exchange.mailbox().faults.is_empty(), "it was met");
            let rest = page(&settings(&exchange, json!({})), ("app", "hunter2"), 500, cursor).expect("asked anew");
            assert_eq!((rest.records.len(), rest.not_looked_at), (3, Vec::new()), "{folder}");
        }
    }
}

#[test]
fn links_that_go_round_are_no_list() {
    let exchange = Exchange::new();
    for n in 0..3 {
        let fields = json!({ "from": party(&format!("p{n}@y.cz")), "receivedDateTime": "2026-02-01T00:00:00Z" });
        exchange.mailbox().add("inbox", fields);
    }
    exchange.mailbox().page = 2;
    let message = exchange.mailbox().mails[0].json("inbox");
    for skip in ["8", "9"].repeat(150) {
        let link = format!("/v1.0/users/support%40x.cz/messages?%24filter=receivedDateTime&%24skip={skip}");
        exchange.fault("%24skip=", Reply::json(200, &json!({ "value": [message], "@odata.nextLink": link })));
    }
    let error = told(&exchange, 500).err().expect("nobody has seen the third");
    assert_eq!(error.class, ErrorClass::Retryable, "{error}");
}

#[test]
fn a_message_that_does_not_show_whose_it_is_or_when_it_came_is_said() {
    let exchange = Exchange::with(&["ann@x.cz"]);
    exchange.mailbox().add("inbox", json!({ "from": party("bob@y.cz"), "toRecipients": null }));
    let odd = told(&exchange, 500).expect("told");
    assert_eq!((odd.emails(), odd.not_looked_at.clone()), (vec!["ann@x.cz", "bob@y.cz"], vec![ODD.to_owned()]));
    let nobody: &[&str] = &[];
    for others in [nobody, &["ann@x.cz"]] {
        for undated in [json!(null), json!("0001-01-01T00:00:00Z")] {
            let exchange = Exchange::with(others);
            exchange.mailbox().add("inbox", json!({ "from": party("bob@y.cz"), "receivedDateTime": undated }));
            let told = told(&exchange, 500).expect("told");
            assert_eq!((told.emails(), told.not_looked_at.clone()), (others.to_vec(), vec![UNDATED.to_owned()]));
        }
    }
}

#[test]
fn an_account_that_is_not_there_is_no_account_without_people() {
    let exchange = Exchange::with(&["ann@x.cz"]);
    let mut other = account(&exchange);
    other["user"] = json!("other@x.cz");
    let accounts = json!([{ "name": "support", "graph": account(&exchange) }, { "name": "other", "graph": other }]);
    let error = sweep(&config(accounts, json!({})), ("app", "hunter2"), 500, || {}).err().expect("nobody has looked");
    assert_eq!(error.class, ErrorClass::Retryable, "{error}");
}

#[test]
fn the_page_says_what_a_sweep_may_say() {
    assert_eq!(unsaid(include_str!("../../../microsoft-365.md"), [ODD, UNDATED, AT_ONCE]), [""; 0]);
}
