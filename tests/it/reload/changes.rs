//! What is taken works: rules, limits, installations.

use serde_json::json;

use super::{answers, reload, replace};
use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, wait_for};

#[test]
fn what_comes_before_is_decided_by_the_old_rules_and_what_comes_after_by_the_new_ones() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    for id in 1..=2 {
        standin.begin(id, &format!("person{id}@example.com"), None);
    }
    assert_eq!(answers(&server, "acme", 1), 204);
    deployment.settled(1);
    replace(&deployment, "no consent, nothing kept", "kept for a year");
    replace(&deployment, "erase = \"session\"", "erase = \"session\"\nafter = \"365d\"");
    let said = reload(&deployment, 0);
    assert!(said.contains("rule.\"kept for a year\""), "{said}");
    assert_eq!(answers(&server, "acme", 2), 204);
    deployment.settled(2);
    receipts(&deployment, 1);
    let rules = |session: i64| deployment.json(&["explain", &format!("acme/{session}")])["erasures"].to_string();
    assert!(rules(1).contains("no consent, nothing kept") && !rules(1).contains("kept for a year"), "{}", rules(1));
    assert!(rules(2).contains("kept for a year") && !rules(2).contains("no consent, nothing kept"), "{}", rules(2));
    assert!(standin.holds("person2@example.com") && !standin.holds("person1@example.com"));
}

#[test]
fn a_rule_that_would_erase_much_waits_after_a_reload_as_after_a_start() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    replace(&deployment, "alarm_share = 1", "alarm_share = 0.3");
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    for id in 1..=4 {
        standin.begin(id, "ann@example.com", (id > 1).then_some("v3"));
        standin.end(id);
    }
    deployment.settled(4);
    replace(&deployment, "when = \"consent.state == 'absent'\"", "when = \"true\"");
    let reloaded = deployment.json(&["reload"]);
    assert_eq!(reloaded["waiting_rules"], json!(["no consent, nothing kept"]), "{reloaded}");
    standin.begin(5, "bob@example.com", Some("v3"));
    standin.end(5);
    deployment.settled(5);
    let explained = deployment.json(&["explain", "acme/5"]);
    assert_eq!(explained["erasures"][0]["state"], "scheduled", "{explained}");
    assert!(standin.holds("bob@example.com"));
    let confirmed = deployment.run(&["rules", "confirm", "no consent, nothing kept"]);
    assert!(confirmed.status.success());
    receipts(&deployment, 2);
}

#[test]
fn the_level_of_the_log_changes_with_the_configuration() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, "");
    replace(&deployment, "level = \"trace\"", "level = \"info\"");
    let server = Server::start(&deployment);
    let traced = || server.log().iter().any(|line| line.contains("\"TRACE\""));
    assert_eq!(answers(&server, "acme", 1), 204);
    assert!(!traced());
    replace(&deployment, "level = \"info\"", "level = \"trace\"");
    assert!(reload(&deployment, 0).contains("log.level"));
    wait_for("a line of the new level", || {
        assert_eq!(answers(&server, "acme", 1), 204);
        traced().then_some(())
    });
    server.leaves_work("mluvii does not know the session");
}

/// A delivery that is on its way is answered by what took it, although its source is gone meanwhile.
#[test]
fn a_request_that_is_on_its_way_ends_as_it_began() {
    use std::io::{Read as _, Write as _};
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &super::source("beta"));
    let server = Server::start(&deployment);
    let body = crate::harness::session_ended(1).to_string();
    let mut stream = std::net::TcpStream::connect(server.address).expect("a connection");
    let (length, (first, rest)) = (body.len(), body.split_at(body.len() / 2));
    // `mluvii:webhook:password-42`
    let authorization = "bWx1dmlpOndlYmhvb2s6cGFzc3dvcmQtNDI=";
    let head = format!(
        "POST /webhooks/beta HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {authorization}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{first}"
    );
    stream.write_all(head.as_bytes()).expect("it is taken");
    replace(&deployment, &super::source("beta"), "");
    // Until the server has read the head: afterwards the source would be unknown to it.
    wait_for("the server to have begun", || {
        let begun = crate::harness::wait_within(std::time::Duration::from_millis(200), || None::<()>);
        begun.or(Some(()))
    });
    reload(&deployment, 0);
    assert_eq!(answers(&server, "beta", 2), 404);
    stream.write_all(rest.as_bytes()).expect("it is taken");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    server.leaves_work("mluvii does not know the session");
}
