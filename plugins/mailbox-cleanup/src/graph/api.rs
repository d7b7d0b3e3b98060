//! One mailbox's API: who asks, and what the answers to everything mean. Knows no message.

use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::Duration;

use quietus_plugin::http::{Client, Failure, Request, Response, has_dots};
use quietus_plugin::{Call, ErrorClass, PluginError, Secrets, mark};
use serde::Deserialize;

use super::forbidden::forbidden;
use super::settings::Settings;

/// Ids that stay when a message is moved (<https://learn.microsoft.com/graph/outlook-immutable-id>).
pub(super) const IMMUTABLE: (&str, &str) = ("Prefer", r#"IdType="ImmutableId""#);
/// How often a request looks whether it is its turn.
const NAP: Duration = Duration::from_millis(20);

/// One mailbox.
pub(crate) struct Graph {
    pub(super) client: Client,
    account: String,
    pub(super) user: String,
    pub(super) messages_max: u64,
    pub(super) purges_for: Duration,
    /// Held during a request: Outlook takes no more at once than one batch has.
    turn: Mutex<()>,
}

/// A folder of the mailbox.
#[derive(Deserialize)]
pub(super) struct Folder {
    pub(super) id: String,
}

impl Graph {
    /// Checks the settings; connects to nobody. The error names the setting that is wrong.
    pub(crate) fn new(name: &str, settings: &Settings, messages_max: u64, secrets: &Secrets) -> Result<Self, String> {
        let user = settings.user.trim();
        if user.is_empty() || has_dots(user) {
            return Err("user: it is not the name or the id of a user".into());
        }
        Ok(Self {
            client: settings.client(secrets)?,
            account: name.into(),
            user: user.into(),
            messages_max,
            purges_for: settings.purges_for()?,
            turn: Mutex::default(),
        })
    }

    /// A request below the mailbox's user.
    pub(super) fn of_user(&self, path: &str) -> Request {
        let user = Request::get("/users").segment(&self.user).target();
        Request::get(format!("{user}{path}")).header(IMMUTABLE.0, IMMUTABLE.1)
    }

    /// Sends a request when no other one is under way to this mailbox.
    pub(super) fn send(&self, request: &Request, call: &Call) -> Result<Response, Failure> {
        let _turn = self.turn(call)?;
        self.client.send_judged(request, call, judge)
    }

    /// Sends a request for a part of the mailbox, such as one message: a refusal of it says nothing of the rest, and is permanent.
    pub(super) fn send_of_part(&self, request: &Request, call: &Call) -> Result<Response, Failure> {
        let _turn = self.turn(call)?;
        self.client.send(request, call)
    }

    /// Asks for what every mailbox has: only where that is answered, a 404 to something else says anything.
    pub(super) fn control(&self, call: &Call) -> Result<(), PluginError> {
        let answer = self.send(&self.of_user("/mailFolders/inbox").query("$select", "id"), call);
        let answer = answer.map_err(|failure| said("the mailbox", failure.error))?;
        if answer.gone() {
            return Err(no_mailbox());
        }
        answer.json::<Folder>().map(drop).map_err(|error| said("the mailbox", error))
    }

    /// Sends a request for a part of the mailbox that may be answered that it is not there: believed when that is answered twice, with a
    /// control in between.
    pub(super) fn send_controlled(&self, request: &Request, what: &str, call: &Call) -> Result<Response, Failure> {
        let send = || {
            self.send_of_part(request, call).map_err(|failure| Failure { error: said(what, failure.error), ..failure })
        };
        let answer = send()?;
        if !answer.gone() {
            return Ok(answer);
        }
        self.control(call)?;
        send()
    }

    fn turn(&self, call: &Call) -> Result<MutexGuard<'_, ()>, PluginError> {
        loop {
            call.check()?;
            match self.turn.try_lock() {
                Ok(turn) => return Ok(turn),
                Err(TryLockError::Poisoned(turn)) => return Ok(turn.into_inner()),
                Err(TryLockError::WouldBlock) if call.remaining().is_some_and(|left| left < NAP) => {
                    return Err(PluginError::retryable("another call is using the mailbox"));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(NAP),
            }
        }
    }

    /// A number that stands for a message.
    pub(super) fn mark(&self, id: &str) -> u64 {
        mark([self.account.as_str(), id])
    }

    pub(super) fn too_many(&self) -> PluginError {
        PluginError::permanent(format!(
            "there are more than {} messages (`messages_max`) of one person; look whether they are really theirs alone",
            self.messages_max
        ))
    }
}

/// What an answer means to the host: a 403 says that the app may not use the mailbox, whomever it looks for.
fn judge(answer: &Response) -> Result<(), PluginError> {
    match answer.status() {
        403 => Err(forbidden(answer.body())),
        _ => answer.check(),
    }
}

/// A gateway that answers 404 to everything for a while looks like this, too, so that it is retried.
pub(super) fn no_mailbox() -> PluginError {
    PluginError::retryable("the mailbox was answered 404, so that nobody has looked; if it stays so, check `user`")
}

/// A search found as much as it may, and nothing in it is left to erase.
pub(super) fn unseen(some_erased: bool) -> PluginError {
    if some_erased {
        return PluginError::retryable(
            "Exchange's index still shows what is erased, and no more at once; later goes on",
        );
    }
    // No setting mends it, and other people's searches are none the worse for it.
    PluginError::permanent(
        "the search finds too many messages of others to show all: a person has to look for this address",
    )
}

/// An error of a request: to what it happened, and what a person can do.
pub(super) fn said(what: &str, error: PluginError) -> PluginError {
    let advice = match error.class {
        ErrorClass::NeedsOperator => "; check the app's secret, and that its role reaches this mailbox",
        _ => "",
    };
    PluginError { message: format!("{what}: {}{advice}", error.message), ..error }
}
