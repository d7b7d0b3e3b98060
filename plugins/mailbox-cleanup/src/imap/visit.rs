//! One call's visit to an account: goes through its folders, and remembers how far it came. What one folder refuses keeps
//! no other from being done.

mod told;

use std::collections::BTreeMap;
use std::sync::PoisonError;

use quietus_plugin::{ErrorClass, PluginError, Writes, mark};

use super::account::Imap;
use super::erase::{SetAside, Way, erase, relocate, restore};
use super::find::look_on;
use super::folders::{Folder, list};
use super::opened::{BATCH, For, Opened, existing, open};
use super::session::Session;
use crate::mailbox::{Doing, Kept, MESSAGES, Task};
use crate::wanted::Wanted;

/// A folder in which there is something to do.
pub(super) struct Found {
    folder: Folder,
    /// Wanted messages.
    pub(super) messages: u64,
    /// What others had marked as deleted is not marked: an earlier attempt was cut off.
    aside: bool,
}

/// A visit under way.
pub(super) struct Visit<'v, 'c, 't> {
    imap: &'v Imap,
    session: &'v mut Session<'c>,
    wanted: &'v Wanted,
    task: &'v mut Task<'t>,
    /// Folders in which something was refused, and what.
    refused: Vec<PluginError>,
    /// Folders that could not be looked through, and why.
    unread: Vec<PluginError>,
    /// Whether one could be.
    has_read: bool,
    /// How many messages of each folder do not show whose they are; a folder that is looked through twice counts once.
    unclear: BTreeMap<String, u64>,
}

impl<'v, 'c, 't> Visit<'v, 'c, 't> {
    pub(super) fn new(
        imap: &'v Imap,
        session: &'v mut Session<'c>,
        wanted: &'v Wanted,
        task: &'v mut Task<'t>,
    ) -> Self {
        Self {
            imap,
            session,
            wanted,
            task,
            refused: Vec::new(),
            unread: Vec::new(),
            has_read: false,
            unclear: BTreeMap::new(),
        }
    }

    /// Looks through folders; returns those in which there is something to do.
    pub(super) fn look_into(&mut self, folders: &[Folder]) -> Result<Vec<Found>, PluginError> {
        let mut found = Vec::new();
        for (n, folder) in folders.iter().enumerate() {
            let place = (n + 1, folders.len());
            let seen = self.or_go_on(folder, place, Self::look)?;
            self.has_read |= seen.is_some();
            // What passes by itself is tried again. What does not is this folder's: a person has to see to it, and the others are done.
            let lasts =
                |error: &mut PluginError| matches!(error.class, ErrorClass::Permanent | ErrorClass::NeedsOperator);
            if seen.is_none() {
                // Not by its name, which may be a person's: it stands in the receipt.
                let place = format!("folder {} of {}: ", place.0, place.1);
                let unnamed = |error: PluginError| PluginError {
                    message: error.message.replace(&called(folder), &place),
                    ..error
                };
                self.unread.extend(self.refused.pop_if(lasts).map(unnamed));
            }
            found.extend(seen.filter(|seen| seen.messages > 0 || seen.aside));
        }
        Ok(found)
    }

    /// Takes the wanted messages out of folders that were looked through; what stays is returned.
    pub(super) fn empty(
        &mut self,
        found: &[Found],
        target: Option<&Folder>,
        writes: Writes<'_>,
    ) -> Result<Vec<Kept>, PluginError> {
        let mut kept = Vec::new();
        for (n, Found { folder, .. }) in found.iter().enumerate() {
            let place = (n + 1, found.len());
            let stays = self.or_go_on(folder, place, |visit, folder| visit.empty_one(folder, target, writes))?;
            kept.extend(stays.flatten());
        }
        Ok(kept)
    }

    /// What the server would keep of what was found: only a folder that is opened to be changed tells whether it may be.
    pub(super) fn kept_of(&mut self, found: &[Found]) -> Result<Vec<Kept>, PluginError> {
        let mut kept = Vec::new();
        for (n, Found { folder, messages, .. }) in found.iter().enumerate() {
            let place = (n + 1, found.len());
            let opened = self.or_go_on(folder, place, |visit, folder| open(visit.session, folder, For::Changing))?;
            if opened.flatten().is_some_and(|opened| opened.read_only) {
                kept.push(read_only(folder, *messages));
            }
        }
        Ok(kept)
    }

    /// The messages in the folder that they are moved to.
    pub(super) fn kept_in(&mut self, target: Option<&Folder>) -> Result<Option<Kept>, PluginError> {
        let Some(folder) = target else { return Ok(None) };
        let messages = self.or_go_on(folder, (1, 1), Self::look)?.map_or(0, |seen| seen.messages);
        let reason = format!("messages are moved to the folder `{}`, and stay there", folder.name);
        Ok((messages > 0).then_some(Kept { reason, messages }))
    }

    /// What one folder says. A refusal is noted; when the connection or the time is lost, the visit is over.
    fn or_go_on<T>(
        &mut self,
        folder: &Folder,
        (n, all): (usize, usize),
        ask: impl FnOnce(&mut Self, &Folder) -> Result<T, PluginError>,
    ) -> Result<Option<T>, PluginError> {
        self.session.clock().check()?;
        match ask(self, folder) {
            Ok(answer) => Ok(Some(answer)),
            // One that asks to wait asks so in all folders.
            Err(error)
                if error.class == ErrorClass::RateLimited
                    || self.session.is_lost()
                    || self.session.clock().check().is_err() =>
            {
                let message = format!("{error} (in folder {n} of {all})");
                Err(PluginError { message, ..error })
            }
            Err(error) => {
                let message = format!("{}{error}", called(folder));
                self.refused.push(PluginError { message, ..error });
                Ok(None)
            }
        }
    }

    fn look(&mut self, folder: &Folder) -> Result<Found, PluginError> {
        let mut found = Found { folder: folder.clone(), messages: 0, aside: false };
        let opened = open(self.session, folder, For::Looking)?;
        if opened.is_none() && list(self.session)?.folders.iter().any(|listed| listed.mailbox == folder.mailbox) {
            return Err(PluginError::permanent("the server lists it, and says that it is not there"));
        }
        if let Some(opened) = opened {
            found.messages = self.look_through(folder, &opened)?;
            let place = self.place_of_aside(folder, &opened);
            found.aside = !self.task.through().aside(place).is_empty();
        }
        Ok(found)
    }

    /// Looks through the open folder, from where an earlier attempt ended.
    fn look_through(&mut self, folder: &Folder, opened: &Opened) -> Result<u64, PluginError> {
        if opened.validity == 0 {
            return Ok(0);
        }
        self.forget_if_renumbered(folder, opened);
        let place = self.place(folder, opened.validity);
        let looked = self.task.through().at(place);
        if opened.messages > 0 {
            look_on(self.session, self.wanted, self.imap.body_bytes_max, looked)?;
        }
        self.unclear.insert(folder.key(), looked.unclear.len() as u64);
        if !looked.untold.is_empty() {
            let text = format!("{} messages are larger than `body_bytes_max` to be looked into", looked.untold.len());
            let error = PluginError::permanent(format!("{}{text}", called(folder)));
            if !self.refused.contains(&error) {
                self.refused.push(error);
            }
        }
        Ok(looked.found.len() as u64)
    }

    /// When a folder's messages have new numbers, nobody knows which of the old ones were erased without an answer: those
    /// that are met again must not count twice.
    fn forget_if_renumbered(&mut self, folder: &Folder, opened: &Opened) {
        let place = self.mark(&["validity", &folder.key()]);
        let before = std::mem::replace(&mut self.task.through().at(place).up_to, opened.validity);
        if before != 0 && before != opened.validity {
            let place = self.place(folder, before);
            let found = std::mem::take(self.task.through().at(place)).found;
            if self.task.doing == Doing::Erasing {
                self.task.progress.refused(MESSAGES, &marks_of(place, &numbers(&found)));
            }
        }
    }

    /// Takes the wanted messages out of one folder. They are looked for once more in it as it is opened now: their numbers
    /// are those of this opening, whatever they were before.
    fn empty_one(
        &mut self,
        folder: &Folder,
        target: Option<&Folder>,
        writes: Writes<'_>,
    ) -> Result<Option<Kept>, PluginError> {
        let Some(opened) = open(self.session, folder, For::Changing)? else { return Ok(None) };
        self.look_through(folder, &opened)?;
        let place = self.place(folder, opened.validity);
        let aside = self.place_of_aside(folder, &opened);
        let found = self.task.through().at(place).found.clone();
        if found.len() as u64 > self.imap.messages_max {
            let text = format!("{} messages are more than `messages_max`, and none of them was erased", found.len());
            return Err(PluginError::permanent(text));
        }
        if opened.read_only {
            let there = existing(self.session, &numbers(&found))?.len() as u64;
            return Ok((there > 0).then(|| read_only(folder, there)));
        }
        if !self.task.through().aside(aside).is_empty() {
            restore(self.session, &mut SetAside { task: self.task, place: aside }, writes)?;
        }
        for batch in found.chunks(BATCH) {
            self.session.clock().check()?;
            self.take_out(batch, (place, aside), target, writes)?;
        }
        Ok(None)
    }

    /// Takes a batch of messages out of the open folder, and looks which are gone.
    fn take_out(
        &mut self,
        batch: &[u64],
        (place, aside): (u64, u64),
        target: Option<&Folder>,
        writes: Writes<'_>,
    ) -> Result<(), PluginError> {
        // What is gone already does not count as this attempt's: an earlier one has noted it, or somebody else took it
        // out.
        let there = existing(self.session, &numbers(batch))?;
        let way = Way::of(self.session);
        let marks = marks_of(place, &there);
        if target.is_none() {
            self.task.begin(&marks)?;
            // Unsure from here on, whatever ends this: the server may expunge them and not answer.
            self.task.unanswered(&marks, true);
        }
        let alone = (way == Way::Aside).then(|| self.imap.expunging.lock().unwrap_or_else(PoisonError::into_inner));
        let set_aside = &mut SetAside { task: self.task, place: aside };
        let ended = match target {
            Some(target) => relocate(self.session, &there, &target.mailbox, way, set_aside, writes),
            None => erase(self.session, &there, way, set_aside, writes),
        };
        drop(alone);
        if let (Err(error), true) = (&ended, self.session.is_lost()) {
            return Err(error.clone());
        }
        let left = existing(self.session, &there)?;
        if target.is_none() {
            let gone: Vec<u32> = there.iter().filter(|uid| !left.contains(uid)).copied().collect();
            self.task.progress.done(MESSAGES, &marks_of(place, &gone));
            self.task.progress.refused(MESSAGES, &marks_of(place, &left));
        }
        let stays = |uid: &u64| !batch.contains(uid) || left.iter().any(|left| u64::from(*left) == *uid);
        // Before an error is told: what is gone is not looked for again.
        self.task.through().at(place).found.retain(stays);
        ended?;
        match left.len() {
            0 => Ok(()),
            left => Err(PluginError::needs_operator(format!(
                "{left} messages are still there, although the server says that they are not: may the account delete there?"
            ))),
        }
    }

    /// What stands for a folder's messages as they are numbered now.
    fn place(&self, folder: &Folder, validity: u64) -> u64 {
        self.mark(&["place", &folder.key(), &validity.to_string()])
    }

    /// What stands for the messages that others had marked as deleted, and that are not marked at the moment.
    fn place_of_aside(&self, folder: &Folder, opened: &Opened) -> u64 {
        self.mark(&["aside", &folder.key(), &opened.validity.to_string()])
    }

    fn mark(&self, what: &[&str]) -> u64 {
        mark([self.imap.name.as_str()].iter().chain(what))
    }
}

fn read_only(folder: &Folder, messages: u64) -> Kept {
    Kept { reason: format!("the folder `{}` is read-only", folder.name), messages }
}

/// How a folder is called in an error, which an operator acts on.
fn called(folder: &Folder) -> String {
    format!("folder `{}`: ", folder.name)
}

/// What stands for messages, by their numbers in a place.
fn marks_of(place: u64, uids: &[u32]) -> Vec<u64> {
    uids.iter().map(|uid| mark([place, u64::from(*uid)].map(u64::to_le_bytes))).collect()
}

fn numbers(uids: &[u64]) -> Vec<u32> {
    uids.iter().filter_map(|uid| u32::try_from(*uid).ok()).collect()
}
