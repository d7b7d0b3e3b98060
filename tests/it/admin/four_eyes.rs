//! Four eyes across ways in: planned on the machine, approved by a token.

use std::process::Stdio;

use serde_json::{Value, json};

use super::{ADMIN, Api, done, talked};
use crate::harness::{Deployment, Server, StandIn, quietus};

const SETTLES: &str = "\n[settling]\nlimit = \"0s\"\npause = \"0s\"\n";

/// Orders something as root, which somebody has become by `sudo`.
fn by_sudo(deployment: &Deployment, who: &str, arguments: &[&str]) -> String {
    let mut command = quietus();
    command.arg("--config").arg(deployment.path("quietus.toml")).args(arguments).env("SUDO_USER", who);
    let output = command.stdin(Stdio::null()).output().expect("quietus runs");
    done(&output);
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}

#[test]
fn a_token_approves_what_was_planned_on_the_machine_only_where_it_is_known_who_is_who() {
    let standin = StandIn::start();
    let more = format!("{SETTLES}\n[requests]\nfour_eyes = true\n{ADMIN}");
    let deployment = Deployment::bare(&standin.mluvii, &more);
    let server = Server::start(&deployment);
    talked(&standin, &server, &deployment, "ann@example.com");
    deployment.write("ann", "email: ann@example.com\n");
    let file = deployment.path("ann").display().to_string();
    by_sudo(&deployment, "petr", &["requests", "new", "--came", "form", "--file", &file, "--verified", "document"]);
    let planned = by_sudo(&deployment, "petr", &["--json", "requests", "plan", "R-1"]);
    let planned: Value = serde_json::from_str(&planned).expect("JSON");
    let by_plan = json!({ "plan": planned["plan"].as_str().expect("a hash") });

    // By somebody who is known: root without a name could be Petr.
    by_sudo(&deployment, "ivan", &["users", "add", "adam", "--shown-as", "Adam", "--role", "approver"]);
    let adam = by_sudo(&deployment, "ivan", &["tokens", "issue", "adam", "--role", "approver", "--for", "a test"]);
    let approve = |token: &str| Api::of(&server, Some(token)).post("/api/v1/requests/acme/R-1/approve", &by_plan);
    let says = |problem: &Value, text: &str| problem["detail"].as_str().is_some_and(|detail| detail.contains(text));
    // Petr may be Adam by another name.
    let unclear = approve(&adam).refused(409, "conflict");
    assert!(says(&unclear, "quietus users add petr"), "{unclear}");
    done(&deployment.run(&["users", "add", "petr", "--shown-as", "Petr", "--role", "officer"]));
    // A token of Adam that Petr has given himself.
    let issue = ["tokens", "issue", "adam", "--role", "approver", "--for", "himself"];
    let own = approve(&by_sudo(&deployment, "petr", &issue)).refused(409, "conflict");
    assert!(says(&own, "has given"), "{own}");
    assert_eq!(approve(&adam).is(200)["state"], "approved");
    // The same of an erasure by hand.
    let asked = by_sudo(&deployment, "quietus", &["--json", "erase", "--session", "acme/101"]);
    let asked: Value = serde_json::from_str(&asked).expect("JSON");
    let at = format!("/api/v1/erasures/{}", asked["id"].as_str().expect("an id"));
    let api = Api::of(&server, Some(&adam));
    let seen = json!({ "version": api.get(&at).is(200)["version"] });
    let at = format!("{at}/approve");
    let unclear = api.post(&at, &seen).refused(409, "conflict");
    assert!(says(&unclear, "by the same way"), "{unclear}");
}
