//! The whole path: deliveries come in, data goes, receipts stay.

use serde_json::{Value, json};

use crate::harness::oracle;
use crate::harness::{Deployment, RULES, Server, StandIn, receipts, wait_for};

/// A stand-in, a deployment with the company's rules, and a server that mluvii delivers to.
pub(crate) struct Company {
    // In this order they end.
    pub(crate) server: Server,
    pub(crate) deployment: Deployment,
    pub(crate) standin: StandIn,
}

fn company() -> Company {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, RULES);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    Company { server, deployment, standin }
}

#[track_caller]
fn outcomes(receipt: &Value) -> Vec<(String, String)> {
    let steps = receipt["statement"]["steps"].as_array().expect("a receipt has steps");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    steps.iter().map(|step| (text(&step["target"]), text(&step["outcome"]))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(target, outcome)| ((*target).to_owned(), (*outcome).to_owned())).collect()
}

/// A session without consent is erased at mluvii and in the CRM, and nobody else is.
#[track_caller]
pub(crate) fn without_consent(Company { standin, deployment, .. }: &Company) {
    standin.add_contact("bea@example.com");
    standin.add_contact("not.bea@example.com");
    standin.begin(101, "bea@example.com", None);
    standin.end(101);

    let receipts = receipts(deployment, 1);
    assert_eq!(outcomes(&receipts[0]), pairs(&[("crm", "erased"), ("mluvii", "erased")]));
    assert_eq!(receipts[0]["statement"]["subject"], "session:acme/101");
    assert!(standin.holds("not.bea@example.com"));
    assert_eq!(standin.crm_calls("DELETE").len(), 1);
}

#[test]
fn a_session_without_consent_goes_from_mluvii_and_the_crm() {
    let company = company();
    without_consent(&company);
    oracle::the_receipts_verify(&company.deployment);
}

#[test]
fn a_session_with_consent_stays_until_its_retention_is_over() {
    let Company { standin, deployment, server: _server } = company();
    standin.begin(101, "ann@example.com", Some("v3"));
    standin.end(101);
    let scheduled = wait_for("the retention", || {
        let erasures = deployment.json(&["erasures", "list", "--state", "scheduled"]);
        erasures.get(0).cloned()
    });
    assert_eq!(scheduled["rules"], json!(["retention"]));
    assert!(standin.holds("ann@example.com"));
    assert_eq!(standin.calls("/anonymous").len(), 0);
}

/// A form has all sessions of a person erased, and nobody else's.
#[track_caller]
pub(crate) fn the_deletion_form(Company { standin, deployment, .. }: &Company) {
    for (id, email) in [(101, "cecilie@example.com"), (102, "Cecilie@Example.com"), (103, "ann@example.com")] {
        standin.begin(id, email, Some("v3"));
        standin.end(id);
    }
    standin.add_contact("cecilie@example.com");
    deployment.settled(3);
    standin.submit(102, 4711, &json!({ "oo1_guest_email": "CECILIE@example.com" }));
    approve(deployment);

    let receipts = receipts(deployment, 1);
    assert_eq!(outcomes(&receipts[0]), pairs(&[("crm", "erased"), ("mluvii", "erased")]));
    assert_eq!(receipts[0]["statement"]["scope"], "person");
    assert_eq!(receipts[0]["statement"]["sessions"], 2);
    assert!(!standin.holds("cecilie@example.com"));
    assert!(standin.holds("ann@example.com"));
}

/// Waits for the one erasure that asks for approval, and approves it.
#[track_caller]
pub(crate) fn approve(deployment: &Deployment) {
    let waiting = wait_for("an erasure that waits for approval", || {
        deployment.json(&["erasures", "list", "--state", "requested"]).get(0).cloned()
    });
    let approved = deployment.run(&["erasures", "approve", waiting["id"].as_str().expect("an id"), "--yes"]);
    assert!(approved.status.success(), "{}", String::from_utf8_lossy(&approved.stderr));
}

#[test]
fn the_deletion_form_takes_all_sessions_of_the_person_and_nobody_elses() {
    the_deletion_form(&company());
}

#[test]
fn consent_withdrawn_in_a_form_takes_all_sessions_of_the_guest() {
    let Company { standin, deployment, server: _server } = company();
    for id in [101, 102] {
        standin.begin(id, "dan@example.com", Some("v3"));
        standin.end(id);
    }
    deployment.settled(2);
    standin.submit(102, 4712, &json!({ "agree": "no" }));

    let receipts = receipts(&deployment, 1);
    assert_eq!(receipts[0]["statement"]["scope"], "guest");
    assert_eq!(receipts[0]["statement"]["rules"], json!(["consent withdrawn"]));
    assert!(!standin.holds("dan@example.com"));
}

#[test]
fn the_echo_of_an_anonymization_makes_no_second_erasure() {
    let Company { standin, deployment, server: _server } = company();
    standin.begin(101, "bea@example.com", None);
    standin.end(101);
    receipts(&deployment, 1);
    standin.wait_for_deliveries();
    wait_for("the echo to be decided", || {
        let status = deployment.json(&["status"]);
        (status["events_waiting"] == 0 && status["sessions_settling"] == 0).then_some(())
    });
    assert_eq!(deployment.json(&["erasures", "list"]).as_array().map(Vec::len), Some(1));
}

#[test]
fn a_target_that_accepts_and_does_nothing_is_asked_again_until_it_is_gone() {
    let Company { standin, deployment, server: _server } = company();
    standin.fault(&json!({ "path": "/anonymous", "times": 1, "kind": "accepted_but_not_done" }));
    standin.begin(101, "bea@example.com", None);
    standin.end(101);
    let receipts = receipts(&deployment, 1);
    assert!(outcomes(&receipts[0]).contains(&("mluvii".into(), "erased".into())));
    assert_eq!(standin.calls("/anonymous").len(), 2);
}

#[test]
fn a_target_that_never_does_it_is_parked_as_residual_and_goes_on_when_asked_to() {
    let Company { standin, deployment, server: _server } = company();
    standin.fault(&json!({ "path": "/anonymous", "times": 3, "kind": "accepted_but_not_done" }));
    standin.begin(101, "bea@example.com", None);
    standin.end(101);
    let parked = wait_for("the step to be parked", || {
        deployment.json(&["erasures", "list", "--state", "parked"]).get(0).cloned()
    });
    let residual = parked["steps"].as_array().expect("steps").iter().any(|step| step["outcome"] == "residual");
    assert!(residual, "{parked}");
    assert_eq!(deployment.json(&["receipts", "list"]), json!([]));
    assert_eq!(deployment.run(&["status"]).status.code(), Some(1));

    let id = parked["id"].as_str().expect("an id");
    assert!(deployment.run(&["erasures", "retry", id]).status.success());
    let receipts = receipts(&deployment, 1);
    assert!(outcomes(&receipts[0]).contains(&("mluvii".into(), "erased".into())));
    assert_eq!(deployment.run(&["status"]).status.code(), Some(0));
}

#[test]
fn calling_a_parked_erasure_off_leaves_a_receipt_that_says_what_is_left() {
    let Company { standin, deployment, server: _server } = company();
    standin.fault(&json!({ "path": "/anonymous", "kind": "accepted_but_not_done" }));
    standin.begin(101, "bea@example.com", None);
    standin.end(101);
    let parked = wait_for("the step to be parked", || {
        deployment.json(&["erasures", "list", "--state", "parked"]).get(0).cloned()
    });
    assert!(deployment.run(&["erasures", "cancel", parked["id"].as_str().expect("an id")]).status.success());
    let receipts = receipts(&deployment, 1);
    assert_eq!(receipts[0]["statement"]["state"], "cancelled");
    assert!(outcomes(&receipts[0]).contains(&("mluvii".into(), "residual".into())));
    oracle::the_receipts_verify(&deployment);
}

#[test]
fn one_target_down_does_not_keep_the_others_from_erasing() {
    let Company { standin, deployment, server: _server } = company();
    standin.add_contact("bea@example.com");
    standin.crm_fault(&json!({ "path": "/contacts", "times": 6, "kind": "status", "status": 503 }));
    standin.begin(101, "bea@example.com", None);
    standin.end(101);
    wait_for("mluvii to be done first", || {
        let erasure = deployment.json(&["erasures", "list"]).get(0).cloned()?;
        let steps = erasure["steps"].as_array()?.clone();
        let step = |name: &str| steps.iter().find(|step| step["target"] == name).cloned();
        (step("mluvii")?["outcome"] == "erased" && step("crm")?["outcome"].is_null()).then_some(())
    });
    assert_eq!(outcomes(&receipts(&deployment, 1)[0]), pairs(&[("crm", "erased"), ("mluvii", "erased")]));
}

#[test]
fn a_plugin_that_is_killed_in_the_middle_of_a_call_does_it_again() {
    let Company { standin, deployment, server } = company();
    standin.add_contact("bea@example.com");
    standin.crm_fault(&json!({ "path": "/contacts/", "times": 1, "kind": "timeout", "delay_ms": 60_000 }));
    standin.begin(101, "bea@example.com", None);
    standin.end(101);
    wait_for("the call", || (!standin.crm_calls("DELETE").is_empty()).then_some(()));
    let plugin = server.children();
    let killed = std::process::Command::new("kill").arg("-9").args(&plugin).status().expect("kill runs");
    assert!(killed.success() && plugin.len() == 1, "{plugin:?}");

    assert_eq!(outcomes(&receipts(&deployment, 1)[0]), pairs(&[("crm", "erased"), ("mluvii", "erased")]));
    assert!(!standin.holds("bea@example.com"));
    assert_eq!(server.deliver_end(102), 204);
}

#[test]
fn a_request_by_hand_is_tried_out_and_then_carried_out() {
    let Company { standin, deployment, server: _server } = company();
    standin.begin(101, "ann@example.com", Some("v3"));
    standin.end(101);
    standin.add_contact("ann@example.com");
    deployment.settled(1);

    deployment.write("who.txt", "ann@example.com\n");
    let who = format!("@{}", deployment.path("who.txt").display());
    let dry = deployment.run(&["erase", "--email", &who, "--dry-run"]);
    assert!(dry.status.success(), "{}", String::from_utf8_lossy(&dry.stderr));
    let said = String::from_utf8_lossy(&dry.stdout);
    assert!(said.contains("acme/101") && said.contains("crm"), "{said}");
    assert!(standin.holds("ann@example.com"));
    assert_eq!(standin.crm_calls("DELETE").len(), 0);

    let asked = deployment.run(&["erase", "--email", &who]);
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    receipts(&deployment, 1);
    assert!(!standin.holds("ann@example.com"));
}

#[test]
fn a_person_reaches_all_sessions_of_their_guest() {
    let Company { standin, deployment, server: _server } = company();
    for (id, email) in [(111, "bea@example.com"), (112, "bea@other.example.com")] {
        let params = json!([{ "name": "oo1_guest_email", "value": email, "source": "ENTRY_FORM" }]);
        let conversation =
            json!({ "id": id, "tenant": 62, "guest": "bea", "gdpr_version": "v3", "call_params": params });
        standin.begin_with(conversation);
        standin.end(id);
    }
    deployment.settled(2);
    deployment.write("who", "bea@example.com\n");
    let who = format!("@{}", deployment.path("who").display());
    let found = deployment.json(&["erase", "--email", &who, "--dry-run"])["sessions"].clone();
    let found: Vec<_> = found.as_array().expect("sessions").iter().map(|found| found["session"].clone()).collect();
    assert_eq!(found, ["acme/111", "acme/112"]);
}

#[test]
fn a_step_of_a_target_that_is_no_longer_there_is_parked_and_can_be_called_off() {
    let Company { standin, deployment, server } = company();
    standin.crm_fault(&json!({ "path": "/contacts", "times": 1000, "kind": "status", "status": 503 }));
    deployment.write("who", "ann@example.com\n");
    let who = format!("@{}", deployment.path("who").display());
    let asked = deployment.json(&["erase", "--email", &who, "--targets", "crm"]);
    let id = asked["id"].as_str().expect("an id").to_owned();
    let state = || deployment.json(&["erasures", "show", &id])["state"].clone();
    wait_for("the erasure to begin", || (state() == "erasing").then_some(()));
    server.leaves_work("the CRM is away");
    assert!(server.stop().0.success());

    deployment.configure(&standin.mluvii, "");
    deployment.ledger().execute("UPDATE task SET due = 0 WHERE queue = 'step:crm'", []).expect("it is due");
    let _server = Server::start(&deployment);
    wait_for("the step to be parked", || (state() == "parked").then_some(()));
    assert_eq!(deployment.json(&["status"])["parked_steps"]["crm"], 1);
    assert!(deployment.run(&["erasures", "cancel", &id]).status.success());
    assert_eq!(receipts(&deployment, 1)[0]["statement"]["state"], "cancelled");
}
