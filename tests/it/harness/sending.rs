//! Many requests at once.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Client;
use serde_json::json;
use tokio::runtime::Runtime;

use super::{PASSWORD, PATIENCE, session_ended};

/// Requests at once.
pub(crate) const CONNECTIONS: usize = 64;

/// What the senders run on.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// A client that keeps its connections, unlike [`super::client`].
pub(crate) fn sender() -> Client {
    sender_within(PATIENCE)
}

/// The same, which waits so long for an answer.
pub(crate) fn sender_within(answer_max: Duration) -> Client {
    drop(super::client());
    let builder = Client::builder().pool_max_idle_per_host(CONNECTIONS).timeout(answer_max);
    builder.tls_certs_only([]).build().expect("a client")
}

/// Delivers the end of a session to the source `acme`; `None` when there was no answer.
pub(crate) async fn send_end(client: &Client, server: SocketAddr, session: i64) -> Option<u16> {
    let url = format!("http://{server}/webhooks/acme");
    let request = client.post(url).basic_auth("mluvii", Some(PASSWORD)).json(&session_ended(session));
    Some(request.send().await.ok()?.status().as_u16())
}

/// Begins a conversation without consent at the stand-in for mluvii, of `guest{id}@example.com`.
pub(crate) async fn send_begin(client: &Client, mluvii: &str, id: i64) {
    let begin = json!({ "id": id, "tenant": 62, "guest": format!("guest-{id}"), "call_params":
        [{ "name": "oo1_guest_email", "value": format!("guest{id}@example.com"), "source": "ENTRY_FORM" }] });
    let begun = client.post(format!("{mluvii}/standin/conversations")).json(&begin).send().await;
    assert_eq!(begun.expect("the stand-in answers").status(), 201);
}
