//! What an answer says of the search: no more than was looked at.

use super::mail::anns;
use super::script::{FOLDERS, Manner, PLAIN, Script};
use super::*;
use crate::scope::{ATTACHMENTS, DEVICES, RECEIVED, TEXTS};

const HEADERS: &str = "by the server's search and their headers From, Sender, Reply-To, To, Cc and Bcc";

#[track_caller]
fn check(host: &Host, looked_at: &str, not_looked_at: &[&str]) {
    let always = ["folders that the server does not list for this user", "the server's backups and archives", DEVICES];
    let answers = [host.whole().dry_run(ANN), host.whole().erase(ANN), host.whole().verify(ANN)];
    for answer in answers.map(|answer| answer.expect("an answer")) {
        assert_eq!(answer.looked_at, [format!("account `office`: {looked_at}")], "{:?}", answer.outcome);
        let told = &answer.not_looked_at;
        let places = not_looked_at.iter().chain(&always);
        assert!(places.clone().all(|place| told.iter().any(|told| told.contains(place))), "{told:?}");
        assert_eq!((told.len(), answer.keeps), (places.count(), None), "{told:?}");
    }
}

#[test]
fn what_was_looked_at_is_told_by_number_and_kind_and_what_was_not_in_words() {
    let user = "told";
    for folder in ["INBOX", "Ann Nov&AOE-k", "Other"] {
        SERVER.deliver(user, folder, anns());
    }
    let of = |account: Value, more: Value| host_with(with(imap(&SERVER, user), account), more);
    check(
        &of(json!({}), json!({})),
        &format!("messages of 5 folders (junk and trash among them), {HEADERS}"),
        &[TEXTS],
    );
    check(
        &of(json!({ "exclude": ["\\Junk", "Other"] }), json!({ "look_at_body": true })),
        &format!("messages of 3 folders (trash among them), {HEADERS}, and by their texts"),
        &[ATTACHMENTS, "folders that the configuration leaves out"],
    );
    check(
        &of(json!({ "folders": ["INBOX"] }), json!({ "only_from": true })),
        "messages of 1 folder, by the server's search and their headers From, Sender and Reply-To",
        &[TEXTS, RECEIVED, "folders that the configuration leaves out"],
    );
}

#[test]
fn a_folder_that_could_not_be_read_is_not_counted_among_those_that_were() {
    let refuse: fn(&str, &str) -> _ =
        |name, text| (name == "Work" && text.starts_with("EXAMINE")).then_some("NO [NOPERM] no");
    let server = Script::start(Manner { refuse, ..PLAIN }, &FOLDERS);
    check(
        &host(server.imap()),
        &format!("messages of 2 of 3 folders, {HEADERS}"),
        &[TEXTS, "folder 2 of 3: it cannot be opened"],
    );
}

#[test]
fn where_nobody_was_searched_for_nothing_is_claimed() {
    let host = host_with(imap(&SERVER, "claimed"), json!({ "protect": ["@x.cz"] }));
    let answer = host.whole().erase(ANN).expect("an answer");
    assert_eq!((answer.looked_at.len(), answer.not_looked_at.len(), answer.keeps), (0, 0, None));
}
