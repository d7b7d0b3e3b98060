use std::sync::Arc;
use std::time::{Duration, Instant};

use figment::Figment;
use figment::providers::{Format as _, Toml};
use quietus_plugin::Span;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::keys::{Secret, SecretError, SecretRef};
use crate::subject::SessionId;
use server::{Server, Wrong};

mod attesting;
mod calling;
mod erasing;
mod halting;
mod probing;
mod reading;
mod searching;
mod server;
mod waiting;

/// An awkward mluvii on a real socket, and settings that lead to it.
struct Mluvii {
    server: Server,
    settings: MluviiSettings,
}

impl Mluvii {
    async fn start() -> Self {
        let server = Server::start().await;
        Self { settings: settings_for(&server.url), server }
    }

    fn client(&self) -> Arc<MluviiClient> {
        Arc::new(MluviiClient::new(&self.settings, &read_secret).expect("a client"))
    }

    fn target(&self) -> MluviiTarget {
        MluviiTarget::new(self.client())
    }

    /// A conversation of a guest with an e-mail address, and another one of somebody else beside it.
    fn conversation(&self, guest: &str, email: &str) -> SessionId {
        let session = self.put(session(guest, email));
        let unrelated = session.0 + 5000;
        self.server.held().sessions.entry(unrelated).or_insert_with(|| with_id(session_of_nobody(), unrelated));
        session
    }

    /// A session's reply, under an id of its own.
    fn put(&self, reply: Value) -> SessionId {
        let mut held = self.server.held();
        let id = held.sessions.keys().filter(|id| **id < 1000).max().map_or(1, |last| last + 1);
        let params = reply.pointer("/guest/callParams").and_then(Value::as_object);
        let listed = params.into_iter().flatten().map(|(name, value)| {
            json!({ "name": name, "value": value, "source": "ENTRY_FORM", "updatedDate": "2024-05-02T16:05:24.454661+02:00" })
        });
        let listed = json!({ "callParams": listed.collect::<Vec<_>>() });
        held.call_params.insert(id, listed);
        held.sessions.insert(id, with_id(reply, id));
        SessionId(id)
    }

    fn tokens_given(&self) -> usize {
        self.server.calls_of("/login/connect/token")
    }

    fn forget(&self, session: SessionId) {
        self.server.held().sessions.remove(&session.0);
    }
}

/// A session's reply as mluvii gives it.
fn session(guest: &str, email: &str) -> Value {
    json!({
        "id": 0, "companyId": 500, "departmentId": 62, "channel": "Chat", "source": "Default",
        "started": "2024-05-02T16:05:24.454661+02:00", "ended": "2024-05-02T16:15:24.454661+02:00",
        "phoneCallbackNumber": null,
        "guest": {
            "identity": guest, "tempId": format!("t-{guest}"), "trackedId": null, "channelIdentity": null,
            "ipAddress": "192.0.2.7", "language": "cs", "callParams": { "oo1_guest_email": email }, "gdprVersion": null,
        },
        "activities": [{ "id": 1, "type": "ChatMessage", "text": format!("please write to {email}") }],
        "notes": [], "feedback": null, "recordings": [],
    })
}

fn session_of_nobody() -> Value {
    session("somebody-else", "eve@x.cz")
}

fn with_id(mut reply: Value, id: i64) -> Value {
    reply["id"] = id.into();
    reply
}

/// The defaults, and what a configuration adds to them.
fn settings_for(url: &str) -> MluviiSettings {
    Figment::from(Toml::string(include_str!("../../config/default.toml")))
        .merge(("mluvii.name", "mluvii"))
        .merge(("mluvii.base_url", url))
        .merge(("mluvii.client_id.env", "CLIENT_ID"))
        .merge(("mluvii.client_secret.env", "CLIENT_SECRET"))
        .extract_inner("mluvii")
        .expect("the defaults are settings")
}

fn read_secret(reference: &SecretRef) -> Result<Secret, SecretError> {
    match reference {
        SecretRef::Env(name) if name == "CLIENT_ID" => Ok(Secret::new("the-client")),
        SecretRef::Env(name) if name == "CLIENT_SECRET" => Ok(Secret::new("the-secret")),
        other => Err(SecretError::Wrong(format!("{other:?} is not set"))),
    }
}

fn short(millis: u64) -> Span {
    format!("{millis}ms").parse().expect("a span")
}

/// A look that asks for the call params, too.
fn with_params() -> Look {
    Look { params: true, activity: None }
}
