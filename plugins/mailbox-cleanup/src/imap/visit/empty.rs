//! Takes messages out of the folders in which they were found.

use std::sync::PoisonError;

use imap_next::imap_types::response::Capability;
use quietus_plugin::{PluginError, Writes};

use super::super::erase::{SetAside, Way, erase, relocate, restore};
use super::super::folders::Folder;
use super::super::opened::{BATCH, For, existing};
use super::{Found, Visit, marks_of, numbers, read_only};
use crate::mailbox::{Kept, MESSAGES};

impl Visit<'_, '_> {
    /// Takes the wanted messages out of folders that were looked through. Returns what the server keeps, and how many are left where
    /// it refuses to take them out.
    pub(in crate::imap) fn empty(
        &mut self,
        found: &[Found],
        target: Option<&Folder>,
        writes: Writes<'_>,
    ) -> Result<(Vec<Kept>, u64), PluginError> {
        let (mut kept, mut left) = (Vec::new(), 0);
        self.is_emptying = true;
        for (n, seen) in found.iter().enumerate() {
            let so_far = (n + 1, found.len());
            match self.or_go_on(&seen.folder, seen.place, so_far, |visit, _| visit.empty_one(seen, target, writes))? {
                Some(stays) => {
                    self.attempts(&seen.folder).up_to = 0;
                    kept.extend(stays);
                }
                None => {
                    let lasting = self.take_lasting(&seen.folder, seen.place);
                    left += if lasting.is_some() { self.left_in(&seen.folder) } else { 0 };
                    self.undone.extend(lasting);
                }
            }
        }
        Ok((kept, left))
    }

    /// Takes the wanted messages out of one folder. They are looked for once more in it as it is opened now: their numbers
    /// are those of this opening, whatever they were before.
    fn empty_one(
        &mut self,
        Found { folder, place: number, .. }: &Found,
        target: Option<&Folder>,
        writes: Writes<'_>,
    ) -> Result<Option<Kept>, PluginError> {
        let opened = self.open(folder, For::Changing)?;
        self.look_through(folder, *number, &opened)?;
        let place = self.place(folder, opened.validity);
        let aside = self.place_of_aside(folder, &opened);
        let found = self.task.through().at(place).found.clone();
        if found.len() as u64 > self.imap.messages_max {
            let text = format!("{} messages are more than `messages_max`, and none of them was erased", found.len());
            return Err(PluginError::permanent(text));
        }
        if opened.read_only {
            let there = existing(self.session, &numbers(&found))?.len() as u64;
            return Ok((there > 0).then(|| read_only(*number, there)));
        }
        if target.is_some() && !opened.marks && !self.session.can(&Capability::Move) {
            // Each attempt would leave one more copy.
            let text = "messages cannot be marked as deleted, so that they would be copied and not moved (no MOVE): none was copied";
            return Err(PluginError::needs_operator(text));
        }
        if !self.task.through().aside(aside).is_empty() {
            // Another call may be between its look at what is marked and its EXPUNGE, which would take what is marked again now.
            let _alone = self.imap.expunging.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// How many of the messages that were found in a folder have not been taken out of it.
    fn left_in(&mut self, folder: &Folder) -> u64 {
        let validity = self.mark(&["validity", &folder.key()]);
        let validity = self.task.through().at(validity).up_to;
        let place = self.place(folder, validity);
        self.task.through().at(place).found.len() as u64
    }
}
