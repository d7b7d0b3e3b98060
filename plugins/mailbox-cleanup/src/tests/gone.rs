//! Folders that get another name, or go, while an account is looked through: what is in them is looked for again.

use super::script::{FOLDERS, List, Manner, PLAIN, Renamed, Script};
use super::*;

/// How a server says that a folder is not there. Cyrus 3.6 and Courier 5.0.13 give no code.
const MISSING: [&str; 3] = ["NO [NONEXISTENT] x", "NO Mailbox does not exist", "NO Unable to open this mailbox."];

fn on_examine(text: &str) -> Option<Renamed> {
    text.starts_with("EXAMINE Work").then_some((b"Work", Some(b"Moved")))
}

fn on_select(text: &str) -> Option<Renamed> {
    text.starts_with("SELECT Work").then_some((b"Work", Some(b"Moved")))
}

fn on_examine_it_goes(text: &str) -> Option<Renamed> {
    text.starts_with("EXAMINE Work").then_some((b"Work", None))
}

#[test]
fn a_folder_that_gets_another_name_is_looked_through_under_that() {
    for missing in MISSING {
        for meanwhile in [on_examine, on_select] {
            let server = Script::start(Manner { missing, meanwhile, ..PLAIN }, &FOLDERS);
            let office = host(server.imap());
            let error = office.erase(ANN).expect_err("nobody has looked into it");
            let told = "account `office`: folder 2 of 3: it was there a moment ago, and is not there now";
            assert_eq!((error.class, error.message.starts_with(told)), (ErrorClass::Retryable, true), "{error}");
            let named = host(with(
                Script::start(Manner { missing, meanwhile, ..PLAIN }, &FOLDERS).imap(),
                json!({ "folders": ["Work"] }),
            ));
            let error = named.erase(ANN).expect_err("nobody has looked into it");
            assert!(error.message.starts_with("account `office`: folder `Work`: "), "the operator's own word: {error}");
            assert_eq!(server.left(b"INBOX"), ["From: joann@x.cz"], "the others are done: {missing}");
            assert_eq!(office.erase(ANN), erased(3), "{missing}");
            assert_eq!(server.left(b"Moved").len(), 0, "{missing}");
        }
    }
}

#[test]
fn a_look_that_a_folder_has_escaped_is_no_answer() {
    for meanwhile in [on_examine, on_select] {
        for verifies in [false, true] {
            let server = Script::start(Manner { meanwhile, ..PLAIN }, &FOLDERS);
            let host = host(server.imap());
            let look = || if verifies { host.verify(ANN) } else { host.dry_run(ANN) };
            assert_eq!(class(look()), ErrorClass::Retryable);
            assert_eq!(look(), residual(3));
        }
    }
}

#[test]
fn a_folder_that_goes_with_its_messages_is_believed_to_be_gone_when_it_is_not_listed_any_more() {
    for missing in MISSING {
        let server = Script::start(Manner { missing, meanwhile: on_examine_it_goes, ..PLAIN }, &FOLDERS);
        let host = host(server.imap());
        assert_eq!(class(host.erase(ANN)), ErrorClass::Retryable);
        assert_eq!(host.erase(ANN), erased(2), "{missing}");
    }
}

#[test]
fn a_folder_that_gets_a_name_that_cannot_be_read_is_never_absent() {
    let list: List = |name| match name {
        b"Moved" => b"* LIST () \"/\" \"Moved\r\n".to_vec(),
        name => (PLAIN.list)(name),
    };
    let server = Script::start(Manner { list, meanwhile: on_examine, ..PLAIN }, &FOLDERS[1..]);
    let host = host(server.imap());
    assert_eq!(class(host.erase(ANN)), ErrorClass::Retryable);
    let answer = host.erase(ANN).expect("an answer");
    assert_eq!((answer.outcome, answer.not_looked_at.len()), (Outcome::Unverifiable, 1));
}
