//! Erasures with why they are not over, as they are shown.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::attention::{Delay, Surroundings, delay};
use crate::deadline::days_left;
use crate::erasure::{Erasure, ErasureState};
use crate::ledger::TargetState;
use crate::operations::{OperationError, Operations};

/// An erasure, and why it is not over.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Explained {
    #[serde(flatten)]
    pub(crate) erasure: Erasure,
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
        Explained { waits_for: delay::of_erasure(&erasure, &around, now), late, on_time_until, days_left, erasure }
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
