//! A plugin that must not be asked twice is asked once, whatever ends in the middle of its call.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Deployment, ERASE, Fleet, Server, StandIn, program, receipts, wait_for};

/// A folder into which the plugin may write, whoever it runs as; it answers no request to erase before `waits` is gone.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).expect("changed");
    std::fs::write(folder.path().join("waits"), "").expect("written");
    folder
}

/// The rule has a session erased at mluvii and by the plugin. `sight`: whether it can say that the data is gone.
pub(crate) fn rules(folder: &TempDir, sight: &str) -> String {
    let rules = ERASE.replace("[\"mluvii\"]", "[\"mluvii\", \"letters\"]");
    format!(
        "{rules}{}args = [\"{sight}\"]\ngrants = [\"email\"]\nconfig = {{ folder = \"{}\" }}\n",
        program("letters", "once.py"),
        folder.path().display()
    )
}

/// What the plugin was asked, and for which step.
fn noted(folder: &TempDir) -> Vec<(String, String)> {
    let calls = std::fs::read_to_string(folder.path().join("calls")).unwrap_or_default();
    let of = |line: &str| line.split_once(' ').map(|(call, key)| (call.to_owned(), key.to_owned()));
    calls.lines().map(|line| of(line).expect("a call and its key")).collect()
}

pub(crate) fn requests(folder: &TempDir) -> usize {
    noted(folder).iter().filter(|(call, _)| *call == "erase").count()
}

/// One step was asked for these, and no other one for anything.
#[track_caller]
pub(crate) fn was_asked(deployment: &Deployment, folder: &TempDir, calls: &[&str]) {
    let noted = noted(folder);
    let erasures = || deployment.json(&["erasures", "list"]);
    assert!(noted.iter().map(|(call, _)| call).eq(calls), "{noted:?}, {:#}", erasures());
    assert!(noted.iter().all(|(_, key)| *key == noted[0].1), "{noted:?}, {:#}", erasures());
}

/// The end of a session that is to be erased, as far as the plugin's call.
pub(crate) fn until_it_is_asked(standin: &StandIn, server: &Server, folder: &TempDir) {
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    wait_for("the plugin to be asked", || (requests(folder) > 0).then_some(()));
}

pub(crate) fn let_it_answer(folder: &TempDir) {
    std::fs::remove_file(folder.path().join("waits")).expect("removed");
}

/// The plugin's step of the one erasure, and the erasure's id.
fn step(deployment: &Deployment) -> (Value, String) {
    let erasure = deployment.json(&["erasures", "list"])[0].clone();
    let steps = erasure["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["target"] == "letters").expect("the plugin's");
    (step.clone(), erasure["id"].as_str().expect("an id").to_owned())
}

#[test]
fn one_that_can_say_that_the_data_is_gone_is_asked_that_after_the_server_was_killed() {
    let (standin, folder) = (StandIn::start(), folder());
    let deployment = Deployment::bare(&standin.mluvii, &rules(&folder, "seeing"));
    let server = Server::start(&deployment);
    until_it_is_asked(&standin, &server, &folder);
    assert_eq!(step(&deployment).0["sent"], "unanswered", "it was noted before");
    server.kill();
    let_it_answer(&folder);

    let server = Server::start(&deployment);
    let receipts = receipts(&deployment, 1);
    was_asked(&deployment, &folder, &["erase", "verify"]);
    let steps = receipts[0]["statement"]["steps"].as_array().expect("steps");
    let letters = steps.iter().find(|step| step["target"] == "letters").expect("the plugin's");
    assert_eq!(letters["outcome"], "absent", "what was seen, and not what may have been done: {letters}");
    server.stop();
}

#[test]
fn one_that_cannot_say_it_needs_a_person_who_may_have_it_asked_once_more() {
    let (standin, folder) = (StandIn::start(), folder());
    let deployment = Deployment::bare(&standin.mluvii, &rules(&folder, "blind"));
    let server = Server::start(&deployment);
    until_it_is_asked(&standin, &server, &folder);
    server.kill();
    let_it_answer(&folder);

    let server = Server::start(&deployment);
    let id = wait_for("a person to be needed", || {
        let (step, id) = step(&deployment);
        (step["outcome"] == "parked").then_some(id)
    });
    let reason = step(&deployment).0["reason"].as_str().expect("a reason").to_owned();
    assert!(reason.contains("must not be asked twice"), "{reason}");
    assert_eq!(requests(&folder), 1);

    let retried = deployment.run(&["erasures", "retry", &id]);
    let said = String::from_utf8_lossy(&retried.stdout);
    assert!(said.contains("asked to erase once more, although it must not be asked twice: letters"), "{said}");
    let receipts = receipts(&deployment, 1);
    assert_eq!(requests(&folder), 2);
    assert_eq!(receipts[0]["statement"]["verdict"], json!("incomplete"), "nobody has seen that it is gone");
    server.stop();
}

#[test]
fn it_is_asked_once_when_the_ledger_is_away_until_after_its_answer() {
    let (standin, folder) = (StandIn::start(), folder());
    let mut fleet = Fleet::start(&standin, &rules(&folder, "seeing"), 1, &[]);
    until_it_is_asked(&standin, fleet.members[0].server(), &folder);
    fleet.members[0].cut_off();
    let_it_answer(&folder);
    wait_for("the answer to be lost", || {
        let lost = |line: &String| line.contains("could not write the result of work");
        fleet.members[0].server().log().iter().any(lost).then_some(())
    });
    fleet.members[0].proxy.accept();
    fleet.wait_for_receipts(1);
    was_asked(&fleet.deployment, &folder, &["erase", "verify"]);
    fleet.stop();
}

#[test]
fn one_that_cancels_each_call_by_itself_needs_a_person() {
    let (standin, folder) = (StandIn::start(), folder());
    let deployment = Deployment::bare(&standin.mluvii, &rules(&folder, "cancelling"));
    let server = Server::start_with(&deployment, &[("ERASING__RETRY__ATTEMPTS_MAX", "3")]);
    until_it_is_asked(&standin, &server, &folder);
    let id = wait_for("a person to be needed", || {
        let (step, id) = step(&deployment);
        (step["outcome"] == "parked").then_some(id)
    });
    let reason = step(&deployment).0["reason"].as_str().expect("a reason").to_owned();
    assert!(reason.contains("has cancelled the call"), "{reason}");
    assert_eq!(requests(&folder), 3);
    let_it_answer(&folder);
    assert!(deployment.run(&["erasures", "retry", &id]).status.success());
    receipts(&deployment, 1);
    server.stop();
}
