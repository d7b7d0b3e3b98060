//! The other way round: what mluvii shows again although it was erased, as after a restored backup, is erased again, and a person is told.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{OFTEN, at_rest, due, past, reconcile};
use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, wait_for};

/// As it was before it was erased.
fn bring_back(standin: &StandIn, id: i64, ended: Timestamp) {
    standin.begin_with(json!({
        "id": id, "tenant": 62, "guest": "g-7", "ended": ended,
        "call_params": [{ "name": "oo1_guest_email", "value": "ann@example.com", "source": "ENTRY_FORM" }],
    }));
}

/// A session that is erased.
fn erased(standin: &StandIn, settings: &[(&str, &str)]) -> (Deployment, Server, Timestamp) {
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start_with(&deployment, settings);
    let ended = Timestamp::now() - SignedDuration::from_mins(5);
    bring_back(standin, 7, ended);
    standin.happen(7, "conclude", &json!({}));
    assert_eq!(server.deliver_end(7), 204);
    assert_eq!(receipts(&deployment, 1)[0]["statement"]["verdict"], "complete");
    assert!(!standin.holds("ann@example.com"));
    (deployment, server, ended)
}

fn attention(deployment: &Deployment) -> Option<Value> {
    let all = deployment.json(&["attention", "list"]);
    all.as_array().expect("a list").iter().find(|found| found["code"] == "sessions_reappeared").cloned()
}

#[test]
fn a_server_erases_again_what_a_restored_backup_brought_back() {
    let standin = StandIn::start();
    let (deployment, server, ended) = erased(&standin, OFTEN);
    let before = deployment.json(&["receipts", "list"])[0]["statement"]["erasure"].clone();
    // Anonymized, it is looked at, and nothing is done.
    let looked = || standin.calls("/Sessions").len();
    let so_far = looked();
    wait_for("further comparisons", || (looked() > so_far + 5).then_some(()));
    assert_eq!(deployment.count("SELECT count(*) FROM erasure"), 1);

    bring_back(&standin, 7, ended);
    let again = receipts(&deployment, 2);
    let again = again.iter().find(|receipt| receipt["statement"]["erasure"] != before).expect("a second one");
    let rules = again["statement"]["rules"].to_string();
    let before = before.as_str().expect("an id");
    assert!(rules.contains("shown again by mluvii") && rules.contains(before), "{again}");
    assert!(!standin.holds("ann@example.com"));
    let told = wait_for("attention", || attention(&deployment));
    assert!(told["parameters"]["reason"].as_str().is_some_and(|why| why.contains("1 sessions")), "{told}");
    let audit = deployment.json(&["audit", "list", "--act", "erasure.reopen"]);
    let entry = &audit[0]["entry"];
    assert_eq!((&entry["actor"], &entry["details"]["after"]), (&json!("server:watch"), &json!(before)), "{audit}");
    let so_far = looked();
    wait_for("further comparisons", || (looked() > so_far + 5).then_some(()));
    assert_eq!(deployment.count("SELECT count(*) FROM erasure"), 2, "once");
    server.moved("quietus_reconciliation_reappeared_total");
    assert!(server.metrics().contains("quietus_reconciliation_reappeared_total{installation=\"acme\"} 1"));
    drop(server);
}

#[test]
fn by_hand_it_is_shown_first_and_what_is_no_longer_known_is_erased_again_too() {
    let standin = StandIn::start();
    let (deployment, server, ended) = erased(&standin, &[]);
    drop(server);
    let since = ended - SignedDuration::from_hours(1);
    assert_eq!(reconcile(&deployment, since, &["--dry-run"])["reappeared"], 0);
    bring_back(&standin, 7, ended);
    assert_eq!(reconcile(&deployment, since, &["--dry-run"])["reappeared"], 1);
    assert_eq!(deployment.count("SELECT count(*) FROM erasure"), 1, "nothing was done");
    // Its record has gone by its age.
    let ledger = deployment.ledger();
    let kept = "INSERT INTO tombstone SELECT installation, session, erased_at, 1 FROM session";
    ledger.execute(kept, []).expect("an insert");
    ledger.execute("DELETE FROM session", []).expect("a deletion");
    drop(ledger);
    let done = reconcile(&deployment, since, &[]);
    assert_eq!((&done["reappeared"], &done["found"], &done["known"]), (&json!(1), &json!(0), &json!(1)), "{done}");
    assert_eq!(reconcile(&deployment, since, &[])["reappeared"], 0, "it is under way");
    let server = Server::start(&deployment);
    receipts(&deployment, 2);
    assert!(!standin.holds("ann@example.com"));
    assert!(attention(&deployment).is_some());
    drop(server);
}

/// A guest's sessions, or those that wait for one retention, are erased in one moment; only some are looked at in a round.
#[test]
fn of_many_that_were_erased_in_one_moment_none_is_passed_over() {
    let standin = StandIn::start();
    let first = past(&standin, 45, 0);
    let deployment = at_rest(&standin, ERASE);
    assert_eq!(reconcile(&deployment, first, &[])["found"], 45);
    let server = Server::start(&deployment);
    receipts(&deployment, 45);
    drop(server);
    let at_once =
        "UPDATE session SET sum = NULL, erased_at = (SELECT max(erased_at) FROM session) WHERE erased_at IS NOT NULL";
    assert_eq!(deployment.ledger().execute(at_once, []).expect("an update"), 45);
    // The last of them. It ended long before what is compared now.
    let email = json!([{ "name": "oo1_guest_email", "value": "ann@example.com", "source": "ENTRY_FORM" }]);
    let ended = first + SignedDuration::from_secs(44);
    standin.begin_with(json!({ "id": 1044, "tenant": 62, "ended": ended, "call_params": email }));
    due(&deployment);
    let server = Server::start_with(&deployment, OFTEN);
    receipts(&deployment, 46);
    assert!(!standin.holds("ann@example.com"));
    drop(server);
}

/// One that mluvii never lets be looked at.
#[test]
fn an_erased_session_that_cannot_be_looked_at_hides_none_behind_it() {
    let standin = StandIn::start();
    let first = past(&standin, 3, 0);
    let deployment = at_rest(&standin, ERASE);
    reconcile(&deployment, first, &[]);
    let server = Server::start(&deployment);
    receipts(&deployment, 3);
    drop(server);
    let (refused, back) = (1000, 1002);
    let by_turns = "UPDATE session SET sum = NULL, erased_at = (SELECT max(erased_at) FROM session) - 10 + session % 10
                    WHERE erased_at IS NOT NULL";
    assert_eq!(deployment.ledger().execute(by_turns, []).expect("an update"), 3);
    let email = json!([{ "name": "oo1_guest_email", "value": "ann@example.com", "source": "ENTRY_FORM" }]);
    for id in [refused, back] {
        let ended = first + SignedDuration::from_secs(id - 1000);
        standin.begin_with(json!({ "id": id, "tenant": 62, "ended": ended, "call_params": email }));
    }
    standin.fault(&json!({ "kind": "status", "status": 400, "path": format!("/Sessions/{refused}") }));
    due(&deployment);
    let server = Server::start_with(&deployment, OFTEN);
    let again = receipts(&deployment, 4);
    assert_eq!(again.iter().filter(|receipt| receipt.to_string().contains(&format!("acme/{back}"))).count(), 2);
    drop(server);
}

/// A list that ignores the filter lists what is anonymized as well; a list that shows nothing shows nothing.
#[test]
fn nothing_follows_from_a_filter_that_is_ignored_or_from_what_is_missing() {
    let standin = StandIn::start();
    let (deployment, server, ended) = erased(&standin, &[]);
    drop(server);
    let since = ended - SignedDuration::from_hours(1);
    for behaviour in [json!({ "ignored_filters": ["Anonymized"] }), json!({ "unlisted": [7] })] {
        standin.behave(&json!({ "ignored_filters": null, "unlisted": null }));
        standin.behave(&behaviour);
        let done = reconcile(&deployment, since, &[]);
        assert_eq!((&done["reappeared"], &done["found"]), (&json!(0), &json!(0)), "{behaviour}: {done}");
    }
    standin.behave(&json!({ "ignored_filters": null, "unlisted": null }));
    standin.delete_conversation(7);
    assert_eq!(reconcile(&deployment, since, &[])["reappeared"], 0);
    assert_eq!(deployment.count("SELECT count(*) FROM erasure"), 1);
}

/// After a restored backup numbers are given out once more, and a conversation can be continued: neither is what was erased.
#[test]
fn another_conversation_of_the_same_number_is_not_erased_by_it() {
    let standin = StandIn::start();
    let (deployment, server, ended) = erased(&standin, &[]);
    drop(server);
    let since = ended - SignedDuration::from_hours(1);
    let another = |guest: &str, ended: Value| {
        standin.begin_with(json!({
            "id": 7, "tenant": 62, "guest": guest, "ended": ended, "gdpr_version": "v3",
            "call_params": [{ "name": "oo1_guest_email", "value": "bob@example.com", "source": "ENTRY_FORM" }],
        }));
        reconcile(&deployment, since, &["--until", &Timestamp::now().to_string()])
    };
    let rows = [
        ("g-9", json!(ended)),
        ("g-7", json!(ended - SignedDuration::from_mins(10))),
        ("g-7", json!(Timestamp::now())),
        ("g-7", Value::Null),
    ];
    for (guest, ended) in rows {
        let done = another(guest, ended.clone());
        assert_eq!(done["reappeared"], 0, "{guest}, {ended}: {done}");
        assert!(standin.holds("bob@example.com"));
    }
    assert_eq!(deployment.count("SELECT count(*) FROM erasure"), 1);
}
