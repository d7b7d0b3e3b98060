//! Wednesday: plans. What is certain goes, what is possible is decided on, and who goes on chatting is erased all the same.

use serde_json::json;

use super::calendar::days_ago;
use super::case::{Case, Decided};
use super::monday::UNKNOWN;
use super::office::{ANN, Office, codes, outcomes};
use super::town::{ACME, BELL};
use crate::people::population::version;

/// Who goes on chatting, and whose family has the same phone.
pub(super) const CHATS_ON: usize = 0;

/// Whose erasure waits for the end of a claim; of the other company they ask the same, and nobody claims anything there.
pub(super) const HELD: usize = 4;

/// Of whom everything goes at once; they have talked to the other company, too.
pub(super) const GOES: usize = 24;

/// Who asks the other company.
pub(super) const OF_BELL: usize = 26;

/// The hold.
pub(super) struct Hold(pub(super) String);

pub(super) fn wednesday(office: &mut Office) -> Hold {
    who_goes_on_chatting(office);
    let hold = who_is_held(office);
    who_goes(office);
    of_whom_something_stays(office);
    at_the_other_company(office);
    hold
}

fn who_goes_on_chatting(office: &mut Office) {
    let case = Case { person: CHATS_ON, company: ACME };
    let mistyped = office.town.mistyped(CHATS_ON);
    let mut decided = case.others_are_left(office);
    decided.exclude.retain(|id| *id != mistyped);
    decided.include.push(mistyped);
    let planned = case.meant(office).certain.len();
    assert!(planned > 1 && !decided.exclude.is_empty(), "or this tests nothing");
    let hash = case.plan(office, &decided);
    assert!(office.attention().contains("request_approval_waiting"));
    case.approve(office, &hash);
    case.goes(office, &decided);
    office.talks_again(CHATS_ON, ACME);
    let first = case.run(office, &hash);
    office.by_hand(&first, &["--outcome", "erased"]);
    let receipt = office.receipt(&first);
    let counts = ["sessions", "possible_included", "possible_excluded", "possible_left", "excluded", "came_since"];
    let expected = [planned + 1, 1, decided.exclude.len(), 0, 0, 1].map(|count| json!(count));
    assert_eq!(counts.map(|name| receipt[name].clone()), expected, "{receipt:#}");
    assert_eq!(receipt["verdict"], "incomplete");
    let steps = receipt["steps"].as_array().expect("steps");
    let word = steps.iter().find(|step| step["target"] == "archive").and_then(|step| step["reason"].as_str());
    assert!(word.is_some_and(|word| word.starts_with("cli:root (sudo: cyril) said so at ")), "{receipt:#}");
    office.left_crm(CHATS_ON, &first);
    assert_eq!(case.must_be(office, "verified")["more"], true, "something has come since");

    let decided = case.others_are_left(office);
    assert_eq!(case.meant(office).certain.len(), 1, "what has come since");
    let second = case.all_of_it(office, &decided);
    office.by_hand(&second, &["--outcome", "absent"]);
    let receipt = office.receipt(&second);
    assert_eq!((&receipt["sessions"], &receipt["verdict"]), (&json!(1), &json!("complete")), "{receipt:#}");
    let gone = [("archive", "unverifiable"), ("crm", "absent"), ("mluvii", "erased")];
    assert_eq!(outcomes(&receipt), gone.into());
    assert!(codes(&receipt).contains("expected_unverifiable"));
    office.left_crm(CHATS_ON, &second);
    let done = case.must_be(office, "done");
    assert_eq!((&done["erasures"], &done["receipted"]), (&json!([first, second]), &json!([first, second])));
}

/// Whoever may be the person is kept; their request waits, and nothing of it has gone.
fn who_is_held(office: &mut Office) -> Hold {
    let [email, phone, name] = ["email", "phone", "name"].map(|kind| office.one_of(HELD, kind));
    let add = ["holds", "add", "--mluvii", "acme", "--email", &email, "--phone", &phone, "--name", &name];
    let added = office.json(ANN, &[&add[..], &["--reason", "legal-claims", "--case", "21 C 7/2026"]].concat());
    assert_eq!(added["under_way"], json!([]));
    let case = Case { person: HELD, company: ACME };
    let decided = case.others_are_left(office);
    assert!(!decided.exclude.is_empty() && case.meant(office).certain.len() > 1, "or this tests nothing");
    let hash = case.plan(office, &decided);
    case.approve(office, &hash);
    let erasure = case.run(office, &hash);
    let held = office.erasure(&erasure, "held", |one| one["held"] == true);
    assert_eq!(held["holds"][0]["hold"], added["id"], "{held:#}");
    the_other_company_holds_nobody(office);
    office.erasure(&erasure, "held still", |one| one["held"] == true);
    Hold(added["id"].as_str().expect("an id").to_owned())
}

/// A hold is one company's, also where the person is the same.
fn the_other_company_holds_nobody(office: &mut Office) {
    let case = Case { person: HELD, company: BELL };
    assert!(!case.meant(office).certain.is_empty(), "or this tests nothing");
    case.enter(office, "mluvii", days_ago(2), &["--verified", "known-contact"]);
    let decided = case.others_are_left(office);
    let erasure = case.all_of_it(office, &decided);
    let receipt = office.receipt(&erasure);
    assert_eq!((&receipt["verdict"], outcomes(&receipt)), (&json!("complete"), [("mluvii", "erased")].into()));
    assert!(!codes(&receipt).contains("held"), "{receipt:#}");
    case.must_be(office, "done");
}

fn who_goes(office: &mut Office) {
    let case = Case { person: GOES, company: ACME };
    let decided = case.others_are_left(office);
    let certain = case.meant(office).certain.len();
    assert!(certain > 1 && !office.town.meant(GOES, BELL).certain.is_empty(), "or this tests nothing");
    let erasure = case.all_of_it(office, &decided);
    let receipt = office.receipt(&erasure);
    assert_eq!((&receipt["sessions"], &receipt["verdict"]), (&json!(certain), &json!("complete")), "{receipt:#}");
    assert_eq!(outcomes(&receipt), [("crm", "erased"), ("mluvii", "erased")].into());
    assert_eq!(receipt["consent_versions"], json!([version(GOES)]), "{receipt:#}");
    office.left_crm(GOES, &erasure);
    case.must_be(office, "done");
}

/// In the browser of a family, nobody knows who said nothing: it stays, the receipt says so, and the request is open until somebody ends it.
fn of_whom_something_stays(office: &mut Office) {
    let case = Case { person: UNKNOWN, company: ACME };
    let possible = case.meant(office).possible.len();
    assert!(possible > 1, "or this tests nothing");
    let erasure = case.all_of_it(office, &Decided::default());
    let receipt = office.receipt(&erasure);
    let said = (&receipt["verdict"], &receipt["possible_left"]);
    assert_eq!(said, (&json!("incomplete"), &json!(possible)), "{receipt:#}");
    office.left_crm(UNKNOWN, &erasure);
    case.must_be(office, "verified");
    case.json(office, "close", &["--because", "incomplete"]);
    case.must_be(office, "closed");
}

/// One asks and one has changed their mind; the first company holds what it held.
fn at_the_other_company(office: &mut Office) {
    let case = Case { person: OF_BELL, company: BELL };
    let certain = case.meant(office).certain.len();
    assert!(certain > 1, "or this tests nothing");
    let decided = case.others_are_left(office);
    let erasure = case.all_of_it(office, &decided);
    let receipt = office.receipt(&erasure);
    assert_eq!((&receipt["installation"], &receipt["sessions"]), (&json!("globex"), &json!(certain)), "{receipt:#}");
    assert_eq!((&receipt["verdict"], outcomes(&receipt)), (&json!("complete"), [("mluvii", "erased")].into()));
    case.must_be(office, "done");
    let case = Case { person: CHATS_ON, company: BELL };
    case.json(office, "withdraw", &[]);
    case.must_be(office, "withdrawn");
}
