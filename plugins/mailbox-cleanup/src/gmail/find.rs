//! Finds a person's messages: a query leaves, ids come, and those stay whose headers are exactly the person's.

use std::collections::BTreeSet;

use quietus_plugin::http::Request;
use quietus_plugin::{Call, ErrorClass, PluginError, mark};

use super::api::{Gmail, no_mailbox, said};
use super::message::{Id, Message, Page};
use super::pace::{BATCH, OF_LIST, OF_MESSAGE};
use super::query::query;
use crate::mailbox::{Task, go_on};
use crate::wanted::{Wanted, Whose};

/// Ids in a page; more are not given (<https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/list>).
const PAGE: &str = "500";
/// Pages in a row that bring nothing new.
const IDLE_MAX: u32 = 10;
/// What an earlier attempt found out about a message, which is a place of its own to [`Task::through`]: 0 is nothing yet.
const THEIRS: u64 = 1;
const OF_OTHERS: u64 = 2;
const UNCLEAR: u64 = 3;

/// A message whose headers were not shown.
struct Odd {
    id: String,
    /// What may be otherwise in a while.
    passing: Option<PluginError>,
}

impl Gmail {
    /// Ids of messages that may be the person's, spam and trash included.
    pub(super) fn list(&self, wanted: &Wanted, task: &Task<'_>) -> Result<BTreeSet<String>, PluginError> {
        let first = Request::get("/users/me/messages")
            .query("q", &query(wanted))
            .query("includeSpamTrash", "true")
            .query("maxResults", PAGE);
        let mut listed = BTreeSet::new();
        let mut request = first.clone();
        let mut idle = 0;
        let mut is_doubted = false;
        loop {
            task.go_on()?;
            let answer =
                self.send(request.clone(), OF_LIST, task.call).map_err(|failure| said("a search", failure.error))?;
            if answer.gone() {
                return Err(no_mailbox());
            }
            let page: Page = answer.json().map_err(|error| said("a search", error))?;
            let next = page.next_page_token.clone();
            let before = listed.len();
            let says_some = page.says_some();
            let ids = page.ids().ok_or_else(|| PluginError::retryable("a search: the answer is no list"))?;
            // Gmail leaves messages out for once, and says all the same that there are some: that is asked for once more.
            if ids.is_empty() && next.is_none() && says_some {
                if !std::mem::replace(&mut is_doubted, true) {
                    continue;
                }
                if listed.is_empty() {
                    return Err(PluginError::retryable("a search: it shows none, and says that there are some"));
                }
            }
            listed.extend(ids);
            if listed.len() as u64 > self.messages_max {
                return Err(self.too_many());
            }
            let Some(next) = next else { return Ok(listed) };
            idle = if listed.len() == before { idle + 1 } else { 0 };
            if idle > IDLE_MAX {
                return Err(PluginError::retryable("a search: its pages bring nothing new and say that there is more"));
            }
            request = first.clone().query("pageToken", &next);
        }
    }

    /// Which of these messages are the person's, as their headers say. An earlier attempt's look is good enough: headers do
    /// not change.
    pub(super) fn theirs(
        &self,
        ids: &[String],
        wanted: &Wanted,
        task: &mut Task<'_>,
    ) -> Result<Vec<String>, PluginError> {
        let call = task.call;
        let unread: Vec<_> = ids.iter().filter(|id| task.through().at(self.place(id)).up_to == 0).cloned().collect();
        for batch in unread.chunks(BATCH) {
            let known = ids.iter().find(|id| matches!(task.through().at(self.place(id)).up_to, THEIRS | OF_OTHERS));
            let mut note = |id: &str, message: Message| {
                task.through().at(self.place(id)).up_to = match wanted.by_headers(&message.raw()) {
                    Whose::Theirs => THEIRS,
                    Whose::SomebodyElses => OF_OTHERS,
                    Whose::Unclear | Whose::Unexplained => UNCLEAR,
                };
            };
            let odd = self.twice_odd(batch, known, call, &mut note)?;
            for id in odd {
                // Twice not shown, of a message that is: that is the message's matter, and no other waits for it.
                if self.is_there(&id, call)? {
                    task.through().at(self.place(&id)).up_to = UNCLEAR;
                }
            }
        }
        let theirs = ids.iter().filter(|id| task.through().at(self.place(id)).up_to == THEIRS);
        Ok(theirs.cloned().collect())
    }

    /// Notes the headers of a batch, and returns those whose headers are twice not shown. Where none was shown, one that is `known` to
    /// have been tells whether that is the messages' matter; what may pass by itself is an error otherwise, and decides nothing.
    pub(super) fn twice_odd(
        &self,
        batch: &[String],
        known: Option<&String>,
        call: &Call,
        note: &mut dyn FnMut(&str, Message),
    ) -> Result<Vec<String>, PluginError> {
        let odd = self.look_at(batch, call, note)?;
        let known = known.filter(|_| odd.len() == batch.len());
        let again: Vec<_> = odd.iter().map(|odd| &odd.id).chain(known).cloned().collect();
        if odd.is_empty() {
            return Ok(again);
        }
        let left = self.look_at(&again, call, note)?;
        let is_none_shown = odd.len() == batch.len() && left.len() == again.len();
        if is_none_shown && let Some(error) = left.iter().find_map(|odd| odd.passing.clone()) {
            return Err(error);
        }
        Ok(left.into_iter().map(|odd| odd.id).filter(|id| Some(id) != known).collect())
    }

    /// Looks at the headers of a batch. Returns the messages whose headers were not shown; what is about all is an error.
    fn look_at(
        &self,
        ids: &[String],
        call: &Call,
        note: &mut dyn FnMut(&str, Message),
    ) -> Result<Vec<Odd>, PluginError> {
        let mut odd = Vec::new();
        let mut failed = None;
        for (id, told) in ids.iter().zip(self.headers(ids, call)?) {
            match told {
                Ok(Some(message)) => note(id, message),
                // The list has just shown it, so that it went meanwhile, or is not shown.
                Ok(None) => odd.push(Odd { id: id.clone(), passing: None }),
                Err(error) => match error.class {
                    ErrorClass::Permanent => odd.push(Odd { id: id.clone(), passing: None }),
                    ErrorClass::Retryable => odd.push(Odd { id: id.clone(), passing: Some(error) }),
                    // What the others were answered is not lost.
                    _ => failed = failed.or(Some(error)),
                },
            }
        }
        failed.map_or(Ok(odd), Err)
    }

    /// How many of these messages, all of which were looked at, do not show whose they are.
    pub(super) fn unclear(&self, ids: &[String], task: &mut Task<'_>) -> u64 {
        ids.iter().filter(|id| task.through().at(self.place(id)).up_to == UNCLEAR).count() as u64
    }

    fn place(&self, id: &str) -> u64 {
        mark(["headers", &self.account, id])
    }

    /// Whether a message is there, whatever the list says, which may be behind.
    pub(super) fn is_there(&self, id: &str, call: &Call) -> Result<bool, PluginError> {
        go_on(call)?;
        let request = Request::get("/users/me/messages").segment(id).query("format", "minimal").query("fields", "id");
        let send =
            || self.send(request.clone(), OF_MESSAGE, call).map_err(|failure| said("a second look", failure.error));
        let mut answer = send()?;
        if answer.gone() {
            // A gateway may answer so to everything, and may have begun or ended in between.
            self.control(call)?;
            answer = send()?;
        }
        if answer.gone() {
            return Ok(false);
        }
        // Anybody may answer something.
        let told: Id = answer.json().map_err(|error| said("a second look", error))?;
        match told.id == id {
            true => Ok(true),
            false => Err(PluginError::retryable("a second look: the answer is another message")),
        }
    }
}
