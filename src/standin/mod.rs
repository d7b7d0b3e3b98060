//! A stand-in for mluvii, and a small CRM beside it: for demonstrations, tests and plugin authors. Conversations enter
//! through a control API or the handle, webhooks and API replies leave, as awkward as the real ones. What it holds is
//! test data and stays in memory: nothing here writes to a disk or a log.

mod anonymize;
mod api;
mod behaviour;
mod clock;
mod contact;
mod control;
mod conversation;
mod courier;
mod crm;
mod document;
mod event;
mod gate;
mod list;
mod query;
mod serve;
mod spelling;
mod token;
mod webhook;

pub(crate) use behaviour::Behaviour;
pub(crate) use conversation::{CallParam, FormKind, NewConversation, Submission};
pub(crate) use crm::{Contact, Crm};
pub(crate) use gate::{Call, Fault, FaultKind};
pub(crate) use serve::{Served, start};

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::keys::Secret;
use crate::span::Span;
use anonymize::Pending;
use clock::Clock;
use contact::Contacts;
use conversation::Conversation;
use courier::Post;
use gate::Gate;
use spelling::Spelling;
use token::Tokens;
use webhook::Webhook;

/// What a stand-in is told when it is made.
#[derive(Clone, Debug)]
pub(crate) struct StandInSettings {
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    /// By the stand-in's own clock, which can be sped up.
    pub(crate) token_lifetime: Span,
    /// Stands before all paths of mluvii, as on premises; empty, or starting with a slash.
    pub(crate) base_path: String,
    /// The longest that a webhook's receiver may take, by the real clock.
    pub(crate) delivery_max: Duration,
    /// The switches that it starts with.
    pub(crate) behaviour: Behaviour,
}

impl StandInSettings {
    /// Settings as the cloud behaves.
    pub(crate) fn new(client_id: impl Into<String>, client_secret: Secret) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret,
            token_lifetime: Span::from_secs(3600),
            base_path: String::new(),
            delivery_max: Duration::from_secs(5),
            behaviour: Behaviour::default(),
        }
    }
}

/// A stand-in for mluvii; clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct StandIn(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: StandInSettings,
    clock: Arc<Clock>,
    spelling: Spelling,
    gate: Gate,
    tokens: Tokens,
    state: Mutex<State>,
    /// Wakes the courier.
    posted: Notify,
}

#[derive(Debug, Default)]
struct State {
    behaviour: Behaviour,
    conversations: BTreeMap<i64, Conversation>,
    contacts: Contacts,
    /// What was accepted and is to be done later.
    pending: Vec<Pending>,
    webhooks: BTreeMap<i64, Webhook>,
    last_id: i64,
    post: Post,
}

/// There is no such conversation, webhook or contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unknown;

impl IntoResponse for Unknown {
    fn into_response(self) -> Response {
        StatusCode::NOT_FOUND.into_response()
    }
}

impl StandIn {
    pub(crate) fn new(settings: StandInSettings) -> Self {
        let clock = Arc::<Clock>::default();
        let state = State { behaviour: settings.behaviour.clone(), ..State::default() };
        Self(Arc::new(Inner {
            settings,
            gate: Gate::timed(clock.clone()),
            clock,
            spelling: Spelling::default(),
            tokens: Tokens::default(),
            state: Mutex::new(state),
            posted: Notify::new(),
        }))
    }

    /// Serves mluvii's API and the control API, and delivers webhooks, until told to stop.
    pub(crate) fn serve(&self, listener: TcpListener, shutdown: CancellationToken) -> std::io::Result<Served> {
        let courier = courier::deliver(self.clone(), shutdown.clone());
        Served::begin(listener, self.router(), &self.0.settings.base_path, shutdown, courier)
    }

    fn router(&self) -> Router {
        let mluvii = Router::new().merge(token::router()).merge(api::router(self));
        let mluvii = mluvii.layer(axum::middleware::from_fn_with_state(self.0.gate.clone(), gate::pass));
        let mluvii = match self.0.settings.base_path.as_str() {
            "" => mluvii,
            path => Router::new().nest(path, mluvii),
        };
        mluvii.nest("/standin", control::router(self)).with_state(self.clone())
    }

    /// Has calls go wrong, in the order in which faults are added.
    pub(crate) fn add_fault(&self, fault: Fault) {
        self.0.gate.add_fault(fault);
    }

    /// Every call of mluvii's API, in the order in which they came.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.0.gate.calls()
    }

    /// The stand-in's clock runs so many times as fast as the real one.
    pub(crate) fn set_speed(&self, speed: f64) {
        self.0.clock.set_speed(speed);
    }

    /// Puts the stand-in's clock forward.
    pub(crate) fn advance(&self, by: Duration) {
        self.0.clock.advance(by);
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The state as it is now: what was accepted and is due by now has been done.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.anonymize_due(&mut state);
        state
    }
}

impl State {
    fn new_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }
}

#[cfg(test)]
mod tests;
