//! A stand-in: what it holds and how it is asked. What happens to it stands in `event.rs` and `anonymize.rs`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use quietus_plugin::Span;
use serde_json::{Map, Value};
use tokio::sync::Notify;

use super::behaviour::{Behaviour, BehaviourError};
use super::clock::Clock;
use super::contacts::Contacts;
use super::conversation::Conversation;
use super::gate::{Call, Fault, Gate};
use super::post::Post;
use super::spelling::Spelling;
use super::tokens::Tokens;
use super::webhook::Webhook;
use crate::keys::Secret;
use crate::lock::lock;

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
pub(crate) struct StandIn(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) settings: StandInSettings,
    pub(super) clock: Arc<Clock>,
    pub(super) spelling: Spelling,
    pub(super) gate: Gate,
    pub(super) tokens: Tokens,
    state: Mutex<State>,
    /// Wakes the courier.
    pub(super) posted: Notify,
}

/// What a stand-in holds.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) behaviour: Behaviour,
    pub(super) conversations: BTreeMap<i64, Conversation>,
    pub(super) contacts: Contacts,
    /// What was accepted and is to be done later.
    pub(super) pending: Vec<Pending>,
    pub(super) webhooks: BTreeMap<i64, Webhook>,
    pub(super) last_id: i64,
    pub(super) post: Post,
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

    /// How it behaves now.
    pub(crate) fn behaviour(&self) -> Behaviour {
        self.state().behaviour.clone()
    }

    /// Sets the named switches (a JSON object); `null` sets one back to its default.
    pub(crate) fn behave(&self, switches: &Map<String, Value>) -> Result<(), BehaviourError> {
        self.state().behaviour.set(switches)
    }

    /// Sets all switches back to what the stand-in was started with.
    pub(crate) fn reset_behaviour(&self) {
        self.state().behaviour = self.0.settings.behaviour.clone();
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The state as it is now: what was accepted and is due by now has been done.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = lock(&self.0.state);
        self.anonymize_due(&mut state);
        state
    }
}

/// A session that will be anonymized.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) session: i64,
    pub(super) at: Timestamp,
}

impl State {
    pub(super) fn new_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }
}
