//! What follows from a webhook that is restored, or that is in the way of another.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Addressed, MANAGED, WATCHED, id, ours, writes};
use crate::harness::{Deployment, ERASE, Fleet, Server, StandIn, receipts, wait_for};

/// Nothing but its restoring can be the reason.
const HOURLY: &[(&str, &str)] = &[
    ("WATCH__RECONCILE", "1h"),
    ("WATCH__RECONCILE_AFTER", "0s"),
    ("SERVER__PUBLIC_URL", "https://hooks.example.com"),
];

fn delete(standin: &StandIn, webhook: &Value) {
    assert_eq!(standin.api(Method::DELETE, &format!("/api/v1/Webhooks/{}", id(webhook)), &Value::Null).0, 204);
}

#[test]
fn what_ended_while_a_webhook_was_gone_is_compared_once_it_is_restored() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &format!("{MANAGED}{ERASE}"));
    let mark = || deployment.count("SELECT COALESCE(max(mark), 0) FROM periodic WHERE name = 'reconcile/acme'");
    let put_off = "SELECT count(*) FROM periodic WHERE name = 'reconcile/acme' AND taken = 0
                   AND due > (strftime('%s', 'now') + 1800) * 1000";
    let server = Server::start_with(&deployment, &[HOURLY, &[("WATCH__WEBHOOKS", "0s")]].concat());
    wait_for("the first time", || (deployment.count(put_off) == 1).then_some(()));
    standin.begin(1, "told@example.com", Some("v3"));
    standin.just_end(1);
    assert_eq!(server.deliver_end(1), 204);
    deployment.settled(1);
    drop(server);
    // It is registered, and what ended before that is compared: only that makes it due.
    let before = mark();
    let server = Server::start_with(&deployment, HOURLY);
    let webhook = wait_for("the webhook", || standin.webhooks().pop());
    wait_for("a comparison", || (mark() > before && deployment.count(put_off) == 1).then_some(()));
    standin.begin_with(json!({ "id": 7, "tenant": 62, "ended": jiff::Timestamp::now() }));
    // As mluvii does after three days of failures.
    delete(&standin, &webhook);
    assert!(receipts(&deployment, 1)[0].to_string().contains("acme/7"));
    let restored = wait_for("the webhook", || standin.webhooks().pop());
    assert_ne!(restored["id"], webhook["id"]);
    assert_eq!(deployment.count(put_off), 1, "and then in an hour again");
    drop(server);
}

/// The list does not show it, and mluvii answers 409 with its id: it is read first, and is ours.
#[test]
fn a_webhook_of_ours_that_is_in_the_way_is_read_and_then_corrected() {
    let standin = StandIn::start();
    let there = Addressed::new(&standin, MANAGED);
    let there_already = json!({ "eventTypes": ["EmailThreadCreated"], "callbackUrl": there.callback("another-one") });
    assert_eq!(standin.api(Method::POST, "/api/v1/Webhooks", &there_already).0, 201);
    let webhook = standin.webhooks().remove(0);
    standin.behave(&json!({ "webhooks_unlisted": true, "webhooks_max": 1 }));
    let path = format!("/api/v1/Webhooks/{}", id(&webhook));
    let server = there.start();
    wait_for("it to be corrected", || (writes(&standin, &path) == ["PUT"]).then_some(()));
    let calls =
        standin.calls("").into_iter().filter(|call| call["path"].as_str().is_some_and(|at| at.contains("/Webhooks")));
    let made: Vec<_> =
        calls.map(|call| (call["method"].to_string(), call["path"].to_string(), call["status"].clone())).collect();
    let conflict =
        made.iter().position(|(method, _, status)| method == "\"POST\"" && *status == 409).expect("a conflict");
    let next: Vec<_> =
        made[conflict + 1..].iter().take(2).map(|(method, at, _)| (&**method, at.contains(&path))).collect();
    assert_eq!(next, [("\"GET\"", true), ("\"PUT\"", true)], "{made:#?}");
    standin.behave(&json!({ "webhooks_unlisted": null }));
    wait_for("nothing to need a person", || there.attention().is_empty().then_some(()));
    let corrected = ours(&standin, &there.address());
    assert_eq!(corrected.len(), 1);
    assert_eq!(
        (&corrected[0]["id"], &*corrected[0]["callbackUrl"].to_string()),
        (&webhook["id"], &*format!("\"{}\"", there.callback(crate::harness::PASSWORD)))
    );
    let types = corrected[0]["eventTypes"].as_array().expect("a list");
    assert!(types.contains(&json!("EmailThreadCreated")) && types.contains(&json!("SessionEnded")), "{types:?}");
    drop(server);
}

/// Whatever it looks like.
#[test]
fn a_webhook_of_others_that_is_in_the_way_is_left_to_a_person() {
    let standin = StandIn::start();
    let there = Addressed::new(&standin, MANAGED);
    let (public, address) = (Addressed::public_url(&there.socket), there.address());
    let others = [
        "https://mluvii:secret@analytics.example/hook".to_owned(),
        format!("{public}/webhooks/other"),
        format!("{address}/more"),
        address.replacen("127.0.0.1", "127.0.0.2", 1),
        format!("https://{}@evil.example/webhooks/acme", public.trim_start_matches("http://")),
    ];
    standin.behave(&json!({ "webhooks_unlisted": true, "webhooks_max": 1 }));
    for other in &others {
        let webhook = json!({ "eventTypes": ["SessionEnded"], "callbackUrl": other });
        assert_eq!(standin.api(Method::POST, "/api/v1/Webhooks", &webhook).0, 201, "{other}");
        let looks = || standin.calls("/Webhooks").into_iter().filter(|call| call["status"] == 409).count();
        let so_far = looks();
        let server = there.start();
        wait_for("tries", || (looks() > so_far + 1).then_some(()));
        let said = wait_for("attention", || there.attention().pop());
        assert!(said.contains("leads elsewhere") && said.contains("a person has to decide"), "{other}: {said}");
        drop(server);
        standin.behave(&json!({ "webhooks_unlisted": null }));
        let webhooks = standin.webhooks();
        assert_eq!((webhooks.len(), &webhooks[0]["callbackUrl"]), (1, &json!(other)));
        assert_eq!(webhooks[0]["eventTypes"], json!(["SessionEnded"]), "{other}");
        delete(&standin, &webhooks[0]);
        standin.behave(&json!({ "webhooks_unlisted": true }));
    }
}

#[test]
fn how_a_webhook_is_stands_in_the_metrics() {
    let standin = StandIn::start();
    let there = Addressed::new(&standin, WATCHED);
    let server = there.start();
    let is = |state: &str| {
        let text = server.metrics();
        let series = |one: &str| format!("quietus_webhook_state{{source=\"acme\",state=\"{one}\"}} ");
        let all = ["registered", "wrong", "unknown"];
        all.iter().all(|one| text.contains(&format!("{}{}\n", series(one), u8::from(*one == state))))
    };
    wait_for("it to be wrong", || is("wrong").then_some(()));
    there.deployment.json(&["webhook", "register", "acme"]);
    wait_for("it to be registered", || is("registered").then_some(()));
    delete(&standin, &ours(&standin, &there.address())[0]);
    wait_for("it to be wrong again", || is("wrong").then_some(()));
    drop(server);
}

/// Each of them looks, and whoever is left goes on.
#[test]
fn a_fleet_registers_once() {
    let standin = StandIn::start();
    let rules = format!("{MANAGED}{ERASE}");
    let public = ("SERVER__PUBLIC_URL", "https://hooks.example.com");
    let mut fleet = Fleet::start(&standin, &rules, 3, &[public]);
    wait_for("the webhook", || standin.webhooks().pop());
    let looks = || standin.calls("/Webhooks").into_iter().filter(|call| call["method"] == "GET").count();
    for member in 0..3 {
        let so_far = looks();
        wait_for("further looks", || (looks() > so_far + 3).then_some(()));
        let server = fleet.members[member].server.take().expect("it runs");
        assert!(server.stop().0.success());
    }
    assert_eq!(writes(&standin, "/Webhooks"), ["POST"]);
    let begun = "SELECT count(*) FROM audit WHERE act = 'webhook.register' AND entry LIKE '%begun%'";
    assert_eq!(fleet.database.count(begun), 1);
    assert_eq!(
        standin.webhooks()[0]["callbackUrl"],
        "https://mluvii:webhook%3Apassword-42@hooks.example.com/webhooks/acme"
    );
}
