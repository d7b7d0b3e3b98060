//! A process that stands still for longer than its lease.

use serde_json::json;

use crate::harness::{Fleet, StandIn, wait_for};

/// A guest is told to mluvii with one call, and the guest's session with another one after it. The first one is made only
/// where mluvii's own list of the guest's sessions is searched.
const SEARCH: &str =
    "search = { sessions_of_guest = \"GET /api/v1/Sessions?ClientId={id}&limit=200&offset={offset}\" }";

const RULES: &str = r#"
[settling]
limit = "0s"
pause = "0s"

[[rule]]
name = "no consent, nothing kept"
on = "session-settled"
when = "consent.state == 'absent'"
erase = "guest"
targets = ["mluvii"]
"#;

const GUESTS: i64 = 8;

/// How many writes mluvii was asked for.
fn writes(standin: &StandIn) -> i64 {
    standin.calls("/anonymous").len() as i64
}

/// How many of them are not answered yet.
fn under_way(standin: &StandIn) -> i64 {
    standin.calls("/anonymous").iter().filter(|call| call["ended"].is_null()).count() as i64
}

#[test]
fn a_process_that_stood_still_makes_no_call_for_what_another_has_done() {
    let standin = StandIn::start();
    // Calls may take longer than the process stands still: what ends them is the lease.
    let settings = [("LOG__LEVEL", "info"), ("MLUVII__CALL_MAX", "60s"), ("MLUVII__CONCURRENCY_MAX", "8")];
    let mut fleet = Fleet::start_tuned(env!("CARGO_BIN_EXE_quietus").as_ref(), &standin, SEARCH, RULES, 2, &settings);
    standin.fault(&json!({ "kind": "delay", "delay_ms": 8000, "path": "/Guest/", "times": GUESTS }));
    for id in 1..=GUESTS {
        standin.begin(id, &format!("guest{id}@example.com"), None);
        assert_eq!(fleet.members[0].server().deliver_end(id), 204);
    }
    // The first of the two calls of each step is under way, and the second is still to come.
    let (holder, held) = wait_for("steps under way", || {
        // In this order: once all are under way, who holds them does not change.
        if under_way(&standin) < GUESTS {
            return None;
        }
        let holds = |member| fleet.process(member)?["holds"]["step:mluvii/acme"].as_i64();
        (0..2).filter_map(|member| Some((member, holds(member)?))).max_by_key(|(_, held)| *held)
    });
    assert!(held >= GUESTS / 2, "one of them holds the most");
    fleet.members[holder].server().signal("STOP");
    assert_eq!(under_way(&standin), GUESTS, "none of them has gone on");

    // The other one does it all when the leases have ended.
    fleet.wait_for_receipts(GUESTS);
    assert!(!standin.holds("@example.com"));
    let made = writes(&standin);
    // By then mluvii has done the first ones, and lists these guests' sessions no more: nothing tells that a guest is whole.
    assert_eq!(made, 2 * GUESTS, "two for each, and none of those that were in hand once more");

    // The calls of the one that stood still were answered long ago, and it could go on with the second ones.
    let stood_still = fleet.members[holder].server();
    stood_still.signal("CONT");
    let given_up = |log: Vec<String>| log.iter().filter(|line| line.contains("another process does the work")).count();
    wait_for("the process to find out", || (given_up(stood_still.log()) as i64 == held).then_some(()));
    fleet.stop();
    assert_eq!(writes(&standin), made);
}
