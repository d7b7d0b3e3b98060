//! `[[test]]` tables, `quietus rules test`, `quietus check` with and without `--offline`.

use serde_json::json;

use super::text;
use crate::harness::{Deployment, ERASE, RULES, StandIn, crm_plugin};

/// A test that passes, and one that does not.
const TESTS: &str = r#"
[[test]]
name = "no consent"
on = "session-settled"
consent = { state = "absent" }
expect = ["no consent, nothing kept"]

[[test]]
name = "a refusal"
on = "session-settled"
consent = { state = "refused" }
expect = ["no consent, nothing kept"]
"#;

#[test]
fn a_failing_test_says_what_was_expected_what_was_decided_and_why() {
    let deployment = Deployment::bare("http://127.0.0.1:9", &format!("{ERASE}{TESTS}"));
    let config = deployment.configuration();
    let line = |start: &str| config.lines().position(|line| line == start).expect("there") + 1;
    let second = line("name = \"a refusal\"") - 1;

    let run = deployment.run(&["rules", "test"]);
    let said = text(&run);
    assert_eq!(run.status.code(), Some(1), "{said}");
    for part in [
        "✓ no consent\n",
        &format!(
            "quietus.toml, line {second}: test `a refusal`: expected `no consent, nothing kept`; decided nothing\n"
        ),
        "    rule `no consent, nothing kept` does not apply: consent.state is 'refused'\n",
        "1 passed, 1 failed",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let checked = deployment.run(&["check"]);
    assert!(
        checked.status.code() == Some(1) && text(&checked).contains("test `a refusal`: expected"),
        "{}",
        text(&checked)
    );

    let run = deployment.json(&["rules", "test"]);
    assert_eq!((&run["results"][0]["passed"], &run["results"][1]["passed"]), (&json!(true), &json!(false)));
    assert_eq!(run["results"][0]["decided"][0]["targets"], json!(["mluvii"]));
    assert_eq!(run["results"][1]["line"], second);
    assert_eq!(run["results"][1]["rules"][0]["answer"], "does-not-apply");
    assert_eq!(run["doubts"], json!([]));

    // The rule is mended, and so the test passes.
    deployment
        .write("quietus.toml", &config.replace("consent.state == 'absent'", "consent.state in ['absent', 'refused']"));
    let run = deployment.run(&["rules", "test"]);
    assert!(run.status.success() && text(&run).contains("2 passed, 0 failed"), "{}", text(&run));
    // What is left alone, no test shows any more.
    assert!(text(&run).contains("! rule.1 (line ") && text(&run).contains("leaves alone"), "{}", text(&run));
    assert!(deployment.run(&["check"]).status.success(), "a doubt is no failure");
}

#[test]
fn where_there_is_no_test_nothing_is_said_to_pass() {
    let deployment = Deployment::bare("http://127.0.0.1:9", ERASE);
    let run = deployment.run(&["rules", "test"]);
    assert_eq!(run.status.code(), Some(8), "{}", text(&run));
    assert!(text(&run).contains("no [[test]] shows what they decide"), "{}", text(&run));
    assert!(text(&deployment.run(&["check"])).contains("no [[test]] shows what they decide"));
}

#[test]
fn a_test_of_what_is_not_there_is_refused_with_file_and_line() {
    let tests = TESTS.replace("expect = [\"no consent, nothing kept\"]", "expcet = [\"no consnt, nothing kept\"]");
    let deployment = Deployment::bare("http://127.0.0.1:9", &format!("{ERASE}{tests}"));
    for command in [&["rules", "test"][..], &["check"], &["check", "--offline"], &["serve"]] {
        let run = deployment.run(command);
        let said = text(&run);
        assert!(!run.status.success(), "{said}");
        assert_eq!(said.matches("expcet: there is no such key; did you mean `expect`?").count(), 2, "{said}");
        assert!(said.contains("quietus.toml, line "), "{said}");
    }
}

#[test]
fn offline_no_key_and_no_secret_is_needed_and_nobody_is_contacted() {
    let standin = StandIn::start();
    let certificate = "ca_file = \"/nowhere/ca.pem\"";
    let plugin = crm_plugin(&standin.crm);
    let deployment = Deployment::tuned(&standin.mluvii, certificate, "", &format!("{plugin}{RULES}"));
    for secret in ["webhook.secret", "api.secret", "crm.token"] {
        std::fs::remove_file(deployment.path(secret)).expect("it was there");
    }
    std::fs::remove_dir_all(deployment.path("keys")).expect("they were there");
    assert_eq!(deployment.run(&["check"]).status.code(), Some(1), "without them, no server starts");

    let checked = deployment.run(&["check", "--offline"]);
    assert!(checked.status.success(), "{}", text(&checked));
    assert!(text(&checked).contains("✓ plugin crm, http-purge"), "{}", text(&checked));
    assert!(standin.calls("").is_empty() && standin.crm_calls("GET").is_empty());
    assert!(!deployment.path("quietus.db").exists(), "no ledger is made");

    // What can be wrong without a secret is found: a request, a plugin's own configuration, a grant.
    let config = deployment.configuration();
    let wrong = config
        .replace("call_max = \"5s\"", "call_max = \"5s\"\nlook_up_session = \"FETCH /x\"")
        .replace("rate = 1000", "rat = 1000")
        .replace("grants = [\"email\"]", "grants = [\"email\", \"shoe_size\"]");
    deployment.write("quietus.toml", &wrong);
    let checked = deployment.run(&["check", "--offline"]);
    let said = text(&checked);
    assert_eq!(checked.status.code(), Some(1), "{said}");
    assert!(said.contains("look_up_session") && said.contains("rat"), "{said}");

    // A plugin is not installed everywhere.
    deployment.write("quietus.toml", &config.replace("libhttp_purge.so", "libelsewhere.so"));
    let checked = deployment.run(&["check", "--offline"]);
    assert!(
        checked.status.success() && text(&checked).contains("! plugin crm: its file is not on this machine"),
        "{}",
        text(&checked)
    );
    assert_eq!(deployment.run(&["check", "--offline", "--connect"]).status.code(), Some(2));
}
