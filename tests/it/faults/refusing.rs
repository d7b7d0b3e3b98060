//! A ledger in a file that refuses one delivery, one end, or all of them. How the database of a fleet does it: `fleet::refusing`.

use serde_json::{Value, json};

use crate::harness::{Away, Deployment, ERASE, Server, StandIn, receipts, wait_for};

/// Has each insertion into a table fail where a condition holds, from now on.
fn refuse(deployment: &Deployment, table: &str, condition: &str) {
    let trigger = format!(
        "DROP TRIGGER IF EXISTS refuse;
         CREATE TRIGGER refuse BEFORE INSERT ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, 'no'); END"
    );
    deployment.ledger().execute_batch(&trigger).expect("made");
}

fn refuse_no_more(deployment: &Deployment) {
    deployment.ledger().execute_batch("DROP TRIGGER refuse").expect("gone");
}

/// What needs a person.
fn told(deployment: &Deployment) -> Vec<(Value, Value)> {
    let status = deployment.json(&["status"]);
    let found = status["attention"].as_array().expect("a list").iter();
    let needs = found.filter(|found| found["severity"] != "notice");
    needs.map(|found| (found["code"].clone(), found["parameters"]["count"].clone())).collect()
}

#[test]
fn what_the_ledger_refuses_is_kept_and_what_it_refuses_of_all_makes_a_server_unready() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    refuse(&deployment, "event", "NEW.session = 13");
    for (session, answer) in [(12, 204), (13, 202), (13, 202), (14, 204)] {
        assert_eq!(server.deliver_end(session), answer, "{session}");
    }
    assert_eq!(server.ready(), 200);
    let kept = deployment.json(&["quarantine", "list"]);
    assert_eq!((kept.as_array().map(Vec::len), &kept[0]["reason"]), (Some(1), &json!("refused by the ledger")));

    refuse(&deployment, "inbox", "TRUE");
    assert_eq!(server.deliver_end(15), 202);
    wait_for("the server to say so", || (server.ready() == 503).then_some(()));
    assert!(told(&deployment).iter().any(|(code, _)| code == "ledger_unwritable"), "{:?}", told(&deployment));
    refuse_no_more(&deployment);
    wait_for("the server to be ready", || (server.ready() == 200).then_some(()));
    assert_eq!(server.deliver_end(15), 204);
    let replayed = deployment.run(&["quarantine", "replay", &kept[0]["id"].to_string()]);
    assert_eq!(replayed.status.code(), Some(0));
    assert_eq!(deployment.events(), 4);
}

#[test]
fn an_end_that_the_ledger_refuses_needs_a_person_and_holds_up_no_other() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start_with(&deployment, &[("ERASING__BREAKER_PAUSE", "20ms")]);
    refuse(&deployment, "receipt", "TRUE");
    for session in 1_001..=1_008 {
        standin.begin(session, "ann@example.com", None);
        standin.just_end(session);
        assert_eq!(server.deliver_end(session), 204);
    }
    wait_for("all ends to be refused", || told(&deployment).contains(&(json!("work_parked"), json!(8))).then_some(()));
    // From now on it is one of them, and all are due at once.
    let of_one = "EXISTS (SELECT 1 FROM erasure WHERE erasure.id = NEW.erasure AND subject LIKE '%1003%')";
    refuse(&deployment, "receipt", of_one);
    let retry = || assert!(deployment.run(&["erasures", "retry", "--undecided"]).status.success());
    retry();
    receipts(&deployment, 7);
    wait_for("one end to be refused", || told(&deployment).contains(&(json!("work_parked"), json!(1))).then_some(()));
    let parked = "SELECT reason FROM task WHERE parked = 1";
    let reason = deployment.ledger().query_row(parked, [], |row| row.get::<_, String>(0));
    assert!(
        reason.as_ref().is_ok_and(|reason| reason.starts_with("the ledger refuses what is read or written")),
        "{reason:?}"
    );

    refuse_no_more(&deployment);
    retry();
    receipts(&deployment, 8);
    assert!(!told(&deployment).iter().any(|(code, _)| code == "work_parked"), "{:?}", told(&deployment));
    let checked = deployment.json(&["ledger", "check"]);
    assert_eq!((&checked["findings"], &checked["receipts_verified"]), (&json!([]), &json!(8)));
}
