//! Where metrics are served when nobody has said where.

use std::net::{SocketAddr, TcpListener};

use serde_json::Value;

use crate::harness::{Away, Deployment, Process, Server, client, http, quietus, wait_for};

/// The address of `config/default.toml`.
fn default_address() -> SocketAddr {
    let defaults = include_str!("../../../config/default.toml");
    let line = defaults.lines().find_map(|line| line.strip_prefix("metrics_listen = \"")).expect("a default");
    line.split('"').next().expect("an address").parse().expect("an address")
}

/// A server of a configuration that says this of `metrics_listen`.
fn start(deployment: &Deployment, metrics_listen: &str) -> Process {
    let path = deployment.path("quietus.toml");
    let config = std::fs::read_to_string(&path).expect("a configuration");
    let written = "metrics_listen = \"127.0.0.1:0\"\n";
    assert!(config.contains(written));
    std::fs::write(&path, config.replace(written, metrics_listen)).expect("writable");
    let mut command = quietus();
    command.arg("serve").arg("--config").arg(&path);
    Process::spawn(command)
}

fn field(line: &str, name: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    line["fields"][name].as_str().map(str::to_owned)
}

#[test]
fn by_default_they_are_on_this_machine_only_and_another_program_there_keeps_nobody_from_starting() {
    assert!(default_address().ip().is_loopback());
    // Where another program of this machine has it already, that is as good.
    let other = TcpListener::bind(default_address());
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let mut server = start(&deployment, "");
    server.told("where it listens", |line| field(line, "listen"));
    server.told("that somebody is there", |line| line.contains("metrics are not served until").then_some(()));
    if let Ok(other) = other {
        drop(other);
        let address = server.told("where the metrics are", |line| field(line, "metrics_listen"));
        assert_eq!(address, default_address().to_string());
        let (status, text) = http(client().get(format!("http://{address}/metrics")));
        assert_eq!(status, 200);
        assert!(text.contains("quietus_build_info{"), "{text}");
    }
    server.signal("TERM");
    assert!(server.end().success(), "{:#?}", server.lines());
}

#[test]
fn an_address_that_was_written_refuses_the_start_and_an_empty_one_is_nowhere() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = other.local_addr().expect("bound");
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let mut refused = start(&deployment, &format!("metrics_listen = \"{taken}\"\n"));
    assert!(!refused.end().success());
    assert!(refused.lines().iter().any(|line| line.contains(&taken.to_string())), "{:#?}", refused.lines());

    let deployment = Deployment::bare(&mluvii.url(), "");
    let mut server = start(&deployment, "metrics_listen = \"\"\n");
    let listen = server.told("where it listens", |line| field(line, "listen"));
    wait_for("it to answer", || (http(client().get(format!("http://{listen}/healthz"))).0 == 200).then_some(()));
    assert!(server.lines().iter().all(|line| field(line, "metrics_listen").is_none()));
    server.signal("TERM");
    assert!(server.end().success(), "{:#?}", server.lines());
}

#[test]
fn a_fleet_shows_the_same_of_its_ledger_from_each_process() {
    let mluvii = Away::new();
    let database = crate::harness::Database::start();
    let deployment = Deployment::bare(&mluvii.url(), &database.ledger());
    deployment.migrate(env!("CARGO_BIN_EXE_quietus").as_ref());
    let one = Server::start(&deployment);
    let other = Server::start(&deployment);
    assert_eq!(one.deliver(&serde_json::Value::from(7)), 202);
    let of_ledger = |server: &Server| {
        let text = server.metrics();
        let ledger: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# HELP "))
            .filter(|line| line.contains("take max"))
            .collect();
        let names: Vec<_> = ledger.iter().filter_map(|line| line.split(' ').next()).collect();
        assert!(names.len() > 15, "{names:?}");
        let of_these = |line: &&str| {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            // What a database takes, and for how long something is there, changes between two scrapes.
            names.contains(&name) && !name.ends_with("_bytes") && !name.ends_with("_age_seconds")
        };
        text.lines().filter(of_these).map(str::to_owned).collect::<Vec<_>>()
    };
    wait_for("both to show the same", || {
        let shown = of_ledger(&one);
        let has_both = shown.contains(&"quietus_processes{state=\"alive\"} 2".to_owned());
        let has_delivery = shown.contains(&"quietus_quarantine_deliveries 1".to_owned());
        (has_both && has_delivery && shown == of_ledger(&other)).then_some(())
    });
    // What a process has done itself, only that one counts.
    let own = "quietus_deliveries_total{source=\"acme\",result=\"quarantined\"}";
    assert!(one.metrics().contains(&format!("{own} 1")));
    assert!(other.metrics().contains(&format!("{own} 0")));
}
