//! Mailboxes in Microsoft 365, through [Microsoft Graph](https://learn.microsoft.com/graph/api/resources/message).
//!
//! `permanentDelete` takes a message out of all folders that people see and puts it into the folder Purges, from which
//! Exchange removes it after some weeks, or never, as long as a hold is on the mailbox. Graph does not tell a hold. So
//! Purges is looked at once more when all that no hold keeps must have left it: what is there then is kept.

mod api;
mod delete;
mod erase;
mod find;
mod forbidden;
mod hidden;
mod message;
mod pace;
mod query;
mod rights;
mod settings;
mod sweep;
#[cfg(test)]
mod tests;
mod time;

pub(crate) use api::Graph;
pub(crate) use hidden::{KEEPS, REFUSED, UNSEEN, UNTOLD};
pub(crate) use settings::{Settings, reach};

use quietus_plugin::{Call, PluginError, Writes};

use crate::holding::{Held, Holding};
use crate::mailbox::{Mailbox, Seen, Task};
use crate::scope::{DEVICES, RECEIVED, Scope, TEXTS_NEVER, headers_of_search};
use crate::wanted::{Place, Wanted};
use api::unseen;
use hidden::{Hidden, kept};

/// What Microsoft Graph does not show, and its search does not find.
pub(crate) const NOT_LOOKED_AT: [&str; 3] = [
    "messages that carry the address in Sender or Reply-To alone, or that Exchange stores under a name within the company (`/O=…`) instead \
     of an address: its search does not look there",
    "whether a hold keeps what was erased: Microsoft Graph does not show holds",
    "the online archive, other people's mailboxes and copies in them, groups, journals, backups, Teams, calendars and contacts",
];

/// What an answer claims.
fn scope(wanted: &Wanted, hidden: &Hidden, erases: bool) -> Scope {
    let headers = headers_of_search(wanted.place());
    let recoverable = if hidden.is_unseen() { "" } else { ", and recoverable items" };
    let looked_at = format!(
        "messages of all folders that people see{recoverable}, by Exchange's search and their headers {headers}"
    );
    let scope = Scope::looked_at(looked_at).without_if(hidden.is_unseen(), UNSEEN);
    let scope = scope.without(&[TEXTS_NEVER]).without_if(wanted.place() == Place::Senders, RECEIVED);
    Scope { keeps: if erases { &KEEPS } else { &[] }, ..scope.without(&NOT_LOOKED_AT).without(&[DEVICES]) }
}

impl Mailbox for Graph {
    fn look(&self, wanted: &Wanted, task: &mut Task<'_>) -> Result<Seen, PluginError> {
        let hidden = self.hidden(task.call)?;
        let found = self.find(wanted, &hidden, task)?;
        if found.messages.is_empty() && found.is_cut {
            return Err(unseen(false));
        }
        let there = self.there(wanted, &hidden, task)?;
        Ok(Seen {
            messages: found.messages.len() as u64,
            kept: kept(there.purged, there.held),
            unclear: found.unclear.len() as u64,
            scope: scope(wanted, &hidden, !found.messages.is_empty())
                .without_if(!there.is_whole, UNTOLD)
                .without_if(found.is_refused, REFUSED),
            ..Seen::default()
        })
    }

    fn erase(&self, wanted: &Wanted, task: &mut Task<'_>, writes: Writes<'_>) -> Result<Seen, PluginError> {
        let hidden = self.hidden(task.call)?;
        self.erase_all(wanted, &hidden, task, writes)
    }

    fn hold(&self, place: Option<&str>, holding: &Holding<'_>, call: &Call) -> Result<Held, PluginError> {
        self.hold_page(place, holding, call)
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        self.check_rights(call)
    }
}
