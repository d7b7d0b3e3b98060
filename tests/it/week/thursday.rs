//! Thursday: systems fail. One answers 500, one says that it has erased and has not, one is paused, and something is stopped.

use serde_json::json;

use super::case::Case;
use super::office::{ANN, Office, codes, outcomes};
use super::town::ACME;

/// Of whom the CRM answers 500.
pub(super) const FAILS: usize = 8;

/// Whom the CRM keeps, whatever it says.
pub(super) const KEPT: usize = 10;

/// Whose paper a law keeps.
pub(super) const BY_LAW: usize = 12;

/// Whose erasure is stopped.
pub(super) const STOPPED: usize = 14;

pub(super) fn thursday(office: &mut Office) {
    the_crm_fails(office);
    the_crm_is_paused(office);
    office.the_crm_is_right();
}

fn begun(office: &mut Office, person: usize) -> String {
    let case = Case { person, company: ACME };
    let decided = case.others_are_left(office);
    case.all_of_it(office, &decided)
}

/// What needs a person is retried once the CRM is mended, or ended with a receipt that says what is still there.
fn the_crm_fails(office: &mut Office) {
    office.crm.write("refuses", &office.town.email(FAILS));
    office.crm.write("keeps", &office.town.email(KEPT));
    let [failing, kept] = [FAILS, KEPT].map(|person| begun(office, person));
    for erasure in [&failing, &kept] {
        office.mluvii_is_done(erasure);
        office.erasure(erasure, "parked", |one| one["state"] == "parked");
    }
    assert!(office.attention().contains("steps_parked"));
    let [first, second] = [FAILS, KEPT].map(|person| Case { person, company: ACME });
    first.must_be(office, "erasing");
    second.must_be(office, "erasing");
    let number = first.number();
    let early = office.ends(ANN, &["letters", "confirmation", "--lang", "cs", "--request", &number], 1);
    assert!(early.contains("has not ended"), "{early}");

    office.crm.remove("refuses");
    office.done(ANN, &["erasures", "retry", &failing]);
    let receipt = office.receipt(&failing);
    assert_eq!(receipt["verdict"], "complete", "{receipt:#}");
    assert_eq!(outcomes(&receipt), [("crm", "erased"), ("mluvii", "erased")].into());
    office.left_crm(FAILS, &failing);
    first.must_be(office, "done");

    office.done(ANN, &["erasures", "cancel", &kept]);
    let receipt = office.receipt(&kept);
    assert_eq!((&receipt["verdict"], &receipt["state"]), (&json!("incomplete"), &json!("cancelled")), "{receipt:#}");
    assert_eq!(outcomes(&receipt), [("crm", "residual"), ("mluvii", "erased")].into());
    assert!(codes(&receipt).contains("cancelled"), "{receipt:#}");
    assert_eq!(second.must_be(office, "verified")["more"], true);
    second.json(office, "close", &["--because", "incomplete"]);
    office.crm.remove("keeps");
}

/// Nobody calls it: what is stopped is not erased there, what waits goes on.
fn the_crm_is_paused(office: &mut Office) {
    office.done(ANN, &["targets", "pause", "crm", "--reason", "maintenance", "--case", "OPS-17"]);
    let [waits, stopped] = [BY_LAW, STOPPED].map(|person| begun(office, person));
    office.mluvii_is_done(&waits);
    office.mluvii_is_done(&stopped);
    let targets = office.json(ANN, &["targets", "list"]);
    let crm = targets.as_array().expect("targets").iter().find(|one| one["target"] == "crm").expect("the CRM");
    assert_eq!((&crm["waiting"], &crm["paused"]["case"]), (&json!(2), &json!("OPS-17")), "{targets:#}");
    office.by_hand(&waits, &["--outcome", "retained", "--reason", "563/1991 Sb., § 31"]);

    office.done(ANN, &["erasures", "stop", &stopped]);
    let receipt = office.receipt(&stopped);
    assert_eq!((&receipt["verdict"], &receipt["state"]), (&json!("incomplete"), &json!("cancelled")), "{receipt:#}");
    assert_eq!(outcomes(&receipt), [("crm", "unverifiable"), ("mluvii", "erased")].into());
    assert!(codes(&receipt).contains("stopped"), "{receipt:#}");
    let case = Case { person: STOPPED, company: ACME };
    assert_eq!(case.must_be(office, "verified")["more"], true);
    case.json(office, "close", &["--because", "incomplete"]);

    office.the_crm_is_right();
    office.done(ANN, &["targets", "resume", "crm"]);
    let receipt = office.receipt(&waits);
    assert_eq!(receipt["verdict"], "retained", "{receipt:#}");
    let expected = [("archive", "retained"), ("crm", "erased"), ("mluvii", "erased")];
    assert_eq!(outcomes(&receipt), expected.into());
    office.left_crm(BY_LAW, &waits);
    Case { person: BY_LAW, company: ACME }.must_be(office, "done");
}
