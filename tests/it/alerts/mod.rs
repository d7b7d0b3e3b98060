//! Alerts: who is told of what needs a person, by the real carriers, once.

mod command;
pub(crate) mod email;
mod fleet;
mod ping;
pub(crate) mod receiver;
mod settings;
mod webhook;

use serde_json::Value;

use crate::harness::{Away, Deployment, PASSWORD, Server, client, http, wait_for};

/// A deployment whose mluvii is away, which does no harm as long as nothing has ended.
struct Company {
    deployment: Deployment,
    _mluvii: Away,
}

impl Company {
    fn new(more: &str) -> Self {
        let mluvii = Away::new();
        Self { deployment: Deployment::bare(&mluvii.url(), more), _mluvii: mluvii }
    }

    /// With an alert that appends what it is told to a file, a line each time.
    fn telling(alert: &str) -> Self {
        let company = Self::new("");
        company.add(&company.teller("ops", alert));
        company
    }

    /// Adds to the configuration.
    fn add(&self, more: &str) {
        self.deployment.add(more);
    }

    /// An alert of this name, with more settings.
    fn teller(&self, name: &str, more: &str) -> String {
        teller(&self.deployment, name, more)
    }

    /// What was told by that.
    fn told(&self, name: &str) -> Vec<Value> {
        told(&self.deployment, name)
    }

    /// Something else that needs a person: the numbers tell them apart. Whoever is told of it was told of all that came before.
    fn note(&self, number: u32) {
        let sql = "INSERT INTO keeper (name, since, reason) VALUES (?1, 1, 'away')";
        self.deployment.ledger().execute(sql, [format!("vault {number}")]).expect("noted");
    }

    /// What waits at an alert, and its exit code.
    fn listed(&self) -> (Option<i32>, Value) {
        let code = self.deployment.run(&["alerts", "list"]).status.code();
        (code, self.deployment.json(&["alerts", "list"]))
    }

    /// Kills a server. What it held is free once its lease is over, for which nobody waits here.
    fn kill(&self, server: Server) {
        server.kill();
        self.deployment
            .ledger()
            .execute("UPDATE periodic SET due = 0 WHERE name LIKE 'alert/%'", [])
            .expect("an update");
    }

    fn codes(&self) -> Vec<String> {
        let all = self.deployment.json(&["attention", "list"]);
        let code = |found: &Value| found["code"].as_str().expect("a code").to_owned();
        all.as_array().expect("a list").iter().map(code).collect()
    }
}

fn teller(deployment: &Deployment, name: &str, more: &str) -> String {
    let file = deployment.path(&format!("{name}.told"));
    let command = format!("[\"sh\", \"-c\", 'cat >> \"$0\"', \"{}\"]", file.display());
    let wait = if more.contains("wait") { "" } else { "wait = \"0s\"\n" };
    format!("[[alert]]\nname = \"{name}\"\ncommand = {command}\n{wait}{more}\n")
}

fn told(deployment: &Deployment, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(deployment.path(&format!("{name}.told"))).unwrap_or_default();
    // The last line may still be on its way.
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// What cannot be read, which needs a person until it is dropped.
fn deliver_garbage(server: &Server, body: &str) {
    let request = client().post(server.url("/webhooks/acme")).basic_auth("mluvii", Some(PASSWORD));
    assert_eq!(http(request.body(body.to_owned())).0, 202);
}

/// Nobody needs to look at it any more.
fn drop_garbage(deployment: &Deployment) {
    let all = deployment.json(&["quarantine", "list"]);
    for item in all.as_array().expect("a list") {
        let dropped = deployment.run(&["quarantine", "drop", &item["id"].to_string()]);
        assert!(dropped.status.success(), "{dropped:?}");
    }
}

/// The codes and objects of what is new in a message, or over.
fn named(message: &Value, list: &str) -> Vec<String> {
    let name = |item: &Value| {
        let word = |key: &str| item[key].as_str().expect("a word").to_owned();
        format!("{} {}", word("code"), word("object"))
    };
    message["data"][list].as_array().expect("a list").iter().map(name).collect()
}

const GARBAGE: &str = "deliveries_unreadable quarantine";

/// Waits until so many messages were told, and returns them.
#[track_caller]
fn wait_for_told(deployment: &Deployment, name: &str, count: usize) -> Vec<Value> {
    wait_for(&format!("{count} messages"), || {
        let told = told(deployment, name);
        (told.len() >= count).then_some(told)
    })
}
