use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use jiff::Timestamp;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::spelling::Spelling;
use super::*;
use crate::keys::Secret;

mod anonymizing;
mod contacts;
mod control;
mod crm;
mod delivery;
mod forms;
mod gateway;
mod lists;
mod replies;
mod switches;

/// A stand-in on a real socket, and an HTTP client.
struct Served {
    standin: StandIn,
    url: String,
    http: Client,
    _shutdown: tokio_util::sync::DropGuard,
}

impl Served {
    async fn start() -> Self {
        Self::start_as(StandInSettings::new("the-client", Secret::new("the-secret"))).await
    }

    async fn start_as(settings: StandInSettings) -> Self {
        let shutdown = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let standin = StandIn::new(settings);
        let url = standin.serve(listener, shutdown.clone()).expect("serves").url;
        Self { standin, url, http: http_client(), _shutdown: shutdown.drop_guard() }
    }

    /// A call of the control API, which needs no token.
    async fn control(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        answer(self.http.request(method, format!("{}/standin{path}", self.url)).json(&body)).await
    }

    async fn token(&self) -> String {
        let form = [("grant_type", "client_credentials"), ("client_id", "the-client"), ("client_secret", "the-secret")];
        let (_, reply) = answer(self.http.post(format!("{}/login/connect/token", self.url)).form(&form)).await;
        reply["access_token"].as_str().expect("a token").to_owned()
    }

    /// A call of mluvii's API.
    async fn api(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let request = self.http.request(method, format!("{}/api/v1{path}", self.url)).json(&body);
        answer(request.bearer_auth(self.token().await)).await
    }

    /// Sets switches.
    async fn behave(&self, switches: Value) {
        let (status, answer) = self.control(Method::POST, "/behaviour", switches).await;
        assert_eq!(status, 204, "{answer}");
    }

    /// A session as mluvii's API shows it, with its keys in the usual case; `Null` when there is none.
    async fn session(&self, id: i64) -> Value {
        plain(self.api(Method::GET, &format!("/Sessions/{id}"), Value::Null).await.1)
    }

    /// The ids of the sessions that are listed, in their order.
    async fn listed(&self, query: &str) -> Vec<i64> {
        let (status, list) = self.api(Method::GET, &format!("/Sessions?{query}"), Value::Null).await;
        assert_eq!(status, 200, "{query}");
        let list = plain(list);
        list.as_array().expect("an array").iter().filter_map(|session| session["id"].as_i64()).collect()
    }
}

/// A document with its keys in the usual case; those that are data keep theirs.
fn plain(document: Value) -> Value {
    match document {
        Value::Array(elements) => elements.into_iter().map(plain).collect(),
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| {
                let name = name[..1].to_lowercase() + &name[1..];
                let is_data =
                    ["callParams", "params", "submissionParams"].contains(&name.as_str()) && value.is_object();
                (name, if is_data { value } else { plain(value) })
            });
            members.collect()
        }
        scalar => scalar,
    }
}

fn http_client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().expect("a client")
}

/// The status, and the body where it is JSON.
async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let body = response.bytes().await.expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// Looks again and again until it is so.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut look = tokio::time::interval(Duration::from_millis(2));
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        look.tick().await;
    }
}
