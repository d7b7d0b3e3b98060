//! What is taken works: rules, limits, installations.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{answers, reload};
use crate::harness::{Away, Deployment, ERASE, PASSWORD, Server, StandIn, receipts, wait_for};

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
    deployment.replace("no consent, nothing kept", "kept for a year");
    deployment.replace("erase = \"session\"", "erase = \"session\"\nafter = \"365d\"");
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
    deployment.replace("alarm_share = 1", "alarm_share = 0.3");
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    for id in 1..=4 {
        standin.begin(id, "ann@example.com", (id > 1).then_some("v3"));
        standin.just_end(id);
    }
    deployment.settled(4);
    deployment.replace("when = \"consent.state == 'absent'\"", "when = \"true\"");
    let reloaded = deployment.json(&["reload"]);
    assert_eq!(reloaded["waiting_rules"], json!(["no consent, nothing kept"]), "{reloaded}");
    standin.begin(5, "bob@example.com", Some("v3"));
    standin.just_end(5);
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
    deployment.replace("level = \"trace\"", "level = \"info\"");
    let server = Server::start(&deployment);
    let traced = || server.log().iter().any(|line| line.contains("\"TRACE\""));
    assert_eq!(answers(&server, "acme", 1), 204);
    assert!(!traced());
    deployment.replace("level = \"info\"", "level = \"trace\"");
    assert!(reload(&deployment, 0).contains("log.level"));
    wait_for("a line of the new level", || {
        assert_eq!(answers(&server, "acme", 1), 204);
        traced().then_some(())
    });
    server.leaves_work("mluvii does not know the session");
}

/// A delivery of which a half has been sent, and the server knows whose it is.
struct Half {
    stream: TcpStream,
    rest: String,
}

impl Half {
    #[track_caller]
    fn begun(server: &Server, source: &str) -> Self {
        let body = crate::harness::session_ended(1).to_string();
        let (first, rest) = body.split_at(body.len() / 2);
        let authorization = STANDARD.encode(format!("mluvii:{PASSWORD}"));
        let head = format!(
            "POST /webhooks/{source} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {authorization}\r\nExpect: 100-continue\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(server.address).expect("a connection");
        stream.write_all(head.as_bytes()).expect("it is taken");
        // It is asked for the body once its head has been looked at.
        let mut answer = [0; 25];
        stream.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(first.as_bytes()).expect("it is taken");
        Self { stream, rest: rest.to_owned() }
    }

    /// The status of its answer, once all of it is sent.
    fn ended(mut self) -> String {
        self.stream.write_all(self.rest.as_bytes()).expect("it is taken");
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).expect("an answer");
        answer.lines().next().unwrap_or_default().to_owned()
    }
}

/// A delivery that is on its way is answered by what took it, although its source is gone meanwhile.
#[test]
fn a_request_that_is_on_its_way_ends_as_it_began() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &super::source("beta"));
    let server = Server::start(&deployment);
    let half = Half::begun(&server, "beta");
    deployment.replace(&super::source("beta"), "");
    reload(&deployment, 0);
    assert_eq!(answers(&server, "beta", 2), 404);
    assert_eq!(half.ended(), "HTTP/1.1 204 No Content");
    server.leaves_work("mluvii does not know the session");
}

#[test]
fn more_connections_are_taken_once_there_may_be_more() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, "");
    deployment.replace("drain_max", "connections_max = 1\ndrain_max");
    let server = Server::start(&deployment);
    let half = Half::begun(&server, "acme");
    assert_eq!(answers(&server, "acme", 2), 503, "the only place is taken");
    deployment.replace("connections_max = 1", "connections_max = 9");
    assert!(reload(&deployment, 0).contains("server.connections_max"));
    assert_eq!(answers(&server, "acme", 2), 204);
    assert_eq!(half.ended(), "HTTP/1.1 204 No Content");
    deployment.replace("connections_max = 9", "connections_max = 99999999");
    let said = reload(&deployment, 3);
    assert!(said.contains("server.connections_max") && said.contains("LimitNOFILE"), "{said}");
    server.leaves_work("mluvii does not know the sessions");
}

/// When sources have delivered is written once a minute, by whatever receiver took it.
#[test]
fn that_a_source_has_delivered_is_not_forgotten_with_the_configuration_that_took_it() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), &super::source("beta"));
    let server = Server::start(&deployment);
    server.leaves_work("mluvii is away");
    let delivered = |source: &str| {
        let sql = "SELECT COUNT(*) FROM delivery_hour WHERE source = ?1";
        deployment.ledger().query_row(sql, [source], |row| row.get::<_, i64>(0)).expect("a number") > 0
    };
    assert_eq!(answers(&server, "acme", 1), 204);
    wait_for("the first to be written, and nothing more for a minute", || delivered("acme").then_some(()));
    assert_eq!(answers(&server, "beta", 1), 204);
    deployment.replace("drain_max = \"5s\"", "drain_max = \"6s\"");
    reload(&deployment, 0);
    server.stop();
    assert!(delivered("beta"));
}
