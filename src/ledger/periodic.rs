//! What one server of a deployment does for all of them, from time to time: watching the subscription, comparing with mluvii.

use std::time::Duration;

use jiff::Timestamp;

/// Nothing is put off for longer; what is due later than that was put off by a clock that was wrong.
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(2 * 86_400);

/// Periodic work that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Periodic {
    /// How far it has come, as it was said last.
    pub(crate) mark: Option<Timestamp>,
    /// The ledger's time.
    pub(crate) now: Timestamp,
}
