//! Finds a person's messages: a query leaves, ids come, and those stay whose headers are exactly the person's.

use std::collections::BTreeSet;

use quietus_plugin::PluginError;
use quietus_plugin::http::Request;

use super::message::{HEADERS, Message, Page};
use super::query::query;
use super::{Gmail, said};
use crate::account::Task;
use crate::wanted::Wanted;

/// Ids in a page; more are not given (<https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/list>).
const PAGE: &str = "500";
/// What an earlier attempt found out about a message, which is a place of its own to [`Task::through`]: 0 is nothing yet.
const THEIRS: u64 = 1;
const OF_OTHERS: u64 = 2;

impl Gmail {
    /// Ids of messages that may be the person's, spam and trash included.
    pub(super) fn list(&self, wanted: &Wanted, task: &Task<'_>) -> Result<BTreeSet<String>, PluginError> {
        let first = Request::get("/users/me/messages")
            .query("q", &query(wanted))
            .query("includeSpamTrash", "true")
            .query("maxResults", PAGE);
        let mut listed = BTreeSet::new();
        let mut request = first.clone();
        loop {
            task.go_on()?;
            let answer = self.send(request, task.call).map_err(|failure| said("a search", failure.error))?;
            if answer.gone() {
                return Err(PluginError::needs_operator("there is no such mailbox: check `user` and `base_url`"));
            }
            let page: Page = answer.json().map_err(|error| said("a search", error))?;
            let next = page.next_page_token.clone();
            let before = listed.len();
            let ids = page.ids().ok_or_else(|| PluginError::retryable("a search: the answer is no list"))?;
            listed.extend(ids);
            if listed.len() as u64 > self.messages_max {
                return Err(self.too_many());
            }
            let Some(next) = next else { return Ok(listed) };
            if listed.len() == before {
                return Err(PluginError::retryable("a search: a page brings nothing new and says that there is more"));
            }
            request = first.clone().query("pageToken", &next);
        }
    }

    /// Whether a message's headers are the person's. An earlier attempt's look is good enough: headers do not change.
    pub(super) fn is_theirs(&self, id: &str, wanted: &Wanted, task: &mut Task<'_>) -> Result<bool, PluginError> {
        let place = task.memory.mark(&("headers", &self.account, id));
        match task.through.at(place).up_to {
            THEIRS => return Ok(true),
            OF_OTHERS => return Ok(false),
            _ => {}
        }
        task.go_on()?;
        let request = Request::get("/users/me/messages").segment(id).query("format", "metadata");
        let request = HEADERS.iter().fold(request, |request, name| request.query("metadataHeaders", name));
        let request = request.query("fields", "id,payload/headers");
        let answer = self.send(request, task.call).map_err(|failure| said("a message's headers", failure.error))?;
        if answer.gone() {
            return Ok(false);
        }
        let message: Message = answer.json().map_err(|error| said("a message's headers", error))?;
        if message.id != id {
            return Err(PluginError::retryable("a message's headers: they are another message's"));
        }
        let is_theirs = wanted.in_headers(&message.raw());
        task.through.at(place).up_to = if is_theirs { THEIRS } else { OF_OTHERS };
        Ok(is_theirs)
    }

    /// Whether a message is there, whatever the list says, which may be behind.
    pub(super) fn is_there(&self, id: &str, task: &Task<'_>) -> Result<bool, PluginError> {
        task.go_on()?;
        let request = Request::get("/users/me/messages").segment(id).query("format", "minimal").query("fields", "id");
        let answer = self.send(request, task.call).map_err(|failure| said("a second look", failure.error))?;
        Ok(!answer.gone())
    }
}
