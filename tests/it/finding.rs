//! What one system knows of a person is found before anything is erased, and another one erases by it; and what a plugin has
//! stored of a call outlives the plugin and the server.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, wait_for};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plugins/finder.py");

/// Two systems; the rule has a session erased at mluvii and at both.
fn rules(folder: &str) -> String {
    let plugin = |name: &str, kind: &str| {
        format!(
            "[[plugin]]\nname = \"{name}\"\nexec = \"{PROGRAM}\"\nargs = [\"{name}\"]\ngrants = [\"{kind}\"]\n\
             config = {{ folder = \"{folder}\" }}\n"
        )
    };
    let rules = ERASE.replace("[\"mluvii\"]", "[\"mluvii\", \"crm\", \"erp\"]");
    format!("{rules}\n{}{}", plugin("crm", "email"), plugin("erp", "customer_no"))
}

/// A folder into which plugins may write, whoever they run as.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).expect("changed");
    folder
}

fn calls(folder: &tempfile::TempDir) -> Vec<String> {
    let calls = std::fs::read_to_string(folder.path().join("calls")).unwrap_or_default();
    calls.lines().map(str::to_owned).collect()
}

#[test]
fn what_one_system_knows_another_one_is_erased_by() {
    let (standin, folder) = (StandIn::start(), folder());
    let deployment = Deployment::bare(&standin.mluvii, &rules(&folder.path().display().to_string()));
    let waits = folder.path().join("waits");
    std::fs::write(&waits, "").expect("written");
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    wait_for("the crm to be asked", || (!calls(&folder).is_empty()).then_some(()));
    let erasures = deployment.json(&["erasures", "list"]);
    for step in erasures[0]["steps"].as_array().expect("steps") {
        let expected = if step["target"] == "crm" { json!("find") } else { json!(null) };
        assert_eq!(step["stage"], expected, "the others wait: {erasures}");
    }
    assert_eq!(standin.calls("/anonymous").len(), 0);
    std::fs::remove_file(&waits).expect("removed");

    let receipts = receipts(&deployment, 1);
    let calls = calls(&folder);
    assert_eq!(calls[0], "crm find", "before anything is erased: {calls:?}");
    assert!(calls.contains(&"erp erase C-ann".to_owned()), "{calls:?}");
    let steps = receipts[0]["statement"]["steps"].as_array().expect("steps");
    let outcomes: Vec<_> = steps.iter().map(|step| (&step["target"], &step["outcome"])).collect();
    let erased = json!("erased");
    let expected = [(&json!("crm"), &erased), (&json!("erp"), &erased), (&json!("mluvii"), &erased)];
    assert_eq!(outcomes, expected);
    assert!(!receipts[0].to_string().contains("C-ann"), "what was found is on no receipt");
    server.stop();
}

#[test]
fn a_dry_run_says_that_a_target_knows_more_than_it_told() {
    let (standin, folder) = (StandIn::start(), folder());
    let deployment = Deployment::bare(&standin.mluvii, &rules(&folder.path().display().to_string()));
    Server::start(&deployment).stop();
    deployment.write("who", "ann@example.com\n");
    let who = format!("@{}", deployment.path("who").display());
    let dry_run = || deployment.json(&["erase", "--email", &who, "--dry-run"]);
    let says = |dry_run: &serde_json::Value| dry_run["not_reached"].to_string().contains("that only crm knows");
    let all = dry_run();
    assert_eq!((says(&all), &all["identifiers"]["customer_no"]), (false, &json!(1)), "{all}");
    std::fs::write(folder.path().join("more"), "").expect("written");
    let some = dry_run();
    assert_eq!((says(&some), &some["identifiers"]["customer_no"]), (true, &json!(1)));
    assert!(!calls(&folder).iter().any(|call| call.contains("erase C-")), "{:?}", calls(&folder));
}

#[test]
fn a_killed_plugin_and_a_killed_server_count_all_that_was_erased() {
    let (standin, folder) = (StandIn::start(), folder());
    std::fs::write(folder.path().join("dies"), "").expect("written");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).expect("changed");
    let deployment = Deployment::bare(&standin.mluvii, &rules(&folder.path().display().to_string()));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    wait_for("the plugin to die in its call", || (!folder.path().join("dies").exists()).then_some(()));
    server.kill();

    let server = Server::start(&deployment);
    let receipts = receipts(&deployment, 1);
    let step = &receipts[0]["statement"]["steps"][0];
    assert_eq!((&step["target"], &step["outcome"]), (&json!("crm"), &json!("erased")));
    assert_eq!(step["counts"]["records"], 3);
    let calls = calls(&folder);
    assert!(calls.iter().any(|call| call == "crm erase from 2"), "it went on from what it had stored: {calls:?}");
    server.stop();
}
