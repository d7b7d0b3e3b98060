//! The description, held against the real server by Schemathesis: what is asked at random, rightly and wrongly, is answered as described. Each
//! role is tried, with one of everything there; and somebody with all roles, where nothing is there that is named.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::walk::{Beta, EVERY, beta};
use super::who::MAY;
use super::{Api, token};
use crate::interop::python;

/// Requests at random of each operation, beside those at the bounds of what it takes.
const EXAMPLES_MAX: &str = "15";

/// What is not tried at random, with why not.
const EXCLUDED: [&str; 2] = [
    // Everything that is asked later would be of another configuration; tests/it/admin/operating.rs orders it.
    "/api/v1/configuration/reload",
    // It replaces the process that other orders wait for; the same file orders it.
    "/api/v1/plugins/{target}/reload",
];

/// What nobody can be shown here, with why not.
const NOT_SHOWN: [&str; 3] = [
    // Nobody is asked to erase by hand.
    "/api/v1/tasks/{id}",
    // The request may have been closed before.
    "/api/v1/requests/{company}/{number}/plan",
    // It may have been dropped before.
    "/api/v1/quarantine/{number}",
];

/// The statuses that were answered, by method and path of the description.
type Answered = BTreeMap<(String, String), BTreeSet<u64>>;

#[test]
fn an_officer_is_answered_as_described() {
    let answered = tried_as("officer");
    let made = &answered[&("post".to_owned(), "/api/v1/requests".to_owned())];
    assert!(made.contains(&201), "{made:?}");
}

#[test]
fn an_approver_is_answered_as_described() {
    tried_as("approver");
}

#[test]
fn an_operator_is_answered_as_described() {
    tried_as("operator");
}

#[test]
fn what_is_not_there_is_answered_as_described() {
    let beta = beta();
    let description = described(&beta.both);
    let token = token(&beta.deployment, "every", &EVERY, &[]);
    tried(&beta, &token, &description, "");
}

/// What a role was answered: it has seen whatever it may see.
fn tried_as(role: &str) -> Answered {
    let beta = beta();
    let description = described(&beta.both);
    let token = token(&beta.deployment, role, &[role], &[]);
    let answered = tried(&beta, &token, &description, &things(&beta));
    let (_, may) = MAY.iter().find(|(name, _)| *name == role).expect("a role");
    for ((method, path), statuses) in &answered {
        let needed = description["paths"][path][method]["security"][0]["token"][0].as_str().expect("a permission");
        if !may.contains(&needed) {
            // What is empty or none of these paths at all is not there for anybody.
            let is_refused = statuses.iter().all(|status| [401, 403, 404, 405].contains(status));
            assert!(is_refused && statuses.contains(&403), "{method} {path}: {statuses:?}");
        } else if method == "get" && !NOT_SHOWN.contains(&path.as_str()) {
            assert!(statuses.contains(&200), "{method} {path} has shown nothing: {statuses:?}");
        }
    }
    answered
}

/// The description without `default`, under which any status would do, and with an order of each kind that is done.
fn described(api: &Api) -> Value {
    let mut description = api.get("/api/v1/openapi.json").is(200);
    for item in description["paths"].as_object_mut().expect("paths").values_mut() {
        for operation in item.as_object_mut().expect("an item").values_mut() {
            let responses = operation["responses"].as_object_mut().expect("responses");
            responses.remove("default").expect("what else is answered");
        }
    }
    let person = json!([{ "kind": "email", "value": "bob@example.com" }]);
    let another = json!([{ "kind": "email", "value": "cyril@example.com" }]);
    let done = [
        ("requests", json!({ "company": "beta", "came": "letter", "verified": "document", "identifiers": another })),
        ("requests/find", json!({ "company": "beta", "identifiers": person })),
        ("receipts/find", json!({ "company": "beta", "identifiers": person })),
        ("consents/find", json!({ "company": "beta", "on": { "person": person } })),
        ("consents/foresee", json!({ "company": "beta", "on": { "person": person }, "came": "letter" })),
        ("holds", json!({ "company": "beta", "on": { "session": 8 }, "reason": "legal-claims" })),
        ("erasures/foresee", json!({ "company": "beta", "of": { "session": 101 } })),
        ("receipts/acknowledge", json!({ "which": { "these": [1] } })),
    ];
    for (path, body) in done {
        let item = description["paths"].get_mut(format!("/api/v1/{path}")).expect("it is described");
        item["post"]["requestBody"]["content"]["application/json"]["example"] = body;
    }
    description
}

/// What is named in paths: there is one of everything.
fn things(beta: &Beta) -> String {
    let number = |text: &str| Value::from(text.parse::<i64>().expect("a number"));
    let things: [(&str, &[(&str, Value)]); 6] = [
        ("requests", &[("company", "beta".into()), ("number", beta.request.as_str().into())]),
        ("erasures", &[("id", beta.erasure.as_str().into())]),
        ("holds", &[("id", beta.hold.as_str().into())]),
        ("receipts", &[("number", beta.receipt.into())]),
        ("quarantine", &[("number", number(&beta.quarantined))]),
        ("past-jobs", &[("number", number(&beta.job))]),
    ];
    let table = |(under, parameters): &(&str, &[(&str, Value)])| {
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| format!("\"path.{name}\" = {value}")).collect();
        format!(
            "[[operations]]\ninclude-path-regex = '^/api/v1/{under}/\\{{'\nparameters = {{ {} }}\n",
            parameters.join(", ")
        )
    };
    things.iter().map(table).collect()
}

/// Has it ask the server, and reads what was answered. What it has found fails the test, in its own words.
fn tried(beta: &Beta, token: &str, description: &Value, things: &str) -> Answered {
    beta.server.leaves_work("what was ordered at random is nobody's to do");
    let deployment = &beta.deployment;
    let excluded = EXCLUDED.map(|path| format!("[[operations]]\ninclude-path = '{path}'\nenabled = false\n"));
    let settings =
        format!("headers = {{ Authorization = \"Bearer ${{QUIETUS_TEST_TOKEN}}\" }}\n{}{things}", excluded.concat());
    deployment.write("schemathesis.toml", &settings);
    deployment.write("described.json", &description.to_string());
    let mut command = Command::new(python());
    command.args(["-m", "schemathesis.cli", "--no-color", "--config-file", "schemathesis.toml", "run"]);
    command.args(["described.json", "--url", &beta.both.base, "--phases", "examples,coverage,fuzzing"]);
    // What a text has to be, such as a time or a cursor, no schema says: that some are refused is no finding.
    command.args(["--checks", "all", "--exclude-checks", "positive_data_acceptance", "--warnings", "off"]);
    command.args(["--max-examples", EXAMPLES_MAX, "--seed", "1", "--generation-database", "none"]);
    // Other tests run beside it, so that nothing is fast.
    command.args(["--continue-on-failure", "--suppress-health-check", "all", "--request-timeout", "60"]);
    command.args(["--report", "har", "--report-har-path", "answers.har.json"]);
    command.current_dir(deployment.folder()).env("QUIETUS_TEST_TOKEN", token).env("PYTHONUTF8", "1");
    let output = command.stdin(Stdio::null()).output().expect("Python, which tests/run names");
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "{said}");
    let answers = std::fs::read(deployment.path("answers.har.json")).unwrap_or_else(|error| panic!("{error}: {said}"));
    let answered = answered(&serde_json::from_slice(&answers).expect("JSON"), description, &beta.both.base);
    let asked = answered.len() + EXCLUDED.len();
    let described = description["paths"].as_object().expect("paths").values();
    let described: usize = described.map(|item| item.as_object().map_or(0, serde_json::Map::len)).sum();
    assert_eq!(asked, described, "an operation was not tried: {said}");
    answered
}

/// What each operation has answered.
fn answered(har: &Value, description: &Value, base: &str) -> Answered {
    let paths = description["paths"].as_object().expect("paths");
    let mut answered = Answered::new();
    for entry in har["log"]["entries"].as_array().expect("entries") {
        let (request, response) = (&entry["request"], &entry["response"]);
        let url = request["url"].as_str().expect("an address");
        let path = url.strip_prefix(base).unwrap_or(url).split('?').next().expect("a path");
        let method = request["method"].as_str().expect("a method").to_lowercase();
        let Some(described) = described_path(paths.keys(), path) else { continue };
        if paths[described].get(&method).is_some() {
            let status = response["status"].as_u64().expect("a status");
            answered.entry((method, described.clone())).or_default().insert(status);
        }
    }
    answered
}

/// The path of the description that is meant: where several could be, the one that names the most.
fn described_path<'a>(paths: impl Iterator<Item = &'a String>, path: &str) -> Option<&'a String> {
    let parts: Vec<&str> = path.split('/').collect();
    let is_meant = |described: &&String| {
        let of: Vec<&str> = described.split('/').collect();
        of.len() == parts.len() && of.iter().zip(&parts).all(|(of, part)| of.starts_with('{') || of == part)
    };
    paths.filter(is_meant).min_by_key(|described| described.matches('{').count())
}
