//! Mailboxes in Google Workspace, through the [Gmail API](https://developers.google.com/workspace/gmail/api).
//!
//! Messages are listed by a fuzzy search, their headers decide, `batchDelete` takes them out of the mailbox, and a second
//! list tells whether it did. What Vault keeps by a hold or a rule is out of the mailbox and cannot be seen from here.

mod api;
mod batch;
mod delete;
mod find;
mod limits;
mod message;
mod pace;
mod parts;
mod query;
mod settings;
mod sweep;
#[cfg(test)]
mod tests;

pub(crate) use api::Gmail;
pub(crate) use settings::{Settings, reach};

use std::collections::BTreeSet;

use quietus_plugin::{Call, PluginError, Writes};

use crate::holding::{Held, Holding};
use crate::mailbox::{MESSAGES, Mailbox, Seen, Task};
use crate::scope::{DEVICES, RECEIVED, Scope, TEXTS_NEVER, headers_of_search};
use crate::wanted::{Place, Wanted};

/// Messages whose headers are looked at before those that are the person's are deleted: what little time a call has left
/// is not lost.
const AT_ONCE: usize = 200;

impl Gmail {
    /// How many of those that were to be deleted are there all the same.
    fn left(&self, deleted: &[String], wanted: &Wanted, task: &mut Task<'_>) -> Result<u64, PluginError> {
        let listed = if deleted.is_empty() { BTreeSet::new() } else { self.list(wanted, task)? };
        let mut left = 0;
        for id in deleted {
            let marks = self.marks(std::slice::from_ref(id));
            if listed.contains(id) && self.is_there(id, task.call)? {
                task.progress.undone(MESSAGES, &marks);
                left += 1;
            } else {
                task.progress.done(MESSAGES, &marks);
            }
        }
        Ok(left)
    }
}

/// What the Gmail API does not show, and the search does not find.
pub(crate) const NOT_LOOKED_AT: [&str; 3] = [
    "messages that carry the address in Sender or Reply-To alone: Gmail's search does not look there",
    "what a hold or a retention rule in Google Vault keeps: the Gmail API does not show it",
    "other people's mailboxes and copies in them, groups' archives, backups, Chat, Calendar and Contacts",
];

/// What an answer claims.
fn scope(wanted: &Wanted) -> Scope {
    let headers = headers_of_search(wanted.place());
    let looked_at =
        format!("messages of all labels, spam and trash included, by Gmail's search and their headers {headers}");
    let scope =
        Scope::looked_at(looked_at).without(&[TEXTS_NEVER]).without_if(wanted.place() == Place::Senders, RECEIVED);
    scope.without(&NOT_LOOKED_AT).without(&[DEVICES])
}

impl Mailbox for Gmail {
    fn look(&self, wanted: &Wanted, task: &mut Task<'_>) -> Result<Seen, PluginError> {
        let listed: Vec<_> = self.list(wanted, task)?.into_iter().collect();
        let messages = self.theirs(&listed, wanted, task)?.len() as u64;
        Ok(Seen { messages, unclear: self.unclear(&listed, task), scope: scope(wanted), ..Seen::default() })
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
        Ok(Seen { messages, unclear: self.unclear(&listed, task), scope: scope(wanted), ..Seen::default() })
    }

    fn hold(&self, place: Option<&str>, holding: &Holding<'_>, call: &Call) -> Result<Held, PluginError> {
        self.hold_page(place, holding, call)
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        self.control(call)
    }
}
