//! What one server of a deployment does for all of them, from time to time: watching the subscription, comparing with mluvii.

use std::time::Duration;

use jiff::Timestamp;

use crate::subject::InstallationName;

/// Nothing is put off for longer; what is due later than that was put off by a clock that was wrong.
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(2 * 86_400);

/// Under which it is noted up to which erased session it was looked whether they are shown again.
pub(super) fn erased_look(installation: &InstallationName) -> String {
    format!("erased/{installation}")
}

/// Periodic work that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Periodic {
    /// How far it has come, as it was said last.
    pub(crate) mark: Option<Timestamp>,
    /// The ledger's time.
    pub(crate) now: Timestamp,
}
