//! Work at which the server dies each time it is done: it is put aside, and nothing else is.

use serde_json::{Value, json};

use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, wait_for};

/// What each anonymization that is asked for stands at: the state of the erasure, and why it needs a person, by session.
fn erasure(deployment: &Deployment, session: i64) -> Option<Value> {
    let all = deployment.json(&["erasures", "list"]);
    let mut all = all.as_array().expect("a list").iter();
    all.find(|one| one["session"] == session || one["session"]["session"] == session).cloned()
}

/// How often the stand-in was asked to anonymize a session.
fn asked(standin: &StandIn, session: i64) -> usize {
    standin.calls(&format!("/Sessions/{session}/anonymous")).len()
}

/// A minute passes after the server died: its leases end, and it is seen to be gone. Nobody waits for it here.
fn a_minute_passes(deployment: &Deployment) {
    let ledger = deployment.ledger();
    for sql in [
        "UPDATE task SET due = due - 60000, began = began - 60000 WHERE holder IS NOT NULL",
        "UPDATE process SET seen = seen - 60000",
        "UPDATE clock_anchor SET steady_since_ms = steady_since_ms - 60000",
    ] {
        ledger.execute(sql, []).expect("an update");
    }
}

fn deaths(deployment: &Deployment) -> Vec<i64> {
    let ledger = deployment.ledger();
    let mut statement = ledger
        .prepare("SELECT deaths FROM task WHERE deaths > 0 AND queue LIKE 'step:%' ORDER BY id")
        .expect("prepares");
    let found = statement.query_map([], |row| row.get(0)).expect("is read");
    found.collect::<Result<_, _>>().expect("numbers")
}

#[test]
fn work_at_which_the_server_dies_each_time_is_put_aside_and_holds_up_nobody() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    // Nobody answers to what would have the server die.
    standin.fault(&json!({ "kind": "timeout", "path": "/Sessions/101/anonymous" }));
    let mut server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@x.cz", None);
    standin.just_end(101);
    for death in 1..=3 {
        wait_for("mluvii to be asked", || (asked(&standin, 101) >= death).then_some(()));
        assert_eq!(deaths(&deployment), if death == 1 { vec![] } else { vec![death as i64 - 1] });
        server.kill();
        a_minute_passes(&deployment);
        server = Server::start(&deployment);
        standin.register(&server.callback());
        // What comes meanwhile is done.
        let other = 101 + death as i64;
        standin.begin(other, "bob@x.cz", None);
        standin.just_end(other);
        receipts(&deployment, death);
    }
    let parked = wait_for("a person to be needed", || {
        let found = erasure(&deployment, 101)?;
        (found["state"] == "parked").then_some(found)
    });
    let reason = parked["steps"][0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("the server ended without a word each time"), "{parked}");
    assert_eq!(asked(&standin, 101), 3, "it is not asked for a fourth time");
    assert!(deaths(&deployment).is_empty());
    // A person may have it tried again.
    standin.clear_faults();
    deployment.json(&["erasures", "retry", parked["id"].as_str().expect("an id")]);
    wait_for("it to be done", || (erasure(&deployment, 101)?["state"] == "done").then_some(()));
    assert!(!standin.holds("ann@x.cz"));
}

#[test]
fn what_was_under_way_beside_it_is_done_one_after_the_other_and_none_of_it_is_put_aside() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    standin.fault(&json!({ "kind": "timeout", "path": "/anonymous" }));
    let mut server = Server::start(&deployment);
    standin.register(&server.callback());
    for id in 101..=103 {
        standin.begin(id, "ann@x.cz", None);
        standin.just_end(id);
    }
    let all = || (101..=103).map(|id| asked(&standin, id)).sum::<usize>();
    wait_for("mluvii to be asked for each", || (all() == 3).then_some(()));
    // A machine that loses its power again and again, whatever is done there.
    for death in 1..=2 {
        server.kill();
        a_minute_passes(&deployment);
        server = Server::start(&deployment);
        wait_for("one of them to be tried", || (all() == 3 + death).then_some(()));
        let expected = if death == 1 { vec![1, 1, 1] } else { vec![1, 1, 2] };
        let mut found = deaths(&deployment);
        found.sort_unstable();
        assert_eq!(found, expected);
    }
    server.kill();
    standin.clear_faults();
    // That it died beside them is no reason any more once they have ended.
    deployment.let_leases_end();
    let _server = Server::start(&deployment);
    receipts(&deployment, 3);
    assert!(deaths(&deployment).is_empty() && !standin.holds("ann@x.cz"));
}
