//! A person is held: by whoever they may be, through restarts, until the hold is lifted.

use serde_json::{Value, json};

use super::mluvii_is_done;
use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, wait_for};
use crate::once::{folder, let_it_answer, requests, rules};

const ANN: &str = "ann@example.com";

/// The erasures of a session, as they are listed.
fn erasure_of(deployment: &Deployment, session: i64) -> Option<Value> {
    let all = deployment.json(&["erasures", "list"]);
    let its = |erasure: &&Value| erasure["session"] == session;
    all.as_array().expect("erasures").iter().find(its).cloned()
}

#[track_caller]
fn is_held(deployment: &Deployment, session: i64) -> Value {
    wait_for("the erasure to be held", || erasure_of(deployment, session).filter(|erasure| erasure["held"] == true))
}

/// Holds whoever has Ann's address; returns the hold's id.
fn hold(deployment: &Deployment) -> String {
    deployment.write("ann", ANN);
    let file = format!("@{}", deployment.path("ann").display());
    let order = [
        "holds",
        "add",
        "--email",
        &file,
        "--reason",
        "legal-claims",
        "--case",
        "21 C 123/2024",
        "--until",
        "2999-12-31",
    ];
    deployment.json(&order)["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_person_is_kept_until_the_hold_is_lifted_and_the_receipt_names_it() {
    let (standin, folder) = (StandIn::start(), folder());
    let_it_answer(&folder);
    let deployment = Deployment::bare(&standin.mluvii, &rules(&folder, "seeing"));
    let server = Server::start(&deployment);
    let seen = deployment.run(&["holds", "add", "--email", ANN, "--reason", "legal-claims"]);
    assert_eq!(seen.status.code(), Some(2), "others can see arguments");
    let hold = hold(&deployment);
    standin.register(&server.callback());
    standin.begin(101, ANN, None);
    standin.begin(102, "bob@example.com", None);
    standin.just_end(101);
    standin.just_end(102);
    let held = is_held(&deployment, 101);
    assert_eq!(held["holds"][0]["hold"], hold.as_str());
    assert_eq!(receipts(&deployment, 1).len(), 1, "others are not kept");
    assert_eq!(requests(&folder), 1);
    let shown = deployment.json(&["holds", "show", &hold]);
    assert_eq!(shown["waiting"], serde_json::json!([held["id"]]));
    let would = deployment.json(&["erase", "--session", "acme/101", "--targets", "mluvii", "--dry-run"]);
    assert_eq!(would["holds"][0]["hold"]["hold"], hold.as_str());

    server.kill();
    let server = Server::start(&deployment);
    is_held(&deployment, 101);
    assert_eq!(requests(&folder), 1);
    assert!(deployment.run(&["holds", "lift", &hold]).status.success());
    assert_eq!(deployment.run(&["holds", "lift", &hold]).status.code(), Some(1));
    let receipts = receipts(&deployment, 2);
    let of_ann = |receipt: &&Value| receipt["statement"]["erasure"] == held["id"];
    let receipt = receipts.iter().find(of_ann).expect("Ann's");
    let reasons = receipt["statement"]["reasons"].as_array().expect("reasons");
    let named = reasons.iter().find(|reason| reason["code"] == "held").expect("it names the hold");
    assert_eq!(named["detail"], format!("{hold} (legal-claims, 21 C 123/2024)"));
    assert_eq!(requests(&folder), 2);
    server.stop();
}

#[test]
fn a_session_that_nobody_has_told_of_is_kept_by_whose_it_is() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    let hold = hold(&deployment);
    // As they have not ended, no comparison finds them either.
    standin.begin(103, ANN, None);
    standin.begin(104, "bob@example.com", None);
    for session in ["acme/103", "acme/104"] {
        assert!(deployment.run(&["erase", "--session", session, "--targets", "mluvii"]).status.success());
    }
    let held = is_held(&deployment, 103);
    assert_eq!(held["holds"][0]["hold"], hold.as_str());
    // Whose guest it is, only mluvii shows; who asks before is told, too.
    standin.begin_with(json!({ "id": 105, "tenant": 62, "guest": "g-105" }));
    deployment.write("guest", "acme/g-105");
    let guest = format!("@{}", deployment.path("guest").display());
    deployment.json(&["holds", "add", "--guest", &guest, "--reason", "legal-claims"]);
    let would = deployment.json(&["erase", "--session", "acme/105", "--targets", "mluvii", "--dry-run"]);
    assert_eq!((&would["holds"][0]["on"], &would["holds"][0]["waits"]), (&json!("guest"), &json!(true)), "{would}");
    let of_bob = erasure_of(&deployment, 104).expect("is there")["id"].clone();
    assert_eq!(receipts(&deployment, 1)[0]["statement"]["erasure"], of_bob, "others are not kept");
    assert!(standin.holds(ANN));
    assert!(deployment.run(&["holds", "lift", &hold]).status.success());
    assert_eq!(receipts(&deployment, 2).len(), 2);
    assert!(!standin.holds(ANN));
    server.stop();
}

#[test]
fn a_hold_that_comes_later_keeps_a_session_that_was_named_by_its_number_alone() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    standin.begin(103, ANN, None);
    standin.fault(&serde_json::json!({ "path": "/anonymous", "kind": "status", "status": 503 }));
    assert!(deployment.run(&["erase", "--session", "acme/103", "--targets", "mluvii"]).status.success());
    wait_for("mluvii to be asked in vain", || (!standin.calls("/103/anonymous").is_empty()).then_some(()));
    let hold = hold(&deployment);
    // It may be out by now.
    deployment.run(&["targets", "resume", "mluvii/acme"]);
    let held = is_held(&deployment, 103);
    assert_eq!(held["holds"][0]["hold"], hold.as_str());
    standin.clear_faults();
    assert!(deployment.run(&["holds", "lift", &hold]).status.success());
    deployment.run(&["targets", "resume", "mluvii/acme"]);
    assert_eq!(receipts(&deployment, 1).len(), 1);
    assert!(!standin.holds(ANN));
    server.stop();
}

#[test]
fn a_call_under_way_ends_and_what_is_ended_while_it_is_held_stays() {
    let (standin, folder) = (StandIn::start(), folder());
    let deployment = Deployment::bare(&standin.mluvii, &rules(&folder, "seeing"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, ANN, None);
    standin.just_end(101);
    wait_for("the plugin to be asked", || (requests(&folder) > 0).then_some(()));
    mluvii_is_done(&deployment);
    // Now the plugin's call alone is under way: it ends.
    let hold = hold(&deployment);
    let id = erasure_of(&deployment, 101).expect("is there")["id"].as_str().expect("an id").to_owned();
    let_it_answer(&folder);
    let receipts = receipts(&deployment, 1);
    assert_eq!(
        (receipts.len(), &receipts[0]["statement"]["erasure"]),
        (1, &Value::from(id)),
        "it was too late to keep it"
    );
    standin.begin(102, ANN, None);
    standin.just_end(102);
    let held = is_held(&deployment, 102);
    let stopped = deployment.run(&["erasures", "stop", held["id"].as_str().expect("an id")]);
    let said = String::from_utf8_lossy(&stopped.stdout).into_owned();
    assert!(stopped.status.success() && said.contains("it had not begun"), "{said}");
    assert_eq!(erasure_of(&deployment, 102).expect("is there")["state"], "cancelled");
    assert_eq!(requests(&folder), 1, "nothing of it was erased");
    assert!(deployment.run(&["holds", "lift", &hold]).status.success());
    server.stop();
}

/// Waits until so many erasures are held; returns their sessions.
#[track_caller]
fn held_sessions(deployment: &Deployment, count: usize) -> Vec<i64> {
    wait_for(&format!("{count} erasures to be held"), || {
        let all = deployment.json(&["erasures", "list"]);
        let held = all.as_array()?.iter().filter(|one| one["held"] == true);
        let mut sessions: Vec<_> = held.filter_map(|one| one["session"].as_i64()).collect();
        sessions.sort_unstable();
        (sessions.len() == count).then_some(sessions)
    })
}

/// Adds a hold; returns its id.
#[track_caller]
fn add(deployment: &Deployment, on: &[&str]) -> String {
    let added = deployment.json(&[&["holds", "add"], on, &["--reason", "review"]].concat());
    added["id"].as_str().unwrap_or_else(|| panic!("{added}")).to_owned()
}

/// The erasures whose receipts name a hold, and how many receipts there are.
fn named_by(deployment: &Deployment, hold: &str, receipts_in_all: usize) -> usize {
    let receipts = receipts(deployment, receipts_in_all);
    assert_eq!(receipts.len(), receipts_in_all);
    let names = |reason: &Value| reason["detail"] == format!("{hold} (review)");
    let is_named =
        |receipt: &&Value| receipt["statement"]["reasons"].as_array().is_some_and(|all| all.iter().any(names));
    receipts.iter().filter(is_named).count()
}

#[test]
fn all_sessions_of_a_guest_are_kept_and_no_others() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    let refused = |on: &str| deployment.run(&["holds", "add", "--guest", on, "--reason", "review"]).status.code();
    assert_eq!(refused("acme/guest-of-the-hold"), Some(2), "others can see arguments");
    deployment.write("guest", "guest-of-the-hold");
    let file = format!("@{}", deployment.path("guest").display());
    assert_eq!(refused(&file), Some(2), "it is of no company");
    deployment.write("guest", "acme/guest-of-the-hold");
    let hold = add(&deployment, &["--guest", &file]);
    std::fs::remove_file(deployment.path("guest")).expect("it was there");
    let shown = deployment.json(&["holds", "show", &hold]);
    assert_eq!((&shown["keeps"], &shown["mluvii"]), (&Value::from("guest"), &Value::from("acme")));
    assert!(!shown.to_string().contains("guest-of-the-hold"), "{shown}");

    standin.register(&server.callback());
    for (id, guest) in [(101, "guest-of-the-hold"), (102, "another-guest"), (103, "guest-of-the-hold")] {
        standin.begin_with(serde_json::json!({ "id": id, "tenant": 62, "guest": guest }));
        standin.just_end(id);
    }
    assert_eq!(held_sessions(&deployment, 2), [101, 103]);
    assert_eq!(named_by(&deployment, &hold, 1), 0, "another guest's is erased");
    let anonymized = |id: i64| !standin.calls(&format!("/Sessions/{id}/anonymous")).is_empty();
    assert_eq!([101, 102, 103].map(anonymized), [false, true, false]);
    assert!(deployment.run(&["holds", "lift", &hold]).status.success());
    assert_eq!(named_by(&deployment, &hold, 3), 2);
    assert_eq!([101, 102, 103].map(anonymized), [true; 3]);
    server.stop();
}

#[test]
fn what_a_rule_demands_is_kept_and_what_is_asked_for_by_hand_is_not() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    let begin = |id: i64, consent| {
        standin.begin(id, ANN, consent);
        standin.just_end(id);
    };
    begin(100, None);
    receipts(&deployment, 1);
    let unknown = deployment.run(&["holds", "add", "--rule", "nobody knows it", "--reason", "review"]);
    let said = String::from_utf8_lossy(&[unknown.stdout, unknown.stderr].concat()).into_owned();
    assert!(!unknown.status.success() && said.contains("no consent, nothing kept"), "it names those there are: {said}");
    assert!(!said.contains("nobody knows it"), "{said}");
    let hold = add(&deployment, &["--rule", "no consent, nothing kept"]);
    let listed = deployment.json(&["holds", "list"]);
    assert_eq!((&listed[0]["keeps"], &listed[0]["rule"]), (&"rule".into(), &"no consent, nothing kept".into()));

    begin(101, None);
    begin(102, Some("v1"));
    assert_eq!(held_sessions(&deployment, 1), [101]);
    assert!(deployment.run(&["erase", "--session", "acme/102", "--targets", "mluvii"]).status.success());
    assert_eq!(named_by(&deployment, &hold, 2), 0, "no rule has demanded it");
    let anonymized = |id: i64| !standin.calls(&format!("/Sessions/{id}/anonymous")).is_empty();
    assert_eq!([101, 102].map(anonymized), [false, true]);
    assert!(deployment.run(&["holds", "lift", &hold]).status.success());
    assert_eq!(named_by(&deployment, &hold, 3), 1);
    assert!(anonymized(101));
    server.stop();
}
