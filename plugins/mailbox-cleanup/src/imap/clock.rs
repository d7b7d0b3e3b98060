//! How long a server may be waited for: by the call's deadline and the operator's limit.

use std::time::{Duration, Instant};

use quietus_plugin::{Call, PluginError};

use crate::mailbox::go_on;

/// How long a goodbye is waited for.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

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

    /// The same clock with little patience, for what does not matter.
    pub(super) fn brief(self) -> Self {
        Self { silence_max: self.silence_max.min(GOODBYE_MAX), ..self }
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
        go_on(self.call)
    }
}
