//! Every log line of an erasure says which one it is, at every level.

use serde_json::{Value, json};

use crate::harness::{Deployment, RULES, Server, StandIn, receipts};

/// What the line itself or the spans around it say of a field.
fn said(line: &Value, field: &str) -> Option<String> {
    let spans = line["spans"].as_array().into_iter().flatten();
    let mut places = spans.chain([&line["span"], &line["fields"]]);
    places.find_map(|place| place[field].as_str().map(str::to_owned))
}

#[track_caller]
fn lines_of_the_erasure(level: &str) -> Vec<Value> {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, RULES);
    let server = Server::start_with(&deployment, &[("LOG__LEVEL", level)]);
    standin.register(&server.callback());
    standin.fault(&json!({ "path": "/anonymous", "times": 1, "kind": "status", "status": 500 }));
    standin.crm_fault(&json!({ "path": "/contacts", "times": 1, "kind": "status", "status": 500 }));
    standin.begin(101, "bea@example.com", None);
    standin.end(101);
    let receipt = &receipts(&deployment, 1)[0];
    let erasure = receipt["statement"]["erasure"].as_str().expect("an id").to_owned();
    let (_, log) = server.stop();
    let lines: Vec<Value> = log.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of_work =
        |line: &Value| ["resolve", "find", "erase", "verify"].contains(&&*said(line, "work").unwrap_or_default());
    let lines: Vec<_> = lines.into_iter().filter(of_work).collect();
    for line in &lines {
        assert_eq!(said(line, "erasure.id").as_ref(), Some(&erasure), "{line}");
    }
    lines
}

#[test]
fn every_line_of_an_erasure_carries_its_id() {
    let lines = lines_of_the_erasure("quietus=trace");
    let has =
        |text: &str| lines.iter().any(|line| line["fields"]["message"].as_str().is_some_and(|m| m.contains(text)));
    // Of the worker, of mluvii's client, and of the plugin's session.
    for text in ["work is retried", "target answered"] {
        assert!(has(text), "{text}: {lines:#?}");
    }
    let from = |target: &str| lines.iter().any(|line| line["target"].as_str().is_some_and(|at| at.starts_with(target)));
    assert!(from("quietus::worker"), "{lines:#?}");
}
