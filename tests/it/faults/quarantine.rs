//! Deliveries that cannot be read: kept, shown, retried, dropped.

use std::process::Output;

use serde_json::{Value, json};

use crate::harness::{Away, Deployment, PASSWORD, Server, client, http, wait_for};

fn post(server: &Server, body: &str) -> u16 {
    let request = client().post(server.url("/webhooks/acme")).basic_auth("mluvii", Some(PASSWORD));
    http(request.body(body.to_owned())).0
}

fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn what_cannot_be_read_is_kept_sealed_until_somebody_decides() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    let changed = r#"{"eventType":"SessionEnded","data":{"sessionNumber":77,"guest":"ann@example.com"}}"#;
    for unreadable in ["", "not JSON", "[1, 2]", "{}", r#"{"eventType":"SessionEnded"}"#, "\u{0}", changed, changed] {
        assert_eq!(post(&server, unreadable), 202, "{unreadable}");
    }
    assert_eq!(deployment.events(), 0);
    let list = || match deployment.json(&["quarantine", "list"]) {
        Value::Array(items) => items,
        other => panic!("{other}"),
    };
    let items = list();
    assert_eq!(items.len(), 7, "the same delivery again is the same one: {items:#?}");
    assert!(items.iter().all(|item| item["source"] == "acme" && item["reason"].is_string()), "{items:#?}");
    let id = items[6]["id"].to_string();

    // Its shape is shown without what is personal, unless that is asked for.
    let (code, shape) = said(&deployment.run(&["quarantine", "show", &id]));
    assert_eq!(code, Some(0));
    assert!(shape.contains("sessionNumber") && shape.contains("no session id"), "{shape}");
    assert!(!shape.contains("ann@") && !shape.contains("77"), "{shape}");
    let (code, revealed) = said(&deployment.run(&["quarantine", "show", &id, "--reveal"]));
    assert_eq!(code, Some(0));
    assert!(revealed.contains(changed), "{revealed}");
    // Who has seen it is written down, and whether they have seen what it says.
    let looks = deployment.json(&["audit", "list", "--act", "quarantine.view"]);
    let of = |row: &Value| (row["entry"]["object"].clone(), row["entry"]["details"]["shown"].clone());
    let object = json!(format!("quarantine:{id}"));
    let expected = ["body", "shape"].map(|shown| (object.clone(), json!(shown)));
    assert_eq!(looks.as_array().expect("rows").iter().map(of).collect::<Vec<_>>(), expected, "{looks}");
    let (code, _) = said(&deployment.run(&["status"]));
    assert_eq!(code, Some(1), "somebody is needed");

    let (code, told) = said(&deployment.run(&["quarantine", "replay", &id]));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("it stays"), "{told}");
    assert_eq!(list().len(), 7);

    // It outlives a restart.
    assert!(server.stop().0.success());
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    assert_eq!(list(), items);

    assert_eq!(said(&deployment.run(&["quarantine", "drop", &id])).0, Some(0));
    assert_eq!(said(&deployment.run(&["quarantine", "drop", &id])).0, Some(1));
    assert_eq!(said(&deployment.run(&["quarantine", "replay", &id])).0, Some(1));
    assert_eq!(list(), items[..6]);
}

#[test]
fn a_delivery_whose_source_is_gone_stays_in_quarantine() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    assert_eq!(post(&server, r#"{"eventType":"SessionEnded","data":{"id":"?"}}"#), 202);
    let id = deployment.json(&["quarantine", "list"])[0]["id"].to_string();
    deployment.replace(r#"name = "acme""#, r#"name = "renamed""#);
    let (code, told) = said(&deployment.run(&["quarantine", "replay", &id]));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("no source `acme`"), "{told}");
    assert_eq!(deployment.json(&["quarantine", "list"]).as_array().map(Vec::len), Some(1));
}

#[test]
fn a_full_quarantine_says_so_where_it_is_looked_for() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    assert_eq!(post(&server, "?"), 202);
    assert!(server.metrics().contains("source=\"acme\",result=\"quarantined\"} 1\n"));
    wait_for("the warning", || {
        server.log().iter().any(|line| line.contains("put a delivery into quarantine")).then_some(())
    });
    let status = deployment.json(&["status"]);
    assert_eq!(status["quarantined"], json!(1), "{status}");
}

#[test]
fn what_would_have_to_be_guessed_at_waits_as_it_came() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    let post = |media_type: &str, body: &[u8]| {
        let request = client().post(server.url("/webhooks/acme")).basic_auth("mluvii", Some(PASSWORD));
        http(request.header("content-type", media_type).body(body.to_vec())).0
    };
    let submitted = |name: &str| {
        format!(
            r#"{{"eventType":"SessionActivityHeroCardSubmission","data":{{"sessionId":7,"result":"Submitted","params":{{"n":"{name}"}}}}}}"#
        )
    };
    let latin1: Vec<u8> = submitted("Jos\u{e9}").chars().map(|character| character as u8).collect();
    assert_eq!(post("application/json; charset=iso-8859-1", &latin1), 204, "what its sender names is read");
    assert_eq!(post("application/json", &latin1), 202);
    let form = "payload=%7B%22eventType%22%3A%22SessionEnded%22%2C%22data%22%3A%7B%22id%22%3A8%7D%7D";
    assert_eq!(post("application/x-www-form-urlencoded", form.as_bytes()), 202);
    assert_eq!(deployment.events(), 1);
    let waiting = deployment.json(&["quarantine", "list"]);
    assert_eq!(waiting.as_array().map(Vec::len), Some(2), "{waiting}");
    let id = waiting[1]["id"].to_string();
    let (_, shown) = said(&deployment.run(&["quarantine", "show", &id, "--reveal"]));
    assert!(shown.contains(form), "{shown}");
}
