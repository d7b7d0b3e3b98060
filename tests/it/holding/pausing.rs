//! A target is paused by an order: nobody calls it, through restarts, until it is resumed.

use super::mluvii_is_done;
use crate::harness::{Deployment, Server, StandIn, receipts};
use crate::once::{folder, let_it_answer, requests, rules};

#[test]
fn a_target_that_is_paused_is_called_by_nobody_until_it_is_resumed() {
    let (standin, folder) = (StandIn::start(), folder());
    let_it_answer(&folder);
    let deployment = Deployment::bare(&standin.mluvii, &rules(&folder, "seeing"));
    let server = Server::start(&deployment);
    let unknown = deployment.run(&["targets", "pause", "crm", "--reason", "maintenance"]);
    assert!(!unknown.status.success(), "there is none of this name");
    let paused = deployment.run(&["targets", "pause", "letters", "--reason", "maintenance", "--case", "OPS-7"]);
    assert!(paused.status.success(), "{}", String::from_utf8_lossy(&paused.stderr));
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    let letters = || {
        let all = deployment.json(&["targets", "list"]);
        all.as_array().expect("targets").iter().find(|one| one["target"] == "letters").cloned().expect("it is listed")
    };
    mluvii_is_done(&deployment);
    assert_eq!((&letters()["waiting"], &letters()["paused"]["case"]), (&1.into(), &"OPS-7".into()));
    server.leaves_work("its target is paused");
    server.stop();

    let server = Server::start(&deployment);
    assert_eq!(letters()["paused"]["reason"], "maintenance", "a restart keeps it");
    assert_eq!(requests(&folder), 0);
    assert!(deployment.run(&["targets", "resume", "letters"]).status.success());
    receipts(&deployment, 1);
    assert_eq!(requests(&folder), 1);
    assert_eq!(deployment.run(&["targets", "resume", "letters"]).status.code(), Some(1), "it is called");
    server.stop();
}
