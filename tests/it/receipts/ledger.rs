//! The receipts of a running quietus, as its commands show them.

use std::process::Output;

use serde_json::{Value, json};

use super::verifiers::{self, codes};
use crate::harness::{Deployment, Server, StandIn, wait_for};

/// A person is who has this e-mail address, and mluvii itself is not searched.
const BY_EMAIL: &str = "match = [[\"email\"]]";

/// The same, and that mluvii itself is not searched is accepted.
const ACCEPTED: &str = "match = [[\"email\"]]\naccept_ledger_only = true";

const SETTLE: &str = "[settling]\nlimit = \"0s\"\npause = \"0s\"\n";

struct Company {
    // In this order they end.
    _server: Server,
    deployment: Deployment,
    _standin: StandIn,
}

impl Company {
    fn with(person: &str) -> Self {
        Self::tuned(person, |config| config)
    }

    /// With a configuration that is changed before the server starts.
    fn tuned(person: &str, change: impl Fn(String) -> String) -> Self {
        let standin = StandIn::start();
        let deployment = Deployment::tuned(&standin.mluvii, "", person, SETTLE);
        let config = deployment.configuration();
        deployment.write("quietus.toml", &change(config));
        let server = Server::start(&deployment);
        Self { _server: server, deployment, _standin: standin }
    }

    /// A file with the value, as an argument.
    fn file(&self, value: &str) -> String {
        let name = format!("value-{}", hex::encode(value));
        self.deployment.write(&name, value);
        format!("@{}", self.deployment.path(&name).display())
    }

    /// Asks for a person who is in nobody's ledger, and waits for the receipt.
    fn erased(&self, more: &[&str], receipts: usize) -> Value {
        let made = self.deployment.json(&[&["erase", "--targets", "mluvii"], more].concat());
        assert!(made["id"].is_string(), "{made}");
        wait_for("the receipt", || {
            let listed = self.deployment.json(&["receipts", "list"]);
            listed.as_array().filter(|listed| listed.len() == receipts).map(|listed| listed[receipts - 1].clone())
        })
    }

    #[track_caller]
    fn says(&self, arguments: &[&str], exit: i32) -> String {
        let Output { status, stdout, stderr } = self.deployment.run(arguments);
        let said = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        assert_eq!(status.code(), Some(exit), "{arguments:?}: {said}");
        said
    }
}

#[test]
fn an_incomplete_receipt_is_listed_shown_and_acknowledged_once() {
    let company = Company::with(BY_EMAIL);
    let ann = company.file("ann@example.com");
    let receipt = company.erased(&["--email", &ann], 1);
    assert_eq!(receipt["statement"]["verdict"], "incomplete");
    assert!(codes(&receipt["statement"]).contains(&"ledger_only"), "{receipt:#}");

    let listed = company.says(&["receipts", "list", "--verdict", "incomplete"], 0);
    assert!(listed.contains("ledger_only") && listed.contains("1 incomplete (1 not acknowledged)"), "{listed}");
    assert_eq!(company.deployment.json(&["receipts", "list", "--verdict", "complete"]), json!([]));
    company.says(&["receipts", "list", "--verdict", "fine"], 2);
    let shown = company.says(&["receipts", "show", "1"], 0);
    assert!(shown.contains("verdict   incomplete"), "{shown}");
    assert!(shown.contains("Only the ledger was searched: sessions that never reached quietus were not found."));

    assert_eq!(company.deployment.json(&["status"])["incomplete_unacknowledged"], 1);
    company.says(&["receipts", "acknowledge"], 2);
    company.says(&["receipts", "acknowledge", "7"], 1);
    company.says(&["receipts", "acknowledge", "1"], 0);
    company.says(&["receipts", "acknowledge", "1"], 1);
    assert_eq!(company.deployment.json(&["receipts", "acknowledge", "--all"]), json!({ "acknowledged": 0 }));
    assert_eq!(company.deployment.json(&["status"])["incomplete_unacknowledged"], 0);
    // Acknowledging it has not made it complete.
    assert_eq!(company.deployment.json(&["receipts", "list"])[0], receipt);
}

#[test]
fn both_programs_verify_what_a_running_quietus_exports() {
    let company = Company::with(BY_EMAIL);
    let (ann, bob) = (company.file("ann@example.com"), company.file("bo@example.com"));
    company.erased(&["--email", &ann], 1);
    company.erased(&["--email", &bob], 2);
    let file = company.deployment.path("receipts.jsonl");
    let name = file.to_str().expect("UTF-8");
    let said = company.deployment.json(&["receipts", "export", "--out", name]);
    let verdicts = json!({ "complete": 0, "retained": 0, "incomplete": 2 });
    assert_eq!((&said["receipts"], &said["verdicts"]), (&json!(2), &verdicts));
    let text = std::fs::read_to_string(&file).expect("an export");
    let header: Value = serde_json::from_str(text.lines().next().expect("a header")).expect("JSON");
    assert_eq!((&header["quietus_receipts"], &header["verdicts"], &header["last"]), (&json!(2), &verdicts, &json!(2)));

    let key = std::fs::read_to_string(company.deployment.path("keys/receipt.pub")).expect("a key");
    let [ours, theirs] = verifiers::verdicts(&file, &[key.trim().to_owned()]);
    assert_eq!((&ours["verified"], &theirs["verified"]), (&json!(true), &json!(true)), "{ours} {theirs}");
    assert_eq!((&ours["verdicts"], &theirs["verdicts"]), (&verdicts, &verdicts));
    assert_eq!(theirs["verdicts_that_follow_from_their_reasons"], 2);
}

#[test]
fn a_receipt_is_found_by_one_identifier_and_every_kind_that_is_given_has_to_agree() {
    let company = Company::with(ACCEPTED);
    let (ann, name, other) = (company.file("ann@example.com"), company.file("Anna Nová"), company.file("Bohumil"));
    let receipt = company.erased(&["--email", &ann, "--name", &name], 1);
    let find = |arguments: &[&str]| company.deployment.json(&[&["receipts", "find"], arguments].concat());
    let found = |arguments: &[&str]| find(arguments).as_array().expect("a list").len();
    assert_eq!(find(&["--email", &ann])[0]["receipt"], receipt);
    assert_eq!(found(&["--name", &name]), 1);
    assert_eq!(found(&["--email", &ann, "--name", &name]), 1);
    assert_eq!(found(&["--email", &ann, "--name", &other]), 0);
    assert_eq!(found(&["--name", &other, "--name", &name]), 1, "values of one kind are alternatives");
    assert_eq!(found(&["--mluvii", "acme", "--email", &ann]), 1);
    company.says(&["receipts", "find", "--mluvii", "nobody", "--email", &ann], 2);
    company.says(&["receipts", "find"], 2);
    let missed = company.says(&["receipts", "find", "--name", &other], 1);
    assert!(missed.contains("nothing was found") && !missed.contains("Bohumil"), "{missed}");

    // One that has not ended has no receipt yet.
    company.deployment.json(&["erase", "--email", &ann, "--after", "30d", "--targets", "mluvii"]);
    let both = company.says(&["receipts", "find", "--email", &ann], 0);
    assert!(both.contains("scheduled") && both.contains("complete"), "{both}");
}

#[test]
fn a_receipt_is_found_after_the_index_key_was_replaced_and_in_another_spelling() {
    let mut company = Company::with(ACCEPTED);
    let (ann, phone) = (company.file("ann@example.com"), company.file("777 123 456"));
    let receipt = company.erased(&["--email", &ann, "--phone", &phone], 1);
    let (as_typed, in_full) = (company.file(" ANN@Example.com"), company.file("+420 777 123 456"));
    for _ in 0..2 {
        let Company { _server, deployment, _standin } = company;
        assert!(_server.stop().0.success());
        deployment.json(&["keys", "rotate", "index"]);
        company = Company { _server: Server::start(&deployment), deployment, _standin };
        let found = company.deployment.json(&["receipts", "find", "--email", &as_typed, "--phone", &in_full]);
        assert_eq!(found[0]["receipt"], receipt, "{found}");
        let nobody = company.file("bob@example.com");
        assert!(company.says(&["receipts", "find", "--email", &nobody], 1).contains("nothing was found"));
    }
}

#[test]
fn without_fingerprints_it_is_said_that_nobody_can_be_found() {
    let off = |config: String| config.replacen("[erasing]\n", "[erasing]\nkeep_fingerprints = false\n", 1);
    for (change, said) in [(off as fn(String) -> String, true), (|config| config, false)] {
        let company = Company::tuned(ACCEPTED, change);
        let ann = company.file("ann@example.com");
        let missed = company.says(&["receipts", "find", "--email", &ann], 1);
        assert_eq!(missed.contains("`erasing.keep_fingerprints` is off"), said, "{missed}");
    }
}
