//! What comes to a session whose record has expired.

use serde_json::json;

use crate::harness::{Deployment, Server, StandIn, receipts, session_ended, wait_for};

/// Nothing is erased but by hand.
const NEVER: &str = r#"
[settling]
limit = "0s"
pause = "0s"

[retention]
sessions = "1ms"
"#;

/// What maintenance does, for which the test would have to wait.
const EXPIRE: &str = "
    INSERT INTO tombstone (installation, session, at, erased)
      SELECT installation, session, idle_since, erased_at IS NOT NULL FROM session;
    DELETE FROM fingerprint;
    DELETE FROM session;
    DELETE FROM event;
";

/// Waits until everything that came is decided on and settled.
fn decided(deployment: &Deployment) {
    wait_for("the events to be decided on", || {
        let status = deployment.json(&["status"]);
        (status["events_waiting"] == 0 && status["sessions_settling"] == 0).then_some(())
    });
}

fn known(deployment: &Deployment) -> (i64, i64) {
    (deployment.count("SELECT count(*) FROM session"), deployment.count("SELECT count(*) FROM tombstone"))
}

#[test]
fn what_was_over_is_not_found_anew_and_what_comes_to_an_erased_session_goes() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, NEVER);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    for id in [101, 102] {
        standin.begin(id, &format!("guest{id}@example.com"), Some("v1"));
        standin.just_end(id);
    }
    deployment.settled(2);
    assert!(deployment.run(&["erase", "--session", "acme/101"]).status.success());
    receipts(&deployment, 1);
    decided(&deployment);
    server.stop();
    deployment.ledger().execute_batch(EXPIRE).expect("expired");

    let server = Server::start(&deployment);
    for id in [101, 102] {
        let mut late = session_ended(id);
        late["data"]["started"] = json!("2024-05-02T16:05:24Z");
        late["data"]["ended"] = json!("2024-05-02T16:15:24Z");
        assert_eq!(server.deliver(&late), 204);
    }
    decided(&deployment);
    assert_eq!(known(&deployment), (0, 2), "nothing is found anew");

    for id in [101, 102] {
        let data = json!({ "id": id, "tenantId": 62 });
        let recording = json!({ "eventType": "SessionRecordingPostProcessingCompleted", "data": data });
        assert_eq!(server.deliver(&recording), 204);
    }
    let receipts = receipts(&deployment, 2);
    decided(&deployment);
    assert_eq!(known(&deployment), (2, 0));
    let statements: Vec<_> = receipts.iter().map(|receipt| &receipt["statement"]["rules"]).collect();
    assert!(statements.contains(&&json!(["content after an erasure"])), "{statements:?}");
    let calls = |id: i64| standin.calls(&format!("/Sessions/{id}/anonymous")).len();
    assert_eq!((calls(101), calls(102)), (2, 0), "of the other one, nobody has ordered anything");
    server.stop();
}
