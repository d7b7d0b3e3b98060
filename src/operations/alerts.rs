//! Alerts: trying whether they reach somebody, and what they have told.

use jiff::Timestamp;
use serde::Serialize;

use super::{OperationError, Operations};
use crate::alert::{Alert, AlertState};
use crate::attention::Severity;

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TestedAlert {
    pub(crate) alert: String,
    /// By what it tells, in a word.
    pub(crate) by: &'static str,
    /// Whether whoever brings it has taken it.
    pub(crate) accepted: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// What an alert has told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AlertView {
    pub(crate) alert: String,
    pub(crate) by: &'static str,
    pub(crate) from: Severity,
    /// When somebody took its last message.
    pub(crate) accepted: Option<Timestamp>,
    /// What it has told, and not that it is over.
    pub(crate) open: Vec<ToldView>,
    /// What nobody has taken yet.
    pub(crate) waiting: Option<WaitingView>,
}

/// Something that was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ToldView {
    pub(crate) code: String,
    pub(crate) object: String,
    pub(crate) severity: Severity,
    pub(crate) told: Timestamp,
}

/// A message that nobody has taken yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WaitingView {
    pub(crate) summary: String,
    pub(crate) since: Timestamp,
    pub(crate) failures: u32,
    /// When it is sent next.
    pub(crate) due: Timestamp,
    pub(crate) reason: Option<String>,
}

/// Sends a test by each alert, or by the one of this name.
pub(crate) async fn test(on: &Operations, name: Option<&str>) -> Result<Vec<TestedAlert>, OperationError> {
    let mut tested = Vec::new();
    for alert in named(on, name)? {
        let reason = alert.test(Timestamp::now()).await.err();
        let (name, by) = (alert.plan.name.clone(), alert.by());
        tested.push(TestedAlert { alert: name, by, accepted: reason.is_none(), reason });
    }
    Ok(tested)
}

/// Says what each alert has told, and what it has still to tell.
pub(crate) async fn list(on: &Operations) -> Result<Vec<AlertView>, OperationError> {
    let mut views = Vec::new();
    for alert in named(on, None)? {
        let kept = on.ledger.alert(&alert.plan.name).await?;
        let state = kept.map(|(_, state)| AlertState::read(&state)).unwrap_or_default();
        views.push(view(&alert, state));
    }
    Ok(views)
}

fn view(alert: &Alert, state: AlertState) -> AlertView {
    let open = state.told.into_values().filter_map(|told| {
        Some(ToldView { told: told.told?, code: told.code, object: told.object, severity: told.severity })
    });
    let waiting = state.outbox.map(|outgoing| WaitingView {
        summary: outgoing.message.summary(),
        since: outgoing.message.at,
        failures: outgoing.failures,
        due: outgoing.due,
        reason: outgoing.reason,
    });
    let (name, by, from) = (alert.plan.name.clone(), alert.by(), alert.plan.from);
    AlertView { alert: name, by, from, accepted: state.accepted, open: open.collect(), waiting }
}

/// All alerts, or the one of this name; each of them can be sent.
fn named(on: &Operations, name: Option<&str>) -> Result<Vec<Alert>, OperationError> {
    let all = (on.resources.alerts)();
    if all.is_empty() {
        return Err(OperationError::NotFound("the configuration has no `[[alert]]`".to_owned()));
    }
    let known: Vec<_> = all.iter().map(|(name, _)| name.clone()).collect();
    let wanted = all.into_iter().filter(|(of, _)| name.is_none_or(|name| name == of));
    let alerts = wanted.map(|(_, alert)| alert).collect::<Result<Vec<_>, _>>();
    let alerts = alerts.map_err(|wrong| OperationError::Configuration(wrong.into()))?;
    match name {
        Some(name) if alerts.is_empty() => {
            Err(OperationError::NotFound(format!("there is no alert `{name}`; there are: {}", known.join(", "))))
        }
        _ => Ok(alerts),
    }
}
