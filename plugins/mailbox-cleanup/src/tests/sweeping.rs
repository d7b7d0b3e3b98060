//! Who stands in the messages, after a restore.

use super::mail::{anns, mail};
use super::*;

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
