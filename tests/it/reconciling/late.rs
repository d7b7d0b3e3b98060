//! What is listed late, and how a person sees how far a comparison is.

use std::process::{Command, Stdio};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{OFTEN, past, tell};
use crate::harness::{Deployment, ERASE, Server, StandIn, quietus, receipts, wait_for};

/// mluvii lists what has ended from a copy that may lag: what was not listed yet is found by the overlap of the next comparisons.
#[test]
fn a_session_that_is_listed_late_is_found_by_the_overlap() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start_with(&deployment, OFTEN);
    let mark = || deployment.count("SELECT COALESCE(max(mark), 0) FROM periodic WHERE name = 'reconcile/acme'");
    wait_for("the first time", || (mark() > 0).then_some(()));
    tell(&standin, &server, &deployment);
    standin.behave(&json!({ "unlisted": [7] }));
    let ended = Timestamp::now();
    standin.begin_with(json!({ "id": 7, "tenant": 62, "ended": ended }));
    let later = ended.as_millisecond() + 200;
    wait_for("comparisons to have come further", || (mark() > later).then_some(()));
    assert_eq!(deployment.count("SELECT count(*) FROM event"), 1, "nobody knows of it yet");
    standin.behave(&json!({ "unlisted": null }));
    assert!(receipts(&deployment, 1)[0].to_string().contains("acme/7"));
    drop(server);
}

#[test]
fn progress_is_shown_on_a_terminal_and_nowhere_else() {
    let standin = StandIn::start();
    let first = past(&standin, 5, 0);
    let deployment = super::at_rest(&standin, ERASE);
    // Long enough that it is drawn.
    standin.fault(&json!({ "kind": "delay", "delay_ms": 300, "path": "/api/v1/Sessions", "exact": true }));
    let since = first - SignedDuration::from_hours(1);
    let config = deployment.path("quietus.toml");
    let arguments =
        ["--config", config.to_str().expect("UTF-8"), "reconcile", "--dry-run", "--since", &since.to_string()];
    let drawn = |output: &[u8]| String::from_utf8_lossy(output).contains("%, ");
    let piped = quietus().args(arguments).stdin(Stdio::null()).output().expect("it runs");
    assert!(piped.status.success() && !drawn(&piped.stderr) && !drawn(&piped.stdout), "{piped:?}");
    let line = format!("{} {}", env!("CARGO_BIN_EXE_quietus"), arguments.join(" "));
    // It gives what it runs a terminal.
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).stdin(Stdio::null()).env("TERM", "xterm");
    let shown = script.output().expect("script runs");
    assert!(shown.status.success() && drawn(&shown.stdout), "{}", String::from_utf8_lossy(&shown.stdout));
}
