use std::sync::Arc;
use std::time::{Duration, Instant};

use figment::Figment;
use figment::providers::{Format as _, Toml};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::client::Anonymized;
use super::*;
use crate::keys::{Secret, SecretError, SecretRef};
use crate::span::Span;
use crate::standin::{CallParam, Fault, FaultKind, NewConversation, StandIn, StandInSettings};
use crate::subject::SessionId;

mod calling;
mod erasing;
mod reading;

/// A stand-in on a real socket, and settings that lead to it.
struct Mluvii {
    standin: StandIn,
    settings: MluviiSettings,
    _shutdown: DropGuard,
}

impl Mluvii {
    async fn start() -> Self {
        Self::start_as(stand_in_settings()).await
    }

    async fn start_as(settings: StandInSettings) -> Self {
        let shutdown = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let standin = StandIn::new(settings);
        let served = standin.serve(listener, shutdown.clone()).expect("serves");
        Self { standin, settings: settings_for(&served.url), _shutdown: shutdown.drop_guard() }
    }

    fn client(&self) -> Arc<MluviiClient> {
        Arc::new(MluviiClient::new(&self.settings, &read_secret).expect("a client"))
    }

    fn target(&self) -> MluviiTarget {
        MluviiTarget::new(self.client())
    }

    /// A conversation of a guest with an e-mail address.
    fn conversation(&self, guest: &str, email: &str) -> SessionId {
        SessionId(self.standin.begin(NewConversation {
            guest: Some(guest.to_owned()),
            call_params: vec![call_param("oo1_guest_email", email, "ENTRY_FORM")],
            activities: vec![format!("please write to {email}")],
            ..NewConversation::default()
        }))
    }

    fn fail(&self, path: &str, times: u32, kind: FaultKind) {
        self.standin.add_fault(Fault { path: path.to_owned(), times: Some(times), kind });
    }

    fn fail_with(&self, path: &str, times: u32, status: u16) {
        self.fail(path, times, FaultKind::Status { status, retry_after_s: None });
    }

    /// How many calls were made of a path that ends so.
    fn calls_of(&self, end: &str) -> usize {
        self.standin.calls().iter().filter(|call| call.path.ends_with(end)).count()
    }

    fn tokens_given(&self) -> usize {
        self.calls_of("/login/connect/token")
    }
}

fn stand_in_settings() -> StandInSettings {
    StandInSettings::new("the-client", Secret::new("the-secret"))
}

/// The defaults, and what a configuration adds to them.
fn settings_for(url: &str) -> MluviiSettings {
    Figment::from(Toml::string(include_str!("../../config/default.toml")))
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
        other => Err(SecretError(format!("{other:?} is not set"))),
    }
}

fn call_param(name: &str, value: &str, source: &str) -> CallParam {
    CallParam {
        name: name.to_owned(),
        value: value.to_owned(),
        source: Some(source.to_owned()),
        ..CallParam::default()
    }
}

fn short(millis: u64) -> Span {
    format!("{millis}ms").parse().expect("a span")
}
