//! Whatever is killed in between, everybody who has to goes, once, and nobody else.

use super::*;
use crate::harness::{Server, StandIn, quietus, receipts, wait_for};

/// Ann and Cyril were erased and are there again, with Bob between them.
fn restored(crm: &System, deployment: &Deployment) {
    erase(deployment, "ann@x.cz", "Ann", "crm", &[]);
    erase(deployment, "cyril@x.cz", "Cyril", "crm", &[]);
    receipts(deployment, 2);
    let old = before();
    crm.holds(&[
        ("ann@x.cz", "Ann", old),
        ("bob@x.cz", "Bob", old),
        ("dan@x.cz", "Dan", old),
        ("cyril@x.cz", "Cyril", old),
    ]);
}

#[test]
fn a_plugin_that_dies_goes_on_where_it_was() {
    let (standin, crm) = (StandIn::start(), System::start());
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &crm.plugin("crm"));
    let server = Server::start(&deployment);
    restored(&crm, &deployment);
    crm.write("dies", "");
    std::fs::set_permissions(crm.0.path().join("dies"), std::fs::Permissions::from_mode(0o666)).expect("changed");
    let shown = look(&deployment, "crm", &[]);
    assert_eq!((found(&shown).len(), &shown["records"]), (2, &json!(4)), "{shown}");
    let calls = crm.read("calls");
    assert_eq!(calls.matches("sweep from 2").count(), 2, "the page during which it died is asked for again: {calls}");
    assert_eq!(calls.matches("sweep from 0").count(), 1, "and no other: {calls}");
    server.stop();
}

#[test]
fn a_command_that_is_killed_has_done_nothing_and_is_repeated() {
    let (standin, crm) = (StandIn::start(), System::start());
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &crm.plugin("crm"));
    let server = Server::start(&deployment);
    restored(&crm, &deployment);
    let before = crm.emails();
    crm.write("waits", "");
    let mut command = quietus();
    command.arg("--config").arg(deployment.path("quietus.toml"));
    command.args(["--json", "erase-again", "--target", "crm", "--since", SINCE, "--yes"]);
    let mut child = command.stdin(std::process::Stdio::null()).spawn().expect("it starts");
    wait_for("its second page", || crm.read("calls").contains("sweep from 2").then_some(()));
    child.kill().expect("killed");
    child.wait().expect("it is over");
    assert_eq!(crm.emails(), before);
    assert_eq!(deployment.json(&["erasures", "list"]).as_array().map(Vec::len), Some(2), "nobody was asked for");
    crm.remove("waits");

    look(&deployment, "crm", &["--yes"]);
    receipts(&deployment, 4);
    assert_eq!(crm.emails(), ["bob@x.cz", "dan@x.cz"]);
    let again = look(&deployment, "crm", &["--yes"]);
    assert!(found(&again).is_empty(), "{again}");
    assert_eq!(deployment.json(&["receipts", "list"]).as_array().map(Vec::len), Some(4));
    server.stop();
}

#[test]
fn who_is_being_erased_is_not_asked_for_twice() {
    let (standin, crm) = (StandIn::start(), System::start());
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &crm.plugin("crm"));
    let server = Server::start(&deployment);
    restored(&crm, &deployment);
    server.stop();
    let first = look(&deployment, "crm", &["--yes"]);
    assert_eq!(found(&first).values().filter(|is| *is == "again").count(), 2);
    let second = look(&deployment, "crm", &["--yes"]);
    assert_eq!(found(&second).values().filter(|is| *is == "under_way").count(), 2, "{second}");
    let server = Server::start(&deployment);
    receipts(&deployment, 4);
    assert_eq!(crm.emails(), ["bob@x.cz", "dan@x.cz"]);
    server.stop();
}
