//! A server tells people of what needs them, for all servers on its ledger: each alert is looked at by one of them at a time.
//!
//! A message is in the ledger before it is sent, and taken away once somebody has it. So a restart loses none, and sends one twice only where
//! the process was killed in between; it then has the same id.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::operations::alerts;
use crate::alert::{Alert, AlertState, FAILURES, note_sent};
use crate::attention::{ALERT, Attention, Code, PING};
use crate::causes::with_causes;
use crate::config::Config;
use crate::ledger::{LedgerError, Periodic};
use crate::operations::Operations;

/// The pauses between two looks; they follow from how long something must be there before it is told.
const LOOK_MIN: Duration = Duration::from_millis(100);
const LOOK_MAX: Duration = Duration::from_secs(10);

/// For so long nobody else looks, also where the server that does is killed; and for so long while it sends something.
const LEASE: Duration = Duration::from_secs(20);
const SENDING_LEASE: Duration = Duration::from_secs(120);

/// How long sending may take: less than its lease.
const SEND_MAX: Duration = Duration::from_secs(90);

/// How long a shutdown waits for a message that is being sent.
const GRACE: Duration = Duration::from_secs(3);

/// What refuses a start: an alert that could not be sent would be missed when it is needed.
pub(super) fn must_be_right(config: &Config) -> anyhow::Result<()> {
    for (_, alert) in alerts(config) {
        alert?;
    }
    let read = |reference: &_| config.read_secret(reference);
    config.ping(&read).transpose()?;
    Ok(())
}

/// Tells people until the shutdown.
pub(super) async fn run(on: Operations, is_pinged: bool, shutdown: CancellationToken) {
    let on = Arc::new(on);
    let all = (on.resources.alerts)();
    let mut telling = JoinSet::new();
    let mut names = Vec::new();
    for (name, alert) in all {
        names.push(name.clone());
        match alert {
            Ok(alert) => {
                let telling_one = Telling {
                    on: Arc::clone(&on),
                    alert,
                    unwritten: AlertState::default(),
                    sent: BTreeSet::new(),
                    is_held: false,
                };
                telling.spawn(telling_one.run(shutdown.clone()));
            }
            Err(wrong) => warn!(reason = %wrong, "an alert cannot be sent"),
        }
    }
    if let Err(error) = forget_others(&on, &names, is_pinged).await {
        debug!(error = %with_causes(&error), "what failed and is no longer wanted is forgotten later");
    }
    while telling.join_next().await.is_some() {}
    shutdown.cancelled().await;
}

/// Nobody would take away that an alert fails which is no longer in the configuration.
async fn forget_others(on: &Operations, names: &[String], is_pinged: bool) -> Result<(), LedgerError> {
    for found in on.ledger.attention(&on.settings.limits).await? {
        let named = found.parameters.get("alert").and_then(|name| name.as_str()).unwrap_or_default();
        match found.code {
            Code::AlertFailed if !names.iter().any(|name| name == named) => {
                on.ledger.keeper_ended(&format!("{ALERT}{named}"), None).await?;
            }
            Code::PingFailed if !is_pinged => on.ledger.keeper_ended(PING, None).await?,
            _ => {}
        }
    }
    Ok(())
}

/// One alert.
struct Telling {
    on: Arc<Operations>,
    alert: Alert,
    /// What was told while the ledger took nothing: of that alone, each process tells by itself.
    unwritten: AlertState,
    /// The ids of the messages that were taken, until that is written down.
    sent: BTreeSet<String>,
    /// The lease of the last look could not be given back.
    is_held: bool,
}

impl Telling {
    async fn run(mut self, shutdown: CancellationToken) {
        let name = self.alert.plan.name.clone();
        for is_accepted in [true, false] {
            note_sent(&name, is_accepted, 0);
        }
        let pause = (self.alert.plan.wait / 3).clamp(LOOK_MIN, LOOK_MAX);
        while !shutdown.is_cancelled() {
            if let Err(error) = self.look(pause, &shutdown).await {
                debug!(alert = name, error = %with_causes(&error), "what needs a person is looked at later");
            }
            shutdown.run_until_cancelled(sleep(pause)).await;
        }
    }

    async fn look(&mut self, pause: Duration, shutdown: &CancellationToken) -> Result<(), LedgerError> {
        let on = Arc::clone(&self.on);
        let task = self.task();
        // The ledger took nothing when this look was over: until it does, nobody looks, this server neither.
        if self.is_held {
            self.is_held = on.ledger.put_off_periodic(&task, Duration::ZERO, None).await.is_err();
        }
        match on.ledger.take_periodic(&task, LEASE).await {
            Ok(None) => Ok(()),
            Ok(Some(Periodic { now, .. })) => {
                let looked = self.by_ledger(now, shutdown).await;
                let put_off = on.ledger.put_off_periodic(&task, pause, None).await;
                self.is_held = put_off.is_err();
                put_off?;
                looked
            }
            Err(_) => self.by_itself(shutdown).await,
        }
    }

    /// Its name in the ledger.
    fn task(&self) -> String {
        format!("alert/{}", self.alert.plan.name)
    }

    /// As the ledger knows what was told.
    async fn by_ledger(&mut self, now: Timestamp, shutdown: &CancellationToken) -> Result<(), LedgerError> {
        let on = Arc::clone(&self.on);
        let name = self.alert.plan.name.clone();
        let found = on.ledger.attention(&on.settings.limits).await?;
        let (mut version, mut state) = match on.ledger.alert(&name).await? {
            Some((version, kept)) => (version, AlertState::read(&kept)),
            None => (0, AlertState::default()),
        };
        let before = state.clone();
        // What could not be sent then is told now, if it is still there.
        if self.unwritten.outbox.is_none() {
            state.adopt(&self.unwritten);
        }
        state.look(&self.alert.plan, &found, now);
        if state != before {
            // Whoever has written it meanwhile has looked later.
            if !on.ledger.keep_alert(&name, version, &state.to_json()).await? {
                return Ok(());
            }
            version += 1;
        }
        self.unwritten = AlertState::default();
        if state.is_due(now) {
            on.ledger.put_off_periodic(&self.task(), SENDING_LEASE, None).await?;
        }
        let Some(sent) = self.send(&mut state, now, shutdown).await else { return Ok(()) };
        if on.ledger.keep_alert(&name, version, &state.to_json()).await? {
            self.sent.clear();
        }
        self.tell_of_failure(sent).await
    }

    /// The ledger takes nothing, and that is what is told.
    async fn by_itself(&mut self, shutdown: &CancellationToken) -> Result<(), LedgerError> {
        let mut found = self.on.ledger.attention(&self.on.settings.limits).await?;
        found.retain(|found: &Attention| matches!(found.code, Code::LedgerUnwritable | Code::LedgerDamaged));
        let now = Timestamp::now();
        let mut state = std::mem::take(&mut self.unwritten);
        state.look(&self.alert.plan, &found, now);
        let _sent = self.send(&mut state, now, shutdown).await;
        self.unwritten = state;
        Ok(())
    }

    /// Sends the message that is due, and notes in the state what came of it; `None` where nothing did.
    async fn send(
        &mut self,
        state: &mut AlertState,
        now: Timestamp,
        shutdown: &CancellationToken,
    ) -> Option<Result<(), (u32, String)>> {
        let outgoing = state.outbox.as_mut().filter(|outgoing| outgoing.due <= now)?;
        let id = outgoing.message.id.clone();
        if self.sent.contains(&id) {
            state.accepted(now);
            return Some(Ok(()));
        }
        let sending = timeout(SEND_MAX, self.alert.send(&outgoing.message, &mut outgoing.reached));
        let stopped = async {
            shutdown.cancelled().await;
            sleep(GRACE).await;
        };
        let sent = tokio::select! {
            sent = sending => sent.unwrap_or_else(|_| Err("no answer in time".to_owned())),
            // Whoever comes next sends it.
            () = stopped => return None,
        };
        let name = self.alert.plan.name.as_str();
        note_sent(name, sent.is_ok(), 1);
        match sent {
            Ok(()) => {
                info!(alert = name, message_id = id, "somebody was told");
                self.sent.insert(id);
                state.accepted(now);
                Some(Ok(()))
            }
            Err(reason) => {
                warn!(alert = name, message_id = id, reason, "nobody could be told; it is tried again");
                let failures = state.failed(&reason, now);
                Some(Err((failures, reason)))
            }
        }
    }

    /// For the status, and for the other alerts.
    async fn tell_of_failure(&self, sent: Result<(), (u32, String)>) -> Result<(), LedgerError> {
        let keeper = format!("{ALERT}{}", self.alert.plan.name);
        match sent {
            Ok(()) => self.on.ledger.keeper_ended(&keeper, None).await,
            Err((failures, reason)) if failures >= FAILURES => {
                self.on.ledger.keeper_ended(&keeper, Some(&reason)).await
            }
            Err(_) => Ok(()),
        }
    }
}
