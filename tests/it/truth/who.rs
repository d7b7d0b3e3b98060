//! Who is meant.

use serde_json::json;

use super::{ANN, BOB, Company, DEFAULT_PERSON, LEDGER_ONLY, SETTLE, codes, shown};
use crate::harness::wait_for;
use crate::main_job::approve;

/// Ann and Bob on one telephone, Cyril with Ann's name, Ann's session without a phone.
fn neighbours() -> Company {
    let company = Company::with("", LEDGER_ONLY, SETTLE);
    ANN.talks(&company.standin, 101, Some("g-ann"));
    BOB.talks(&company.standin, 102, Some("g-bob"));
    let cyril = super::Who { name: ANN.name, email: "cyril@example.com", phone: "+420 777 888 999" };
    cyril.talks(&company.standin, 103, None);
    let half = json!([{ "name": "oo1_guest_email", "value": "ANN@example.com", "source": "ENTRY_FORM" }]);
    company.standin.begin_with(json!({ "id": 104, "tenant": 62, "gdpr_version": "v3", "call_params": half }));
    company.standin.end(104);
    company.settled(4);
    company
}

#[test]
fn who_shares_a_phone_or_a_name_stays_and_what_is_possible_needs_a_person_once() {
    let company = neighbours();
    let dry_run = company.deployment.json(&[&ANN.arguments(&company.deployment)[..], &["--dry-run"]].concat());
    assert_eq!(shown(&dry_run, "certain"), [101]);
    assert_eq!(shown(&dry_run, "possible"), [102, 104]);

    let erasure = ANN.asks(&company.deployment, &[]);
    let receipt = company.receipt(&erasure);
    assert_eq!(receipt["sessions"], 1);
    assert_eq!(receipt["possible_left"], 2);
    assert_eq!(receipt["verdict"], "incomplete");
    assert!(codes(&receipt).contains(&"possible_left"), "{receipt:#}");
    assert!(company.standin.holds(BOB.email) && company.standin.holds("cyril@example.com"));

    company.needs_a_person("incomplete");
    company.server.moved("quietus_receipts_unacknowledged");
    let acknowledged = company.deployment.run(&["receipts", "acknowledge", "--all"]);
    assert!(acknowledged.status.success());
    assert_eq!(company.deployment.run(&["status"]).status.code(), Some(0));
}

#[test]
fn a_person_decides_about_possible_and_certain_sessions() {
    let company = neighbours();
    let erasure = ANN.asks(&company.deployment, &["--include", "acme/104", "--exclude", "acme/102"]);
    let receipt = company.receipt(&erasure);
    assert_eq!((&receipt["sessions"], &receipt["possible_included"]), (&json!(2), &json!(1)));
    assert_eq!(receipt["possible_left"], 0);
    assert!(company.standin.holds(BOB.email) && !company.standin.holds(ANN.email));
    assert!(company.standin.holds("cyril@example.com"));
}

#[test]
fn all_possible_sessions_go_when_the_request_says_so() {
    let company = neighbours();
    let erasure = ANN.asks(&company.deployment, &["--include-possible"]);
    let receipt = company.receipt(&erasure);
    assert_eq!((&receipt["sessions"], &receipt["possible_left"]), (&json!(3), &json!(0)));
    assert!(!company.standin.holds(BOB.email) && company.standin.holds("cyril@example.com"));
}

#[test]
fn a_certain_session_that_is_excluded_stays_and_the_receipt_says_so() {
    let company = neighbours();
    let erasure = ANN.asks(&company.deployment, &["--exclude", "acme/101"]);
    let receipt = company.receipt(&erasure);
    assert_eq!((&receipt["sessions"], &receipt["excluded"]), (&json!(0), &json!(1)));
    assert_eq!(receipt["verdict"], "incomplete");
    assert!(company.standin.holds(ANN.email));
}

#[test]
fn an_address_alone_finds_only_possible_sessions_and_says_so() {
    let company = neighbours();
    company.deployment.write("who", ANN.email);
    let who = format!("@{}", company.deployment.path("who").display());
    let dry_run = company.deployment.json(&["erase", "--email", &who, "--dry-run"]);
    assert_eq!(shown(&dry_run, "certain"), [] as [i64; 0]);
    assert_eq!(shown(&dry_run, "possible"), [101, 104]);
    let made = company.deployment.json(&["erase", "--email", &who]);
    let receipt = company.receipt(made["id"].as_str().expect("an id"));
    assert_eq!((&receipt["sessions"], &receipt["verdict"]), (&json!(0), &json!("incomplete")));
    assert!(company.standin.holds(ANN.email));
}

#[test]
fn who_shares_a_browser_stays() {
    let company = Company::with("", LEDGER_ONLY, SETTLE);
    ANN.talks(&company.standin, 101, Some("family"));
    BOB.talks(&company.standin, 102, Some("family"));
    // Nobody knows who this was.
    company.standin.begin_with(json!({ "id": 103, "tenant": 62, "guest": "family", "gdpr_version": "v3" }));
    company.standin.end(103);
    company.settled(3);
    let dry_run = company.deployment.json(&[&ANN.arguments(&company.deployment)[..], &["--dry-run"]].concat());
    assert_eq!(dry_run["guests"], 0, "no plugin is told the family's guest: {dry_run:#}");
    let receipt = company.receipt(&ANN.asks(&company.deployment, &[]));
    assert_eq!((&receipt["sessions"], &receipt["possible_left"]), (&json!(1), &json!(2)));
    assert!(company.standin.holds(BOB.email) && !company.standin.holds(ANN.email));
    // The evidence that the browser is shared outlives Ann's sessions.
    let receipt = company.receipt(&BOB.asks(&company.deployment, &[]));
    assert_eq!((&receipt["sessions"], &receipt["possible_left"]), (&json!(1), &json!(1)));
}

#[test]
fn a_persons_guest_is_told_only_where_every_session_of_it_goes() {
    let company = Company::with("", LEDGER_ONLY, SETTLE);
    ANN.talks(&company.standin, 101, Some("g-ann"));
    ANN.talks(&company.standin, 102, Some("g-ann"));
    company.settled(2);
    let guests = |more: &[&str]| {
        let arguments = [&ANN.arguments(&company.deployment)[..], &["--dry-run"], more].concat();
        company.deployment.json(&arguments)["guests"].clone()
    };
    assert_eq!(guests(&[]), 1);
    assert_eq!(guests(&["--exclude", "acme/102"]), 0, "what is held by the guest's id is of both");
}

#[test]
fn the_guest_call_is_made_only_when_every_session_of_the_guest_is_in_reach() {
    let search = "search = { sessions_of_guest = \"GET /api/v1/Sessions?ClientId={id}&limit=200&offset={offset}\" }";
    let company = Company::with(search, LEDGER_ONLY, SETTLE);
    ANN.talks(&company.standin, 101, Some("family"));
    BOB.talks(&company.standin, 102, Some("family"));
    company.settled(2);
    company.receipt(&ANN.asks(&company.deployment, &[]));
    let calls = company.standin.calls("/anonymous");
    let paths: Vec<_> = calls.iter().map(|call| call["path"].as_str().expect("a path")).collect();
    assert_eq!(paths, ["/api/v1/Sessions/101/anonymous"]);
}

/// Both deletion forms of the example: the guest at once, the person after approval.
const FORMS: &str = r#"
[settling]
limit = "0s"
pause = "0s"

[[rule]]
name = "this guest"
on = "form-submitted"
when = "form.id == 4711"
erase = "guest"
targets = ["mluvii"]

[[rule]]
name = "the person"
on = "form-submitted"
when = "form.id == 4711"
erase = "person"
approve = true
targets = ["mluvii"]
"#;

#[test]
fn a_stranger_who_types_somebody_elses_address_reaches_their_own_guest_only() {
    let company = Company::with("", LEDGER_ONLY, FORMS);
    ANN.talks(&company.standin, 101, Some("g-ann"));
    let mallory = super::Who { name: "Mallory", email: "mallory@example.com", phone: "+420 603 000 111" };
    mallory.talks(&company.standin, 102, Some("g-mallory"));
    company.settled(2);
    let typed = json!({ "oo1_guest_ident": ANN.name, "oo1_guest_email": ANN.email, "oo1_guest_phone": ANN.phone });
    company.standin.submit(102, 4711, &typed);
    let at_once = company.receipts(1);
    assert_eq!((&at_once[0]["scope"], &at_once[0]["sessions"]), (&json!("guest"), &json!(1)));
    assert!(company.standin.holds(ANN.email) && !company.standin.holds(mallory.email));

    company.needs_a_person("approv");
    let requested = company.deployment.json(&["erasures", "list", "--state", "requested"]);
    let id = requested[0]["id"].as_str().expect("an id");
    assert!(company.deployment.run(&["erasures", "reject", id]).status.success());
    assert_eq!(company.deployment.json(&["erasures", "show", id])["state"], "cancelled");
    assert_eq!(company.deployment.count("SELECT count(*) FROM capsule"), 0, "what was typed is destroyed");
    assert!(company.standin.holds(ANN.email));
    assert_eq!(company.deployment.run(&["erasures", "approve", id, "--yes"]).status.code(), Some(1));
}

#[test]
fn an_erasure_that_waits_for_approval_neither_joins_nor_delays_one_that_needs_none() {
    let company = Company::with("", LEDGER_ONLY, FORMS);
    ANN.talks(&company.standin, 101, Some("g-ann"));
    company.settled(1);
    let typed = json!({ "oo1_guest_ident": ANN.name, "oo1_guest_email": ANN.email, "oo1_guest_phone": ANN.phone });
    company.standin.submit(101, 4711, &typed);
    wait_for("the request", || company.deployment.json(&["erasures", "list", "--state", "requested"]).get(0).cloned());
    let by_hand = ANN.asks(&company.deployment, &[]);
    company.receipt(&by_hand);
    assert_eq!(
        company.deployment.json(&["erasures", "list", "--state", "requested"]).as_array().map(Vec::len),
        Some(1)
    );
    approve(&company.deployment);
    let receipts = company.receipts(3);
    let approved: Vec<_> = receipts.iter().filter(|receipt| receipt["approved"].is_string()).collect();
    assert_eq!(approved.len(), 1);
    assert_eq!(approved[0]["rules"], json!(["the person"]));
}

#[test]
fn a_typed_guest_id_is_nobodys() {
    let company = Company::with("", DEFAULT_PERSON, FORMS);
    ANN.talks(&company.standin, 101, Some("g-ann"));
    BOB.talks(&company.standin, 102, Some("g-bob"));
    company.settled(2);
    company.standin.submit(102, 4711, &json!({ "guest_id": "g-ann", "session_id": "101" }));
    company.receipts(1);
    assert!(company.standin.holds(ANN.email) && !company.standin.holds(BOB.email));
    // Nor can the configuration make it one.
    let path = company.deployment.path("quietus.toml");
    let config = std::fs::read_to_string(&path).expect("a file");
    company.deployment.write("quietus.toml", &format!("{config}\n[mluvii.params]\nguest = \"guest_id\"\n"));
    let check = company.deployment.run(&["check"]);
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(!check.status.success() && said.contains("guest_id"), "{said}");
}

#[test]
fn a_guest_without_an_id_is_narrowed_and_the_receipt_says_so() {
    let company = Company::with("", LEDGER_ONLY, FORMS);
    ANN.talks(&company.standin, 101, None);
    company.settled(1);
    company.standin.submit(101, 4711, &json!({ "reason": "enough" }));
    let receipts = company.receipts(1);
    assert_eq!((&receipts[0]["scope"], &receipts[0]["narrowed"]), (&json!("session"), &json!("no_guest_id")));
    assert_eq!(receipts[0]["verdict"], "incomplete");
}

#[test]
fn a_guest_whom_several_people_use_is_nobodys_for_certain_when_asked_for_by_hand() {
    let company = Company::with("", LEDGER_ONLY, SETTLE);
    ANN.talks(&company.standin, 101, Some("family"));
    BOB.talks(&company.standin, 102, Some("family"));
    company.settled(2);
    let dry_run = company.deployment.json(&["erase", "--guest", "acme/family", "--dry-run"]);
    assert_eq!(shown(&dry_run, "certain"), [] as [i64; 0]);
    assert_eq!(shown(&dry_run, "possible"), [101, 102]);
}

#[test]
fn two_people_of_one_browser_are_two_erasures() {
    let rules =
        FORMS.replace("[[rule]]\nname = \"the person\"", &format!("{RETENTION}\n[[rule]]\nname = \"the person\""));
    let company = Company::with("", LEDGER_ONLY, &rules);
    ANN.talks(&company.standin, 101, Some("family"));
    BOB.talks(&company.standin, 102, Some("family"));
    company.settled(2);
    company.standin.submit(101, 4711, &json!({ "reason": "enough" }));
    let receipt = company.receipts(1).remove(0);
    assert_eq!((&receipt["sessions"], &receipt["possible_left"]), (&json!(1), &json!(1)));
    assert!(company.standin.holds(BOB.email) && !company.standin.holds(ANN.email));
}

const RETENTION: &str = r#"
[[rule]]
name = "retention"
on = "session-settled"
when = "consent.state == 'given'"
erase = "guest"
after = "365d"
targets = ["mluvii"]
"#;

/// mluvii lists the sessions of a guest.
const LISTING: &str =
    "search = { sessions_of_guest = \"GET /api/v1/Sessions?ClientId={id}&limit=200&offset={offset}\" }";

#[test]
fn a_guest_whose_listed_sessions_are_of_several_people_is_nobodys_for_certain() {
    let company = Company::with(LISTING, LEDGER_ONLY, SETTLE);
    // None of these ever reached quietus, and the request names the guest alone.
    for (id, who) in [(901, ANN), (902, BOB)] {
        company
            .standin
            .begin_with(json!({ "id": id, "tenant": 62, "guest": "family", "call_params": who.call_params() }));
    }
    let dry_run = company.deployment.json(&["erase", "--guest", "acme/family", "--dry-run"]);
    assert_eq!(shown(&dry_run, "certain"), [] as [i64; 0], "{dry_run:#}");
    assert_eq!(shown(&dry_run, "possible"), [901, 902]);
}

#[test]
fn a_session_of_a_tenant_that_is_no_sources_goes_only_when_a_person_says_so() {
    let company = Company::with(LISTING, LEDGER_ONLY, SETTLE);
    ANN.talks(&company.standin, 101, Some("ann-1"));
    company.settled(1);
    company.standin.begin_with(json!({ "id": 901, "tenant": 99, "guest": "ann-1", "call_params": ANN.call_params() }));
    let dry_run = company.deployment.json(&["erase", "--guest", "acme/ann-1", "--dry-run"]);
    assert_eq!((shown(&dry_run, "certain"), shown(&dry_run, "possible")), (vec![101], vec![901]), "{dry_run:#}");
}

#[test]
fn a_listed_session_of_a_shared_browser_is_judged_as_the_ledgers_own() {
    let company = Company::with(LISTING, LEDGER_ONLY, FORMS);
    ANN.talks(&company.standin, 101, Some("family"));
    company.settled(1);
    // None of these ever reached quietus.
    company.standin.begin_with(json!({ "id": 901, "tenant": 62, "guest": "family", "call_params": BOB.call_params() }));
    company.standin.begin_with(json!({ "id": 902, "tenant": 62, "guest": "family", "notes": ["nobody knows whose"] }));
    company.standin.submit(101, 4711, &json!({ "reason": "enough" }));
    let receipt = company.receipts(1).remove(0);
    assert_eq!((&receipt["sessions"], &receipt["possible_left"]), (&json!(1), &json!(2)), "{receipt:#}");
    assert!(company.standin.holds(BOB.email) && company.standin.holds("nobody knows whose"));
    let guest_calls = company.standin.calls("/Guest/family/anonymous");
    assert!(guest_calls.is_empty());
}
