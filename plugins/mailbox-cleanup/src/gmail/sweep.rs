//! Who stands in the headers of a mailbox's messages, spam and trash included, in the order in which Gmail lists them. Looks, and changes
//! nothing.
//!
//! Google does not say what a page's token stands for. If it is a number of messages that are to be passed over, then another message would be
//! missed for each that is deleted meanwhile. So each page is listed once more before the next one is, and what has moved up is looked at.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use quietus_plugin::http::Request;
use quietus_plugin::{Call, PluginError};
use serde::{Deserialize, Serialize};

use super::api::{Gmail, no_mailbox, said};
use super::message::{Message, Page as Listed};
use super::pace::{BATCH, OF_LIST};
use crate::headers::people;
use crate::holding::{Held, Holding, Page, begin_anew, may_pass, no_place, passing};
use crate::mailbox::go_on;
use crate::wanted::Place;

/// Ids in a list: they stand in the place of the next page.
const LISTED: &str = "100";
/// Messages of one page, whoever stands in them: at the usual quota, they take three quarters of a minute.
const MESSAGES_MAX: usize = 200;
/// Lists of one page, whatever is on them.
const LISTS_MAX: usize = 50;

/// Messages that are listed, and that nobody can judge.
pub(super) const UNSHOWN: &str = "messages whose headers Gmail does not show";

/// Where a page begins.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
struct At {
    /// Of the list's page that is looked at; none of the first.
    token: Option<String>,
    /// What it has listed…
    ids: Vec<String>,
    /// …of which so many are told…
    done: usize,
    /// …and so many people of the next one.
    people: usize,
    /// Something was listed so far.
    is_any: bool,
    /// Another page was to follow, when this one was listed last.
    has_next: bool,
}

/// Ids, and the token of the page after them.
type Listing = (Vec<String>, Option<String>);

/// What a page tells so far.
struct Telling<'h> {
    call: &'h Call<'h>,
    place: Place,
    page: Page<'h>,
    held: Held,
    messages: usize,
    lists: usize,
    /// A message whose headers were shown.
    known: Option<String>,
}

/// How a page goes on.
enum Step {
    On,
    Full,
    /// Nothing comes after it.
    Ended,
    /// Google does not know any more what the token stands for.
    Lost,
}

impl Gmail {
    pub(super) fn hold_page(
        &self,
        place: Option<&str>,
        holding: &Holding<'_>,
        call: &Call,
    ) -> Result<Held, PluginError> {
        let at: Option<At> = place.map(serde_json::from_str).transpose().map_err(no_place)?;
        let began = at.unwrap_or_default();
        let mut at = began.clone();
        let mut telling = Telling {
            call,
            place: holding.place,
            page: holding.page(),
            held: Held::default(),
            messages: 0,
            lists: 0,
            known: None,
        };
        let has_ended = loop {
            match self.tell_some(&mut at, &mut telling).map_err(passing) {
                Ok(Step::On) if telling.messages < MESSAGES_MAX && telling.lists < LISTS_MAX => {}
                Ok(Step::On | Step::Full) => break false,
                Ok(Step::Ended) => break true,
                // Not an error that may pass: with that token, no page is ever listed.
                Ok(Step::Lost) => return Err(begin_anew()),
                // What is told by then is not lost: where the error stays, the next page meets it.
                Err(error) if may_pass(&error) && at != began => break false,
                Err(error) => return Err(error),
            }
        };
        let next = if has_ended { None } else { serde_json::to_string(&at).ok() };
        Ok(Held { records: telling.page.records(), next, ..telling.held })
    }

    /// Lists some more, or tells of the people in some of what is listed.
    fn tell_some(&self, at: &mut At, telling: &mut Telling<'_>) -> Result<Step, PluginError> {
        if at.done < at.ids.len() {
            return self.tell_listed(at, telling);
        }
        let Some((listed, next)) = self.listed(at.token.as_deref(), telling.call)? else { return Ok(Step::Lost) };
        telling.lists += 1;
        at.is_any |= !listed.is_empty();
        let (known, new): (Vec<_>, Vec<_>) = listed.into_iter().partition(|id| at.ids.contains(id));
        if !new.is_empty() {
            at.done = known.len();
            at.ids = [known, new].concat();
            at.has_next = next.is_some();
            return Ok(Step::On);
        }
        if next.is_some() {
            *at = At { token: next, is_any: at.is_any, has_next: true, ..At::default() };
            return Ok(Step::On);
        }
        // That nothing follows any more is believed when it is said twice.
        if std::mem::take(&mut at.has_next) {
            return Ok(Step::On);
        }
        match !at.is_any && !self.profile(telling.call)?.has_none() {
            true => {
                Err(PluginError::retryable("a list: it is empty, and the mailbox does not say that it has no messages"))
            }
            false => Ok(Step::Ended),
        }
    }

    /// Tells of the people in the next messages of those that are listed.
    fn tell_listed(&self, at: &mut At, telling: &mut Telling<'_>) -> Result<Step, PluginError> {
        let batch: Vec<String> = at.ids.iter().skip(at.done).take(BATCH).cloned().collect();
        let mut shown = BTreeMap::new();
        let mut note = |id: &str, message: Message| drop(shown.insert(id.to_owned(), message));
        let odd = self.twice_odd(&batch, telling.known.as_ref(), telling.call, &mut note)?;
        for id in odd {
            // Otherwise it went after the list had shown it.
            if self.is_there(&id, telling.call)? {
                telling.held.note(UNSHOWN);
            }
        }
        for id in batch {
            if let Some(message) = shown.remove(&id) {
                if message.is_bare() {
                    telling.held.note(UNSHOWN);
                }
                let people = people(&message.raw(), telling.place);
                if let ControlFlow::Break(people) = telling.page.add(people, at.people, message.taken()) {
                    at.people = people;
                    return Ok(Step::Full);
                }
                telling.known = Some(id);
            }
            at.done += 1;
            at.people = 0;
            telling.messages += 1;
        }
        Ok(Step::On)
    }

    /// A page of the list of all messages, and the token of the next one; `None` where the page's own token is refused.
    fn listed(&self, token: Option<&str>, call: &Call) -> Result<Option<Listing>, PluginError> {
        go_on(call)?;
        let request = Request::get("/users/me/messages").query("includeSpamTrash", "true").query("maxResults", LISTED);
        let request = match token {
            Some(token) => request.query("pageToken", token),
            None => request,
        };
        let sent = match token {
            Some(_) => self.send_page(request, OF_LIST, call),
            None => self.send(request, OF_LIST, call),
        };
        let answer = sent.map_err(|failure| said("a list", failure.error))?;
        if answer.gone() {
            return Err(no_mailbox());
        }
        // Whatever is no success by now is that.
        if answer.status() == 400 {
            return Ok(None);
        }
        let mut page: Listed = answer.json().map_err(|error| said("a list", error))?;
        let next = page.next_page_token.take();
        if next.is_some() && next.as_deref() == token {
            return Err(PluginError::retryable("a list: the next page is the same one"));
        }
        let ids = page.ids().ok_or_else(|| PluginError::retryable("a list: the answer is no list"))?;
        Ok(Some((ids, next)))
    }
}
