//! A place as the plugin sees it: names in, what is there and what happened to it out.

use std::collections::BTreeMap;
use std::time::Duration;

use quietus_plugin::{Call, PluginError, Progress, Writes, mark};

use crate::template::Name;
use crate::told::Told;

/// What is not begun any more: less is left of the call.
const TIME_MIN: Duration = Duration::from_millis(250);

/// So many are announced at once: a host stores about ten times a second, and most files go faster.
pub(crate) const AHEAD: usize = 100;

/// A folder or a bucket.
pub(crate) trait Place: Send + Sync {
    /// Looks, and changes nothing.
    fn look(&self, names: &[Name], call: &Call) -> Result<Sight, PluginError>;

    /// Erases; says what it had to leave.
    fn erase(&self, names: &[Name], job: &mut Job<'_>) -> Result<Left, PluginError>;

    /// What is known of what was looked at there, by names made of these kinds.
    fn told(&self, place: &str, kinds: &str) -> Told;

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
    /// Nobody could tell what a hold keeps.
    pub(crate) holds_unseen: bool,
    /// Folders that may not be entered, so that nobody knows what is in them.
    pub(crate) closed: u64,
    /// Why an erasure would fail.
    pub(crate) obstacle: Option<PluginError>,
}

/// What an erasure had to leave.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// What a hold keeps.
    pub(crate) kept: Option<String>,
    /// Folders that may not be entered.
    pub(crate) closed: u64,
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
    pub(crate) progress: &'a mut Progress,
}

impl Job<'_> {
    /// What stands for something in this place.
    pub(crate) fn mark(&self, what: &[&[u8]]) -> u64 {
        mark([self.place.as_bytes()].iter().chain(what))
    }

    /// It is about to go; to be [stored](Self::store) before it does.
    pub(crate) fn announce(&mut self, count: &str, mark: u64) {
        self.progress.announce(count, &[mark]);
    }

    pub(crate) fn store(&mut self) -> Result<(), PluginError> {
        self.progress.store(self.call)
    }

    /// It is gone.
    pub(crate) fn done(&mut self, count: &str, mark: u64) {
        self.progress.done(count, &[mark]);
    }

    /// The system was asked, and did not say whether it did.
    pub(crate) fn unsure(&mut self, count: &str, mark: u64) {
        self.progress.unsure(count, &[mark]);
    }

    /// It was announced, and nothing else was done to it.
    pub(crate) fn not_begun(&mut self, count: &str, mark: u64) {
        self.progress.not_begun(count, &[mark]);
    }

    /// It is still there, or was not there.
    pub(crate) fn refused(&mut self, count: &str, mark: u64) {
        self.progress.refused(count, &[mark]);
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
}
