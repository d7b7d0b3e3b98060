//! The plugin against a real Dovecot, and against servers that no good one is like.

mod accounts;
mod at_once;
mod configuration;
mod erasing;
mod garbage;
mod gone;
mod killed;
mod large;
mod lost;
mod mail;
mod odd;
mod persons;
mod proxy;
mod real;
mod script;
mod servers;
mod sweeping;
mod told;
mod unread;

use std::sync::LazyLock;

use quietus_plugin::{Answer, ErrorClass, Outcome, PluginError};
use serde_json::{Value, json};
use test_servers::dovecot::{Dovecot, PASSWORD};

use crate::standin::Host;

/// One server for the tests that need nothing special; each has a user of its own.
static SERVER: LazyLock<Dovecot> = LazyLock::new(Dovecot::start);

/// An IMAP account on a server, over TLS.
fn imap(server: &Dovecot, user: &str) -> Value {
    json!({
        "url": format!("imaps://localhost:{}", server.tls_port()),
        "ca_file": server.certificate(),
        "user": user,
        "password": "password",
    })
}

/// Overwrites keys.
fn with(mut settings: Value, more: Value) -> Value {
    settings.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    settings
}

/// The plugin with one account and settings beside it.
fn host_with(imap: Value, more: Value) -> Host {
    configure(with(json!({ "accounts": [{ "name": "office", "imap": imap }] }), more)).expect("configured")
}

fn host(imap: Value) -> Host {
    host_with(imap, json!({}))
}

fn configure(config: Value) -> Result<Host, PluginError> {
    Host::with_secrets(config, [("password", PASSWORD), ("token", "t-1"), ("wrong", "hunter2")])
}

const ANN: [(&str, &str); 1] = [("email", "ann@x.cz")];

#[track_caller]
fn outcome(answer: Result<Answer, PluginError>) -> Outcome {
    answer.expect("an answer").outcome
}

#[track_caller]
fn class(answer: Result<Answer, PluginError>) -> ErrorClass {
    answer.expect_err("an error").class
}

fn erased(messages: u64) -> Result<Answer, PluginError> {
    Ok(Answer::erased().count("messages", messages))
}

fn residual(messages: u64) -> Result<Answer, PluginError> {
    Ok(Answer::residual().count("messages", messages))
}
