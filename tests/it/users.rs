//! Who may use the admin API and the pages, by the command line.

use std::process::Output;

use serde_json::{Value, json};

use crate::harness::{Database, Deployment, Needles, Server, StandIn};

/// What is typed; it stands nowhere.
const PASSWORD: &str = "four unrelated canary words";
const ANOTHER: &str = "five other unrelated canary words";

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

#[track_caller]
fn said(deployment: &Deployment, arguments: &[&str], code: i32) -> String {
    let output = deployment.run(arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output));
    text(&output)
}

/// The acts, with who ordered them, to what, and with what result.
fn acts(deployment: &Deployment) -> Vec<String> {
    let rows = deployment.json(&["audit", "list"]);
    let word = |row: &Value, name: &str| row["entry"][name].as_str().unwrap_or_default().to_owned();
    let rows = rows.as_array().expect("rows").iter().rev();
    let about = rows.filter(|row| ["account.", "token."].iter().any(|begin| word(row, "act").starts_with(begin)));
    about.map(|row| format!("{} {} {}", word(row, "act"), word(row, "object"), word(row, "result"))).collect()
}

#[test]
fn a_password_is_asked_for_twice_beside_a_server_and_stands_nowhere() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, "");
    let server = Server::start(&deployment);
    let add = ["users", "add", "ann", "--shown-as", "Anna Nováková", "--role", "officer", "--password", "-"];
    let (code, shown) = deployment.answering(&add, &[PASSWORD, ANOTHER]);
    assert!(code == 2 && shown.contains("not the same"), "{shown}");
    assert_eq!(deployment.json(&["users", "list"]), json!([]));
    let (code, shown) = deployment.answering(&add, &[PASSWORD, PASSWORD]);
    assert!(code == 0 && !shown.contains(PASSWORD), "{shown}");
    let (code, shown) = deployment.answering(&["users", "password", "ann"], &[ANOTHER, ANOTHER]);
    assert!(code == 0 && !shown.contains(ANOTHER), "{shown}");

    // The token alone, so that a script keeps it.
    let output = deployment.run(&["tokens", "issue", "ann", "--role", "officer", "--for", "a script"]);
    let token = String::from_utf8(output.stdout).expect("text").trim_end().to_owned();
    assert!(token.starts_with("qt_") && !token.contains('\n'), "{token}");
    let (_, secret) = token.rsplit_once('_').expect("two parts");
    said(&deployment, &["users", "disable", "ann"], 0);
    let expected = [
        "account.add account:ann done",
        "account.password account:ann done",
        "token.issue account:ann done",
        "account.disable account:ann done",
    ];
    assert_eq!(acts(&deployment), expected);
    said(&deployment, &["audit", "export", "--out", deployment.path("audit.jsonl").to_str().expect("UTF-8")], 0);
    said(&deployment, &["ledger", "check"], 0);
    let (_, log) = server.stop();
    let needles = Needles::of([PASSWORD, ANOTHER, secret]);
    needles.must_be_absent("the log", log.join("\n").as_bytes());
    needles.must_be_absent_in(deployment.folder());
}

#[test]
fn accounts_are_given_and_taken_on_a_shared_ledger_with_the_rights_of_the_servers() {
    let standin = StandIn::start();
    let database = Database::with_roles();
    let deployment = Deployment::bare(&standin.mluvii, &database.ledger_of("quietus"));
    said(&deployment, &["migrate", "--user", "quietus_owner"], 0);
    database.grant();
    let add = ["users", "add", "script", "--shown-as", "The warehouse", "--role", "operator"];
    said(&deployment, &add, 0);
    said(&deployment, &add, 1);
    let issued = deployment.json(&["tokens", "issue", "script", "--role", "operator", "--for", "a script"]);
    said(&deployment, &["users", "change", "script", "--role", "officer"], 0);
    said(&deployment, &["users", "disable", "script"], 0);
    said(&deployment, &["users", "enable", "script"], 0);
    said(&deployment, &["users", "sign-out", "script"], 0);
    let shown = deployment.json(&["users", "show", "script"]);
    assert_eq!((&shown["roles"], &shown["tokens"][0]["id"]), (&json!(["officer"]), &issued["id"]));
    said(&deployment, &["tokens", "revoke", issued["id"].as_str().expect("an id")], 0);
    assert_eq!(deployment.json(&["tokens", "list"]), json!([]));
    let expected = [
        "account.add account:script done",
        "token.issue account:script done",
        "account.change account:script done",
        "account.disable account:script done",
        "account.enable account:script done",
        "account.sign_out account:script unchanged",
        "token.revoke account:script done",
    ];
    assert_eq!(acts(&deployment), expected);
}

#[test]
fn a_restored_ledger_gives_nobody_back_what_was_taken_from_them() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, "");
    let server = Server::start(&deployment);
    for name in ["ann", "bob"] {
        said(&deployment, &["users", "add", name, "--shown-as", name, "--role", "officer"], 0);
    }
    let issued = deployment.json(&["tokens", "issue", "ann", "--role", "officer", "--for", "a script"]);
    let id = issued["id"].as_str().expect("an id");
    let old = deployment.path("old.db").display().to_string();
    said(&deployment, &["ledger", "backup", "--to", &old], 0);
    said(&deployment, &["tokens", "revoke", id], 0);
    said(&deployment, &["users", "disable", "bob"], 0);
    server.stop();
    let told = said(&deployment, &["ledger", "restore", "--from", &old, "--yes"], 0);
    assert!(told.contains("accounts are disabled"), "{told}");

    // Both are there again, and neither is good for anything before a person says so.
    let users = deployment.json(&["users", "list"]);
    let users = users.as_array().expect("a list");
    assert!(users.len() == 2 && users.iter().all(|user| user["disabled"].is_string()), "{users:?}");
    assert_eq!(deployment.json(&["tokens", "list"])[0]["id"], issued["id"]);
    said(&deployment, &["tokens", "revoke", id], 0);
    said(&deployment, &["users", "enable", "ann"], 0);
    let expected = [
        "account.add account:ann done",
        "account.add account:bob done",
        "token.issue account:ann done",
        "account.disable accounts done",
        "token.revoke account:ann done",
        "account.enable account:ann done",
    ];
    assert_eq!(acts(&deployment), expected);
}
