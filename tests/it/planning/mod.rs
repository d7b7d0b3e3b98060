//! What a plan shows beside the sessions, what `run` says at once, why a request or an erasure is not over, and how long it may take.

mod contacts;
mod days;
mod elsewhere;
mod leaving;
mod shown;
mod waiting;

use serde_json::{Value, json};

use crate::harness::{Deployment, StandIn, crm_plugin};

const ANN: &str = "ann@example.com";
const PHONE: &str = "+420 602 111 222";

/// The plugin of a CRM at this address, under another name.
fn plugin(name: &str, url: &str) -> String {
    crm_plugin(url).replacen("name = \"crm\"", &format!("name = \"{name}\""), 1)
}

/// Somebody has agreed to something and talked; what they filled in are these call params.
fn talked(standin: &StandIn, id: i64, params: &[(&str, &str)]) {
    let params: Vec<_> =
        params.iter().map(|(name, value)| json!({ "name": name, "value": value, "source": "ENTRY_FORM" })).collect();
    standin.begin_with(json!({
        "id": id, "tenant": 62, "guest": format!("guest-{id}"), "gdpr_version": "v1", "call_params": params,
    }));
    standin.end(id);
}

/// A file with what a person is known by.
fn file(deployment: &Deployment, name: &str, text: &str) -> String {
    deployment.write(name, text);
    deployment.path(name).display().to_string()
}

/// What a command says, and that nobody is named in it.
#[track_caller]
fn text(deployment: &Deployment, arguments: &[&str]) -> String {
    let output = deployment.run(arguments);
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("UTF-8")).concat();
    assert!(!said.contains("example.com") && !said.contains("+420"), "{arguments:?}: {said}");
    said
}

/// The codes of what something waits for.
fn codes(of: &Value) -> Vec<&str> {
    let waits = of["waits_for"].as_array().map(Vec::as_slice).unwrap_or_default();
    waits.iter().filter_map(|one| one["code"].as_str()).collect()
}
