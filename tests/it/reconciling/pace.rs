//! Nobody waits for a comparison, so that its calls take half of what an installation allows.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{HOURLY, at_rest_tuned, past, reconcile, tell_first, walked_back};
use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, wait_for};

/// The calls of mluvii's API for these, in their order.
fn started(standin: &StandIn, is_meant: impl Fn(&Value) -> bool) -> Vec<Timestamp> {
    let calls = standin.calls("").into_iter().filter(is_meant);
    calls.map(|call| call["started"].as_str().expect("a time").parse().expect("a time")).collect()
}

fn names(call: &Value, parameter: &str) -> bool {
    call["query_names"].as_array().is_some_and(|names| names.iter().any(|name| name == parameter))
}

/// None of them is made before its turn: they take so long, at least, however fast the machine is.
#[track_caller]
fn must_be_apart(started: &[Timestamp], calls_per_s: i64) {
    let pauses = i32::try_from(started.len()).expect("few") - 1;
    let least = SignedDuration::from_millis(2_000 / calls_per_s) * pauses;
    let took = started[started.len() - 1].duration_since(started[0]);
    // A call that is late is followed by one that is not.
    assert!(took >= least - least / 10, "{} calls in {took:?}", started.len());
}

fn with_rate(deployment: &Deployment, calls_per_s: u32) {
    let config = deployment.configuration();
    let tuned = config.replacen("call_max = \"5s\"", &format!("call_max = \"5s\"\ncalls_per_s = {calls_per_s}"), 1);
    assert_ne!(tuned, config);
    deployment.write("quietus.toml", &tuned);
}

#[test]
fn a_job_of_the_past_takes_half_of_the_rate() {
    let standin = StandIn::start();
    let ago = |days: i64| Timestamp::now() - SignedDuration::from_hours(24 * days);
    let sessions = (100..112).map(|id| json!({ "id": id, "tenant": 62, "ended": ago(id - 90) }));
    standin.begin_with(sessions.collect());
    let deployment = at_rest_tuned(&standin, "calls_per_s = 80", ERASE);
    deployment.json(&["reconcile", "--since", &ago(32).to_string()]);
    let server = Server::start_with(&deployment, &[("WATCH__RECONCILE", "0s")]);
    wait_for("the job to be shown", || {
        (deployment.json(&["reconcile", "status"])[0]["state"] == "shown").then_some(())
    });
    let is_looked_up = |call: &Value| call["path"].as_str().is_some_and(|path| path.contains("/Sessions/1"));
    let calls = started(&standin, |call| names(call, "Ended.Min") || is_looked_up(call));
    assert!(calls.len() > 32 + 12, "{}", calls.len());
    must_be_apart(&calls, 80);
    drop(server);
}

/// One request each, where all is well; these were made at once.
#[test]
fn looks_at_erased_sessions_take_half_of_the_rate() {
    let standin = StandIn::start();
    let first = past(&standin, 8, 0);
    let deployment = super::at_rest(&standin, ERASE);
    assert_eq!(reconcile(&deployment, first, &[])["found"], 8);
    let server = Server::start(&deployment);
    receipts(&deployment, 8);
    drop(server);
    with_rate(&deployment, 10);
    tell_first(&deployment);
    walked_back(&deployment, 1);
    let is_look = |call: &Value| call["path"] == "/api/v1/Sessions" && names(call, "SessionId");
    let before = started(&standin, is_look).len();
    let server = Server::start_with(&deployment, HOURLY);
    let looks =
        wait_for("the looks", || Some(started(&standin, is_look).split_off(before)).filter(|all| all.len() == 8));
    must_be_apart(&looks, 10);
    drop(server);
}
