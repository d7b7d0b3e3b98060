//! Every log line of an erasure says which one it is, at every level.

use serde_json::{Value, json};

use crate::harness::{Deployment, ERASE, RULES, Server, StandIn, receipts, wait_for};

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

#[test]
fn every_line_of_an_erasure_carries_its_id() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, RULES);
    let server = Server::start_with(&deployment, &[("LOG__LEVEL", "quietus=trace")]);
    standin.register(&server.callback());
    standin.fault(&json!({ "path": "/anonymous", "times": 1, "kind": "status", "status": 500 }));
    standin.crm_fault(&json!({ "path": "/contacts", "times": 1, "kind": "status", "status": 500 }));
    standin.begin(101, "bea@example.com", None);
    standin.end(101);
    let receipt = &receipts(&deployment, 1)[0];
    let erasure = receipt["statement"]["erasure"].as_str().expect("an id").to_owned();
    let of_work =
        |line: &Value| ["resolve", "find", "erase", "verify"].contains(&&*said(line, "work").unwrap_or_default());
    let lines: Vec<_> = lines(server).into_iter().filter(of_work).collect();
    for line in &lines {
        assert_eq!(said(line, "erasure.id").as_ref(), Some(&erasure), "{line}");
    }
    let has =
        |text: &str| lines.iter().any(|line| line["fields"]["message"].as_str().is_some_and(|m| m.contains(text)));
    for text in ["work is retried", "target answered"] {
        assert!(has(text), "{text}: {lines:#?}");
    }
}

/// Also where only warnings are logged, and where the plugin itself says something.
#[test]
fn warnings_and_a_plugins_lines_say_which_erasure_they_are_about() {
    let standin = StandIn::start();
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plugins/talker.py");
    let rules = ERASE.replace("[\"mluvii\"]", "[\"mluvii\", \"talker\"]");
    let plugin = format!("[[plugin]]\nname = \"talker\"\nexec = \"{program}\"\ngrants = [\"email\"]\n");
    let deployment = Deployment::bare(&standin.mluvii, &format!("{rules}\n{plugin}"));
    // Where it listens is no warning, and the harness wants to know that.
    let server = Server::start_with(&deployment, &[("LOG__LEVEL", "warn,quietus::app=info")]);
    standin.register(&server.callback());
    standin.begin(101, "bea@example.com", None);
    standin.end(101);
    let parked = wait_for("a step that needs a person", || {
        deployment.json(&["erasures", "list", "--state", "parked"]).get(0).cloned()
    });
    let erasure = parked["id"].as_str().expect("an id").to_owned();
    assert!(deployment.run(&["erasures", "retry", &erasure]).status.success());
    receipts(&deployment, 1);
    let lines = lines(server);
    for text in ["plugin: asked to erase", "plugin: asked to verify", "work is parked"] {
        let of_text =
            |line: &&Value| line["fields"]["message"].as_str().is_some_and(|message| message.starts_with(text));
        let lines: Vec<_> = lines.iter().filter(of_text).collect();
        assert!(!lines.is_empty(), "{text}");
        for line in lines {
            assert_eq!(said(line, "erasure.id").as_ref(), Some(&erasure), "{line}");
        }
    }
}
