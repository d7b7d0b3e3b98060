//! A vendor's budget: once an answer says that it is used up, nothing is sent until it is filled again.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use quietus_plugin::PluginError;

/// Until when nothing is sent.
#[derive(Default)]
pub(super) struct Quota(Mutex<Option<Instant>>);

impl Quota {
    /// Whether something may be sent.
    pub(super) fn check(&self) -> Result<(), PluginError> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = until.map(|until| until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero());
        left.map_or(Ok(()), |left| Err(PluginError::rate_limited(Some(left))))
    }

    /// It is used up for so long.
    pub(super) fn used_up(&self, pause: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now().checked_add(pause);
    }
}
