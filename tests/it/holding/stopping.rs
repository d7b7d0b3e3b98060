//! An erasure is stopped while its target is slow.

use serde_json::Value;

use crate::harness::{Deployment, Server, StandIn, receipts};
use crate::once::{folder, let_it_answer, requests, rules, until_it_is_asked, was_asked};

/// What a receipt says of the plugin's step.
fn letters(receipt: &Value) -> &Value {
    let steps = receipt["statement"]["steps"].as_array().expect("steps");
    steps.iter().find(|step| step["target"] == "letters").expect("the plugin's")
}

/// Stops the one erasure; returns its id.
fn stop(deployment: &Deployment) -> String {
    let id = deployment.json(&["erasures", "list"])[0]["id"].as_str().expect("an id").to_owned();
    let stopped = deployment.run(&["erasures", "stop", &id]);
    let said = String::from_utf8_lossy(&stopped.stdout).into_owned();
    assert!(stopped.status.success() && said.contains("calls under way end first"), "{said}");
    assert!(said.contains("letters"), "{said}");
    id
}

#[track_caller]
fn says_that_it_was_stopped(receipt: &Value) {
    let statement = &receipt["statement"];
    assert_eq!((&statement["state"], &statement["verdict"]), (&"cancelled".into(), &"incomplete".into()));
    let reasons = statement["reasons"].as_array().expect("reasons");
    assert!(reasons.iter().any(|reason| reason["code"] == "stopped"), "{reasons:?}");
}

#[test]
fn the_call_that_is_under_way_ends_and_none_follows_it() {
    let (standin, folder) = (StandIn::start(), folder());
    let deployment = Deployment::bare(&standin.mluvii, &rules(&folder, "seeing"));
    let server = Server::start(&deployment);
    until_it_is_asked(&standin, &server, &folder);
    let id = stop(&deployment);
    assert_eq!(deployment.json(&["receipts", "list"]).as_array().map(Vec::len), Some(0), "its call is under way");
    let_it_answer(&folder);
    let receipts = receipts(&deployment, 1);
    was_asked(&deployment, &folder, &["erase"]);
    says_that_it_was_stopped(&receipts[0]);
    let letters = letters(&receipts[0]);
    assert_eq!(letters["outcome"], "unverifiable");
    assert!(letters["erased_at"].is_string(), "what it answered stands there: {letters}");

    let again = deployment.run(&["erasures", "stop", &id]);
    let said = String::from_utf8_lossy(&again.stdout).into_owned();
    assert_eq!(again.status.code(), Some(1), "{said}");
    assert!(said.contains("needs an erasure of its own"), "{said}");
    server.stop();
}

#[test]
fn a_server_that_was_killed_meanwhile_makes_no_call_when_it_is_back() {
    let (standin, folder) = (StandIn::start(), folder());
    let deployment = Deployment::bare(&standin.mluvii, &rules(&folder, "seeing"));
    let server = Server::start(&deployment);
    until_it_is_asked(&standin, &server, &folder);
    stop(&deployment);
    server.kill();
    let_it_answer(&folder);

    let server = Server::start(&deployment);
    let receipts = receipts(&deployment, 1);
    says_that_it_was_stopped(&receipts[0]);
    let letters = letters(&receipts[0]);
    assert_eq!(letters["outcome"], "unverifiable");
    let reason = letters["reason"].as_str().expect("a reason");
    assert!(reason.contains("may have been asked to erase"), "{reason}");
    assert_eq!(requests(&folder), 1);
    was_asked(&deployment, &folder, &["erase"]);
    server.stop();
}
