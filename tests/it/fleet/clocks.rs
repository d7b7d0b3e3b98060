//! Machines whose clocks show something else: what counts is the database's.

use serde_json::json;

use crate::harness::{ERASE, Fleet, StandIn, WallClock, wait_for};

const SESSIONS: i64 = 6;

#[test]
fn machines_whose_clocks_differ_and_jump_make_no_call_twice_and_date_no_receipt() {
    let standin = StandIn::start();
    let mut fleet = Fleet::start(&standin, ERASE, 2, &[("LOG__LEVEL", "info")]);
    let clocks = [WallClock::new(), WallClock::new()];
    for (member, (clock, seconds)) in clocks.iter().zip([-7_200, 7_200]).enumerate() {
        clock.show(seconds);
        fleet.restart_by(member, clock);
    }
    standin.fault(&json!({ "kind": "delay", "delay_ms": 4_000, "path": "/anonymous", "times": SESSIONS }));
    for id in 1..=SESSIONS {
        standin.begin(id, &format!("guest{id}@example.com"), None);
        assert_eq!(fleet.members[(id % 2) as usize].server().deliver_end(id), 204);
    }
    wait_for("calls", || (standin.calls("/anonymous").len() > 1).then_some(()));
    clocks[0].show(7 * 86_400);
    clocks[1].show(-7 * 86_400);
    fleet.wait_for_receipts(SESSIONS);
    for id in 1..=SESSIONS {
        assert_eq!(standin.calls(&format!("/Sessions/{id}/anonymous")).len(), 1, "session {id}");
        assert!(!standin.holds(&format!("guest{id}@example.com")), "session {id}");
    }
    for receipt in fleet.deployment.json(&["receipts", "list"]).as_array().expect("a list") {
        let ended: jiff::Timestamp = receipt["statement"]["ended"].as_str().expect("a time").parse().expect("a time");
        let off = ended.duration_since(jiff::Timestamp::now()).abs();
        assert!(off < jiff::SignedDuration::from_mins(30), "{ended}");
    }
    let status = fleet.deployment.run(&["status"]);
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
    fleet.stop();
}
