//! A source that is silent for longer than it ever is has what ended at mluvii compared at once; it is told only where something ended that
//! was not delivered.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{HOURLY, first_time};
use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, wait_for};

fn attention(deployment: &Deployment) -> Option<Value> {
    let all = deployment.json(&["attention", "list"]);
    all.as_array().expect("a list").iter().find(|found| found["code"] == "source_silent").cloned()
}

/// A ledger on which the first comparison has been, an hour ago, and whose source delivered each minute of each day of four weeks, and
/// last half an hour ago.
fn fallen_silent(standin: &StandIn) -> Deployment {
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start_with(&deployment, HOURLY);
    first_time(&deployment);
    super::tell(standin, &server, &deployment);
    drop(server);
    let ledger = deployment.ledger();
    ledger.execute("UPDATE periodic SET mark = mark - 3600000 WHERE name LIKE 'reconcile%'", []).expect("an update");
    ledger.execute("DELETE FROM delivery_hour", []).expect("a deletion");
    let last = (Timestamp::now() - SignedDuration::from_mins(30)).as_second() / 60;
    let all = (last - 28 * 24 * 60..=last).fold(std::collections::BTreeMap::<i64, i64>::new(), |mut hours, minute| {
        *hours.entry(minute / 60).or_default() |= 1 << (minute % 60);
        hours
    });
    ledger.execute_batch("BEGIN").expect("begins");
    for (hour, minutes) in all {
        let add = "INSERT INTO delivery_hour (source, hour, minutes) VALUES ('acme', ?1, ?2)";
        ledger.execute(add, [hour, minutes]).expect("an insert");
    }
    ledger.execute_batch("COMMIT").expect("commits");
    deployment
}

#[test]
fn sessions_that_ended_in_a_silence_are_found_at_once_and_a_person_is_told() {
    let standin = StandIn::start();
    let deployment = fallen_silent(&standin);
    let ended = Timestamp::now() - SignedDuration::from_mins(10);
    standin.begin_with(json!({ "id": 7, "tenant": 62, "ended": ended }));
    let server = Server::start_with(&deployment, HOURLY);
    assert!(receipts(&deployment, 1)[0].to_string().contains("acme/7"));
    let told = wait_for("attention", || attention(&deployment));
    assert_eq!(told["parameters"]["source"], "acme", "{told}");
    let reason = told["parameters"]["reason"].as_str().expect("a reason");
    assert!(reason.contains("1 sessions have ended") && reason.contains("nothing has come since"), "{reason}");
    drop(server);
    // It delivers again: a server that has begun since knows what was told.
    let often = [HOURLY, &[("WATCH__RECONCILE", "300ms")]].concat();
    let server = Server::start_with(&deployment, &often);
    assert_eq!(server.deliver_end(1), 204);
    wait_for("it to be over", || attention(&deployment).is_none().then_some(()));
    drop(server);
}

#[test]
fn a_silence_in_which_nothing_ended_is_no_alarm_and_is_looked_at_once() {
    let standin = StandIn::start();
    let deployment = fallen_silent(&standin);
    let compared = "SELECT max(mark) FROM periodic WHERE name LIKE 'reconcile/%'";
    let before = deployment.count(compared);
    let server = Server::start_with(&deployment, HOURLY);
    wait_for("a comparison", || (deployment.count(compared) > before).then_some(()));
    assert_eq!(attention(&deployment), None);
    drop(server);
    let after = deployment.count(compared);
    let due = "SELECT due FROM periodic WHERE name = 'reconcile/acme' AND taken = 0";
    let before = deployment.count(due);
    let server = Server::start_with(&deployment, HOURLY);
    wait_for("a look", || server.log().iter().any(|line| line.contains("is still silent")).then_some(()));
    assert_eq!((deployment.count(compared), deployment.count(due)), (after, before), "once for each silence");
    drop(server);
}

/// What came while it was compared is no silence, whatever was found.
#[test]
fn deliveries_that_come_back_while_it_is_compared_are_no_silence() {
    let standin = StandIn::start();
    let deployment = fallen_silent(&standin);
    let ended = Timestamp::now() - SignedDuration::from_mins(10);
    let sessions = [11, 12, 13].map(|id| json!({ "id": id, "tenant": 62, "gdpr_version": "v3", "ended": ended }));
    standin.begin_with(json!(sessions));
    let slow = json!({ "kind": "delay", "delay_ms": 2_000, "path": "/api/v1/Sessions", "exact": true, "times": 1 });
    standin.fault(&slow);
    let lists = || standin.calls("/api/v1/Sessions").len();
    let so_far = lists();
    let server = Server::start_with(&deployment, HOURLY);
    wait_for("the comparison", || (lists() > so_far).then_some(()));
    assert_eq!(server.deliver_end(1), 204);
    wait_for("it to be said that they come", || {
        server.log().iter().any(|line| line.contains("something has come from the source")).then_some(())
    });
    assert_eq!(attention(&deployment), None);
    deployment.settled(4);
    drop(server);
}

/// What was told is known to whoever comes after, also where something came right before the end.
#[test]
fn a_silence_that_was_told_by_a_server_that_is_gone_is_over_once_something_comes() {
    let standin = StandIn::start();
    let deployment = fallen_silent(&standin);
    let ended = Timestamp::now() - SignedDuration::from_mins(10);
    standin.begin_with(json!({ "id": 7, "tenant": 62, "gdpr_version": "v3", "ended": ended }));
    let server = Server::start_with(&deployment, HOURLY);
    wait_for("attention", || attention(&deployment));
    let minutes = "SELECT sum(hour * 60) + sum(minutes % 997) FROM delivery_hour";
    let before = deployment.count(minutes);
    assert_eq!(server.deliver_end(1), 204);
    wait_for("the delivery to be noted", || (deployment.count(minutes) != before).then_some(()));
    deployment.settled(2);
    server.kill();
    assert!(attention(&deployment).is_some(), "nobody has looked since");
    let server = Server::start_with(&deployment, HOURLY);
    wait_for("it to be over", || attention(&deployment).is_none().then_some(()));
    drop(server);
}

/// A new source of which nothing is known: nothing has ever come, and sessions end.
#[test]
fn a_source_that_never_delivered_is_told_once_several_sessions_have_ended() {
    let standin = StandIn::start();
    let deployment = fallen_silent(&standin);
    deployment.ledger().execute("DELETE FROM delivery_hour", []).expect("a deletion");
    let ended = |minutes| Timestamp::now() - SignedDuration::from_mins(minutes);
    let sessions = [11, 12, 13].map(|id| json!({ "id": id, "tenant": 62, "gdpr_version": "v3", "ended": ended(id) }));
    standin.begin_with(json!(sessions));
    let server = Server::start_with(&deployment, &[HOURLY, &[("WATCH__RECONCILE", "300ms")]].concat());
    // Due in an hour, as it was put off.
    deployment.ledger().execute("UPDATE periodic SET due = 0 WHERE name = 'reconcile/acme'", []).expect("an update");
    let told = wait_for("attention", || attention(&deployment));
    assert!(told["parameters"]["reason"].as_str().is_some_and(|why| why.contains("nothing has come ever")), "{told}");
    deployment.settled(4);
    drop(server);
}
