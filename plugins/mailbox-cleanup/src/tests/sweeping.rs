//! Who stands in the messages, after a restore.

use quietus_plugin::{ResumeValue, unsaid};

use super::mail::{anns, mail};
use super::script::{FOLDERS, Manner, PLAIN, Script, numbers};
use super::*;
use crate::imap::UNLISTED;
use crate::standin::{page, sweep};

fn emails(host: &Host, records_max: u32) -> Vec<String> {
    let records = host.sweep(records_max).expect("told");
    let mut emails: Vec<_> = records.iter().map(|record| record.identifiers[0].value.expose().to_owned()).collect();
    assert!(records.iter().all(|record| record.identifiers.len() == 1 && record.created_ms.is_some()));
    emails.sort();
    emails.dedup();
    emails
}

#[test]
fn everybody_in_the_headers_of_all_folders_is_told_whatever_the_pages_are() {
    let user = "sweep";
    SERVER.deliver(user, "INBOX", anns());
    SERVER.deliver(
        user,
        "Trash",
        [mail("From: dan@y.cz\nTo: Office <office@our.cz>, fred@y.cz, gina@y.cz, hugo@y.cz")],
    );
    let host = host_with(imap(&SERVER, user), json!({ "protect": ["@our.cz"] }));
    let expected = ["ann@x.cz", "bob@y.cz", "dan@y.cz", "eve@y.cz", "form@y.cz", "fred@y.cz", "gina@y.cz", "hugo@y.cz"];
    for records_max in [1, 2, 3, 500] {
        assert_eq!(emails(&host, records_max), expected, "{records_max} a page");
    }
    assert_eq!(SERVER.messages(user, "INBOX").len(), 10, "a look changes nothing");
}

#[test]
fn only_senders_are_told_where_only_they_are_erased_by() {
    let user = "sweep-senders";
    SERVER.deliver(user, "INBOX", [mail("From: dan@y.cz\nTo: fred@y.cz")]);
    assert_eq!(emails(&host_with(imap(&SERVER, user), json!({ "only_from": true })), 500), ["dan@y.cz"]);
}

fn config(imap: Value) -> Value {
    json!({ "accounts": [{ "name": "office", "imap": imap }] })
}

#[test]
fn a_folder_that_is_gone_or_another_one_by_now_is_no_place_to_go_on_from() {
    let user = "sweep-anew";
    // Not the INBOX, which the server may give the same number within one second.
    SERVER.deliver(user, "Letters", anns());
    let settings = config(imap(&SERVER, user));
    let from = |cursor: Option<&ResumeValue>| page(&settings, ("password", PASSWORD), 2, cursor.cloned());
    let cursor = from(None).expect("told").next.expect("it goes on");
    assert!(from(Some(&cursor)).is_ok());
    let text = String::from_utf8(cursor.expose().to_vec()).expect("JSON");
    assert!(text.contains("Letters"), "{text}");
    let gone = from(Some(&ResumeValue::new(text.replace("Letters", "Gone")))).expect_err("it may be called otherwise");
    assert_eq!(gone.class, ErrorClass::Permanent, "{gone}");
    SERVER.renumber(user, "Letters");
    let renumbered = from(Some(&cursor)).expect_err("its messages have other numbers");
    assert_eq!(renumbered.class, ErrorClass::Permanent, "{renumbered}");
    assert!(from(None).is_ok(), "from its beginning, it is told");
}

#[test]
fn messages_that_are_counted_and_not_listed_are_said() {
    let search: fn(&str, &str, &[u32]) -> String =
        |_, _, uids| format!("* SEARCH{}\r\n", numbers(&uids[..uids.len().min(1)]));
    for (search, notes) in [(search, vec![UNLISTED]), (PLAIN.search, Vec::new())] {
        let server = Script::start(Manner { search, ..PLAIN }, &FOLDERS);
        let mut told = sweep(&config(server.imap()), ("password", PASSWORD), 500, || {}).expect("told");
        told.not_looked_at.dedup();
        assert_eq!(told.not_looked_at, notes);
        assert!(told.emails().contains(&"ann@x.cz"));
    }
    assert_eq!(unsaid(include_str!("../../imap.md"), [UNLISTED]), [""; 0]);
}
