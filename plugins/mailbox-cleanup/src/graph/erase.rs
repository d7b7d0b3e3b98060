//! One erasure: what is found is deleted, then looked at again, and what Exchange keeps of it is told.

use std::collections::BTreeSet;

use quietus_plugin::{PluginError, Writes};

use super::api::{Graph, unseen};
use super::hidden::{Hidden, REFUSED, kept};
use super::{UNTOLD, scope};
use crate::mailbox::{Kept, MESSAGES, Seen, Task};
use crate::wanted::Wanted;

/// What one call has tried to erase.
#[derive(Default)]
struct Erased {
    tried: BTreeSet<String>,
    /// What Exchange does not let go of.
    held: BTreeSet<String>,
    /// What does not show whose it is, or whether it is there.
    unclear: BTreeSet<String>,
    /// The folder Deletions is refused.
    is_refused: bool,
}

impl Graph {
    /// Erases the wanted messages; what stays leaves.
    pub(super) fn erase_all(
        &self,
        wanted: &Wanted,
        hidden: &Hidden,
        task: &mut Task<'_>,
        writes: Writes<'_>,
    ) -> Result<Seen, PluginError> {
        let mut erased = self.erase_found(wanted, hidden, task, writes)?;
        let messages = self.still_there(&mut erased, wanted, hidden, task)?;
        let unclear = erased.unclear.len() as u64;
        let mut seen = Seen { messages, unclear, ..self.left(wanted, hidden, task)? };
        seen.scope = seen.scope.without_if(erased.is_refused, REFUSED);
        if !erased.held.is_empty() {
            let reason = "Exchange does not let go of messages that were deleted before (ErrorCannotDeleteObject)";
            seen.kept.push(Kept { reason: reason.into(), messages: erased.held.len() as u64 });
        }
        Ok(seen)
    }

    /// Erases until nothing more is found, where one search cannot show all.
    fn erase_found(
        &self,
        wanted: &Wanted,
        hidden: &Hidden,
        task: &mut Task<'_>,
        writes: Writes<'_>,
    ) -> Result<Erased, PluginError> {
        let mut erased = Erased::default();
        loop {
            let found = self.find(wanted, hidden, task)?;
            erased.unclear.extend(found.unclear);
            erased.is_refused |= found.is_refused;
            let new: Vec<_> = found.messages.into_iter().filter(|id| !erased.tried.contains(id)).collect();
            if (erased.tried.len() + new.len()) as u64 > self.messages_max {
                return Err(self.too_many());
            }
            if new.is_empty() && found.is_cut {
                return Err(unseen(!erased.tried.is_empty()));
            }
            erased.held.extend(self.delete(&new, task, writes)?);
            erased.tried.extend(new);
            if !found.is_cut {
                return Ok(erased);
            }
        }
    }

    /// How many are there all the same, although Graph has said that they are deleted. A search alone does not tell: its
    /// index may be behind.
    fn still_there(
        &self,
        erased: &mut Erased,
        wanted: &Wanted,
        hidden: &Hidden,
        task: &mut Task<'_>,
    ) -> Result<u64, PluginError> {
        if erased.tried.is_empty() {
            return Ok(0);
        }
        let found = self.find(wanted, hidden, task)?.messages;
        let mut there = 0;
        let shown: Vec<_> = erased.tried.difference(&erased.held).filter(|id| found.contains(*id)).cloned().collect();
        for id in shown {
            match self.is_there(&id, hidden, task)? {
                Some(true) => {
                    task.progress.undone(MESSAGES, &[self.mark(&id)]);
                    there += 1;
                }
                Some(false) => {}
                None => {
                    erased.unclear.insert(id);
                }
            }
        }
        Ok(there)
    }

    /// What is kept after an erasure, and when to look again at what may only be on its way.
    fn left(&self, wanted: &Wanted, hidden: &Hidden, task: &mut Task<'_>) -> Result<Seen, PluginError> {
        let there = self.there(wanted, hidden, task)?;
        // What was not answered counts, too: it is in Purges now, also where the index does not show it there yet.
        let mut erased = task.progress.clone();
        erased.settle();
        let has_erased = erased.counts().contains_key(MESSAGES);
        let leaves = hidden.purges.is_some() && has_erased && !self.purges_for.is_zero();
        Ok(Seen {
            kept: kept(if leaves { 0 } else { there.purged }, there.held),
            again_after: leaves.then_some(self.purges_for),
            scope: scope(wanted, hidden, has_erased).without_if(!there.is_whole, UNTOLD),
            ..Seen::default()
        })
    }
}
