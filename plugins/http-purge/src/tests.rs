//! The plugin against a real HTTP server in the same process.

mod answers;
mod configuration;
mod erasing;
mod finding;
mod gateway;
mod health;
mod hostile;
mod judged;
mod killed;
mod lost;
mod paged;
mod recipes;
mod spelled;
mod told;
mod trusting;
mod two_steps;

use std::collections::BTreeMap;

use quietus_plugin::{
    Answer, Identifier, Outcome, Plugin as _, PluginError, Request, Scope, Secrets, Sensitive, TestHost,
};
use serde_json::{Value, json};

use super::HttpPurge;
use quietus_plugin::http::test::{Reply, Server};

/// A host of the plugin with these settings beside `base_url`.
fn plugin(server: &Server, settings: Value) -> TestHost<HttpPurge> {
    TestHost::with_secrets(config(&server.url, settings), [("token", "hunter2")]).expect("configured")
}

fn config(base_url: &str, settings: Value) -> Value {
    let mut config = json!({ "base_url": base_url, "rate": 1000 });
    config.as_object_mut().expect("an object").extend(settings.as_object().cloned().expect("an object"));
    config
}

fn configure(base_url: &str, settings: Value) -> Result<HttpPurge, PluginError> {
    let config =
        serde_json::from_value(config(base_url, settings)).map_err(|e| PluginError::permanent(e.to_string()))?;
    HttpPurge::configure(config, Secrets::new(BTreeMap::from([("token".to_owned(), Sensitive::new("hunter2"))])))
}

fn request(identifiers: &[(&str, &str)]) -> Request {
    let identifier = |(kind, value): &(&str, &str)| Identifier { kind: (*kind).into(), value: Sensitive::new(*value) };
    Request {
        erasure: "e-1".into(),
        idempotency_key: "k-1".into(),
        scope: Scope::Person,
        dry_run: false,
        identifiers: identifiers.iter().map(identifier).collect(),
        report: None,
        region: None,
        resume: None,
    }
}

fn ann() -> Request {
    request(&[("email", "ann@x.cz")])
}

/// What became of it, without where was looked.
fn erase(plugin: &TestHost<HttpPurge>, request: &Request) -> Result<Answer, PluginError> {
    plugin.erase(request).map(bare)
}

fn verify(plugin: &TestHost<HttpPurge>, request: Request) -> Result<Answer, PluginError> {
    plugin.verify(request).map(bare)
}

fn bare(answer: Answer) -> Answer {
    Answer { looked_at: Vec::new(), ..answer }
}

/// A health step whose answer has [`healthy`].
fn health_step() -> Value {
    json!({ "name": "health", "method": "GET", "url": "/health", "items": "$.account" })
}

fn healthy() -> Reply {
    Reply::json(200, &json!({ "account": 7 }))
}

/// Searches by e-mail, deletes what is exactly the person's, looks again.
fn crm() -> Value {
    let find = json!({
        "name": "find", "method": "GET", "url": "/contacts", "query": { "email": "{{email}}" },
        "items": "$.results[*]", "extract": { "ids": "$.id" },
        "match": { "path": "$.email", "equals": "{{email}}", "ignore_case": true },
    });
    json!({
        "erase": [
            find,
            { "name": "delete", "method": "DELETE", "url": "/contacts/{{item}}", "for_each": "find.ids", "count": "contacts" },
        ],
        "verify": [find],
    })
}

fn results(list: Value) -> Reply {
    Reply::json(200, &json!({ "results": list }))
}

/// A CRM with two contacts of Ann's and one look-alike; deletes for real.
fn with_contacts() -> Server {
    let mut contacts = vec![("1", "ann@x.cz"), ("2", "ANN@X.CZ"), ("3", "joann@x.cz")];
    Server::start(move |seen| match seen.method.as_str() {
        "GET" => results(contacts.iter().map(|(id, email)| json!({ "id": id, "email": email })).collect()),
        "DELETE" => {
            let id = seen.target.rsplit('/').next().unwrap_or_default();
            let before = contacts.len();
            contacts.retain(|(known, _)| *known != id);
            Reply::empty(if contacts.len() < before { 204 } else { 404 })
        }
        _ => Reply::empty(405),
    })
}
