//! What a place is to the plugin: names enter, and what is there leaves, or what became of it.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::time::Duration;

use quietus_plugin::{Call, Memory, PluginError, Progress, Writes};

use crate::template::Name;

/// What is not begun any more: less is left of the call.
const TIME_MIN: Duration = Duration::from_millis(250);

/// A folder or a bucket.
pub(crate) trait Place: Send + Sync {
    /// Looks, and changes nothing.
    fn look(&self, names: &[Name], call: &Call) -> Result<Sight, PluginError>;

    /// Erases; says what is kept by a hold.
    fn erase(&self, names: &[Name], job: &mut Job<'_>) -> Result<Option<String>, PluginError>;

    /// Whether it can be reached.
    fn health(&self, call: &Call) -> Result<(), PluginError>;
}

/// What is there.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    /// What an erasure would erase.
    pub(crate) counts: BTreeMap<&'static str, u64>,
    /// What a hold keeps.
    pub(crate) kept: Option<String>,
    /// Why an erasure would fail.
    pub(crate) obstacle: Option<PluginError>,
}

impl Sight {
    pub(crate) fn count(&mut self, what: &'static str, how_many: u64) {
        if how_many > 0 {
            *self.counts.entry(what).or_default() += how_many;
        }
    }
}

/// One place's part in one erasure.
pub(crate) struct Job<'a> {
    pub(crate) call: &'a Call<'a>,
    pub(crate) writes: Writes<'a>,
    pub(crate) place: &'a str,
    pub(crate) memory: &'a Memory,
    pub(crate) progress: &'a mut Progress,
}

impl Job<'_> {
    /// It is gone.
    pub(crate) fn done(&mut self, count: &str, what: &impl Hash) {
        self.progress.done(count, &[self.mark(what)]);
    }

    /// The system was asked, and did not say what became of it.
    pub(crate) fn unsure(&mut self, count: &str, what: &impl Hash) {
        self.progress.unsure(count, &[self.mark(what)]);
    }

    /// It is still there, or was not there.
    pub(crate) fn refused(&mut self, count: &str, what: &impl Hash) {
        self.progress.refused(count, &[self.mark(what)]);
    }

    /// Whether there is time for one more step.
    pub(crate) fn go_on(&self) -> Result<(), PluginError> {
        self.call.check()?;
        if self.call.remaining().is_none_or(|left| left > TIME_MIN) {
            return Ok(());
        }
        let counts = self.progress.counts();
        let so_far: Vec<_> = counts.iter().map(|(what, count)| format!("{what}: {count}")).collect();
        let so_far = if so_far.is_empty() { "nothing".into() } else { so_far.join(", ") };
        Err(PluginError::retryable(format!(
            "the call's time is over; erased so far {so_far}; the next attempt goes on"
        )))
    }

    fn mark(&self, what: &impl Hash) -> u64 {
        self.memory.mark(&(self.place, what))
    }
}
