//! The key of the receipts is replaced, and keys that are not the ledger's are refused.

use std::process::Output;

use serde_json::{Value, json};

use super::verifiers;
use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, wait_for};

#[track_caller]
fn says(deployment: &Deployment, arguments: &[&str], exit: i32) -> String {
    let Output { status, stdout, stderr } = deployment.run(arguments);
    let said = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert_eq!(status.code(), Some(exit), "{arguments:?}: {said}");
    said
}

fn public_key(deployment: &Deployment) -> String {
    std::fs::read_to_string(deployment.path("keys/receipt.pub")).expect("a key").trim().to_owned()
}

/// A session without consent ends; it is erased.
fn end(standin: &StandIn, server: &Server, session: i64) {
    standin.begin(session, "ann@example.com", None);
    standin.just_end(session);
    assert_eq!(server.deliver_end(session), 204);
}

/// The ids of the keys under which the receipts stand.
fn signed_by(deployment: &Deployment, count: usize) -> Vec<Value> {
    receipts(deployment, count).iter().map(|receipt| receipt["statement"]["key"].clone()).collect()
}

#[test]
fn receipts_of_two_keys_are_one_chain_that_a_verifier_with_the_first_can_follow() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    let old = public_key(&deployment);
    end(&standin, &server, 1);
    receipts(&deployment, 1);

    let rotated = deployment.json(&["keys", "rotate", "receipt"]);
    let new = public_key(&deployment);
    assert_ne!(old, new);
    // Until it is started again, the server signs with the key that it has.
    end(&standin, &server, 2);
    receipts(&deployment, 2);
    server.stop();
    let server = Server::start(&deployment);
    end(&standin, &server, 3);
    assert_eq!(signed_by(&deployment, 3), [&rotated["from"], &rotated["from"], &rotated["to"]].map(Value::clone));

    let acts = deployment.json(&["audit", "list", "--act", "keys.rotate"]);
    assert_eq!(acts[0]["entry"]["details"], json!({ "key": "receipt", "from": rotated["from"], "to": rotated["to"] }));

    let file = deployment.path("receipts.jsonl");
    deployment.json(&["receipts", "export", "--out", file.to_str().expect("UTF-8")]);
    for (keys, verified) in
        [(vec![old.clone(), new.clone()], true), (vec![old.clone()], true), (vec![new.clone()], false), (vec![], true)]
    {
        let [ours, theirs] = verifiers::verdicts(&file, &keys);
        assert_eq!((&ours["verified"], &theirs["verified"]), (&json!(verified), &json!(verified)), "{ours} {theirs}");
    }
    let [ours, _] = verifiers::verdicts(&file, std::slice::from_ref(&old));
    assert_eq!(ours["keys_followed"], json!([rotated["to"]]));
    // A rotation that the old key has not signed leads nowhere.
    let text = std::fs::read_to_string(&file).expect("an export");
    let mut lines = text.lines().map(str::to_owned).collect::<Vec<_>>();
    let mut header: Value = serde_json::from_str(&lines[0]).expect("JSON");
    header["rotations"][0]["signature"] = json!("00".repeat(64));
    lines[0] = header.to_string();
    std::fs::write(&file, lines.join("\n")).expect("written");
    let [ours, theirs] = verifiers::verdicts(&file, &[old]);
    assert_eq!((&ours["verified"], &theirs["verified"]), (&json!(false), &json!(false)), "{ours} {theirs}");
}

#[test]
fn a_server_with_another_seal_or_receipt_key_is_refused_and_parks_nothing() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    // Asked for, and not due yet: its capsule is under the seal key.
    deployment.json(&["erase", "--session", "acme/7", "--after", "2d"]);
    server.leaves_work("it is not due for two days");
    server.stop();
    let elsewhere = deployment.path("elsewhere");
    says(&deployment, &["keys", "new", elsewhere.to_str().expect("UTF-8")], 0);
    let keys = deployment.path("keys");
    for (names, kind) in [(&["seal.key"][..], "seal"), (&["receipt.key", "receipt.pub"], "receipt")] {
        for name in names {
            std::fs::rename(keys.join(name), deployment.path(name)).expect("moved");
            std::fs::copy(elsewhere.join(name), keys.join(name)).expect("copied");
        }
        let said = says(&deployment, &["serve"], 3);
        assert!(said.contains(&format!("the {kind} key in")) && said.contains("the ledger belongs to"), "{said}");
        for name in names {
            std::fs::rename(deployment.path(name), keys.join(name)).expect("moved back");
        }
    }
    let server = Server::start(&deployment);
    server.leaves_work("it is not due for two days");
    assert_eq!(deployment.json(&["erasures", "list", "--state", "parked"]), json!([]));
    assert_eq!(server.ready(), 200);
}

#[test]
fn who_is_found_before_a_new_index_key_is_found_after_it_and_what_was_begun_keeps_its_keys() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    let talk = |server: &Server, session: i64, email: &str| {
        standin.begin(session, email, Some("v1"));
        standin.just_end(session);
        assert_eq!(server.deliver_end(session), 204);
    };
    talk(&server, 1, "ann@example.com");
    talk(&server, 2, "bob@example.com");
    deployment.settled(2);
    // An erasure is under way that mluvii cannot do now, and a delivery is known.
    standin.fault(&json!({ "path": "/Sessions/3/anonymous", "kind": "status", "status": 503 }));
    end(&standin, &server, 3);
    wait_for("the step to be tried", || (!standin.calls("/3/anonymous").is_empty()).then_some(()));
    let refused = says(&deployment, &["keys", "rotate", "index"], 1);
    assert!(refused.contains("stop them first"), "{refused}");
    server.leaves_work("mluvii cannot do it now");
    server.stop();
    let tried = standin.calls("/3/anonymous").len();

    let rotated = deployment.json(&["keys", "rotate", "index"]);
    assert_ne!(rotated["from"], rotated["to"]);
    let acts = deployment.json(&["audit", "list", "--act", "keys.rotate"]);
    assert_eq!(acts[0]["entry"]["details"], json!({ "key": "index", "from": rotated["from"], "to": rotated["to"] }));
    standin.clear_faults();
    let server = Server::start(&deployment);
    let calls = wait_for("the step to be tried again", || {
        let calls = standin.calls("/3/anonymous");
        (calls.len() > tried).then_some(calls)
    });
    receipts(&deployment, 1);
    let keys: std::collections::BTreeSet<_> = calls.iter().map(|call| call["idempotency_key"].to_string()).collect();
    assert_eq!(keys.len(), 1, "a key for each: {keys:?}");

    // The same is a duplicate, and does not bring back what was said before.
    let events = deployment.events();
    assert_eq!(server.deliver_end(1), 204);
    assert_eq!(deployment.events(), events);
    talk(&server, 4, "Ann@Example.com");
    talk(&server, 5, "eve@example.com");
    deployment.settled(5);
    deployment.write("whom", "ann@example.com");
    let whom = format!("@{}", deployment.path("whom").display());
    deployment.json(&["erase", "--email", &whom, "--targets", "mluvii"]);
    let statement = receipts(&deployment, 2)[1]["statement"].clone();
    assert_eq!(statement["sessions"], json!(2), "{statement:#}");
    assert!(!standin.holds("ann@example.com") && !standin.holds("Ann@Example.com"));
    assert!(standin.holds("bob@example.com") && standin.holds("eve@example.com"));
    // A server without the old key is one of other keys.
    server.stop();
    let text = std::fs::read_to_string(deployment.path("keys/index.key")).expect("read");
    deployment.write("keys/index.key", text.lines().next().expect("a key"));
    let said = says(&deployment, &["serve"], 3);
    assert!(said.contains("the index key in") && said.contains("the ledger belongs to"), "{said}");
}

#[test]
fn a_request_is_found_and_a_hold_keeps_after_a_new_index_key() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    standin.begin(1, "ann@example.com", Some("v1"));
    standin.just_end(1);
    assert_eq!(server.deliver_end(1), 204);
    deployment.settled(1);
    deployment.write("letter", "email: ann@example.com\n");
    deployment.write("whom", "ann@example.com");
    let letter = deployment.path("letter").display().to_string();
    let whom = format!("@{}", deployment.path("whom").display());
    let new = ["requests", "new", "--came", "letter", "--file", &letter];
    deployment.json(&new);
    let hold = deployment.json(&["holds", "add", "--email", &whom, "--reason", "legal-claims"]);
    server.stop();
    deployment.json(&["keys", "rotate", "index"]);

    let server = Server::start(&deployment);
    assert_eq!(deployment.json(&["requests", "find", "--file", &letter])[0]["number"], "R-1");
    assert!(says(&deployment, &new, 1).contains("acme/R-1 is of the same person"));
    // What was known of her before, and what comes later: neither begins.
    deployment.json(&["erase", "--session", "acme/1"]);
    end(&standin, &server, 2);
    standin.begin(3, "bob@example.com", None);
    standin.just_end(3);
    assert_eq!(server.deliver_end(3), 204);
    wait_for("both to be held", || {
        let all = deployment.json(&["erasures", "list"]);
        let held = all.as_array()?.iter().filter(|one| one["held"] == true).count();
        (held == 2).then_some(())
    });
    let receipt = &receipts(&deployment, 1)[0]["statement"];
    assert_eq!(receipt["subject"], json!("session:acme/3"), "{receipt:#}");
    assert!(standin.holds("ann@example.com") && !standin.holds("bob@example.com"));
    let waiting = deployment.json(&["holds", "show", hold["id"].as_str().expect("an id")]);
    assert_eq!(waiting["waiting"].as_array().map(Vec::len), Some(2), "{waiting}");
    says(&deployment, &["holds", "lift", hold["id"].as_str().expect("an id")], 0);
    receipts(&deployment, 3);
    assert!(!standin.holds("ann@example.com"));
    server.stop();
}
