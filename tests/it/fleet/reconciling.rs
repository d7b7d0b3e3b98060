//! Comparisons with mluvii are made once for all servers of a fleet, and go on with another one where the one that makes them is killed.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::harness::{ERASE, Fleet, StandIn, wait_for, wait_within};

const MEMBERS: usize = 3;

const OFTEN: &[(&str, &str)] =
    &[("WATCH__RECONCILE", "200ms"), ("WATCH__RECONCILE_AFTER", "0s"), ("WATCH__RECONCILE_OVERLAP", "1h")];

/// Servers for which there was a first time, and which know by a delivery that departments are tenants.
fn fleet(standin: &StandIn, settings: &[(&'static str, &str)]) -> Fleet {
    let fleet = Fleet::start(standin, ERASE, MEMBERS, settings);
    standin.begin(1, "told@example.com", Some("v3"));
    standin.just_end(1);
    assert_eq!(fleet.members[0].server().deliver_end(1), 204);
    fleet.deployment.settled(1);
    fleet
}

fn first_time(fleet: &Fleet) {
    let marks = "SELECT count(mark) FROM periodic WHERE name = 'reconcile/acme'";
    wait_for("the first time", || (fleet.database.count(marks) == 1).then_some(()));
}

fn events(fleet: &Fleet) -> i64 {
    fleet.database.count("SELECT count(*) FROM event")
}

/// Calls of these sort, in their order.
fn calls(standin: &StandIn, is_meant: impl Fn(&Value) -> bool) -> Vec<Value> {
    standin.calls("").into_iter().filter(is_meant).collect()
}

fn is_list(call: &Value) -> bool {
    call["query_names"].as_array().is_some_and(|names| names.iter().any(|name| name == "Ended.Min"))
}

fn is_look_up(call: &Value) -> bool {
    call["path"].as_str().is_some_and(|path| path.contains("/Sessions/1") && path.len() > "/api/v1/Sessions/1".len())
}

/// One makes them, one after the other.
#[track_caller]
fn must_be_of_one(calls: &[Value]) {
    let time = |call: &Value, name: &str| call[name].as_str().map(|at| at.parse::<Timestamp>().expect("a time"));
    for pair in calls.windows(2) {
        let (ended, started) = (time(&pair[0], "ended").expect("it has ended"), time(&pair[1], "started"));
        assert!(started >= Some(ended), "two at once: {pair:#?}");
    }
}

/// Kills whoever waits for an answer, which does not come before that; others are started again. Nobody waits for what it held.
fn kill_who_asks(fleet: &mut Fleet, standin: &StandIn, path: &str, exact: bool, is_meant: fn(&Value) -> bool) {
    standin.fault(&json!({ "kind": "delay", "delay_ms": 60_000, "path": path, "exact": exact, "method": "GET" }));
    let open = || calls(standin, is_meant).into_iter().find(|call| call["ended"].is_null());
    let asked = wait_for("a call", open);
    for member in &mut fleet.members {
        member.server.take().expect("it runs").kill();
        let ended = || calls(standin, |call| call["number"] == asked["number"] && !call["ended"].is_null()).pop();
        if wait_within(Duration::from_secs(1), ended).is_some() {
            break;
        }
    }
    standin.clear_faults();
    fleet.database.sql("UPDATE periodic SET due = 0 WHERE taken > 0; UPDATE task SET due = 0 WHERE NOT parked");
    for member in 0..MEMBERS {
        if fleet.members[member].server.is_none() {
            fleet.start_member(member);
        }
    }
}

#[test]
fn a_fleet_compares_once_and_goes_on_where_one_was_killed() {
    let standin = StandIn::start();
    let mut fleet = fleet(&standin, OFTEN);
    first_time(&fleet);
    // Long enough that others would ask meanwhile.
    standin.fault(&json!({ "kind": "delay", "delay_ms": 100, "path": "/api/v1/Sessions", "exact": true }));
    let so_far = calls(&standin, is_list).len();
    let lists = wait_for("further comparisons", || {
        let mut all = calls(&standin, is_list).split_off(so_far);
        all.retain(|call| !call["ended"].is_null());
        (all.len() > 12).then_some(all)
    });
    must_be_of_one(&lists);
    standin.clear_faults();
    let ended = Timestamp::now();
    standin.begin_with((10..15).map(|id| json!({ "id": id, "tenant": 62, "ended": ended })).collect());
    kill_who_asks(&mut fleet, &standin, "/api/v1/Sessions", true, is_list);
    fleet.wait_for_receipts(5);
    let so_far = calls(&standin, is_list).len();
    wait_for("further comparisons", || (calls(&standin, is_list).len() > so_far + 6).then_some(()));
    assert_eq!((events(&fleet), fleet.database.count("SELECT count(*) FROM erasure")), (6, 5), "nothing twice");
    for id in 10..15 {
        assert_eq!(standin.calls(&format!("/Sessions/{id}/anonymous")).len(), 1, "session {id}");
    }
    fleet.stop();
}

#[test]
fn a_fleet_works_on_a_job_of_the_past_once_and_goes_on_where_one_was_killed() {
    let standin = StandIn::start();
    let ago = |days: i64| Timestamp::now() - SignedDuration::from_hours(24 * days);
    standin.begin_with((100..112).map(|id| json!({ "id": id, "tenant": 62, "ended": ago(id - 90) })).collect());
    let mut fleet = fleet(&standin, &[("WATCH__RECONCILE", "0s")]);
    standin.fault(&json!({ "kind": "delay", "delay_ms": 100, "path": "/api/v1/Sessions/1", "method": "GET" }));
    let id = fleet.deployment.json(&["reconcile", "--since", &ago(32).to_string()])["job"].to_string();
    let job = |fleet: &Fleet| fleet.deployment.json(&["reconcile", "status"])[0].clone();
    wait_for("look-ups", || (calls(&standin, is_look_up).len() > 4).then_some(()));
    standin.clear_faults();
    let mut looked = calls(&standin, is_look_up);
    looked.retain(|call| !call["ended"].is_null());
    must_be_of_one(&looked);
    kill_who_asks(&mut fleet, &standin, "/api/v1/Sessions", false, |call| is_list(call) || is_look_up(call));
    let in_state = |fleet: &Fleet, state: &str| {
        wait_for(&format!("it to be {state}"), || Some(job(fleet)).filter(|job| job["state"] == state))
    };
    let shown = in_state(&fleet, "shown");
    let sum =
        |by_month: &Value| by_month.as_object().expect("by month").values().filter_map(Value::as_u64).sum::<u64>();
    assert_eq!((sum(&shown["found"]), sum(&shown["would_erase"])), (12, 12), "{shown}");
    assert_eq!(events(&fleet), 1, "nothing is done");

    standin.fault(&json!({ "kind": "delay", "delay_ms": 50, "path": "/api/v1/Sessions", "exact": true }));
    let when = shown["shown"].as_str().expect("a time");
    assert!(fleet.deployment.run(&["reconcile", "confirm", &id, "--shown", when]).status.success());
    wait_for("some to be entered", || (events(&fleet) > 3).then_some(()));
    standin.clear_faults();
    kill_who_asks(&mut fleet, &standin, "/api/v1/Sessions", true, is_list);
    in_state(&fleet, "done");
    fleet.wait_for_receipts(12);
    assert_eq!((events(&fleet), fleet.database.count("SELECT count(*) FROM erasure")), (13, 12), "nothing twice");
    fleet.stop();
}

/// What one server told, any other ends; and none of them tells it once more.
#[test]
fn a_silence_that_one_server_told_is_over_for_all_of_them() {
    let standin = StandIn::start();
    let mut fleet = fleet(&standin, OFTEN);
    first_time(&fleet);
    let noted = "SELECT count(*) FROM delivery_hour";
    wait_for("the delivery to be noted", || (fleet.database.count(noted) > 0).then_some(()));
    fleet.database.sql("DELETE FROM delivery_hour");
    let ended = |from: i64| {
        let session = |id: i64| json!({ "id": id, "tenant": 62, "gdpr_version": "v3", "ended": Timestamp::now() });
        standin.begin_with((from..from + 3).map(session).collect());
    };
    let told = |fleet: &Fleet| fleet.database.sql("SELECT since, reason FROM keeper WHERE name = 'silent:acme'");
    ended(10);
    let first = wait_for("it to be told", || Some(told(&fleet)).filter(|told| !told.is_empty()));
    assert!(first.contains("3 sessions") && first.contains("nothing has come ever"), "{first}");
    // Others that are found are no other silence.
    ended(20);
    wait_for("the others", || (events(&fleet) == 7).then_some(()));
    let lists = calls(&standin, is_list).len();
    wait_for("further comparisons", || (calls(&standin, is_list).len() > lists + 12).then_some(()));
    assert_eq!(told(&fleet), first);
    let who = |fleet: &Fleet| {
        let told = |log: &[String]| log.iter().filter(|line| line.contains("deliveries do not reach us")).count();
        fleet.members.iter().map(|member| told(&member.server().log())).collect::<Vec<_>>()
    };
    let by = who(&fleet);
    assert_eq!(by.iter().sum::<usize>(), 1, "once: {by:?}");
    let teller = by.iter().position(|told| *told > 0).expect("one has");
    fleet.deployment.settled(7);
    fleet.members[teller].server.take().expect("it runs").kill();
    fleet.database.sql("UPDATE periodic SET due = 0 WHERE taken > 0");
    // Not the first, which has taken something within a minute: it writes that once a minute.
    let another = (1..MEMBERS).find(|member| *member != teller).expect("there are three");
    assert_eq!(fleet.members[another].server().deliver_end(1), 204);
    wait_for("it to be over", || told(&fleet).is_empty().then_some(()));
    fleet.stop();
}
