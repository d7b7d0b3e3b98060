//! One call, as the plugin sees it: a log, a deadline, a flag.

use std::time::Duration;

use crate::protocol::{Level, PluginError};

/// What a call asks of the host that runs it.
pub(crate) trait CallHost {
    fn log(&self, call: u64, level: Level, text: &str);
    fn cancelled(&self, call: u64) -> bool;
    /// Negative when the host knows no deadline.
    fn remaining_ms(&self, call: u64) -> i64;
}

/// A call under way.
pub struct Call<'a> {
    host: &'a dyn CallHost,
    id: u64,
}

impl<'a> Call<'a> {
    pub(crate) fn new(host: &'a dyn CallHost, id: u64) -> Self {
        Self { host, id }
    }

    /// A call without a host: never cancelled, without a deadline, its log goes nowhere. For tests of plugins.
    ///
    /// ```
    /// let call = quietus_plugin::Call::unattended();
    /// assert!(!call.cancelled());
    /// assert_eq!(call.remaining(), None);
    /// ```
    pub fn unattended() -> Call<'static> {
        Call { host: &Nobody, id: 0 }
    }

    /// Writes a line into quietus's log. No personal data, please: the host redacts the values that it sent, and cannot
    /// know others.
    pub fn log(&self, level: Level, text: impl AsRef<str>) {
        self.host.log(self.id, level, text.as_ref());
    }

    /// Whether the host no longer wants the answer.
    pub fn cancelled(&self) -> bool {
        self.host.cancelled(self.id)
    }

    /// Returns early with the right error when the host no longer wants the answer: `call.check()?`.
    pub fn check(&self) -> Result<(), PluginError> {
        if self.cancelled() { Err(PluginError::cancelled()) } else { Ok(()) }
    }

    /// How long until the host gives up; `None` without a deadline.
    pub fn remaining(&self) -> Option<Duration> {
        u64::try_from(self.host.remaining_ms(self.id)).ok().map(Duration::from_millis)
    }
}

struct Nobody;

impl CallHost for Nobody {
    fn log(&self, _: u64, _: Level, _: &str) {}

    fn cancelled(&self, _: u64) -> bool {
        false
    }

    fn remaining_ms(&self, _: u64) -> i64 {
        -1
    }
}
