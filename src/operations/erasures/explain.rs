//! Erasures with why they are not over, as they are shown.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::attention::{Delay, Surroundings, delay};
use crate::deadline::days_left;
use crate::erasure::{Erasure, ErasureState, RuleDemand};
use crate::ledger::TargetState;
use crate::operations::{OperationError, Operations};
use crate::subject::{Kind, TargetName};

/// An erasure, and why it is not over.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Explained {
    #[serde(flatten)]
    pub(crate) erasure: Erasure,
    /// What somebody approves, of one that waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to_approve: Option<ToApprove>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) waits_for: Vec<Delay>,
    /// Its month is over. What nobody has approved, or a hold keeps, is not late.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) late: bool,
    /// Its last day before it is late; nothing of what nobody has approved, or a hold keeps, nor of what has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) on_time_until: Option<Date>,
    /// Less than none where it is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) days_left: Option<i32>,
}

/// What somebody approves of an erasure, and the version by which they say that they have seen it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ToApprove {
    pub(crate) version: String,
    pub(crate) demands: Vec<Demanded>,
}

/// What one rule demands of it, or one order.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Demanded {
    pub(crate) rule: String,
    pub(crate) targets: Vec<TargetName>,
    /// It does not begin before by this rule alone.
    pub(crate) due: Timestamp,
    /// By what it names somebody, beside the session itself.
    pub(crate) identifiers: BTreeSet<Kind>,
}

impl ToApprove {
    fn of(erasure: &Erasure) -> Option<Self> {
        let demanded = |one: &RuleDemand| Demanded {
            rule: one.rule.clone(),
            targets: one.targets.clone(),
            due: one.due(),
            identifiers: one.kinds.clone(),
        };
        let waits = erasure.state == ErasureState::Requested;
        waits.then(|| Self { version: erasure.version(), demands: erasure.demands.iter().map(demanded).collect() })
    }
}

/// Says of each why it is not over.
pub(crate) async fn explain(on: &Operations, erasures: Vec<Erasure>) -> Result<Vec<Explained>, OperationError> {
    let around = surroundings(on, &erasures.iter().collect::<Vec<_>>()).await?;
    let now = Timestamp::now();
    let calendar = &on.settings.limits.calendar;
    let before = calendar.late_before(now);
    let explained = |mut erasure: Erasure| {
        if let Some(confirmation) = &mut erasure.confirmation {
            confirmation.link = confirmation.link.take().map(|link| link.at(now));
        }
        let runs = erasure.ended.is_none() && erasure.state != ErasureState::Requested && !erasure.held;
        let since = erasure.due.max(erasure.created);
        let late = runs && before.is_some_and(|before| since < before);
        let on_time_until = runs.then(|| calendar.on_time_until(since)).flatten();
        let days_left = on_time_until.map(|last| days_left(calendar.day(now), last));
        let waits_for = delay::of_erasure(&erasure, &around, now);
        let to_approve = ToApprove::of(&erasure);
        Explained { to_approve, waits_for, late, on_time_until, days_left, erasure }
    };
    Ok(erasures.into_iter().map(explained).collect())
}

/// What keeps targets from being called, and these erasures from being done.
pub(in crate::operations) async fn surroundings(
    on: &Operations,
    erasures: &[&Erasure],
) -> Result<Surroundings, OperationError> {
    let mut around = Surroundings { manual: on.settings.manual.keys().cloned().collect(), ..Surroundings::default() };
    around.paused.extend(on.ledger.paused_targets().await?.into_iter().map(|one| one.pause.target));
    let holds = erasures.iter().flat_map(|erasure| &erasure.holds).map(|held| held.hold).collect();
    around.holds = on.ledger.hold_ends(&holds).await?;
    for health in on.ledger.targets().await? {
        if let TargetState::Open { until, reason, .. } = health.state {
            around.out.insert(health.target, (until, reason));
        }
    }
    Ok(around)
}
