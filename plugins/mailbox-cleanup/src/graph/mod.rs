//! Mailboxes in Microsoft 365, through [Microsoft Graph](https://learn.microsoft.com/graph/api/resources/message).
//!
//! `permanentDelete` takes a message out of all folders that people see and puts it into the folder Purges, from which
//! Exchange removes it after some weeks, or never, as long as a hold is on the mailbox. Graph does not tell a hold. So
//! Purges is looked at once more when all that no hold keeps must have left it: what is there then is kept.

mod api;
mod delete;
mod erase;
mod find;
mod hidden;
mod message;
mod pace;
mod query;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use api::Graph;
pub(crate) use settings::{Settings, reach};

use quietus_plugin::{Call, PluginError, Writes};

use crate::mailbox::{Mailbox, Seen, Task};
use crate::wanted::Wanted;
use api::unseen;
use hidden::kept;

impl Mailbox for Graph {
    fn look(&self, wanted: &Wanted, task: &mut Task<'_>) -> Result<Seen, PluginError> {
        let hidden = self.hidden(task)?;
        let found = self.find(wanted, &hidden, task)?;
        if found.messages.is_empty() && found.is_cut {
            return Err(unseen(false));
        }
        let (purged, held) = self.kept(wanted, &hidden, task)?;
        Ok(Seen {
            messages: found.messages.len() as u64,
            kept: kept(purged, held),
            unclear: found.unclear.len() as u64,
            ..Seen::default()
        })
    }

    fn erase(&self, wanted: &Wanted, task: &mut Task<'_>, writes: Writes<'_>) -> Result<Seen, PluginError> {
        let hidden = self.hidden(task)?;
        self.erase_all(wanted, &hidden, task, writes)
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        self.control(call)
    }
}
