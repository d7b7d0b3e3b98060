//! Requests that no session goes of any more, or never did: the person is known to another target only, or what was included is gone.

use serde_json::{Value, json};

use super::{ANN, PHONE, file, talked, text};
use crate::harness::{Deployment, Server, StandIn, crm_plugin, receipts, wait_for};

const SETTLES: &str = "[settling]\nlimit = \"0s\"\npause = \"0s\"\n";
const BOB: &str = "bob@example.com";

/// A letter of this address, about these targets.
fn letter(deployment: &Deployment, email: &str, targets: &str) {
    let person = file(deployment, "letter", &format!("email: {email}\n"));
    let letter = ["requests", "new", "--came", "letter", "--verified", "document", "--file", &person];
    deployment.json(&[&letter[..], &["--targets", targets]].concat());
}

/// Has done what is planned for a request of whom no session goes; returns the receipt, of so many.
fn run(deployment: &Deployment, number: &str, receipt: usize) -> Value {
    let plan = deployment.json(&["requests", "plan", number]);
    assert_eq!((&plan["sessions"], &plan["targets"]["crm"]["would_be"]), (&json!([]), &json!("erased")), "{plan:#}");
    let hash = plan["plan"].as_str().expect("a hash");
    let said = text(deployment, &["requests", "plan", number]);
    assert!(said.contains("no session is found") && said.contains("no session goes"), "{said}");
    assert!(said.contains(&format!("to have it done: quietus requests run {number} --plan {hash}")), "{said}");
    let ran = deployment.json(&["requests", "run", number, "--plan", hash]);
    assert_eq!(ran["state"], "erasing", "{ran:#}");
    let all = receipts(deployment, receipt);
    let of = |one: &&Value| one["statement"]["erasure"] == ran["erasure"];
    all.iter().find(of).unwrap_or_else(|| panic!("{ran:#}: {all:#?}"))["statement"].clone()
}

fn state(deployment: &Deployment, number: &str, state: &str) -> Value {
    wait_for(&format!("{number} to be {state}"), || {
        let shown = deployment.json(&["requests", "show", number]);
        (shown["state"] == state).then_some(shown)
    })
}

#[test]
fn somebody_whom_only_another_target_knows_is_erased_there_and_the_receipt_says_what_nobody_saw() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &format!("{SETTLES}{}", crm_plugin(&standin.crm)));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.add_contact(ANN);
    standin.add_contact(BOB);

    // Of whom nothing was to be looked for elsewhere, all was seen.
    letter(&deployment, ANN, "crm");
    let receipt = run(&deployment, "R-1", 1);
    assert_eq!((&receipt["verdict"], &receipt["sessions"]), (&json!("complete"), &json!(0)), "{receipt:#}");
    assert_eq!(receipt["steps"][0]["outcome"], "erased", "{receipt:#}");
    assert!(!standin.holds(ANN) && standin.holds(BOB), "she is gone, and nobody else");
    state(&deployment, "R-1", "done");

    // Where mluvii was to be asked and could not be, nobody has seen that nothing is there.
    letter(&deployment, BOB, "mluvii,crm");
    let receipt = run(&deployment, "R-2", 2);
    assert_eq!(receipt["verdict"], "incomplete", "{receipt:#}");
    let reasons = receipt["reasons"].as_array().expect("reasons");
    let unseen = |one: &Value| one["code"] == "unverifiable" && one["target"] == "mluvii";
    assert!(reasons.iter().any(unseen), "{receipt:#}");
    assert!(!standin.holds(BOB));
    let open = state(&deployment, "R-2", "verified");
    assert_eq!(open["more"], json!(true), "{open:#}");
    // Nothing is left of him there; who is at no other target than mluvii cannot be run at all.
    letter(&deployment, "eva@example.com", "mluvii");
    let nothing = deployment.json(&["requests", "plan", "R-3"]);
    let refused = text(&deployment, &["requests", "run", "R-3", "--plan", nothing["plan"].as_str().expect("a hash")]);
    assert!(refused.contains("its plan includes nothing"), "{refused}");
    server.stop();
}

#[test]
fn a_session_that_was_included_and_is_erased_is_in_no_further_plan() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, SETTLES);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    talked(&standin, 101, &[("oo1_guest_email", ANN)]);
    // Nothing of it agrees: a person says whose it is.
    talked(&standin, 102, &[("oo1_guest_phone", PHONE)]);
    deployment.settled(2);
    letter(&deployment, ANN, "mluvii");
    let sessions = |plan: &Value| -> Vec<String> {
        let all = plan["sessions"].as_array().expect("sessions").iter();
        all.map(|one| one["session"].as_str().expect("a session").to_owned()).collect()
    };
    let plan = deployment.json(&["requests", "plan", "R-1", "--include", "acme/102=content"]);
    assert_eq!(sessions(&plan), ["acme/101", "acme/102"], "{plan:#}");
    assert!(plan["sessions"].as_array().expect("sessions").iter().all(|one| one["goes"] == true), "{plan:#}");
    deployment.json(&["requests", "run", "R-1", "--plan", plan["plan"].as_str().expect("a hash")]);
    let receipt = receipts(&deployment, 1)[0]["statement"].clone();
    assert_eq!(receipt["sessions"], 2, "{receipt:#}");
    // mluvii keeps more than sessions, so that the request stays open.
    state(&deployment, "R-1", "verified");

    let next = deployment.json(&["requests", "plan", "R-1"]);
    assert_eq!(next["include"][0]["session"], "acme/102", "what was decided still holds: {next:#}");
    assert_eq!(sessions(&next), [""; 0], "{next:#}");
    let refused = text(&deployment, &["requests", "run", "R-1", "--plan", next["plan"].as_str().expect("a hash")]);
    assert!(refused.contains("its plan includes nothing"), "{refused}");
    server.stop();
}
