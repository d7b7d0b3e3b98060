//! How long a server may be waited for: the call and the operator's limit enter; patience, or why it is over, leaves.

use std::time::{Duration, Instant};

use quietus_plugin::{Call, PluginError};

/// What is left for the answer to the host.
const MARGIN: Duration = Duration::from_secs(1);

/// The clock of one call.
#[derive(Clone, Copy)]
pub(super) struct Clock<'c> {
    call: &'c Call<'c>,
    silence_max: Duration,
}

impl<'c> Clock<'c> {
    pub(super) fn new(call: &'c Call<'c>, silence_max: Duration) -> Self {
        Self { call, silence_max }
    }

    /// How much longer a server may be silent that has been so since then.
    pub(super) fn patience(&self, since: Instant) -> Result<Duration, PluginError> {
        self.check()?;
        let left = self.silence_max.saturating_sub(since.elapsed());
        if left.is_zero() {
            return Err(PluginError::retryable("the server did not answer in time"));
        }
        Ok(left.min(self.call.remaining().unwrap_or(Duration::MAX)))
    }

    /// Whether there is time for a further step.
    pub(super) fn check(&self) -> Result<(), PluginError> {
        self.call.check()?;
        match self.call.remaining() {
            Some(left) if left < MARGIN => Err(PluginError::retryable("the call's time is over, the next one goes on")),
            _ => Ok(()),
        }
    }
}
