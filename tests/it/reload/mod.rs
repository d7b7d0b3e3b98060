//! A running server takes its configuration anew: all of it, or nothing, and no request is lost meanwhile.

mod broken;
mod changes;
mod comparing;
mod load;
mod secrets;
mod targets;
mod ways;

use std::process::Output;

use serde_json::Value;

use crate::harness::{Deployment, PASSWORD, Server, client, http, quietus, session_ended, wait_for};

/// A further source with the same password.
fn source(name: &str) -> String {
    format!(
        "\n[[source]]\nname = \"{name}\"\ntenants = [62]\n\
         auth = [{{ basic = {{ user = \"mluvii\", password = {{ file = \"webhook.secret\" }} }} }}]\n"
    )
}

/// What a command said, both ways.
fn text(output: &Output) -> String {
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&said).into_owned()
}

/// Has the running server take its configuration; returns what was said.
#[track_caller]
fn reload(deployment: &Deployment, expected: i32) -> String {
    let output = deployment.run(&["reload"]);
    assert_eq!(output.status.code(), Some(expected), "{}", text(&output));
    text(&output)
}

/// The processes of the plugins, by their names.
fn processes(deployment: &Deployment) -> Value {
    wait_for("the plugins to be up", || {
        let rows = deployment.json(&["plugin", "list"]);
        let process = |row: &Value| Some((row["name"].as_str()?.to_owned(), row["state"]["detail"]["process"].clone()));
        let all: Option<serde_json::Map<_, _>> = rows.as_array()?.iter().map(process).collect();
        all.filter(|all| all.values().all(Value::is_number)).map(Into::into)
    })
}

/// The answer to the end of a session that is delivered to a source, with a password.
fn deliver_to(server: &Server, source: &str, password: &str, session: i64) -> u16 {
    let url = server.url(&format!("/webhooks/{source}"));
    http(client().post(url).basic_auth("mluvii", Some(password)).json(&session_ended(session))).0
}

fn answers(server: &Server, source: &str, session: i64) -> u16 {
    deliver_to(server, source, PASSWORD, session)
}

/// What needs a person because the configuration was not taken, as a command says it that reads the one of before.
#[track_caller]
fn not_taken(deployment: &Deployment) -> Option<Value> {
    let output = by_the_one_before(deployment, &["--json", "attention", "list"]);
    let all: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    all.into_iter().find(|found| found["code"] == "reload_failed")
}

/// Keeps a copy of the configuration as it is: commands cannot read one that is broken.
fn keep(deployment: &Deployment) {
    deployment.write("before.toml", &deployment.configuration());
}

fn by_the_one_before(deployment: &Deployment, arguments: &[&str]) -> Output {
    let mut command = quietus();
    command.arg("--config").arg(deployment.path("before.toml")).args(arguments).output().expect("it runs")
}

/// The value of a metric; 0 where it is not there.
fn metric(server: &Server, sample: &str) -> f64 {
    let metrics = server.metrics();
    let value = metrics.lines().find_map(|line| line.strip_prefix(sample)?.trim().parse().ok());
    value.unwrap_or_default()
}
