//! Who stands in the messages of a mailbox: one place after the other, and in each the messages in the order in which they came. Looks,
//! and changes nothing.
//!
//! A page is asked for by the second at which the one before has ended, and not by the link to it: a link says how many messages are to be
//! passed over, so that for each that goes meanwhile, another one would be missed. Nor does a list end where it gives no link: some end
//! early.

use std::ops::ControlFlow;

use quietus_plugin::http::Request;
use quietus_plugin::{Call, ErrorClass, PluginError};
use serde::{Deserialize, Serialize};

use super::api::{Graph, IMMUTABLE, no_mailbox, said};
use super::find::{MAILBOX, no_folder};
use super::hidden::{DELETIONS, HOLDS, PURGES, REFUSED, UNSEEN, UNTOLD};
use super::message::{Message, Page as Listed, SELECT};
use super::time;
use crate::holding::{Held, Holding, Page, may_pass, no_place, passing};
use crate::mailbox::go_on;
use crate::wanted::Place;

/// All folders that people see, and then all that an erasure looks into.
const PLACES: [Option<&str>; 4] = [None, Some(DELETIONS), Some(PURGES), Some(HOLDS)];
/// Messages of one list; up to 1,000 are allowed.
const TOP: &str = "250";
/// What tells when a message came.
const SELECT_TIME: &str = "id,parentFolderId,receivedDateTime";
/// Messages of one page, whoever stands in them.
const MESSAGES_MAX: usize = 2_000;
/// Lists of one second's messages.
const LINKS_MAX: usize = 100;
/// No message came before 1900.
const BEGINNING: i64 = -2_208_988_800;

/// Messages that are listed, and that the list does not read as its documentation has it.
pub(super) const ODD: &str = "messages of which Microsoft Graph does not show whose they are";
/// Messages that no list by time shows.
pub(super) const UNDATED: &str = "messages of which Microsoft Graph does not say when they came";
/// More than are looked through.
pub(super) const AT_ONCE: &str = "some of the messages that came within one second, of which there are too many";

/// Where a page begins.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct At {
    place: usize,
    /// What came before this second is told.
    since: i64,
    /// Of what came in it, in the order of the ids, what stands before this one is told…
    id: String,
    /// …and so many people of it.
    people: usize,
}

/// What a page tells so far.
struct Telling<'h> {
    call: &'h Call<'h>,
    place: Place,
    page: Page<'h>,
    held: Held,
    messages: usize,
}

/// Messages in the order in which they came, with the second in which each did.
struct Found {
    messages: Vec<(i64, Message)>,
    /// There are more of the last one's second.
    is_cut: bool,
}

impl At {
    fn beginning(place: usize) -> Self {
        Self::second(place, BEGINNING)
    }

    fn second(place: usize, since: i64) -> Self {
        Self { place, since, id: String::new(), people: 0 }
    }
}

impl Graph {
    pub(super) fn hold_page(
        &self,
        place: Option<&str>,
        holding: &Holding<'_>,
        call: &Call,
    ) -> Result<Held, PluginError> {
        let at: Option<At> = place.map(serde_json::from_str).transpose().map_err(no_place)?;
        let began = at.unwrap_or_else(|| At::beginning(0));
        let mut at = began.clone();
        let mut telling =
            Telling { call, place: holding.place, page: holding.page(), held: Held::default(), messages: 0 };
        while let Some(name) = PLACES.get(at.place) {
            let told = match name {
                None => self.tell(MAILBOX, &mut at, &mut telling).map_err(passing),
                Some(name) => self.tell_hidden(name, &mut at, &mut telling),
            };
            match told {
                Ok(ControlFlow::Continue(())) => at = At::beginning(at.place + 1),
                Ok(ControlFlow::Break(())) => break,
                // What is told by then is not lost: where the error stays, the next page meets it.
                Err(error) if may_pass(&error) && at != began => break,
                Err(error) => return Err(error),
            }
        }
        let next = PLACES.get(at.place).and_then(|_| serde_json::to_string(&at).ok());
        Ok(Held { records: telling.page.records(), next, ..telling.held })
    }

    /// As [`Graph::tell`], of a folder that nobody sees. One that Graph does not show, or refuses, is no reason to leave the rest.
    fn tell_hidden(&self, name: &str, at: &mut At, telling: &mut Telling<'_>) -> Result<ControlFlow<()>, PluginError> {
        let Some(folder) = self.folder(name, telling.call)? else {
            telling.held.note(UNSEEN);
            return Ok(ControlFlow::Continue(()));
        };
        let path = Request::get("/mailFolders").segment(&folder).segment("messages").target();
        match self.tell(&path, at, telling) {
            Err(error) if error.class == ErrorClass::Permanent => {
                telling.held.note(if name == DELETIONS { REFUSED } else { UNTOLD });
                Ok(ControlFlow::Continue(()))
            }
            told => told,
        }
    }

    /// Tells of the people in a place until the page is full, which is a `Break`, or nothing more came.
    fn tell(&self, path: &str, at: &mut At, telling: &mut Telling<'_>) -> Result<ControlFlow<()>, PluginError> {
        if *at == At::beginning(at.place) {
            self.note_undated(path, telling)?;
        }
        let mut newest = None;
        loop {
            if telling.messages >= MESSAGES_MAX {
                return Ok(ControlFlow::Break(()));
            }
            let Found { mut messages, is_cut } = self.since(path, at.since, telling.call)?;
            let last = messages.last().map_or(at.since, |(second, _)| *second);
            let next = match (last > at.since, is_cut) {
                // Whether all of that second are here, the next list tells.
                (true, _) => {
                    messages.retain(|(second, _)| *second < last);
                    last
                }
                (false, true) if messages.is_empty() => {
                    return Err(PluginError::retryable("a list: its pages bring nothing and say that there is more"));
                }
                (false, true) => {
                    telling.held.note(AT_ONCE);
                    at.since + 1
                }
                (false, false) => match newest {
                    Some(newest) if newest > at.since => {
                        return Err(PluginError::retryable("a list: it ends before the newest message"));
                    }
                    Some(_) => return Ok(telling.all(messages, at)),
                    // Asked for before the last list, so that what comes in between is no contradiction.
                    None => {
                        newest = Some(self.newest(path, at.since, telling)?);
                        continue;
                    }
                },
            };
            if telling.all(messages, at).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            *at = At::second(at.place, next);
        }
    }

    /// What came in this second or after it: all of that second, and some of what came after it.
    fn since(&self, path: &str, since: i64, call: &Call) -> Result<Found, PluginError> {
        let mut request = self
            .of_user(path)
            .query("$top", TOP)
            .query("$select", &format!("{SELECT},receivedDateTime,lastModifiedDateTime"))
            .query("$filter", &format!("receivedDateTime ge {}", time::text(since)))
            .query("$orderby", "receivedDateTime");
        let mut messages: Vec<(i64, Message)> = Vec::new();
        let mut asked: Vec<String> = Vec::new();
        for _ in 0..LINKS_MAX {
            let listed = self.listed(path, &request, call);
            // A link that is refused says nothing of the folder: no cursor has it, and the list is asked for anew.
            let listed = match asked.is_empty() {
                true => listed?,
                false => listed.map_err(passing)?,
            };
            for message in listed.value {
                let second = message.received();
                let second = second.ok_or_else(|| PluginError::retryable("a list: a message without its time"))?;
                if second < messages.last().map_or(since, |(second, _)| *second) {
                    return Err(PluginError::retryable("a list: it is not the one that was asked for"));
                }
                messages.push((second, message));
            }
            let is_beyond = messages.last().is_some_and(|(second, _)| *second > since);
            let Some(next) = listed.next.filter(|_| !is_beyond) else {
                messages.sort_by(|(one, a), (other, b)| one.cmp(other).then_with(|| a.id.cmp(&b.id)));
                return Ok(Found { messages, is_cut: false });
            };
            let target = self.client.within(&next, &request);
            let target =
                target.ok_or_else(|| PluginError::retryable("a list: the next page's link leads elsewhere"))?;
            asked.push(request.target());
            if asked.contains(&target) {
                return Err(PluginError::retryable("a list: the next page is one that was there before"));
            }
            request = Request::get("/").at(&target).header(IMMUTABLE.0, IMMUTABLE.1);
        }
        messages.sort_by(|(_, a), (_, b)| a.id.cmp(&b.id));
        Ok(Found { messages, is_cut: true })
    }

    /// Says where there are messages without a time: in the order of times they are the first, and no list since a time has them.
    fn note_undated(&self, path: &str, telling: &mut Telling<'_>) -> Result<(), PluginError> {
        let request = self.of_user(path).query("$top", "1").query("$select", SELECT_TIME);
        let listed = self.listed(path, &request.query("$orderby", "receivedDateTime"), telling.call)?;
        if listed.value.first().is_some_and(|oldest| oldest.received().is_none()) {
            telling.held.note(UNDATED);
        }
        Ok(())
    }

    /// The second in which the newest message came, as another list has it: where none has been seen, one in no order, as some lists by
    /// time are empty for nothing.
    fn newest(&self, path: &str, since: i64, telling: &mut Telling<'_>) -> Result<i64, PluginError> {
        let request = self.of_user(path).query("$top", "1").query("$select", SELECT_TIME);
        let request = match since {
            BEGINNING => request,
            _ => request.query("$orderby", "receivedDateTime desc"),
        };
        let listed = self.listed(path, &request, telling.call)?;
        match listed.value.first().map(Message::received) {
            None => Ok(BEGINNING),
            Some(Some(newest)) => Ok(newest),
            Some(None) => {
                telling.held.note(UNDATED);
                Ok(BEGINNING)
            }
        }
    }

    fn listed(&self, path: &str, request: &Request, call: &Call) -> Result<Listed, PluginError> {
        go_on(call)?;
        let is_mailbox = path == MAILBOX;
        let sent = if is_mailbox { self.send(request, call) } else { self.send_of_part(request, call) };
        let answer = sent.map_err(|failure| said("a list", failure.error))?;
        if answer.gone() {
            return Err(if is_mailbox { no_mailbox() } else { no_folder() });
        }
        let listed: Listed = answer.json().map_err(|error| said("a list", error))?;
        if listed.value.iter().any(|message| message.id.is_empty()) {
            return Err(PluginError::retryable("a list: the answer has a message without an id"));
        }
        Ok(listed)
    }
}

impl Telling<'_> {
    /// Tells of the people in these messages. Where the page is full before all are told, that is where the next one begins.
    fn all(&mut self, messages: Vec<(i64, Message)>, at: &mut At) -> ControlFlow<()> {
        for (second, message) in messages {
            let is_here = second == at.since;
            if is_here && message.id < at.id {
                continue;
            }
            if message.is_odd() {
                self.held.note(ODD);
            }
            let told = if is_here && message.id == at.id { at.people } else { 0 };
            if let ControlFlow::Break(people) = self.page.add(message.people(self.place), told, message.dated()) {
                *at = At { id: message.id, people, ..At::second(at.place, second) };
                return ControlFlow::Break(());
            }
            self.messages += 1;
        }
        ControlFlow::Continue(())
    }
}
