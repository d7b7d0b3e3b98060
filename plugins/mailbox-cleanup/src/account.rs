//! One account: its configuration enters; what finds and erases in it leaves, whatever kind of mailbox it is.

use std::time::{Duration, Instant};

use quietus_plugin::{Call, Memory, PluginError, Progress, Secrets, Writes};

use crate::config::{self, Config};
use crate::gmail::Gmail;
use crate::graph::Graph;
use crate::imap::Imap;
use crate::through::Through;
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

    /// Logs in and changes nothing.
    fn health(&self, call: &Call) -> Result<(), PluginError>;
}

/// What one call is about, beside the addresses.
pub(crate) struct Task<'t> {
    pub(crate) call: &'t Call<'t>,
    pub(crate) memory: &'t Memory,
    pub(crate) progress: &'t mut Progress,
    /// How far this and earlier calls of the task came.
    pub(crate) through: &'t mut Through,
}

impl Task<'_> {
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

/// An account of the configuration.
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) mailbox: Box<dyn Mailbox>,
}

impl Account {
    /// Checks the account's settings; connects to nobody. The error names the setting that is wrong.
    pub(crate) fn new(config: &config::Account, all: &Config, at: usize, secrets: &Secrets) -> Result<Self, String> {
        let name = config.name.clone();
        let wrong = |why: String| format!("accounts[{at}].{why}");
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if !(1..=40).contains(&name.len()) || !name.chars().all(plain) {
            return Err(wrong("name: allowed are 1 to 40 of a-z, A-Z, 0-9, `-` and `_`".into()));
        }
        if config.imap.is_none() && all.look_at_body {
            return Err(format!("look_at_body: it is for IMAP accounts only, and accounts[{at}] is none"));
        }
        let mailbox: Box<dyn Mailbox> = match (&config.imap, &config.graph, &config.gmail) {
            (Some(settings), None, None) => {
                Box::new(Imap::new(&name, settings, all, secrets).map_err(|why| wrong(format!("imap.{why}")))?)
            }
            (None, Some(settings), None) => {
                Box::new(Graph::new(&name, settings, all, secrets).map_err(|why| wrong(format!("graph.{why}")))?)
            }
            (None, None, Some(settings)) => {
                Box::new(Gmail::new(&name, settings, all, secrets).map_err(|why| wrong(format!("gmail.{why}")))?)
            }
            _ => return Err(format!("accounts[{at}]: it needs one of `imap`, `graph` and `gmail`, and no more")),
        };
        Ok(Self { name, mailbox })
    }
}
