//! Takes messages out of the open folder, some at a time: erases them, or moves them. Others' messages stay, also those
//! that somebody has marked as deleted.

use imap_next::imap_types::command::CommandBody;
use imap_next::imap_types::flag::{Flag, StoreResponse, StoreType};
use imap_next::imap_types::mailbox::Mailbox;
use imap_next::imap_types::response::{Capability, Code};
use quietus_plugin::{ErrorClass, PluginError, Writes};

use super::opened::{BATCH, marked_by_others, set};
use super::refusal::Refusal;
use super::session::{Ended, Session};
use crate::mailbox::Task;

/// How messages are taken out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// `UID EXPUNGE` (RFC 4315).
    Uidplus,
    /// `EXPUNGE`, while what others have marked as deleted is not marked.
    Aside,
}

impl Way {
    pub(super) fn of(session: &Session<'_>) -> Self {
        if session.can(&Capability::UidPlus) { Self::Uidplus } else { Self::Aside }
    }
}

/// What others had marked as deleted, while that mark is taken from it.
pub(super) struct SetAside<'a, 't> {
    pub(super) task: &'a mut Task<'t>,
    pub(super) place: u64,
}

impl SetAside<'_, '_> {
    fn list(&mut self) -> &mut Vec<u64> {
        self.task.through().aside(self.place)
    }

    fn store(&mut self) -> Result<(), PluginError> {
        self.task.progress.store(self.task.call)
    }
}

/// Erases messages.
pub(super) fn erase(
    session: &mut Session<'_>,
    uids: &[u32],
    way: Way,
    aside: &mut SetAside<'_, '_>,
    writes: Writes<'_>,
) -> Result<(), PluginError> {
    let Some(ours) = set(uids) else { return Ok(()) };
    match way {
        Way::Uidplus => {
            mark(session, uids, StoreType::Add, writes)?;
            done(session.run(CommandBody::ExpungeUid { sequence_set: ours })?, "the server does not expunge messages")
        }
        Way::Aside => {
            let marked = marked_by_others(session, uids)?;
            aside.list().extend(marked.into_iter().map(u64::from));
            // Should this process be killed now, the next call marks them again.
            aside.store()?;
            each_batch(aside.list(), |batch| mark(session, batch, StoreType::Remove, writes))?;
            let ended = mark(session, uids, StoreType::Add, writes)
                .and_then(|()| done(session.run(CommandBody::Expunge)?, "the server does not expunge messages"));
            // With a lost connection, the next call does it: what was set aside is stored.
            if ended.is_ok() || !session.is_lost() {
                restore(session, aside, writes)?;
            }
            ended
        }
    }
}

/// Marks as deleted again what others had marked.
pub(super) fn restore(
    session: &mut Session<'_>,
    aside: &mut SetAside<'_, '_>,
    writes: Writes<'_>,
) -> Result<(), PluginError> {
    each_batch(aside.list(), |batch| mark(session, batch, StoreType::Add, writes))?;
    // Not stored at once: to mark them twice does no harm.
    aside.list().clear();
    Ok(())
}

/// Moves messages to another folder.
pub(super) fn relocate(
    session: &mut Session<'_>,
    uids: &[u32],
    target: &Mailbox<'static>,
    way: Way,
    aside: &mut SetAside<'_, '_>,
    writes: Writes<'_>,
) -> Result<(), PluginError> {
    let Some(sequence_set) = set(uids) else { return Ok(()) };
    let mailbox = target.clone();
    let what = "the server does not move messages";
    if session.can(&Capability::Move) {
        return done(session.run(CommandBody::Move { sequence_set, mailbox, uid: true })?, what);
    }
    done(session.run(CommandBody::Copy { sequence_set, mailbox, uid: true })?, what)?;
    erase(session, uids, way, aside, writes)
}

/// Sets or takes the mark that says that messages are deleted.
fn mark(session: &mut Session<'_>, uids: &[u32], kind: StoreType, _: Writes<'_>) -> Result<(), PluginError> {
    let Some(sequence_set) = set(uids) else { return Ok(()) };
    let body = CommandBody::Store {
        sequence_set,
        kind,
        // The answer would tell the flags of each message; nobody needs them.
        response: StoreResponse::Silent,
        flags: vec![Flag::Deleted],
        uid: true,
    };
    done(session.run(body)?, "the server does not mark messages as deleted")
}

fn each_batch(uids: &[u64], act: impl FnMut(&[u32]) -> Result<(), PluginError>) -> Result<(), PluginError> {
    let uids: Vec<u32> = uids.iter().filter_map(|uid| u32::try_from(*uid).ok()).collect();
    uids.chunks(BATCH).try_for_each(act)
}

fn done(ended: Ended, what: &str) -> Result<(), PluginError> {
    match ended {
        Ended::Done(_) => Ok(()),
        Ended::Refused(code) => Err(refused(code, what)),
    }
}

/// Where the server does not say why, the usual reason is a right that the account lacks.
fn refused(code: Option<Code<'static>>, what: &str) -> PluginError {
    Refusal::new(code).error(what, ErrorClass::NeedsOperator)
}
