//! An account as a mailbox: one visit for each task.

use quietus_plugin::{Call, PluginError, Writes};

use super::account::{Folders, Imap};
use super::rights::may_erase;
use super::scope::scope;
use super::visit::Visit;
use crate::holding::{Held, Holding};
use crate::mailbox::{Mailbox, Seen, Task};
use crate::wanted::Wanted;

impl Mailbox for Imap {
    fn look(&self, wanted: &Wanted, task: &mut Task<'_>) -> Result<Seen, PluginError> {
        let mut session = self.log_in(task.call)?;
        let folders = self.folders(&mut session)?;
        let mut visit = Visit::new(self, &mut session, wanted, task);
        let found = visit.look_into(&folders.searched)?;
        let mut kept = visit.kept_of(&found)?;
        let all: u64 = found.iter().map(|seen| seen.messages).sum();
        let messages = all - kept.iter().map(|kept| kept.messages).sum::<u64>();
        kept.extend(visit.kept_in(folders.target.as_ref())?);
        visit.end()?;
        let seen = Seen { messages, kept, ..seen(&visit, &folders, wanted) };
        session.close();
        Ok(seen)
    }

    fn erase(&self, wanted: &Wanted, task: &mut Task<'_>, writes: Writes<'_>) -> Result<Seen, PluginError> {
        let mut session = self.log_in(task.call)?;
        let folders = self.folders(&mut session)?;
        let mut visit = Visit::new(self, &mut session, wanted, task);
        let found = visit.look_into(&folders.searched)?;
        let messages: u64 = found.iter().map(|seen| seen.messages).sum();
        if messages > self.messages_max {
            let text = format!("{messages} messages are more than `messages_max`, and none was erased");
            return Err(PluginError::permanent(text));
        }
        let (mut kept, messages) = visit.empty(&found, folders.target.as_ref(), writes)?;
        kept.extend(visit.kept_in(folders.target.as_ref())?);
        visit.end()?;
        let seen = Seen { messages, kept, ..seen(&visit, &folders, wanted) };
        session.close();
        Ok(seen)
    }

    fn hold(&self, place: Option<&str>, holding: &Holding<'_>, call: &Call) -> Result<Held, PluginError> {
        Self::hold(self, place, holding, call)
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        let mut session = self.log_in(call)?;
        let folders = self.folders(&mut session)?;
        may_erase(&mut session, &folders)?;
        session.close();
        Ok(())
    }
}

/// What a visit says beside what it has found.
fn seen(visit: &Visit<'_, '_>, folders: &Folders, wanted: &Wanted) -> Seen {
    let mut unread = visit.unread();
    if folders.unnamed > 0 {
        unread.push(format!("{} folders have names that cannot be read, and were not looked through", folders.unnamed));
    }
    let scope = scope(folders, visit.folders_read(), wanted.place());
    Seen { unclear: visit.unclear(), unread, undone: visit.undone(), scope, ..Seen::default() }
}
