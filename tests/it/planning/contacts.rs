//! mluvii is searched by its contacts. How many of them are the person's is said, also of those that have no conversation: their records
//! stay, and nothing else would tell of them.

use serde_json::{Value, json};

use super::{ANN, file, talked, text};
use crate::harness::{Deployment, Server, StandIn};
use crate::papers::{RULES_OF_NOTHING, SEARCH};

const BOB: &str = "bob@example.com";

#[test]
fn a_plan_counts_the_contacts_that_mluvii_has_of_the_person_with_and_without_a_session() {
    let standin = StandIn::start();
    let deployment = Deployment::tuned(&standin.mluvii, "", "", &format!("{SEARCH}{RULES_OF_NOTHING}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    talked(&standin, 101, &[("oo1_guest_email", ANN)]);
    deployment.settled(1);
    // Of the guest of that session, of nobody who has talked, and of somebody else.
    for (id, email, phone) in [("guest-101", ANN, "1"), ("never-talked", ANN, "2"), ("guest-of-bob", BOB, "3")] {
        standin.add_directory_contact(id, email, &format!("+420 602 111 22{phone}"));
    }
    let plan = |number: &str, email: &str| {
        let letter = file(&deployment, "letter", &format!("email: {email}\n"));
        let new = ["requests", "new", "--came", "letter", "--verified", "document", "--number", number];
        deployment.json(&[&new[..], &["--file", &letter]].concat());
        deployment.json(&["requests", "plan", number])
    };
    let shown = plan("1", ANN);
    assert_eq!((&shown["contacts"], shown["sessions"].as_array().map(Vec::len)), (&json!(2), Some(1)), "{shown:#}");
    assert!(text(&deployment, &["requests", "plan", "1"]).contains("contacts     2 at mluvii, whose records stay"));
    assert!(!shown.to_string().contains("never-talked"), "no id is shown: {shown}");
    assert_eq!(plan("2", BOB)["contacts"], 1);
    assert!(text(&deployment, &["requests", "plan", "2"]).contains("contacts     1 at mluvii, whose record stays"));
    assert_eq!(plan("3", "carol@example.com")["contacts"], 0);
    assert!(text(&deployment, &["requests", "plan", "3"]).contains("contacts     none at mluvii"));
    let dry_run = deployment.json(&["erase", "--email", ANN, "--dry-run"]);
    assert_eq!(dry_run["contacts"], 2, "{dry_run:#}");
    server.stop();
}

#[test]
fn of_a_mluvii_that_is_not_searched_no_number_of_contacts_is_said() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, RULES_OF_NOTHING);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    talked(&standin, 101, &[("oo1_guest_email", ANN)]);
    deployment.settled(1);
    standin.add_directory_contact("guest-101", ANN, "+420 602 111 221");
    let letter = file(&deployment, "letter", &format!("email: {ANN}\n"));
    deployment.json(&["requests", "new", "--came", "letter", "--verified", "document", "--file", &letter]);
    let plan = deployment.json(&["requests", "plan", "R-1"]);
    assert_eq!(plan.get("contacts"), Some(&Value::Null), "{plan:#}");
    assert!(!text(&deployment, &["requests", "plan", "R-1"]).contains("contacts   "));
    server.stop();
}
