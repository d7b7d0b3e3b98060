//! A server that ends without anybody having asked for it is noticed.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Away, Deployment, ERASE, Server, StandIn, client, http, preloaded, wait_for};

/// What `/readyz` says of the worker.
fn worker(server: &Server) -> Value {
    let (_, said) = http(client().get(server.url("/readyz")));
    serde_json::from_str::<Value>(&said).expect("JSON")["worker"].clone()
}

#[test]
fn a_task_that_panics_and_cannot_be_begun_anew_ends_the_process_which_says_so_before() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, ERASE);
    // The supervisor of a plugin that was lost waits for a while before it starts it again, for which it needs a random number.
    let no_randomness = deployment.path("no-randomness");
    let library = preloaded(deployment.folder(), Path::new("tests/plugins/no_randomness.c"));
    let mut env = Command::new("env");
    env.arg(format!("LD_PRELOAD={}", library.display()));
    env.arg(format!("QUIETUS_TEST_NO_RANDOMNESS={}", no_randomness.display()));
    let server = Server::start_through(env, &deployment, &[]);
    standin.register(&server.callback());
    wait_for("the plugin", || (server.ready() == 200).then_some(()));

    // As long as this call is under way, the server does not end.
    standin.fault(&json!({ "path": "/anonymous", "times": 1, "kind": "delay", "delay_ms": 4_500 }));
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    wait_for("the call", || standin.calls("/anonymous").first().map(|_| ()));
    std::fs::write(no_randomness, "").expect("written");
    for child in server.children() {
        assert!(Command::new("kill").args(["-KILL", &child]).status().expect("kill runs").success());
    }
    wait_for("the server to say that it cannot work", || (worker(&server) == "dying").then_some(()));
    assert_eq!(server.ready(), 503);
    server.moved("quietus_panics_total");

    let (status, log) = server.dies();
    assert_eq!(status.code(), Some(5), "{status}");
    assert!(log.iter().any(|line| line.contains("cannot be begun anew") && line.contains("plugin crm")), "{log:#?}");
    // Nothing of it is lost.
    std::fs::remove_file(deployment.path("no-randomness")).expect("removed");
    deployment.let_leases_end();
    let _server = Server::start(&deployment);
    wait_for("the erasure", || (!standin.holds("ann@example.com")).then_some(()));
}

#[test]
fn an_alert_that_panics_is_begun_anew_and_tells_what_it_has_to() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let told = deployment.path("told");
    deployment.add(&format!(
        "[[alert]]\nname = \"ops\"\nwait = \"2s\"\ncommand = [\"sh\", \"-c\", 'cat >> \"$0\"', \"{}\"]\n",
        told.display()
    ));
    // The id of a message needs these.
    let no_randomness = deployment.path("no-randomness");
    let library = preloaded(deployment.folder(), Path::new("tests/plugins/no_randomness.c"));
    let mut env = Command::new("env");
    env.arg(format!("LD_PRELOAD={}", library.display()));
    env.arg(format!("QUIETUS_TEST_NO_RANDOMNESS={}", no_randomness.display()));
    env.arg("QUIETUS_TEST_NO_RANDOMNESS_BYTES=16");
    let server = Server::start_through(env, &deployment, &[]);
    assert_eq!(server.deliver(&json!(7)), 202);
    std::fs::write(&no_randomness, "").expect("written");
    server.moved("quietus_task_restarts_total");
    std::fs::remove_file(no_randomness).expect("removed");
    wait_for("it to be told", || {
        std::fs::read_to_string(&told).unwrap_or_default().contains("deliveries_unreadable").then_some(())
    });
    server.signal("TERM");
    let (status, log) = server.dies();
    assert!(status.success(), "{log:#?}");
}

/// The exit code of `quietus status`, and what needs a person.
fn status(deployment: &Deployment) -> (Option<i32>, Vec<Value>) {
    let output = deployment.run(&["status", "--json"]);
    let status: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let found = status["attention"].as_array().expect("a list").iter();
    let needs = found.filter(|found| found["severity"] != "notice").map(|found| found["code"].clone());
    (output.status.code(), needs.collect())
}

#[test]
fn that_the_server_was_killed_needs_a_person() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    assert_eq!(status(&deployment), (Some(0), vec![]));
    server.kill();
    // It counts as lost when it has not been heard of for a while, for which nobody waits here.
    deployment.ledger().execute("UPDATE process SET seen = seen - 60000", []).expect("an update");
    assert_eq!(status(&deployment), (Some(1), vec![json!("server_away")]));
    let said = String::from_utf8(deployment.run(&["status"]).stdout).expect("UTF-8");
    assert!(said.contains("no server works on this ledger") && said.contains("one was heard of last at"), "{said}");
    let _server = Server::start(&deployment);
    assert_eq!(status(&deployment), (Some(0), vec![]));
}

#[test]
fn what_a_scanner_asks_for_makes_nobody_come() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    for number in 0..200 {
        let path = if number % 2 == 0 { format!("/webhooks/{number}") } else { "/webhooks/acme".to_owned() };
        let (answer, _) = http(client().post(server.url(&path)).body("{}"));
        assert!(matches!(answer, 401 | 404), "{answer}");
    }
    // It writes what it has counted when it ends.
    let (stopped, log) = server.stop();
    assert!(stopped.success());
    let lines = log.iter().filter(|line| line.contains("came to the path of no source")).count();
    assert!((1..10).contains(&lines), "{lines} lines of a hundred");
    let _server = Server::start(&deployment);
    assert_eq!(status(&deployment), (Some(0), vec![]));
    let all = deployment.json(&["attention", "list"]);
    let counted = |code: &str| {
        let found = all.as_array().expect("a list").iter().find(|found| found["code"] == code);
        found.map(|found| (found["severity"].clone(), found["parameters"]["count"].clone()))
    };
    assert_eq!(counted("paths_unknown"), Some((json!("notice"), json!(100))));
    assert_eq!(counted("deliveries_refused"), Some((json!("notice"), json!(100))));
}
