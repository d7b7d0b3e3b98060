//! Mailboxes in Google Workspace, through the [Gmail API](https://developers.google.com/workspace/gmail/api).
//!
//! Messages are listed by a fuzzy search, their headers decide, `batchDelete` takes them out of the mailbox, and a second
//! list tells whether it did. What Vault keeps by a hold or a rule is out of the mailbox and cannot be seen from here.

mod batch;
mod delete;
mod find;
mod limits;
mod message;
mod parts;
mod query;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use settings::{Settings, reach};

use std::collections::BTreeSet;

use quietus_plugin::http::{Client, Failure, Request, Response};
use quietus_plugin::{Call, ErrorClass, PluginError, Secrets, Writes};
use serde::Deserialize;

use crate::account::{MESSAGES, Mailbox, Seen, Task};
use crate::config::Config;
use crate::wanted::Wanted;

/// Messages whose headers are looked at before those that are the person's are deleted: what little time a call has left
/// is not lost.
const AT_ONCE: usize = 200;

/// One mailbox.
pub(crate) struct Gmail {
    client: Client,
    account: String,
    /// Of `base_url`, for the requests within a batch, and where batches go.
    base_path: String,
    batch_path: String,
    messages_max: u64,
}

/// Who the token speaks for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    email_address: String,
}

impl Gmail {
    /// Checks the settings; connects to nobody. The error names the setting that is wrong.
    pub(crate) fn new(name: &str, settings: &Settings, all: &Config, secrets: &Secrets) -> Result<Self, String> {
        if !settings.user.contains('@') {
            return Err("user: it is not an address".into());
        }
        let (base_path, batch_path) = settings.paths();
        let client = settings.client(secrets)?;
        Ok(Self { client, account: name.into(), base_path, batch_path, messages_max: all.messages_max() })
    }

    fn send(&self, request: Request, call: &Call) -> Result<Response, Failure> {
        self.client.send_judged(&request, call, limits::judge)
    }

    /// Asks for what every mailbox has: only where that is answered, a 404 to something else says anything.
    fn control(&self, call: &Call) -> Result<(), PluginError> {
        let answer = self.send(Request::get("/users/me/profile"), call);
        let answer = answer.map_err(|failure| said("the mailbox", failure.error))?;
        if answer.gone() {
            return Err(no_mailbox());
        }
        let profile: Profile = answer.json().map_err(|error| said("the mailbox", error))?;
        match profile.email_address.contains('@') {
            true => Ok(()),
            false => Err(PluginError::retryable("the mailbox: the answer names nobody")),
        }
    }

    fn too_many(&self) -> PluginError {
        PluginError::needs_operator(format!(
            "there are more than {} messages (`messages_max`) that may be of one person; look whether they are really \
             theirs alone",
            self.messages_max
        ))
    }

    /// How many of those that were to be deleted are there all the same.
    fn left(&self, deleted: &[String], wanted: &Wanted, task: &mut Task<'_>) -> Result<u64, PluginError> {
        let listed = if deleted.is_empty() { BTreeSet::new() } else { self.list(wanted, task)? };
        let mut left = 0;
        for id in deleted {
            let marks = self.marks(std::slice::from_ref(id), task);
            if listed.contains(id) && self.is_there(id, task)? {
                task.progress.undone(MESSAGES, &marks);
                left += 1;
            } else {
                task.progress.done(MESSAGES, &marks);
            }
        }
        Ok(left)
    }
}

impl Mailbox for Gmail {
    fn look(&self, wanted: &Wanted, task: &mut Task<'_>) -> Result<Seen, PluginError> {
        let listed: Vec<_> = self.list(wanted, task)?.into_iter().collect();
        let messages = self.theirs(&listed, wanted, task)?.len() as u64;
        Ok(Seen { messages, unclear: self.unclear(&listed, task), ..Seen::default() })
    }

    fn erase(&self, wanted: &Wanted, task: &mut Task<'_>, writes: Writes<'_>) -> Result<Seen, PluginError> {
        let listed: Vec<_> = self.list(wanted, task)?.into_iter().collect();
        let mut deleted = Vec::new();
        for ids in listed.chunks(AT_ONCE) {
            let theirs = self.theirs(ids, wanted, task)?;
            self.delete(&theirs, task, writes)?;
            deleted.extend(theirs);
        }
        let messages = self.left(&deleted, wanted, task)?;
        Ok(Seen { messages, unclear: self.unclear(&listed, task), ..Seen::default() })
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        self.control(call)
    }
}

/// A gateway that answers 404 to everything for a while looks like this, too, so that it is tried again.
fn no_mailbox() -> PluginError {
    let text = "the mailbox was answered 404, so that nobody has looked; if it stays so, check `user` and `base_url`";
    PluginError::retryable(text)
}

/// An error of a request: to what it happened, and what a person can do.
fn said(what: &str, error: PluginError) -> PluginError {
    let advice = match error.class {
        ErrorClass::NeedsOperator => {
            "; check the key, and that its client is granted https://mail.google.com/ for this user"
        }
        _ => "",
    };
    PluginError { message: format!("{what}: {}{advice}", error.message), ..error }
}
