//! Witnesses are told of each newest receipt; one that fails needs a person, and stops nothing.

use serde_json::Value;

use super::Company;
use crate::harness::{Deployment, wait_for};

/// The keepers that fail, and why.
fn failing(deployment: &Deployment) -> Vec<(String, String)> {
    let all = deployment.json(&["attention", "list"]);
    let failing = all.as_array().expect("a list").iter().filter(|found| found["code"] == "head_not_kept");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    failing.map(|found| (text(&found["parameters"]["keeper"]), text(&found["parameters"]["reason"]))).collect()
}

fn lines(company: &Company, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(company.deployment.path(name)).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn a_file_and_a_command_are_told_of_each_newest_receipt() {
    let company = Company::with(
        r#"
[[witness]]
name = "vault"
file = "vault.heads"
[[witness]]
name = "teller"
command = ["./teller", "--as", "quietus"]
"#,
    );
    company.deployment.write("teller", "#!/bin/sh\n[ \"$2\" = quietus ] && cat >> \"$(dirname \"$0\")/told.heads\"\n");
    let made = std::process::Command::new("chmod").arg("+x").arg(company.deployment.path("teller")).status();
    assert!(made.expect("runs").success());
    let receipts = company.serve_and_erase(&[101, 102], 0);
    let export = company.export("receipts.jsonl");
    assert_eq!(receipts.len(), 2);
    for name in ["vault.heads", "told.heads"] {
        let told = lines(&company, name);
        let last = told.last().expect("it was told");
        assert_eq!((&last["sequence"], &last["ledger"]), (&2.into(), &company.known()["ledger"]), "{told:?}");
        let expected = format!("2:{}", last["hash"].as_str().expect("a hash"));
        company.says(&["receipts", "verify", &export, "--from-start", "--expect-last", &expected], 0);
    }
}

#[test]
fn a_witness_that_fails_or_hangs_needs_a_person_and_stops_nothing() {
    let company = Company::with(
        r#"
[[witness]]
name = "gone"
file = "no-such-folder/heads"
[[witness]]
name = "refuses"
command = ["false"]
[[witness]]
name = "hangs"
command = ["sleep", "1000"]
"#,
    );
    let server = company.serve();
    company.erase(101, 1);
    company.erase(102, 2);
    let names = |failing: &[(String, String)]| failing.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let all = wait_for("all three to be told of", || Some(failing(&company.deployment)).filter(|all| all.len() == 3));
    assert_eq!(names(&all), ["witness gone", "witness hangs", "witness refuses"]);
    assert!(all[1].1.contains("did not end within 10 s") && all[2].1.contains("exit status: 1"), "{all:?}");
    company.says(&["status"], 1);
    assert_eq!(company.known()["receipt"]["sequence"], 2, "the state file does not wait for them");

    // One that works again is told of what it has missed.
    std::fs::create_dir(company.deployment.path("no-such-folder")).expect("made");
    let told = wait_for("the witness to be told", || lines(&company, "no-such-folder/heads").pop());
    assert_eq!(told["sequence"], 2);
    wait_for("it to be right again", || (failing(&company.deployment).len() == 2).then_some(()));
    assert!(server.stop().0.success());
}
