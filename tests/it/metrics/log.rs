//! Every log line of an erasure says which one it is, at every level.

use serde_json::{Value, json};

use crate::harness::{Deployment, ERASE, RULES, Server, StandIn, program, receipts, wait_for};

/// What the line itself or the spans around it say of a field.
fn said(line: &Value, field: &str) -> Option<String> {
    let spans = line["spans"].as_array().into_iter().flatten();
    let mut places = spans.chain([&line["fields"]]);
    places.find_map(|place| place[field].as_str().map(str::to_owned))
}

/// The lines of a log, as objects.
fn lines(server: Server) -> Vec<Value> {
    let (_, log) = server.stop();
    log.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The message of a line.
fn message(line: &Value) -> &str {
    line["fields"]["message"].as_str().unwrap_or_default()
}

/// From the decision to the receipt, whatever fails on the way.
#[test]
fn every_line_of_an_erasure_carries_its_id() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, RULES);
    let server = Server::start_with(&deployment, &[("LOG__LEVEL", "quietus=trace")]);
    standin.register(&server.callback());
    standin.fault(&json!({ "path": "/anonymous", "times": 1, "kind": "status", "status": 500 }));
    standin.crm_fault(&json!({ "path": "/contacts", "times": 1, "kind": "status", "status": 500 }));
    let logged = |text: &str| server.log().iter().any(|line| line.contains(text)).then_some(());
    wait_for("the plugin", || logged("a plugin is up"));
    let ledger = deployment.ledger();
    ledger
        .execute_batch("CREATE TRIGGER no BEFORE INSERT ON receipt BEGIN SELECT RAISE(ABORT, 'no'); END")
        .expect("made");
    standin.begin(101, "bea@example.com", None);
    standin.end(101);
    wait_for("the receipt to be refused", || logged("refuses work"));
    ledger.execute_batch("DROP TRIGGER no").expect("dropped");
    let receipt = &receipts(&deployment, 1)[0];
    let erasure = receipt["statement"]["erasure"].as_str().expect("an id").to_owned();
    let lines = lines(server);
    let work = ["resolve", "find", "erase", "verify", "close"];
    let told = ["decided to erase", "wrote the receipt"];
    let is_of_it =
        |line: &&Value| work.contains(&&*said(line, "work").unwrap_or_default()) || told.contains(&message(line));
    let of_it: Vec<_> = lines.iter().filter(is_of_it).collect();
    for line in &of_it {
        assert_eq!(said(line, "erasure.id").as_ref(), Some(&erasure), "{line}");
    }
    for text in
        ["decided to erase", "work is retried", "target answered", "the ledger refuses work", "wrote the receipt"]
    {
        assert!(of_it.iter().any(|line| message(line).contains(text)), "{text}: {of_it:#?}");
    }
    // Nothing else is worked on meanwhile: what names no erasure is about the session, or about the process.
    let from = lines.iter().position(|line| message(line) == told[0]).expect("it is told");
    let of_work = |line: &&Value| {
        let module = line["target"].as_str().unwrap_or_default();
        module.starts_with("quietus::worker")
            || module.starts_with("quietus::mluvii")
            || module.starts_with("quietus::plugin")
    };
    let unnamed = |line: &&Value| said(line, "erasure.id").is_none() && said(line, "session").is_none();
    let unnamed: Vec<_> = lines[from..].iter().filter(of_work).filter(unnamed).collect();
    assert!(unnamed.is_empty(), "{unnamed:#?}");
}

/// Also where only warnings are logged, and where the plugin itself says something.
#[test]
fn warnings_and_a_plugins_lines_say_which_erasure_they_are_about() {
    let standin = StandIn::start();
    let rules = ERASE.replace("[\"mluvii\"]", "[\"mluvii\", \"talker\"]");
    let plugin = program("talker", "talker.py");
    let deployment = Deployment::bare(&standin.mluvii, &format!("{rules}{plugin}grants = [\"email\"]\n"));
    // Where it listens is no warning, and the harness wants to know that.
    let server = Server::start_with(&deployment, &[("LOG__LEVEL", "warn,quietus::app=info")]);
    standin.register(&server.callback());
    standin.begin(101, "bea@example.com", None);
    standin.just_end(101);
    let parked = wait_for("a step that needs a person", || {
        deployment.json(&["erasures", "list", "--state", "parked"]).get(0).cloned()
    });
    let erasure = parked["id"].as_str().expect("an id").to_owned();
    assert!(deployment.run(&["erasures", "retry", &erasure]).status.success());
    receipts(&deployment, 1);
    let lines = lines(server);
    for text in ["plugin: asked to erase", "plugin: asked to verify", "work is parked"] {
        let of_text = |line: &&Value| message(line).starts_with(text);
        let lines: Vec<_> = lines.iter().filter(of_text).collect();
        assert!(!lines.is_empty(), "{text}");
        for line in lines {
            assert_eq!(said(line, "erasure.id").as_ref(), Some(&erasure), "{line}");
        }
    }
}
