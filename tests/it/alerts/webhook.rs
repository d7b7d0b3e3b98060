//! By a request, as the published library for Standard Webhooks verifies it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::receiver::{Heard, Receiver};
use super::{Company, GARBAGE, deliver_garbage, named};
use crate::harness::{Server, wait_for};
use crate::interop::python;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn company(receiver: &Receiver) -> Company {
    let company = Company::new("");
    company.deployment.write("hook.secret", SECRET);
    company.deployment.write("hook.url", &receiver.url);
    company.deployment.write("hook.token", "Bearer canary-token");
    company.add(
        "[[alert]]\nname = \"ops\"\nwait = \"0s\"\n[alert.webhook]\nurl = { file = \"hook.url\" }\nsecret = { file = \"hook.secret\" }\n\
         headers = { Authorization = { file = \"hook.token\" } }\n",
    );
    company
}

/// What the library says of a request.
fn verified(heard: &Heard) -> Option<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/verify_webhook.py");
    let mut command = Command::new(python());
    command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("a Python with tests/requirements.txt; tests/run makes one");
    let headers: serde_json::Map<_, _> =
        heard.headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    let request = json!({ "secret": SECRET, "headers": headers, "body": heard.body }).to_string();
    child.stdin.take().expect("piped").write_all(request.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    serde_json::from_slice(&output.stdout).ok()
}

#[test]
fn a_request_is_signed_and_sent_again_with_its_id_until_it_is_taken() {
    let receiver = Receiver::start();
    let company = company(&receiver);
    let server = Server::start(&company.deployment);
    receiver.answer(500);
    deliver_garbage(&server, "{");
    wait_for("a first request", || (!receiver.heard().is_empty()).then_some(()));
    // What is answered elsewhere is not what was asked for.
    receiver.answer(302);
    let before = receiver.heard().len();
    wait_for("another one", || (receiver.heard().len() > before).then_some(()));
    receiver.answer(200);
    wait_for("it to be taken", || {
        server.metrics().contains("quietus_alerts_sent_total{alert=\"ops\",outcome=\"accepted\"} 1").then_some(())
    });
    let heard = receiver.heard();
    assert!(heard.len() >= 3, "{heard:#?}");
    for request in &heard {
        assert!(request.line.starts_with("POST /hook?key="), "{}", request.line);
        assert_eq!(
            request.header("webhook-id"),
            heard[0].header("webhook-id"),
            "a receiver can tell that it is the same"
        );
        assert_eq!(request.header("authorization"), "Bearer canary-token");
        assert_eq!(request.header("content-type"), "application/json");
    }
    let payload = verified(&heard[0]).expect("the library verifies it");
    assert_eq!((named(&payload, "new"), &payload["type"]), (vec![GARBAGE.to_owned()], &"quietus.alert".into()));
    let mut changed = heard[0].clone();
    changed.body = changed.body.replace("unreadable", "readable");
    assert_eq!(verified(&changed), None, "or this test tests nothing");

    let said = [server.log().concat(), server.metrics(), company.listed().1.to_string()].concat();
    let state: String =
        company.deployment.ledger().query_row("SELECT state FROM alert", [], |row| row.get(0)).expect("it is kept");
    for secret in ["canary", "whsec", &SECRET[6..]] {
        assert!(!said.contains(secret) && !state.contains(secret), "{secret} is shown");
    }
}

#[test]
fn a_test_says_of_each_alert_whether_it_was_accepted() {
    let receiver = Receiver::start();
    let company = company(&receiver);
    company.add(&company.teller("file", ""));
    let tested = company.deployment.run(&["alerts", "test"]);
    assert!(!tested.status.success(), "there is no ledger yet: {tested:?}");
    let _server = Server::start(&company.deployment);
    let tested = company.deployment.run(&["alerts", "test"]);
    let said = String::from_utf8_lossy(&tested.stdout);
    assert_eq!(tested.status.code(), Some(0), "{tested:?}");
    assert!(said.contains("alert ops (webhook)") && said.contains("alert file (command)"), "{said}");
    let payload = verified(&receiver.heard()[0]).expect("the library verifies it");
    assert_eq!((&payload["type"], &payload["data"]["new"]), (&"quietus.test".into(), &json!([])));
    assert_eq!(company.told("file").len(), 1);

    receiver.answer(410);
    let tested = company.deployment.run(&["alerts", "test"]);
    assert_eq!(tested.status.code(), Some(1));
    let tested = company.deployment.json(&["alerts", "test", "ops"]);
    let reason = tested[0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("410") && !reason.contains("canary"), "{tested}");
    assert_eq!((tested.as_array().map(Vec::len), &tested[0]["accepted"]), (Some(1), &false.into()));
    assert_eq!(company.told("file").len(), 2, "one was named");
    let unknown = company.deployment.run(&["alerts", "test", "opps"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there are: ops, file"), "{unknown:?}");
    // A test is none of what was told.
    assert_eq!(company.listed().1[0]["accepted"], Value::Null);
}
