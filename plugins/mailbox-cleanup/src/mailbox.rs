//! What each kind of mailbox implements: finding and erasing for one task.

use std::time::{Duration, Instant};

use quietus_plugin::{Call, PluginError, Progress, Writes};

use crate::holding::{Held, Holding};
use crate::scope::Scope;
use crate::through::{Begun, Through};
use crate::wanted::Wanted;

/// With less time than this no step is begun, as it would be cut off without telling what it did.
const STEP: Duration = Duration::from_secs(1);
/// How long a pause goes on without a look whether it is still wanted.
const NAP: Duration = Duration::from_millis(100);
/// What erased messages count as.
pub(crate) const MESSAGES: &str = "messages";

/// A mailbox, or all that one account may see. Each kind of mailbox implements it.
pub(crate) trait Mailbox: Send + Sync {
    /// Finds the wanted messages and changes nothing: for dry runs and for `verify`.
    fn look(&self, wanted: &Wanted, task: &mut Task<'_>) -> Result<Seen, PluginError>;

    /// Erases the wanted messages. What was erased goes into [`Task::progress`] as [`MESSAGES`], at once, as an error may
    /// follow.
    fn erase(&self, wanted: &Wanted, task: &mut Task<'_>, writes: Writes<'_>) -> Result<Seen, PluginError>;

    /// Who stands in its messages, a page of it, from the beginning or from a place that an earlier page has named. Changes nothing.
    fn hold(&self, place: Option<&str>, holding: &Holding<'_>, call: &Call) -> Result<Held, PluginError>;

    /// Logs in and changes nothing.
    fn health(&self, call: &Call) -> Result<(), PluginError>;
}

/// What one call is about, beside the addresses.
pub(crate) struct Task<'t> {
    pub(crate) call: &'t Call<'t>,
    pub(crate) doing: Doing,
    pub(crate) progress: &'t mut Progress<Begun>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    Looking,
    Erasing,
}

impl Task<'_> {
    /// How far this and earlier calls of the task came.
    pub(crate) fn through(&mut self) -> &mut Through {
        match self.doing {
            Doing::Looking => &mut self.progress.own.looking,
            Doing::Erasing => &mut self.progress.own.erasing,
        }
    }

    /// Stores that these messages are about to be erased. Only then they may be.
    pub(crate) fn begin(&mut self, marks: &[u64]) -> Result<(), PluginError> {
        self.progress.begin(self.call, MESSAGES, marks)
    }

    /// The state of messages that the system was asked to erase and that it did not answer for: unsure, or nothing at all.
    pub(crate) fn unanswered(&mut self, marks: &[u64], unsure: bool) {
        match unsure {
            true => self.progress.unsure(MESSAGES, marks),
            false => self.progress.not_begun(MESSAGES, marks),
        }
    }

    /// As [`go_on`].
    pub(crate) fn go_on(&self) -> Result<(), PluginError> {
        go_on(self.call)
    }

    /// Waits as a system asks to, if there is time for that and for a step after it.
    pub(crate) fn pause(&self, pause: Duration) -> Result<(), PluginError> {
        if self.call.remaining().is_some_and(|left| left < pause + STEP) {
            return Err(PluginError::rate_limited(Some(pause)));
        }
        let end = Instant::now() + pause;
        while Instant::now() < end {
            self.call.check()?;
            std::thread::sleep(NAP.min(end.saturating_duration_since(Instant::now())));
        }
        Ok(())
    }
}

/// Whether there is time for one more step. What was done stays, and the next attempt goes on.
pub(crate) fn go_on(call: &Call) -> Result<(), PluginError> {
    call.check()?;
    match call.remaining() {
        Some(left) if left < STEP => Err(PluginError::retryable("the call's time is over, the next one goes on")),
        _ => Ok(()),
    }
}

/// What is in an account: to `look`, all that is wanted; to `erase`, what stays.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Wanted messages that are there and that nothing keeps.
    pub(crate) messages: u64,
    /// Wanted messages that stay.
    pub(crate) kept: Vec<Kept>,
    /// Messages that were found and do not show whose they are: they stay, too.
    pub(crate) unclear: u64,
    /// What could not be looked through, and why; free of personal data.
    pub(crate) unread: Vec<String>,
    /// To `erase`: where wanted messages are left because the system refuses to erase them, and why; free of personal data.
    pub(crate) undone: Vec<String>,
    /// What all this is the whole of.
    pub(crate) scope: Scope,
    /// To `erase`: some of what was erased leaves the system by itself within this time, if no hold keeps it. Only a look
    /// after that tells.
    pub(crate) again_after: Option<Duration>,
}

/// Messages that the mailbox does not give up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Why, for the receipt; free of personal data.
    pub(crate) reason: String,
    pub(crate) messages: u64,
}
