//! A month after that week: the backup was restored once more, and nobody has said so. The server sees it by itself, erases nobody, and a
//! request is open once more until an officer has those erased again whom it has found.

use std::collections::BTreeSet;

use serde_json::Value;

use super::case::Case;
use super::office::{ANN, BOB, Office};
use super::town::ACME;
use super::wednesday::HELD;

pub(super) fn a_month_later(office: &Office) {
    office.fill_crm(&[]);
    let everybody = office.crm.emails();
    // As if all had ended a month ago, and the CRM had not been looked at since.
    let passes = "UPDATE erasure SET ended = ended - 2678400000 WHERE ended IS NOT NULL;
                  UPDATE periodic SET mark = mark - 3456000000 WHERE name = 'recheck/crm/acme'";
    office.deployment.ledger().execute_batch(passes).expect("updates");
    let case = Case { person: HELD, company: ACME };
    let open = case.must_be(office, "reopened");
    assert_eq!(open["reopened"]["erasure"], open["erasures"][0], "{open:#}");
    assert!(open["days_left"].as_i64().is_some_and(|left| left > 20), "another month: {open:#}");
    assert!(office.attention().contains("recheck_residual"));
    assert_eq!(office.crm.emails(), everybody, "a look erases nobody");
    case.refused(office, "plan", &[], "quietus erase-again");

    let look = ["erase-again", "--target", "crm", "--since", "2020-01-01", "--mluvii", "acme"];
    let shown = office.json(ANN, &look);
    let plan = shown["plan"].as_str().unwrap_or_else(|| panic!("{shown:#}"));
    let asked = office.json(ANN, &[&look[..], &["--plan", plan]].concat());
    let again = asked["found"].as_array().expect("a list").iter().filter_map(|one| one["again"].as_str());
    let again: Vec<_> = again.collect();
    let erased: BTreeSet<_> = office.erased_in_crm.values().copied().chain([HELD]).collect();
    assert_eq!(again.len(), erased.len(), "{asked:#}");
    for erasure in &again {
        office.done(BOB, &["erasures", "approve", erasure, "--yes"]);
    }
    let receipts: Vec<Value> = again.iter().map(|erasure| office.receipt(erasure)).collect();
    let first = &open["erasures"][0];
    let follows = receipts.iter().filter(|receipt| receipt["follows"][0]["erasure"] == *first);
    assert_eq!(follows.count(), 1, "it names the receipt that the request ended with");
    case.must_be(office, "done");
    assert!(!office.attention().contains("recheck_residual"));
    let left = (0..office.town.people.len()).filter(|person| !erased.contains(person));
    assert_eq!(office.crm.emails(), left.map(|person| office.town.email(person)).collect::<Vec<_>>());
}
