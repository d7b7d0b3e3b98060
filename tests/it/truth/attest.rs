//! What a receipt may say.

use serde_json::json;

use super::{ANN, BOB, Company, DEFAULT_PERSON, LEDGER_ONLY, SETTLE, codes, step};
use crate::harness::{ERASE, StandIn, wait_for};

/// A session without consent goes at a mluvii that behaves so.
fn erased(behaviour: serde_json::Value, mluvii: &str) -> (Company, serde_json::Value) {
    let standin = StandIn::start();
    standin.behave(&behaviour);
    let company = Company::on(standin, mluvii, LEDGER_ONLY, ERASE);
    ANN.talks_with(&company.standin, 101, json!({ "guest": "g-ann-4711", "gdpr_version": null }));
    let receipt = company.receipts(1).remove(0);
    (company, receipt)
}

#[test]
fn what_was_seen_to_be_gone_is_complete() {
    let (company, receipt) = erased(json!({}), "");
    assert_eq!((&receipt["format"], &receipt["verdict"]), (&json!(2), &json!("complete")), "{receipt:#}");
    let mluvii = step(&receipt, "mluvii");
    assert_eq!(mluvii["outcome"], "erased");
    assert!(mluvii["verified_at"].is_string());
    assert!(mluvii["looked_at"].as_array().is_some_and(|looked| !looked.is_empty()), "{mluvii}");
    assert_eq!(company.deployment.run(&["status"]).status.code(), Some(0));
}

#[test]
fn somebody_who_is_not_in_the_ledger_was_not_looked_for() {
    let company = Company::with("", DEFAULT_PERSON, SETTLE);
    let receipt = company.receipt(&ANN.asks(&company.deployment, &["--targets", "mluvii"]));
    assert_eq!(step(&receipt, "mluvii")["outcome"], "unverifiable");
    assert_eq!(receipt["verdict"], "incomplete");
    assert!(codes(&receipt).contains(&"ledger_only"), "{receipt:#}");
    assert!(step(&receipt, "mluvii")["verified_at"].is_null());
}

#[test]
fn a_setting_accepts_that_only_the_ledger_was_searched_and_the_receipt_names_it() {
    let company = Company::with("accept_left = [\"contact record\", \"e-mail threads\"]", LEDGER_ONLY, SETTLE);
    ANN.talks(&company.standin, 101, None);
    company.settled(1);
    let receipt = company.receipt(&ANN.asks(&company.deployment, &[]));
    assert_eq!(receipt["verdict"], "complete", "{receipt:#}");
    assert!(codes(&receipt).contains(&"ledger_only_accepted"), "{receipt:#}");
}

#[test]
fn places_that_nobody_looks_at_make_a_persons_receipt_incomplete_unless_they_are_accepted() {
    let company = Company::with("", LEDGER_ONLY, SETTLE);
    ANN.talks(&company.standin, 101, None);
    company.settled(1);
    let receipt = company.receipt(&ANN.asks(&company.deployment, &[]));
    assert_eq!(receipt["verdict"], "incomplete", "{receipt:#}");
    assert!(codes(&receipt).contains(&"not_looked_at"), "{receipt:#}");
}

#[test]
fn a_mistyped_session_cannot_look_like_success() {
    let company = Company::with("", LEDGER_ONLY, SETTLE);
    ANN.talks(&company.standin, 101, None);
    company.settled(1);
    let made = company.deployment.json(&["erase", "--session", "acme/7777"]);
    let receipt = company.receipt(made["id"].as_str().expect("an id"));
    let mluvii = step(&receipt, "mluvii");
    assert_eq!((&mluvii["outcome"], &receipt["verdict"]), (&json!("unverifiable"), &json!("incomplete")));
    assert!(mluvii["reason"].as_str().is_some_and(|reason| reason.contains("does not know")), "{mluvii}");
    assert!(company.standin.calls("/anonymous").len() <= 1);
}

#[test]
fn a_gateway_that_answers_404_to_everything_makes_no_receipt() {
    let company = Company::with("", LEDGER_ONLY, ERASE);
    for id in 101..105 {
        ANN.talks_with(&company.standin, id, json!({ "gdpr_version": "v3" }));
    }
    company.settled(4);
    company.standin.fault(&json!({ "path": "/api/", "kind": "status", "status": 404, "for_ms": 4_000 }));
    for id in 101..105 {
        let made = company.deployment.json(&["erase", "--session", &format!("acme/{id}")]);
        assert!(made["id"].is_string());
    }
    let receipts = company.receipts(4);
    for receipt in &receipts {
        assert_eq!(step(receipt, "mluvii")["outcome"], "erased", "{receipt:#}");
        assert_eq!(receipt["verdict"], "complete");
    }
    assert!(!company.standin.holds(ANN.email), "every one of them was erased after the gateway came back");
}

#[test]
fn a_session_that_somebody_else_removed_is_gone_only_after_a_control_request() {
    let company = Company::with("", LEDGER_ONLY, SETTLE);
    ANN.talks(&company.standin, 101, None);
    BOB.talks(&company.standin, 102, None);
    company.settled(2);
    company.standin.delete_conversation(101);
    let made = company.deployment.json(&["erase", "--session", "acme/101"]);
    let receipt = company.receipt(made["id"].as_str().expect("an id"));
    assert_eq!(step(&receipt, "mluvii")["outcome"], "absent", "{receipt:#}");
    let calls = company.standin.calls("");
    let control = calls.iter().any(|call| call["path"] == "/api/v1/Sessions/102" && call["status"] == 200);
    assert!(control, "a session that is there was read on the same route");
}

#[test]
fn a_filter_that_is_ignored_verifies_nothing() {
    let (_company, receipt) = erased(json!({ "ignored_filters": ["Anonymized.Null", "SessionId"] }), "");
    assert_eq!(step(&receipt, "mluvii")["outcome"], "unverifiable", "{receipt:#}");
    assert_eq!(receipt["verdict"], "incomplete");
}

#[test]
fn call_params_that_stay_are_residual_and_need_a_person() {
    let standin = StandIn::start();
    standin.behave(&json!({ "anonymize_leaves": ["call_params"] }));
    let company = Company::on(standin, "", LEDGER_ONLY, ERASE);
    ANN.talks_with(&company.standin, 101, json!({ "gdpr_version": null }));
    let parked = wait_for("the step to need a person", || {
        company.deployment.json(&["erasures", "list", "--state", "parked"]).get(0).cloned()
    });
    assert_eq!(parked["steps"][0]["outcome"], "residual");
    assert_eq!(company.deployment.json(&["receipts", "list"]), json!([]));
}

#[test]
fn what_is_left_behind_is_named_and_makes_the_receipt_incomplete_unless_it_is_accepted() {
    let leaves = json!({ "anonymize_leaves": ["ip_address", "feedback"] });
    let (_company, receipt) = erased(leaves.clone(), "");
    assert_eq!(receipt["verdict"], "incomplete", "{receipt:#}");
    assert!(codes(&receipt).contains(&"left_behind"));
    let left = &step(&receipt, "mluvii")["left"];
    assert!(left["ip_address"].is_u64(), "{receipt:#}");

    let (_company, receipt) = erased(leaves, "accept_left = [\"ip_address\", \"feedback\"]");
    assert_eq!(receipt["verdict"], "complete", "{receipt:#}");
    assert!(codes(&receipt).contains(&"left_accepted"));
}

#[test]
fn what_is_not_anonymized_yet_is_asked_about_again() {
    let (company, receipt) = erased(json!({ "anonymize_delay_ms": 2_500 }), "verify_within = \"3s\"");
    assert_eq!(step(&receipt, "mluvii")["outcome"], "erased");
    assert_eq!(receipt["verdict"], "complete", "{receipt:#}");
    assert_eq!(company.standin.calls("/anonymous").len(), 1);
}

/// How mluvii itself is searched.
const SEARCH: &str = r#"
[mluvii.search]
contacts = "GET /api/v1/Contacts?departmentId={department}&filterField={field}&filterValue={value}&limit=200&offset={offset}"
fields = { email = "email", phone = "phone" }
sessions_of_guest = "GET /api/v1/Sessions?ClientId={id}&limit=200&offset={offset}"
"#;

/// A company whose mluvii knows a session of Ann's that never reached quietus.
fn with_an_unheard_session(behaviour: serde_json::Value) -> Company {
    let standin = StandIn::start();
    standin.behave(&behaviour);
    // The table belongs to the only `[[mluvii]]` as long as it follows it.
    let company = Company::on(standin, "", DEFAULT_PERSON, &format!("{SEARCH}{SETTLE}"));
    let unheard =
        json!({ "id": 901, "tenant": 62, "guest": "c-ann", "gdpr_version": "v3", "call_params": ANN.call_params() });
    company.standin.begin_with(unheard);
    company.standin.begin_with(json!({ "id": 902, "tenant": 62, "guest": "c-bob", "call_params": BOB.call_params() }));
    for (id, who) in [("c-ann", ANN), ("c-bob", BOB)] {
        company.standin.add_directory_contact(id, who.email, who.phone);
    }
    company.server.leaves_work("mluvii announces that it has anonymized a session, and that one never ends");
    company
}

#[test]
fn a_person_is_searched_at_mluvii_itself_and_every_session_is_judged() {
    let company = with_an_unheard_session(json!({}));
    let receipt = company.receipt(&ANN.asks(&company.deployment, &[]));
    assert_eq!((&receipt["sessions"], &receipt["search"]), (&json!(1), &json!("done")), "{receipt:#}");
    assert!(!codes(&receipt).contains(&"ledger_only"));
    // Bob's session is listed, for they share the telephone; it is possible only.
    assert_eq!(receipt["possible_left"], 1);
    let held = company.standin.get(&company.standin.mluvii, "/standin/search?text=ann%40example.com");
    let sessions = held.as_array().expect("a list").iter().filter(|place| place["place"] != "contact");
    assert_eq!(sessions.count(), 0, "{held}");
    assert!(company.standin.holds(BOB.email));
}

#[test]
fn a_search_that_ignores_its_filter_is_not_believed() {
    let company = with_an_unheard_session(json!({ "ignored_filters": ["filterValue"] }));
    ANN.asks(&company.deployment, &["--targets", "mluvii"]);
    company.needs_a_person_soon();
    assert_eq!(company.deployment.json(&["receipts", "list"]), json!([]));
    assert!(company.standin.calls("/anonymous").is_empty());
    assert!(company.standin.holds(ANN.email) && company.standin.holds(BOB.email));
}

#[test]
fn a_receipt_is_found_again_by_the_person_and_by_nobody_else() {
    let company = Company::with("", LEDGER_ONLY, SETTLE);
    ANN.talks(&company.standin, 101, None);
    BOB.talks(&company.standin, 102, None);
    company.settled(2);
    let erasure = ANN.asks(&company.deployment, &[]);
    company.receipt(&erasure);
    company.deployment.write("who", " ANN@Example.com");
    let who = format!("@{}", company.deployment.path("who").display());
    let found = company.deployment.json(&["receipts", "find", "--email", &who]);
    assert!(found.to_string().contains(&erasure), "{found}");
    company.deployment.write("who", "cyril@example.com");
    let found = company.deployment.json(&["receipts", "find", "--email", &who]);
    assert!(!found.to_string().contains(&erasure), "{found}");
}

#[test]
fn a_guests_id_is_in_no_file_once_the_session_is_erased() {
    let (company, _receipt) = erased(json!({}), "");
    let rows = |table: &str, column: &str| {
        company
            .deployment
            .count(&format!("SELECT count(*) FROM {table} WHERE CAST({column} AS TEXT) LIKE '%g-ann-4711%'"))
    };
    assert_eq!((rows("session", "record"), rows("erasure", "subject")), (0, 0));
    assert_eq!(company.deployment.count("SELECT count(*) FROM session WHERE guest IS NOT NULL"), 1, "a digest stays");
}

#[test]
fn the_dry_run_shows_exactly_what_the_run_then_does() {
    let company = Company::with("", LEDGER_ONLY, SETTLE);
    for id in 101..107 {
        ANN.talks(&company.standin, id, Some(&format!("g-{}", id / 2)));
    }
    BOB.talks(&company.standin, 107, Some("g-50"));
    company.settled(7);
    let dry_run = company.deployment.json(&[&ANN.arguments(&company.deployment)[..], &["--dry-run"]].concat());
    let certain = super::shown(&dry_run, "certain").len();
    let possible = super::shown(&dry_run, "possible").len();
    let receipt = company.receipt(&ANN.asks(&company.deployment, &[]));
    assert_eq!((&receipt["sessions"], &receipt["possible_left"]), (&json!(certain), &json!(possible)));
    assert_eq!((certain, possible), (6, 1));
}

#[test]
fn a_session_that_nobody_could_read_is_read_once_more_or_said() {
    let settle = format!("{SETTLE}patience = \"1s\"\n");
    let mluvii = "accept_left = [\"contact record\", \"e-mail threads\"]";
    let company = Company::with(mluvii, LEDGER_ONLY, &settle);
    company.standin.fault(&json!({ "path": "/Sessions/101", "kind": "status", "status": 404 }));
    ANN.talks(&company.standin, 101, None);
    ANN.talks(&company.standin, 102, None);
    company.settled(2);
    let receipt = company.receipt(&ANN.asks(&company.deployment, &[]));
    assert_eq!((&receipt["sessions"], &receipt["unread"]), (&json!(1), &json!(1)), "{receipt:#}");
    assert_eq!(receipt["verdict"], "incomplete");
    assert!(codes(&receipt).contains(&"unread"));

    // A person may say that it is somebody else's.
    let receipt = company.receipt(&BOB.asks(&company.deployment, &["--exclude", "acme/101", "--targets", "mluvii"]));
    assert_eq!((&receipt["unread"], &receipt["possible_excluded"]), (&json!(0), &json!(1)), "{receipt:#}");

    company.standin.clear_faults();
    let receipt = company.receipt(&ANN.asks(&company.deployment, &[]));
    assert_eq!((&receipt["sessions"], &receipt["unread"]), (&json!(1), &json!(0)), "{receipt:#}");
    assert_eq!(receipt["verdict"], "complete", "{receipt:#}");
    assert!(!company.standin.holds(ANN.email));
}

#[test]
fn a_possible_session_that_is_excluded_is_somebody_elses_and_lowers_nothing() {
    let company = Company::with("accept_left = [\"contact record\", \"e-mail threads\"]", LEDGER_ONLY, SETTLE);
    ANN.talks(&company.standin, 101, None);
    BOB.talks(&company.standin, 102, None);
    company.settled(2);
    let receipt = company.receipt(&ANN.asks(&company.deployment, &["--exclude", "acme/102"]));
    assert_eq!((&receipt["possible_excluded"], &receipt["excluded"]), (&json!(1), &json!(0)), "{receipt:#}");
    assert_eq!(receipt["verdict"], "complete", "{receipt:#}");
    assert!(company.standin.holds(BOB.email));
}
