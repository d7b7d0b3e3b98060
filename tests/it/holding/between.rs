//! A person is held, or their erasure is stopped, while a target erases one thing of theirs after the other: the next one stays.

use serde_json::{Value, json};

use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, wait_for};

const ANN: &str = "ann@example.com";

/// Long enough to give an order meanwhile.
const SLOW_MS: u64 = 8_000;

/// Ann has two conversations, with consent.
struct Company {
    standin: StandIn,
    deployment: Deployment,
    server: Server,
}

impl Company {
    fn start() -> Self {
        let standin = StandIn::start();
        let deployment = Deployment::new(&standin, ERASE);
        // For so long, one conversation after the other is erased without looking up.
        deployment.replace("call_max = \"5s\"", "call_max = \"60s\"");
        let server = Server::start(&deployment);
        standin.register(&server.callback());
        for id in [101, 102] {
            standin.begin(id, ANN, Some("v1"));
            standin.end(id);
        }
        deployment.settled(2);
        deployment.write("ann", ANN);
        Self { standin, deployment, server }
    }

    fn ann(&self) -> String {
        format!("@{}", self.deployment.path("ann").display())
    }

    /// Has Ann erased at a target.
    fn erase(&self, target: &str) {
        self.deployment.json(&["erase", "--email", &self.ann(), "--targets", target]);
    }

    /// mluvii has the first conversation erased, and takes its time.
    fn erase_slowly(&self) {
        self.standin.fault(&json!({ "path": "/anonymous", "times": 1, "kind": "delay", "delay_ms": SLOW_MS }));
        self.erase("mluvii");
        wait_for("the first conversation to be asked for", || (self.asked() > 0).then_some(()));
    }

    /// How often mluvii was asked to erase.
    fn asked(&self) -> usize {
        self.standin.calls("/anonymous").len()
    }

    fn erasure(&self) -> Value {
        self.deployment.json(&["erasures", "list"])[0].clone()
    }

    /// Holds Ann, while a call for her is under way; returns the hold's id.
    #[track_caller]
    fn hold(&self) -> String {
        let added = self.deployment.json(&["holds", "add", "--email", &self.ann(), "--reason", "legal-claims"]);
        assert_eq!(added["under_way"], json!([self.erasure()["id"]]), "{added}");
        added["id"].as_str().expect("an id").to_owned()
    }

    #[track_caller]
    fn is_held(&self) {
        wait_for("the erasure to be held", || (self.erasure()["held"] == true).then_some(()));
    }

    #[track_caller]
    fn lift(&self, hold: &str) {
        assert!(self.deployment.run(&["holds", "lift", hold]).status.success());
    }
}

/// The step at a target.
#[track_caller]
fn step<'r>(receipt: &'r Value, target: &str) -> &'r Value {
    let steps = receipt["statement"]["steps"].as_array().expect("steps");
    steps.iter().find(|step| step["target"] == target).unwrap_or_else(|| panic!("{target}: {receipt:#}"))
}

#[track_caller]
fn has_reason(receipt: &Value, code: &str) {
    let reasons = receipt["statement"]["reasons"].as_array().expect("reasons");
    assert!(reasons.iter().any(|reason| reason["code"] == code), "{code}: {reasons:?}");
}

#[test]
fn a_hold_keeps_the_conversations_that_were_not_asked_for_yet_until_it_is_lifted() {
    let company = Company::start();
    company.erase_slowly();
    let hold = company.hold();
    company.is_held();
    assert_eq!(company.asked(), 1, "the other one was asked for after the hold");
    assert!(company.standin.holds(ANN));

    company.lift(&hold);
    let receipt = receipts(&company.deployment, 1).remove(0);
    assert_eq!(company.asked(), 2, "each of them once");
    let mluvii = step(&receipt, "mluvii");
    assert_eq!((&mluvii["outcome"], &mluvii["counts"]["sessions"]), (&json!("erased"), &json!(2)), "{receipt:#}");
    has_reason(&receipt, "held");
    company.server.stop();
}

#[test]
fn a_stop_keeps_the_conversations_that_were_not_asked_for_and_the_receipt_says_what_was_done() {
    let company = Company::start();
    company.erase_slowly();
    let id = company.erasure()["id"].as_str().expect("an id").to_owned();
    let stopped = company.deployment.run(&["erasures", "stop", &id]);
    let said = String::from_utf8_lossy(&stopped.stdout).into_owned();
    assert!(stopped.status.success() && said.contains("mluvii"), "its call is under way: {said}");

    let receipt = receipts(&company.deployment, 1).remove(0);
    assert_eq!(company.asked(), 1, "the other one was asked for after the stop");
    let statement = &receipt["statement"];
    assert_eq!((&statement["state"], &statement["verdict"]), (&json!("cancelled"), &json!("incomplete")));
    has_reason(&receipt, "stopped");
    let mluvii = step(&receipt, "mluvii");
    assert_eq!((&mluvii["outcome"], &mluvii["counts"]["sessions"]), (&json!("unverifiable"), &json!(1)), "{receipt:#}");
    assert!(mluvii["reason"].as_str().is_some_and(|reason| reason.contains("has erased a part")), "{mluvii}");
    assert!(company.standin.holds(ANN), "the other conversation is there");
    company.server.stop();
}

#[test]
fn a_plugin_that_stores_how_far_it_is_goes_no_further_while_a_hold_lasts() {
    let company = Company::start();
    for _ in 0..2 {
        company.standin.add_contact(ANN);
    }
    let slow = json!({ "path": "/contacts/", "method": "DELETE", "times": 1, "kind": "delay", "delay_ms": SLOW_MS });
    company.standin.crm_fault(&slow);
    company.erase("crm");
    let deleted = || company.standin.crm_calls("DELETE").len();
    wait_for("the first contact to be asked for", || (deleted() > 0).then_some(()));
    let hold = company.hold();
    company.is_held();
    assert_eq!(deleted(), 1, "the other one was asked for after the hold");

    company.lift(&hold);
    let receipt = receipts(&company.deployment, 1).remove(0);
    assert_eq!(deleted(), 2, "each of them once");
    assert_eq!(step(&receipt, "crm")["outcome"], "erased", "{receipt:#}");
    has_reason(&receipt, "held");
    company.server.stop();
}
