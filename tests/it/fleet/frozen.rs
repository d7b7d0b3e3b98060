//! A process that stands still for longer than its lease.

use serde_json::json;

use crate::harness::{ERASE, Fleet, StandIn, wait_for};

#[test]
fn a_process_that_stood_still_makes_no_call_for_what_another_has_done() {
    let standin = StandIn::start();
    let settings = [("LOG__LEVEL", "info")];
    let mut fleet = Fleet::start(&standin, ERASE, 2, &settings);
    // Its first write is refused, and the new token that it asks for comes late: it holds the step, and has not called.
    standin.fault(&json!({ "kind": "401", "path": "/Sessions/1/anonymous", "times": 1 }));
    standin.fault(&json!({ "kind": "delay", "delay_ms": 3000, "path": "/token" }));
    standin.begin(1, "guest1@example.com", None);
    assert_eq!(fleet.members[0].server().deliver_end(1), 204);
    wait_for("the write that is refused", || {
        standin.calls("/Sessions/1/anonymous").iter().any(|call| call["status"] == 401).then_some(())
    });
    let holder = (0..2).find(|member| {
        let process = fleet.process(*member).expect("it is on the list");
        process["holds"]["step:mluvii"] == 1
    });
    let holder = holder.expect("one of them holds the step");
    fleet.members[holder].server().signal("STOP");
    let tokens = standin.calls("/token");
    assert!(tokens.iter().any(|call| call["ended"].is_null()), "it still waits for its token: {tokens:?}");

    // The other one does it when the lease has ended.
    fleet.wait_for_receipts(1);
    assert!(!standin.holds("guest1@example.com"));
    let calls = standin.calls("/Sessions/1/anonymous").len();
    assert_eq!(calls, 2);

    let stood_still = fleet.members[holder].server();
    stood_still.signal("CONT");
    wait_for("the process to find out", || {
        stood_still.log().iter().any(|line| line.contains("somebody else does the work")).then_some(())
    });
    assert_eq!(standin.calls("/Sessions/1/anonymous").len(), calls);
    fleet.stop();
    assert_eq!(standin.calls("/Sessions/1/anonymous").len(), calls);
}
