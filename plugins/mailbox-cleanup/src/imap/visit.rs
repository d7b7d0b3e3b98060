//! One call's visit to an account: goes through its folders, and remembers how far it came. What one folder refuses keeps
//! no other from being done.

mod empty;
mod told;

use std::collections::BTreeMap;

use quietus_plugin::{ErrorClass, PluginError, mark};

use super::account::Imap;
use super::find::look_on;
use super::folders::{Folder, list};
use super::opened::{For, Opened, open, refused_to_open};
use super::session::Session;
use crate::mailbox::{Doing, Kept, MESSAGES, Task};
use crate::through::Looked;
use crate::wanted::Wanted;

/// Which folder, of how many.
type Place = (usize, usize);

/// A folder in which there is something to do.
pub(super) struct Found {
    folder: Folder,
    /// Which one of how many that are searched: a name may be a person's, and what is told of a folder may stand in the receipt.
    place: Place,
    /// Wanted messages.
    pub(super) messages: u64,
    /// What others had marked as deleted is not marked: an earlier attempt was cut off.
    aside: bool,
}

/// How many attempts find that something is refused that may pass. Then it is taken as lasting.
const ATTEMPTS_MAX: u64 = 3;

/// A visit under way.
pub(super) struct Visit<'v, 't> {
    imap: &'v Imap,
    session: &'v mut Session<'t>,
    wanted: &'v Wanted,
    task: &'v mut Task<'t>,
    /// Folders in which something was refused, and what.
    refused: Vec<PluginError>,
    /// Folders that could not be looked through, and why.
    unread: Vec<PluginError>,
    /// Folders out of which not all could be taken, and why.
    undone: Vec<PluginError>,
    /// How many could be.
    read: usize,
    /// A folder asked to wait. When another one asks so, too, the server does.
    is_limited: bool,
    /// Messages are being taken out: others' marks may be taken away, and another attempt gives them back.
    is_emptying: bool,
    /// The server's search of headers has found a message by what it shows.
    is_controlled: bool,
    /// How many messages of each folder do not show whose they are; a folder that is looked through twice counts once.
    unclear: BTreeMap<String, u64>,
}

impl<'v, 't> Visit<'v, 't> {
    pub(super) fn new(
        imap: &'v Imap,
        session: &'v mut Session<'t>,
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
            undone: Vec::new(),
            read: 0,
            is_limited: false,
            is_emptying: false,
            is_controlled: false,
            unclear: BTreeMap::new(),
        }
    }

    /// Looks through folders; returns those in which there is something to do.
    pub(super) fn look_into(&mut self, folders: &[Folder]) -> Result<Vec<Found>, PluginError> {
        let mut found = Vec::new();
        for (n, folder) in folders.iter().enumerate() {
            let place = (n + 1, folders.len());
            let seen = self.or_go_on(folder, place, place, |visit, folder| visit.look(folder, place))?;
            self.read += usize::from(seen.is_some());
            if seen.is_some() {
                self.attempts(folder).up_to = 0;
            } else {
                let lasting = self.take_lasting(folder, place);
                self.unread.extend(lasting);
            }
            found.extend(seen.filter(|seen| seen.messages > 0 || seen.aside));
        }
        Ok(found)
    }

    /// What was just refused in a folder, if it does not pass by itself, or did not in some attempts: then it is this folder's alone, a
    /// person has to see to it, and the others are done.
    fn take_lasting(&mut self, folder: &Folder, place: Place) -> Option<PluginError> {
        let attempts = self.attempts(folder);
        attempts.up_to += 1;
        let is_old = attempts.up_to >= ATTEMPTS_MAX;
        let is_final = |class| matches!(class, ErrorClass::Permanent | ErrorClass::NeedsOperator);
        let error = self.refused.pop_if(|error| is_old || is_final(error.class))?;
        let message = error.message.replace(&self.called(folder, place), &format!("{}: ", unnamed(place)));
        Some(PluginError { message, ..error })
    }

    /// How many attempts in a row have found this folder to refuse what is being done.
    fn attempts(&mut self, folder: &Folder) -> &mut Looked {
        let what = if self.is_emptying { "not emptied" } else { "refused" };
        let place = self.mark(&[what, &folder.key()]);
        self.task.through().at(place)
    }

    /// What the server would keep of what was found: only a folder that is opened to be changed tells whether it may be.
    pub(super) fn kept_of(&mut self, found: &[Found]) -> Result<Vec<Kept>, PluginError> {
        let mut kept = Vec::new();
        for (n, Found { folder, place, messages, .. }) in found.iter().enumerate() {
            let so_far = (n + 1, found.len());
            match self.or_go_on(folder, *place, so_far, |visit, folder| visit.open(folder, For::Changing))? {
                Some(opened) if opened.read_only => kept.push(read_only(*place, *messages)),
                Some(_) => {}
                // It was looked through; only whether it is kept is not known.
                None => drop(self.take_lasting(folder, *place)),
            }
        }
        Ok(kept)
    }

    /// The messages in the folder that they are moved to.
    pub(super) fn kept_in(&mut self, target: Option<&Folder>) -> Result<Option<Kept>, PluginError> {
        let Some(folder) = target else { return Ok(None) };
        let look = |visit: &mut Self, folder: &Folder| visit.look(folder, (1, 1));
        let messages = self.or_go_on(folder, (1, 1), (1, 1), look)?.map_or(0, |seen| seen.messages);
        let reason = format!("messages are moved to the folder `{}`, and stay there", folder.name);
        Ok((messages > 0).then_some(Kept { reason, messages }))
    }

    /// What one folder says. A refusal is noted; when the time is lost, or the server asks to wait, the visit is over, and says how far it
    /// came. A lost connection is made anew: one that is lost again in the same folder, with nothing more done there, is that folder's
    /// matter.
    fn or_go_on<T>(
        &mut self,
        folder: &Folder,
        place: Place,
        (n, all): (usize, usize),
        mut ask: impl FnMut(&mut Self, &Folder) -> Result<T, PluginError>,
    ) -> Result<Option<T>, PluginError> {
        let so_far = |error: PluginError| {
            let message = format!("{error} (in folder {n} of {all})");
            PluginError { message, ..error }
        };
        let mut lost_at = None;
        loop {
            self.session.clock().check()?;
            let error = match ask(self, folder) {
                Ok(answer) => return Ok(Some(answer)),
                Err(error) => error,
            };
            if self.session.clock().check().is_err() {
                return Err(so_far(error));
            }
            let is_limited = error.class == ErrorClass::RateLimited;
            if is_limited && std::mem::replace(&mut self.is_limited, true) {
                return Err(so_far(error));
            }
            let is_lost = self.session.is_lost();
            let is_silent = self.session.is_silent();
            if is_lost {
                *self.session = self.imap.log_in(self.task.call).map_err(so_far)?;
            }
            let done = Some(self.how_far(folder));
            // It was silent for long enough, and an answer without an end has none the next time.
            if is_lost && !is_silent && lost_at != done && error.class == ErrorClass::Retryable {
                lost_at = done;
                continue;
            }
            let is_final = is_lost && !is_silent && !self.is_emptying;
            let class = if is_final { ErrorClass::Permanent } else { error.class };
            let message = format!("{}{error}", self.called(folder, place));
            self.refused.push(PluginError { message, class, ..error });
            return Ok(None);
        }
    }

    /// How far the work in a folder is: up to where it was looked through, and how many messages are still to be taken out of it.
    fn how_far(&mut self, folder: &Folder) -> (u64, u64, usize) {
        let place = self.mark(&["validity", &folder.key()]);
        let validity = self.task.through().at(place).up_to;
        let place = self.place(folder, validity);
        let looked = self.task.through().at(place);
        (validity, looked.up_to, looked.found.len())
    }

    fn look(&mut self, folder: &Folder, place: Place) -> Result<Found, PluginError> {
        let opened = self.open(folder, For::Looking)?;
        let messages = self.look_through(folder, place, &opened)?;
        let marks = self.place_of_aside(folder, &opened);
        let aside = !self.task.through().aside(marks).is_empty();
        Ok(Found { folder: folder.clone(), place, messages, aside })
    }

    /// Opens a folder that was listed. One that has gone meanwhile may have another name now, under which nobody has looked into it: the
    /// next attempt lists what is there then.
    fn open(&mut self, folder: &Folder, what: For) -> Result<Opened, PluginError> {
        match open(self.session, folder, what)? {
            Ok(opened) => Ok(opened),
            Err(refusal) if refusal.may_mean_gone() && !list(self.session)?.has(folder) => {
                let text = "it was there a moment ago, and is not there now: what is there is looked through again";
                Err(PluginError::retryable(text))
            }
            Err(refusal) => Err(refused_to_open(&refusal)),
        }
    }

    /// Looks through the open folder, from where an earlier attempt ended.
    fn look_through(&mut self, folder: &Folder, place: Place, opened: &Opened) -> Result<u64, PluginError> {
        if opened.validity == 0 {
            return Ok(0);
        }
        self.forget_if_renumbered(folder, opened);
        let called = self.called(folder, place);
        let through = self.place(folder, opened.validity);
        let looked = self.task.through().at(through);
        if opened.messages > 0 {
            look_on(self.session, self.wanted, self.imap.body_bytes_max, looked, &mut self.is_controlled)?;
        }
        self.unclear.insert(folder.key(), looked.unclear.len() as u64);
        if !looked.untold.is_empty() {
            let text = format!("{} messages are larger than `body_bytes_max` to be looked into", looked.untold.len());
            let error = PluginError::permanent(called + &text);
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

    /// How a folder is called in an error: by a name that is the operator's, and otherwise by its place, as it may be a person's.
    fn called(&self, folder: &Folder, place: Place) -> String {
        match self.imap.is_named(folder) {
            true => format!("folder `{}`: ", folder.name),
            false => format!("{}: ", unnamed(place)),
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

fn read_only(place: Place, messages: u64) -> Kept {
    Kept { reason: format!("{} is read-only", unnamed(place)), messages }
}

/// How a folder is called in the receipt, and in most errors.
fn unnamed((n, all): Place) -> String {
    format!("folder {n} of {all}")
}

/// What stands for messages, by their numbers in a place.
fn marks_of(place: u64, uids: &[u32]) -> Vec<u64> {
    uids.iter().map(|uid| mark([place, u64::from(*uid)].map(u64::to_le_bytes))).collect()
}

fn numbers(uids: &[u64]) -> Vec<u32> {
    uids.iter().filter_map(|uid| u32::try_from(*uid).ok()).collect()
}
