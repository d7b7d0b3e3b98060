//! A plugin that lies about whom its system holds harms nobody, and nothing that it says is shown.

use super::*;
use crate::harness::{Server, StandIn, receipts};

#[test]
fn what_a_plugin_may_not_say_is_refused_and_shown_nowhere() {
    let (standin, crm) = (StandIn::start(), System::start());
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &crm.plugin("crm"));
    let server = Server::start(&deployment);
    erase(&deployment, "ann@x.cz", "Ann", "crm", &[]);
    receipts(&deployment, 1);
    let old = before();
    crm.holds(&[("ann@x.cz", "Ann", old), ("secret.bob@x.cz", "Bob", old), ("dan@x.cz", "Dan", old)]);
    for mode in ["more", "kinds", "ids", "garbage", "times", "same", "nobody", "circle", "still", "error"] {
        crm.write("mode", mode);
        let run = deployment.run(&["erase-again", "--target", "crm", "--since", SINCE, "--yes"]);
        let said = String::from_utf8_lossy(&[run.stdout.as_slice(), &run.stderr].concat()).into_owned();
        assert!(!run.status.success(), "{mode}: {said}");
        assert!(!said.contains("@x.cz") && !said.contains("777"), "{mode}: {said}");
    }
    assert_eq!(deployment.json(&["erasures", "list"]).as_array().map(Vec::len), Some(1), "nobody was asked for");
    assert_eq!(crm.emails().len(), 3);
    // What it logs meanwhile is hidden, and what it tells is taken.
    crm.write("mode", "tells");
    let run = deployment.run(&["--json", "erase-again", "--target", "crm", "--since", SINCE]);
    let said = String::from_utf8_lossy(&[run.stdout.as_slice(), &run.stderr].concat()).into_owned();
    assert!(run.status.success() && said.contains("\"again\"") && !said.contains("@x.cz"), "{said}");
    server.stop();
}

#[test]
fn who_cannot_be_asked_is_said_to_be_so() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, "");
    let server = Server::start(&deployment);
    erase(&deployment, "ann@x.cz", "Ann", "crm", &[]);
    receipts(&deployment, 1);
    let said = |arguments: &[&str]| {
        let run = deployment.run(&[&["erase-again", "--since", SINCE], arguments].concat());
        (run.status.code(), String::from_utf8_lossy(&run.stderr).into_owned())
    };
    let (code, why) = said(&["--target", "crm"]);
    assert!(code == Some(1) && why.contains("cannot say whom its system holds"), "{why}");
    let (code, why) = said(&["--target", "mluvii"]);
    assert!(code == Some(1) && why.contains("quietus reconcile"), "{why}");
    let (code, why) = said(&["--target", "nowhere"]);
    assert!(code == Some(2) && why.contains("there is no target"), "{why}");
    server.stop();
}
