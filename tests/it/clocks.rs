//! The wall clock is set while quietus works, and between two of its lives.

use serde_json::{Value, json};

use crate::harness::{Deployment, ERASE, RULES, StandIn, WallClock, receipts, wait_for};

const YEAR_S: i64 = 366 * 86_400;

/// A call that has begun and not ended.
fn is_under_way(call: &Value) -> bool {
    call["ended"].is_null()
}

fn status(clock: &WallClock, deployment: &Deployment) -> (Option<i32>, Value) {
    let output = clock.run(deployment, &["status", "--json"]);
    (output.status.code(), serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn a_jump_of_the_clock_during_a_call_makes_no_second_call() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, ERASE);
    let clock = WallClock::new();
    let server = clock.start(&deployment);
    standin.register(&server.callback());
    // Long enough for others to find the step due, and its lease over by the clock.
    standin.fault(&json!({ "path": "/anonymous", "times": 1, "kind": "delay", "delay_ms": 4_000 }));
    standin.begin(101, "bea@example.com", None);
    standin.just_end(101);
    wait_for("the call", || standin.calls("/anonymous").iter().any(is_under_way).then_some(()));
    clock.show(20);
    receipts(&deployment, 1);
    assert_eq!(standin.calls("/anonymous").len(), 1);
}

/// By less than an hour in all: see `clock.jump_max`.
#[test]
fn a_clock_that_is_put_back_stops_nothing() {
    let standin = StandIn::start();
    let deployment = Deployment::tuned(&standin.mluvii, "calls_per_s = 20", "", ERASE);
    let clock = WallClock::new();
    let server = clock.start(&deployment);
    standin.register(&server.callback());
    let erase = |id: i64| {
        standin.begin(id, &format!("guest-{id}@example.com"), None);
        standin.just_end(id);
    };
    erase(101);
    receipts(&deployment, 1);
    clock.show(-1_800);
    erase(102);
    receipts(&deployment, 2);
    // Also what waits for mluvii, which is away: for a pause that is not over by the clock.
    standin.fault(&json!({ "path": "/api/v1/Sessions", "kind": "status", "status": 503 }));
    erase(103);
    wait_for("mluvii to be out", || {
        let (_, status) = status(&clock, &deployment);
        status["targets"].as_array().is_some_and(|targets| !targets.is_empty()).then_some(())
    });
    clock.show(-3_590);
    standin.clear_faults();
    receipts(&deployment, 3);
}

#[test]
fn a_jump_ahead_erases_nothing_before_a_person_has_accepted_the_clock() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, RULES);
    let clock = WallClock::new();
    let server = clock.start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", Some("v3"));
    standin.end(101);
    wait_for("the retention", || deployment.json(&["erasures", "list", "--state", "scheduled"]).get(0).map(|_| ()));
    // While it is down: of what it cannot have seen, it must know as well.
    server.stop();
    clock.show(YEAR_S);
    let server = clock.start(&deployment);
    standin.register(&server.callback());
    let told = wait_for("the jump to be told", || {
        let (code, status) = status(&clock, &deployment);
        let told = status["attention"].as_array()?.iter().find(|found| found["code"] == "clock_doubted")?.clone();
        assert_eq!(code, Some(1));
        Some(told)
    });
    assert_eq!(told["severity"], "urgent");
    assert_eq!(told["parameters"]["fault"], "ahead");
    // Everything else goes on.
    standin.begin(102, "bea@example.com", None);
    standin.end(102);
    wait_for("a session without consent to be decided on", || {
        (deployment.json(&["erasures", "list", "--state", "scheduled"]).as_array()?.len() == 2).then_some(())
    });
    assert_eq!(standin.calls("/anonymous").len(), 0);
    assert!(standin.holds("ann@example.com"));
    assert_eq!(clock.run(&deployment, &["clock", "show"]).status.code(), Some(1));

    let accepted = clock.run(&deployment, &["clock", "accept"]);
    assert!(accepted.status.success(), "{}", String::from_utf8_lossy(&accepted.stderr));
    receipts(&deployment, 2);
    assert!(!standin.holds("ann@example.com"));
    assert_eq!(clock.run(&deployment, &["clock", "show"]).status.code(), Some(0));
    assert_ne!(clock.run(&deployment, &["clock", "accept"]).status.code(), Some(0), "nothing is wrong with it");
    drop(server);
}

/// By less than an hour: see `clock.jump_max`. It has a rate, and waits for mluvii.
#[test]
fn a_restart_by_a_clock_that_was_put_back_by_an_hour_stops_nothing() {
    let standin = StandIn::start();
    let deployment = Deployment::tuned(&standin.mluvii, "calls_per_s = 20", "", ERASE);
    let clock = WallClock::new();
    let server = clock.start(&deployment);
    standin.register(&server.callback());
    let erase = |id: i64| {
        standin.begin(id, &format!("guest-{id}@example.com"), None);
        standin.just_end(id);
    };
    erase(101);
    receipts(&deployment, 1);
    standin.fault(&json!({ "path": "/api/v1/Sessions", "kind": "status", "status": 503 }));
    erase(102);
    wait_for("mluvii to be out", || {
        let (_, status) = status(&clock, &deployment);
        status["targets"].as_array().is_some_and(|targets| !targets.is_empty()).then_some(())
    });
    server.leaves_work("mluvii is out");
    assert!(server.stop().0.success());

    clock.show(-3_590);
    standin.clear_faults();
    let server = clock.start(&deployment);
    standin.register(&server.callback());
    erase(103);
    receipts(&deployment, 3);
    assert_eq!(status(&clock, &deployment).0, Some(0));
}

#[test]
fn a_restart_by_a_clock_that_was_put_back_by_two_hours_erases_nothing_before_a_person_has_accepted_it() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let clock = WallClock::new();
    let server = clock.start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    receipts(&deployment, 1);
    assert!(server.stop().0.success());

    clock.show(-7_200);
    let server = clock.start(&deployment);
    standin.register(&server.callback());
    let told = wait_for("the clock to be doubted", || {
        let (code, status) = status(&clock, &deployment);
        let told = status["attention"].as_array()?.iter().find(|found| found["code"] == "clock_doubted")?.clone();
        assert_eq!(code, Some(1));
        Some(told)
    });
    assert_eq!((&told["severity"], &told["parameters"]["fault"]), (&json!("urgent"), &json!("behind")));
    standin.begin(102, "bea@example.com", None);
    standin.just_end(102);
    wait_for("a session without consent to be decided on", || {
        (deployment.json(&["erasures", "list", "--state", "scheduled"]).as_array()?.len() == 1).then_some(())
    });
    assert_eq!(standin.calls("/anonymous").len(), 1);
    assert!(standin.holds("bea@example.com"));

    assert!(clock.run(&deployment, &["clock", "accept"]).status.success());
    receipts(&deployment, 2);
    assert!(!standin.holds("bea@example.com"));
    assert_eq!(status(&clock, &deployment).0, Some(0));
}
