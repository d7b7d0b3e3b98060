//! The plugin against a stand-in for Microsoft Graph, over real sockets.

mod answers;
mod configuration;
mod erasing;
mod exchange;
mod gateway;
mod holds;
mod hostile;
mod killed;
mod language;
mod mail;
mod sweeping;
mod told;

use std::time::Duration;

use quietus_plugin::{Answer, PluginError};
use serde_json::{Value, json};

use crate::standin::Host;
use exchange::{Exchange, USER};

const ANN: [(&str, &str); 1] = [("email", "ann@x.cz")];

fn account(exchange: &Exchange) -> Value {
    json!({
        "user": USER,
        "base_url": format!("{}/v1.0", exchange.server.url),
        "token_url": format!("{}/token", exchange.server.url),
        "client_id": "quietus",
        "secret": "app",
        "rate": 1000,
    })
}

/// The plugin with one mailbox, and with these settings beside it.
fn host(exchange: &Exchange, more: Value) -> Host {
    configured(json!([{ "name": "support", "graph": account(exchange) }]), more).expect("configured")
}

/// The plugin with one mailbox, which waits no longer than a second for an answer.
fn hasty(exchange: &Exchange) -> Host {
    let mut account = account(exchange);
    account["timeout"] = json!("1s");
    configured(json!([{ "name": "support", "graph": account }]), json!({})).expect("configured")
}

fn config(accounts: Value, more: Value) -> Value {
    let mut config = json!({ "accounts": accounts });
    config.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    config
}

fn configured(accounts: Value, more: Value) -> Result<Host, PluginError> {
    Host::with_secrets(config(accounts, more), [("app", "hunter2")])
}

const DAY: u64 = 86_400;

fn erased(messages: u64) -> Answer {
    Answer::erased().count("messages", messages)
}

/// As long as no hold is known of, Purges is looked at again later.
fn later(answer: Answer) -> Answer {
    answer.verify_after(Duration::from_secs(21 * DAY))
}
