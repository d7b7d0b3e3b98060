//! What is left of a person, and for which reason: what is theirs and is needed is not somebody else's on any paper, and a request ends as what
//! was seen.

use serde_json::{Value, json};

use super::{ANN, PHONE, file, talked, text};
use crate::harness::{Deployment, Server, StandIn, receipts, wait_for};

const SETTLES: &str = "[settling]\nlimit = \"0s\"\npause = \"0s\"\n";

/// An address alone makes nothing certain.
const BY_BOTH: &str = "match = [[\"email\", \"phone\"]]\naccept_ledger_only = true";

/// One conversation is certainly hers, and another one possibly; her letter is there.
fn company(standin: &StandIn) -> (Deployment, Server) {
    let accepted = "accept_left = [\"contact record\", \"e-mail threads\"]";
    let deployment = Deployment::tuned(&standin.mluvii, accepted, BY_BOTH, SETTLES);
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    talked(standin, 101, &[("oo1_guest_email", ANN), ("oo1_guest_phone", PHONE)]);
    talked(standin, 102, &[("oo1_guest_email", ANN)]);
    deployment.settled(2);
    let ann = file(&deployment, "ann", &format!("email: {ANN}\nphone: {PHONE}\n"));
    deployment.json(&["requests", "new", "--came", "letter", "--verified", "document", "--file", &ann]);
    (deployment, server)
}

/// How many sessions a list of reasons says of this code.
fn of(reasons: &Value, code: &str) -> Option<u64> {
    let mut all = reasons.as_array().expect("reasons").iter();
    all.find(|one| one["code"] == code).and_then(|one| one["count"].as_u64())
}

#[test]
fn a_possible_session_that_is_needed_is_kept_as_theirs_on_plan_receipt_and_papers() {
    let standin = StandIn::start();
    let (deployment, server) = company(&standin);
    let plan = |why: &str| deployment.json(&["requests", "plan", "R-1", "--exclude", &format!("acme/102={why}")]);

    let not_hers = plan("shared");
    assert_eq!(not_hers["sessions"][1]["certainty"], "possible", "or this tests nothing: {not_hers:#}");
    let foreseen = &not_hers["foreseen"]["reasons"];
    assert_eq!((of(foreseen, "possible_excluded"), of(foreseen, "excluded")), (Some(1), None), "{not_hers:#}");
    let needed = plan("needed");
    let foreseen = &needed["foreseen"];
    let told = (of(&foreseen["reasons"], "possible_excluded"), of(&foreseen["reasons"], "excluded"));
    assert_eq!((told, &foreseen["at_best"]), ((None, Some(1)), &json!("incomplete")), "{needed:#}");
    let said = text(&deployment, &["requests", "plan", "R-1"]);
    assert!(said.contains("1 sessions of theirs are kept by --exclude"), "{said}");

    deployment.json(&["requests", "run", "R-1", "--plan", needed["plan"].as_str().expect("a hash")]);
    let receipt = receipts(&deployment, 1)[0]["statement"].clone();
    let counts = ["sessions", "excluded", "possible_excluded", "possible_left"].map(|name| receipt[name].as_u64());
    assert_eq!(counts, [Some(1), Some(1), Some(0), Some(0)], "{receipt:#}");
    assert_eq!(receipt["verdict"], "incomplete", "{receipt:#}");
    for paper in [&["receipts", "certificate", "1"][..], &["letters", "partial-refusal", "--request", "R-1"]] {
        let paper = text(&deployment, &[paper, &["--lang", "cs"]].concat()).replace('\u{a0}', " ");
        assert!(paper.contains("konverzace, které člověk rozhodl ponechat: 1"), "{paper}");
        assert!(!paper.contains("někoho jiného"), "{paper}");
    }
    server.stop();
}

#[test]
fn a_session_is_taken_for_a_reason_that_says_whose_it_is() {
    let standin = StandIn::start();
    let (deployment, server) = company(&standin);
    for why in ["needed", "shared", "namesake"] {
        let include = ["requests", "plan", "R-1", "--include", &format!("acme/102={why}")];
        let said = text(&deployment, &include);
        assert!(said.contains(&format!("acme/102 cannot be taken because of `{why}`")), "{said}");
    }
    assert_eq!(deployment.json(&["requests", "show", "R-1"])["state"], "verified", "nothing is planned by it");
    let plan = deployment.json(&["requests", "plan", "R-1", "--include", "acme/102=content"]);
    assert_eq!(plan["sessions"][1]["goes"], true, "{plan:#}");
    server.stop();
}

#[test]
fn a_request_ends_as_nothing_held_only_where_the_letter_could_say_so_and_as_incomplete_only_with_a_receipt() {
    let standin = StandIn::start();
    let (deployment, server) = company(&standin);
    let close = |number: &str, because: &str| {
        let output = deployment.run(&["requests", "close", number, "--because", because]);
        (
            output.status.code(),
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat(),
        )
    };
    let refused = |number: &str, because: &str, why: &str| {
        let (code, said) = close(number, because);
        assert!(code == Some(1) && said.contains(why), "{why}: {said}");
    };
    // By a number alone, only possibly somebody's sessions are found, about which nobody decides.
    let number = file(&deployment, "number", &format!("phone: {PHONE}\n"));
    let new = ["requests", "new", "--came", "phone", "--verified", "known-contact", "--anyway", "--file", &number];
    assert_eq!(deployment.json(&new)["number"], "R-2");
    refused("R-2", "nothing-held", "no plan of it shows where it was looked");
    refused("R-2", "incomplete", "no receipt of it says what was erased");
    let plan = deployment.json(&["requests", "plan", "R-2"]);
    assert_eq!((&plan["sessions"][0]["certainty"], &plan["sessions"][0]["goes"]), (&json!("possible"), &json!(false)));
    refused("R-2", "nothing-held", "possible_left, 1");
    let letter = ["letters", "nothing-held", "--request", "R-2", "--lang", "cs"];
    assert!(text(&deployment, &letter).contains("possible_left, 1"), "or the letter asks something else");
    // As somebody else's it is nothing of theirs; as needed, it is.
    let all = |why: &str| deployment.json(&["requests", "plan", "R-2", "--exclude", &format!("acme/101={why}")]);
    all("needed");
    refused("R-2", "nothing-held", "excluded, 1");
    all("namesake");
    assert_eq!(deployment.json(&["requests", "show", "R-2"])["state"], "planned", "what is refused changes nothing");
    refused("R-2", "nothing-held", "mluvii has not said that nothing is there");
    assert_eq!(close("R-2", "mistake").0, Some(0));

    // What is left of the other one is told with its receipt.
    refused("R-1", "incomplete", "no receipt of it says what was erased");
    let plan = deployment.json(&["requests", "plan", "R-1"]);
    deployment.json(&["requests", "run", "R-1", "--plan", plan["plan"].as_str().expect("a hash")]);
    assert_eq!(receipts(&deployment, 1)[0]["statement"]["possible_left"], 1);
    let (code, said) = wait_for("the request to know its receipt", || {
        let closed = close("R-1", "incomplete");
        (!closed.1.contains("has not ended")).then_some(closed)
    });
    assert_eq!(code, Some(0), "{said}");
    server.stop();
}
