//! Tuesday: whose is it? By an answer to what was asked for, by a link in a mail, and not at all.

use serde_json::{Value, json};

use super::calendar::{days_ago, last_day};
use super::case::Case;
use super::monday::UNKNOWN;
use super::office::{ANN, FORM, Office, codes, outcomes};
use super::town::ACME;
use crate::confirming;
use crate::harness::{client, http, wait_for};

/// Who fills in the form.
pub(super) const BY_LINK: usize = 16;

/// Whose request is verified by a link that is mailed to the address in it.
pub(super) const BY_MAIL: usize = 23;

/// Whose request is refused.
pub(super) const REFUSED: usize = 6;

pub(super) fn tuesday(office: &mut Office) {
    more_is_asked_for(office);
    the_letter_of_a_namesake(office);
    refused(office);
    let form = by_a_link(office);
    by_a_link_for_a_request(office, &form);
    office.the_crm_is_right();
}

/// The days until the answer are added, and the time is extended within the first month.
fn more_is_asked_for(office: &Office) {
    let case = Case { person: UNKNOWN, company: ACME };
    let [received, asked_on, answered_on] = [10, 8, 3].map(days_ago);
    let asked = case.json(office, "verify", &["--ask", "--on", &asked_on.to_string()]);
    assert_eq!((&asked["state"], &asked["due"], &asked["days_left"]), (&json!("asked"), &Value::Null, &Value::Null));
    let number = case.number();
    office.refused(ANN, &["requests", "plan", &number, "--mluvii", "acme"], "is not verified");
    let verified = case.json(office, "verify", &["--how", "known-contact", "--on", &answered_on.to_string()]);
    assert_eq!((&verified["state"], &verified["due"]), (&json!("verified"), &json!(last_day(received, 1, 5))));
    let early = office.ends(ANN, &["letters", "extension", "--lang", "cs", "--request", &number], 1);
    assert!(early.contains(&format!("quietus requests extend {number}")), "{early}");
    let extended = case.json(office, "extend", &["--months", "2", "--because", "complexity"]);
    assert_eq!(extended["due"], json!(last_day(received, 3, 5)));
    let letter = office.paper(&["letters", "extension", "--lang", "cs", "--request", &number]);
    assert!(letter.contains(&format!("Žádost {number}")), "{letter}");
    let acknowledged = office.paper(&["letters", "acknowledgement", "--lang", "en", "--request", &number]);
    assert!(acknowledged.contains("Your identity was verified."), "{acknowledged}");
}

/// A name is shared by several people: no session is found by it, and nothing goes.
fn the_letter_of_a_namesake(office: &Office) {
    let plan = office.json(ANN, &["requests", "plan", "2026/901"]);
    assert_eq!(plan["sessions"], json!([]), "{plan:#}");
    let hash = plan["plan"].as_str().expect("a hash");
    office.refused(ANN, &["requests", "run", "2026/901", "--plan", hash], "waits for the approval of somebody else");
    let rejected = office.json(ANN, &["requests", "reject", "2026/901", "--because", "not-the-person"]);
    assert_eq!(rejected["state"], "rejected");
}

/// With a letter that says why, and where to complain.
fn refused(office: &Office) {
    let case = Case { person: REFUSED, company: ACME };
    case.json(office, "reject", &["--because", "legal-claims"]);
    case.must_be(office, "rejected");
    let number = case.number();
    for (lang, why, authority) in [
        ("cs", "obhajobu právních nároků", "Úřad pro ochranu osobních údajů"),
        ("en", "legal claims", "Úřad pro ochranu osobních údajů"),
    ] {
        let letter = office.paper(&["letters", "refusal", "--lang", lang, "--request", &number]);
        assert!(letter.contains(why) && letter.contains(authority), "{letter}");
    }
}

/// The form says who it is, and the link that this is so. Returns the link's token.
fn by_a_link(office: &mut Office) -> String {
    let session = office.town.first(BY_LINK, ACME);
    let address = office.town.email(BY_LINK);
    office.mluviis[ACME].submit(session, FORM, &json!({ "oo1_guest_email": address.to_uppercase() }));
    let waits = |office: &Office| office.json(ANN, &["erasures", "list", "--state", "requested"]);
    let erasure = wait_for("the form's erasure", || Some(waits(office)[0]["id"].as_str()?.to_owned()));
    let token = confirming::links(&office.exim, 1).remove(0);
    let page = office.server.url(&format!("/confirm/{token}"));
    // Whatever looks at links in mails.
    for _ in 0..3 {
        assert_eq!(http(client().get(&page)).0, 200);
    }
    assert_eq!(waits(office)[0]["id"], json!(erasure), "nobody has clicked");
    assert!(office.mluviis[ACME].holds(&address));
    let (status, said) = http(client().post(&page));
    assert_eq!(status, 200, "{said}");
    let receipt = office.receipt(&erasure);
    let going = office.town.by_address(BY_LINK, ACME);
    assert_eq!(
        (&receipt["sessions"], &receipt["confirmed"]["by"], &receipt["verdict"]),
        (&json!(going.len()), &json!("email"), &json!("complete")),
        "{receipt:#}"
    );
    assert_eq!(outcomes(&receipt), [("crm", "erased"), ("mluvii", "erased")].into());
    assert!(!codes(&receipt).contains("possible_left"), "{receipt:#}");
    office.gone[ACME].extend(going);
    office.left_crm(BY_LINK, &erasure);
    token
}

/// The officer has a link mailed; before it is clicked, nothing is planned, and what is planned then is erased by the address alone.
fn by_a_link_for_a_request(office: &mut Office, form: &str) {
    let case = Case { person: BY_MAIL, company: ACME };
    case.enter(office, "mluvii,crm", days_ago(1), &[]);
    case.json(office, "verify", &["--by-email"]);
    let links = confirming::links(&office.exim, 2);
    let token = links.iter().find(|token| *token != form).expect("another one");
    let page = office.server.url(&format!("/confirm/{token}"));
    assert_eq!(http(client().get(&page)).0, 200);
    case.refused(office, "plan", &[], "is not verified");
    let (status, said) = http(client().post(&page));
    assert_eq!(status, 200, "{said}");
    let verified = case.must_be(office, "verified");
    assert_eq!(verified["verified"]["how"], "email-link", "{verified:#}");
    let going = office.town.by_address(BY_MAIL, ACME);
    assert_eq!(case.meant(office).certain, going, "or the plan is another one");
    let decided = case.others_are_left(office);
    let erasure = case.all_of_it(office, &decided);
    let receipt = office.receipt(&erasure);
    let said = (&receipt["verdict"], &receipt["sessions"]);
    assert_eq!(said, (&json!("complete"), &json!(going.len())), "{receipt:#}");
    assert_eq!(outcomes(&receipt), [("crm", "erased"), ("mluvii", "erased")].into());
    office.left_crm(BY_MAIL, &erasure);
    case.must_be(office, "done");
}
