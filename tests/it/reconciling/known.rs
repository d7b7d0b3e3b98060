//! What is known is known by what was told, and a list that lacks what is known is none.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{OFTEN, at_rest, reconcile, tell_first, walked_back};
use crate::harness::{Deployment, Server, StandIn, receipts, wait_for};

const AT_THE_END: &str = r#"
[settling]
limit = "0s"
pause = "0s"

[[rule]]
name = "at its end"
on = "session-ended"
when = "consent.state == 'absent'"
erase = "session"
targets = ["mluvii"]
"#;

/// Its conclusion was delivered, so that it was looked at, and its end was not.
#[test]
fn an_end_that_only_a_look_saw_was_told_by_nobody() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, AT_THE_END);
    let server = Server::start(&deployment);
    standin.begin(1, "told@example.com", Some("v3"));
    standin.just_end(1);
    assert_eq!(server.deliver_end(1), 204);
    standin.begin(7, "ann@example.com", None);
    standin.just_end(7);
    let concluded =
        json!({ "eventType": "SessionOperatorConcluded", "data": { "id": 7, "tenantId": 62, "userId": 3 } });
    assert_eq!(server.deliver(&concluded), 204);
    deployment.settled(2);
    assert_eq!(deployment.count("SELECT count(*) FROM erasure"), 0, "no rule was asked");
    let since = Timestamp::now() - SignedDuration::from_hours(1);
    let done = reconcile(&deployment, since, &[]);
    assert_eq!((&done["found"], &done["known"]), (&json!(1), &json!(1)), "{done}");
    let receipt = receipts(&deployment, 1).remove(0);
    assert!(receipt.to_string().contains("acme/7"), "{receipt}");
    assert_eq!(reconcile(&deployment, since, &[])["found"], 0);
    drop(server);
}

#[test]
fn a_list_that_lacks_what_mluvii_itself_shows_is_refused() {
    let standin = StandIn::start();
    let deployment = at_rest(&standin, AT_THE_END);
    let since = (Timestamp::now() - SignedDuration::from_hours(1)).to_string();
    let until = (Timestamp::now() + SignedDuration::from_hours(1)).to_string();
    let arguments = ["reconcile", "--since", &since, "--until", &until];
    assert!(deployment.run(&arguments).status.success());
    standin.behave(&json!({ "unlisted": [1] }));
    // Of what has just ended, nothing follows.
    let said = wait_for("the list to be refused", || {
        let refused = deployment.run(&arguments);
        (!refused.status.success()).then(|| String::from_utf8_lossy(&refused.stderr).into_owned())
    });
    assert!(said.contains("acme/1") && said.contains("its list of that time lacks it"), "{said}");
    // One that mluvii does not have any more proves nothing.
    standin.delete_conversation(1);
    assert!(deployment.run(&arguments).status.success());
}

#[test]
fn a_server_does_not_go_past_a_list_that_lacks_what_is_known() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, AT_THE_END);
    standin.behave(&json!({ "unlisted": [1] }));
    tell_first(&deployment);
    // What ended right at the beginning of a time proves nothing.
    walked_back(&deployment, 1);
    let server = Server::start_with(&deployment, OFTEN);
    super::tell(&standin, &server, &deployment);
    let code = |code: &str| {
        let all = deployment.json(&["attention", "list"]);
        all.as_array().expect("a list").iter().any(|found| found["code"] == code)
    };
    wait_for("attention", || code("reconcile_failed").then_some(()));
    let mark = || deployment.count("SELECT max(mark) FROM periodic WHERE name LIKE 'reconcile/%'");
    let before = mark();
    let lists = || standin.calls("/Sessions").len();
    let so_far = lists();
    wait_for("further comparisons", || (lists() > so_far + 5).then_some(()));
    assert_eq!(mark(), before, "it goes no further");
    standin.behave(&json!({ "unlisted": null }));
    wait_for("it to be over", || (!code("reconcile_failed") && mark() > before).then_some(()));
    drop(server);
}
