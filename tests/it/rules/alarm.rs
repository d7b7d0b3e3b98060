//! A rule that is new or changed and would erase much waits for a person.

use serde_json::{Value, json};

use super::text;
use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, wait_for};

/// Whether it needs a person that a rule waits, and what is said of it.
fn waiting(deployment: &Deployment) -> Option<Value> {
    let status = deployment.json(&["status"]);
    let all = status["attention"].as_array().expect("a list");
    all.iter().find(|found| found["code"] == "rule_waiting").cloned()
}

/// Changes the configuration.
fn replace(deployment: &Deployment, from: &str, to: &str) {
    let config = std::fs::read_to_string(deployment.path("quietus.toml")).expect("there");
    assert!(config.contains(from), "{from}");
    deployment.write("quietus.toml", &config.replace(from, to));
}

#[test]
fn a_changed_rule_that_would_erase_much_waits_until_it_is_confirmed() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    replace(&deployment, "alarm_share = 1", "alarm_share = 0.3");
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    for id in 101..=104 {
        standin.begin(id, "ann@x.cz", (id > 101).then_some("v3"));
        standin.end(id);
    }
    deployment.settled(4);
    receipts(&deployment, 1);
    assert!(waiting(&deployment).is_none(), "an empty ledger has nothing to compare with");
    server.stop();

    // What erased one of four would now erase all.
    replace(&deployment, "when = \"consent.state == 'absent'\"", "when = \"true\"");
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    let found = wait_for("the rule to wait", || waiting(&deployment));
    let number = |name: &str| found["parameters"][name].as_u64();
    assert_eq!(
        (&found["object"], number("would"), number("sessions")),
        (&json!("rule:no consent, nothing kept"), Some(4), Some(4))
    );
    standin.begin(105, "bob@x.cz", Some("v3"));
    standin.end(105);
    let held = "SELECT COUNT(*) FROM task WHERE reason LIKE '%waits for `quietus rules confirm`'";
    wait_for("its erasure to be held", || {
        let held: i64 = deployment.ledger().query_row(held, [], |row| row.get(0)).expect("a number");
        (held == 1).then_some(())
    });
    let explained = deployment.json(&["explain", "acme/105"]);
    assert_eq!(explained["erasures"][0]["state"], "scheduled", "{explained}");
    assert!(standin.holds("bob@x.cz"));
    let other = deployment.run(&["rules", "confirm", "another"]);
    assert!(other.status.code() == Some(1) && text(&other).contains("no rule `another` waits"), "{}", text(&other));

    // A restart decides nothing anew.
    server.stop();
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    assert!(waiting(&deployment).is_some());
    let status = deployment.run(&["status"]);
    assert_eq!(status.status.code(), Some(1), "{}", text(&status));

    let confirmed = deployment.run(&["rules", "confirm", "no consent, nothing kept"]);
    assert!(confirmed.status.success(), "{}", text(&confirmed));
    receipts(&deployment, 2);
    assert!(waiting(&deployment).is_none() && !standin.holds("bob@x.cz"));
    let audit = deployment.json(&["audit", "list"]);
    assert!(audit.to_string().contains("rules.confirm"), "{audit}");
}
