//! The folders that nobody sees, in which Exchange keeps what was deleted
//! (<https://learn.microsoft.com/exchange/security-and-compliance/recoverable-items-folder/recoverable-items-folder>).

use quietus_plugin::{Call, ErrorClass, PluginError};

use super::api::{Folder, Graph, said};
use crate::mailbox::{Kept, Task, go_on};
use crate::wanted::Wanted;

/// What Graph calls them (<https://learn.microsoft.com/graph/api/resources/mailfolder>).
pub(super) const DELETIONS: &str = "recoverableitemsdeletions";
pub(super) const PURGES: &str = "recoverableitemspurges";
pub(super) const HOLDS: &str = "recoverableitemsdiscoveryholds";

/// The ids of those that Graph shows.
#[derive(Default)]
pub(super) struct Hidden {
    /// What people have deleted from Deleted Items, and can still recover.
    pub(super) deletions: Option<String>,
    /// What was deleted for good, until the retention of deleted items ends, or a hold does.
    pub(super) purges: Option<String>,
    /// What a hold keeps.
    pub(super) holds: Option<String>,
}

/// What an erasure leaves (<https://learn.microsoft.com/graph/api/message-permanentdelete>,
/// <https://learn.microsoft.com/exchange/security-and-compliance/recoverable-items-folder/recoverable-items-folder>).
pub(crate) const KEEPS: [&str; 2] = [
    "Exchange's folder Purges keeps what was deleted for good until the retention of deleted items is over: 14 days, or up to 30 where \
     somebody has set it so (Microsoft's documentation)",
    "where there is a hold or a retention policy, Exchange keeps it for as long as that lasts, and Microsoft Graph shows neither (Microsoft's \
     documentation)",
];
/// Where Graph does not know the folders of the recoverable items.
pub(crate) const UNSEEN: &str =
    "recoverable items (Deletions, Purges, DiscoveryHolds): Microsoft Graph does not show them in this mailbox";

/// Where a look into the folders of the recoverable items does not tell all of it.
pub(crate) const UNTOLD: &str = "some messages in Purges or DiscoveryHolds: the search shows no more than 1,000, or is refused, or they do not show whose they are";
/// Where Graph shows a folder of the recoverable items and refuses what is in it.
pub(crate) const REFUSED: &str = "recoverable items in Deletions: Microsoft Graph refuses a look at them";

impl Hidden {
    /// Whether Graph shows none of them, or not all.
    pub(super) fn is_unseen(&self) -> bool {
        [&self.deletions, &self.purges, &self.holds].into_iter().any(Option::is_none)
    }

    /// Whether what is in this folder cannot be deleted.
    pub(super) fn keeps(&self, folder: &str) -> bool {
        [&self.purges, &self.holds].into_iter().flatten().any(|kept| kept == folder)
    }
}

impl Graph {
    /// Looks the folders up.
    pub(super) fn hidden(&self, call: &Call) -> Result<Hidden, PluginError> {
        Ok(Hidden {
            deletions: self.folder(DELETIONS, call)?,
            purges: self.folder(PURGES, call)?,
            holds: self.folder(HOLDS, call)?,
        })
    }

    /// The id of one of them; `None` where Graph does not show it.
    pub(super) fn folder(&self, name: &str, call: &Call) -> Result<Option<String>, PluginError> {
        go_on(call)?;
        let request = self.of_user(&format!("/mailFolders/{name}")).query("$select", "id");
        match self.send_controlled(&request, "a folder", call) {
            Ok(answer) if answer.gone() => Ok(None),
            Ok(answer) => match answer.json::<Folder>().map_err(|error| said("a folder", error))?.id {
                id if id.is_empty() => Err(PluginError::retryable("a folder: the answer has no id")),
                id => Ok(Some(id)),
            },
            // A name that Graph does not know is an id to it, and a malformed one; or it is refused. The mailbox itself is asked for after it.
            Err(failure) if failure.error.class == ErrorClass::Permanent => Ok(None),
            Err(failure) => Err(failure.error),
        }
    }

    /// What is in Purges, and in the folder of what holds keep.
    pub(super) fn there(&self, wanted: &Wanted, hidden: &Hidden, task: &Task<'_>) -> Result<There, PluginError> {
        let purges = self.find_in(hidden.purges.as_ref(), wanted, task)?;
        let holds = self.find_in(hidden.holds.as_ref(), wanted, task)?;
        let is_whole =
            [&purges, &holds].into_iter().all(|found| !found.is_cut && !found.is_refused && found.unclear.is_empty());
        Ok(There { purged: purges.messages.len() as u64, held: holds.messages.len() as u64, is_whole })
    }
}

/// How many of the person's messages are where nobody sees them.
pub(super) struct There {
    pub(super) purged: u64,
    pub(super) held: u64,
    /// These are all, as far as a search tells.
    pub(super) is_whole: bool,
}

/// What the mailbox does not give up, and why.
pub(super) fn kept(purged: u64, held: u64) -> Vec<Kept> {
    let reasons = [
        (purged, "Exchange keeps messages in its folder Purges: a hold, or its retention of deleted items"),
        (held, "Exchange keeps messages in its folder DiscoveryHolds: a hold"),
    ];
    let kept = reasons.into_iter().filter(|(messages, _)| *messages > 0);
    kept.map(|(messages, reason)| Kept { reason: reason.into(), messages }).collect()
}
