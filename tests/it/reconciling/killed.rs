//! Whatever is killed midway goes on where it stopped: nothing is missing, and nothing is entered twice.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{OFTEN, at_rest, tell_first, walked_back};
use crate::harness::{Deployment, ERASE, Server, StandIn, wait_for};

/// The events of sessions, each of which is one.
const FOUND: &str = "SELECT count(*) FROM event WHERE session >= 1000";

/// Sessions with consent, so that nothing is erased, one a second from a time on.
fn agreed(standin: &StandIn, count: i64, first: Timestamp) {
    let session = |n: i64| {
        let ended = first + SignedDuration::from_secs(n);
        json!({ "id": 1000 + n, "tenant": 62, "gdpr_version": "v3", "ended": ended })
    };
    standin.begin_with((0..count).map(session).collect());
}

/// A server asks for a list, and has no answer before it is killed.
fn is_killed_while_it_lists(standin: &StandIn, deployment: &Deployment) {
    standin.fault(&json!({ "kind": "delay", "delay_ms": 60_000, "path": "/api/v1/Sessions", "exact": true }));
    let server = Server::start_with(deployment, OFTEN);
    wait_for("a list to be asked for", || {
        let is_open = |call: &Value| call["ended"].is_null() && call["path"] == "/api/v1/Sessions";
        standin.calls("").iter().any(is_open).then_some(())
    });
    server.kill();
    standin.clear_faults();
}

/// Nobody waits here for the lease of the one that was killed.
fn free(deployment: &Deployment) {
    deployment.ledger().execute("UPDATE periodic SET due = 0 WHERE taken > 0", []).expect("an update");
    deployment.let_leases_end();
}

#[test]
fn a_server_that_is_killed_while_it_compares_is_followed_by_one_that_goes_on() {
    let standin = StandIn::start();
    let deployment = at_rest(&standin, ERASE);
    tell_first(&deployment);
    walked_back(&deployment, 49);
    agreed(&standin, 600, Timestamp::now() - SignedDuration::from_hours(48));
    standin.behave(&json!({ "limit_max": 50 }));
    is_killed_while_it_lists(&standin, &deployment);
    assert_eq!(deployment.count(FOUND), 0);
    free(&deployment);
    let server = Server::start_with(&deployment, OFTEN);
    wait_for("some to be entered", || (deployment.count(FOUND) > 0).then_some(()));
    server.kill();
    free(&deployment);
    let server = Server::start_with(&deployment, OFTEN);
    wait_for("all to be entered", || (deployment.count(FOUND) == 600).then_some(()));
    let lists = || standin.calls("/Sessions").len();
    let so_far = lists();
    wait_for("further comparisons", || (lists() > so_far + 5).then_some(()));
    assert_eq!(deployment.count("SELECT count(*) FROM event"), 601, "nothing is found twice");
    deployment.settled(601);
    drop(server);
}

#[test]
fn a_job_of_the_past_whose_server_is_killed_goes_on_with_the_next() {
    let standin = StandIn::start();
    let first = Timestamp::now() - SignedDuration::from_hours(24 * 33);
    agreed(&standin, 100, first);
    let deployment = at_rest(&standin, ERASE);
    let id = deployment.json(&["reconcile", "--since", &(first - SignedDuration::from_hours(12)).to_string()])["job"]
        .to_string();
    let job = || deployment.json(&["reconcile", "status"])[0].clone();
    let settings = [("WATCH__RECONCILE", "0s")];
    let server = Server::start_with(&deployment, &settings);
    wait_for("look-ups", || (!standin.calls("/Sessions/1030").is_empty()).then_some(()));
    server.kill();
    free(&deployment);
    let server = Server::start_with(&deployment, &settings);
    let shown = wait_for("it to be shown", || Some(job()).filter(|job| job["state"] == "shown"));
    let found = shown["found"].as_object().expect("by month").values().filter_map(Value::as_u64).sum::<u64>();
    assert_eq!((&shown["listed"], found), (&json!(101), 100), "counted once: {shown}");

    let when = shown["shown"].as_str().expect("a time");
    assert!(deployment.run(&["reconcile", "confirm", &id, "--shown", when]).status.success());
    wait_for("some to be entered", || (deployment.count(FOUND) > 0).then_some(()));
    server.kill();
    free(&deployment);
    let server = Server::start_with(&deployment, &settings);
    wait_for("it to be done", || (job()["state"] == "done").then_some(()));
    assert_eq!(deployment.count("SELECT count(*) FROM event"), 101, "nothing is missing, nothing was entered twice");
    deployment.settled(101);
    drop(server);
}
