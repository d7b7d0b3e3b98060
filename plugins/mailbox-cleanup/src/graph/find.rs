//! Finds a person's messages: queries leave, pages come, and what is exactly the person's stays.

use std::collections::BTreeSet;

use quietus_plugin::http::Request;
use quietus_plugin::{ErrorClass, PluginError};

use super::api::{Graph, IMMUTABLE, no_mailbox, said};
use super::hidden::Hidden;
use super::message::{Message, Page, Place, SELECT};
use super::query::Query;
use crate::mailbox::Task;
use crate::wanted::{Wanted, Whose};

/// All folders that people see.
pub(super) const MAILBOX: &str = "/messages";
/// Messages in a page; up to 1,000 are allowed.
const PAGE: &str = "250";
/// More than one search shows: <https://learn.microsoft.com/graph/search-query-parameter#using-search-on-message-collections>.
const SEARCH_MAX: usize = 1000;
/// Pages of one query, so that links that lead in a circle end.
const PAGES_MAX: usize = 10_000;

/// What is there.
#[derive(Default)]
pub(super) struct Found {
    /// The ids of the person's messages.
    pub(super) messages: BTreeSet<String>,
    /// The ids of those that do not show whose they are.
    pub(super) unclear: BTreeSet<String>,
    /// A search showed as much as it may, so that there can be more.
    pub(super) is_cut: bool,
    /// A folder that nobody sees is refused, whatever is asked of it.
    pub(super) is_refused: bool,
    /// More than these are an error: what is only counted has no limit.
    most: Option<u64>,
}

impl Found {
    /// Notes whose a message is that a query has found.
    fn note(&mut self, message: Message, query: &Query, wanted: &Wanted) {
        let is_unclear = match message.whose(wanted) {
            Whose::Theirs => {
                self.messages.insert(message.id);
                return;
            }
            // Where everything is listed, nothing says that it has the address.
            Whose::Unclear => query.is_selective() || message.is_odd(),
            Whose::SomebodyElses | Whose::Unexplained if !query.is_selective() => false,
            Whose::SomebodyElses => query.is_exact() || message.shows_no_sender() || !message.explains(query, wanted),
            Whose::Unexplained => true,
        };
        if is_unclear {
            self.unclear.insert(message.id);
        }
    }
}

impl Graph {
    /// The person's messages in all folders that people see, and those that people can still recover.
    pub(super) fn find(&self, wanted: &Wanted, hidden: &Hidden, task: &Task<'_>) -> Result<Found, PluginError> {
        let mut found = Found { most: Some(self.messages_max), ..Found::default() };
        for query in queries(wanted) {
            if !self.pages(MAILBOX, &query, wanted, hidden, &mut found, task)? {
                return Err(no_mailbox());
            }
        }
        if let Some(deletions) = &hidden.deletions {
            self.gather(deletions, wanted, hidden, &mut found, task)?;
        }
        Ok(found)
    }

    /// The person's messages in a folder that nobody sees.
    pub(super) fn find_in(
        &self,
        folder: Option<&String>,
        wanted: &Wanted,
        task: &Task<'_>,
    ) -> Result<Found, PluginError> {
        let mut found = Found::default();
        if let Some(folder) = folder {
            self.gather(folder, wanted, &Hidden::default(), &mut found, task)?;
        }
        Ok(found)
    }

    /// Whether a message is in a folder from which it can be deleted, whatever a search says; `None` where that is refused.
    pub(super) fn is_there(&self, id: &str, hidden: &Hidden, task: &Task<'_>) -> Result<Option<bool>, PluginError> {
        task.go_on()?;
        let request = self.of_user("/messages").segment(id).query("$select", "id,parentFolderId");
        let answer = match self.send_controlled(&request, "a second look", task.call) {
            Ok(answer) => answer,
            Err(failure) if failure.error.class == ErrorClass::Permanent => return Ok(None),
            Err(failure) => return Err(failure.error),
        };
        if answer.gone() {
            return Ok(Some(false));
        }
        let place: Place = answer.json().map_err(|error| said("a second look", error))?;
        Ok(Some(!hidden.keeps(&place.parent_folder_id)))
    }

    /// Adds the person's messages of one folder. Where Graph refuses to search in it, everything in it is looked at.
    fn gather(
        &self,
        folder: &str,
        wanted: &Wanted,
        hidden: &Hidden,
        found: &mut Found,
        task: &Task<'_>,
    ) -> Result<(), PluginError> {
        let path = Request::get("/mailFolders").segment(folder).segment("messages").target();
        for query in queries(wanted) {
            match self.pages(&path, &query, wanted, hidden, found, task) {
                Ok(true) => {}
                Ok(false) => return Err(no_folder()),
                Err(error) if error.class == ErrorClass::Permanent => {
                    return self.gather_all(&path, wanted, hidden, found, task);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Adds the person's messages of one folder that cannot be searched. One that is refused as a whole is no reason to leave the rest.
    fn gather_all(
        &self,
        path: &str,
        wanted: &Wanted,
        hidden: &Hidden,
        found: &mut Found,
        task: &Task<'_>,
    ) -> Result<(), PluginError> {
        match self.pages(path, &Query::All, wanted, hidden, found, task) {
            Ok(true) => Ok(()),
            Ok(false) => Err(no_folder()),
            Err(error) if error.class == ErrorClass::Permanent => {
                found.is_refused = true;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn asked(&self, path: &str, query: &Query) -> Request {
        let request = self.of_user(path).query("$select", SELECT).query("$top", PAGE);
        match query.option() {
            Some((option, value)) => request.query(option, value),
            None => request,
        }
    }

    /// Adds the person's messages of all pages of one query, except those that are kept. `false`: there is no such place.
    fn pages(
        &self,
        path: &str,
        query: &Query,
        wanted: &Wanted,
        hidden: &Hidden,
        found: &mut Found,
        task: &Task<'_>,
    ) -> Result<bool, PluginError> {
        let mut request = self.asked(path, query);
        let mut shown = 0;
        for _ in 0..PAGES_MAX {
            task.go_on()?;
            let sent =
                if path == MAILBOX { self.send(&request, task.call) } else { self.send_of_part(&request, task.call) };
            let answer = sent.map_err(|failure| said("a search", failure.error))?;
            if answer.gone() {
                return Ok(false);
            }
            let page: Page = answer.json().map_err(|error| said("a search", error))?;
            if page.value.iter().any(|message| message.id.is_empty()) {
                return Err(PluginError::retryable("a search: the answer has a message without an id"));
            }
            shown += page.value.len();
            found.is_cut |= query.is_limited() && shown >= SEARCH_MAX;
            for message in page.value.into_iter().filter(|message| !hidden.keeps(&message.parent_folder_id)) {
                found.note(message, query, wanted);
            }
            if found.most.is_some_and(|most| found.messages.len() as u64 > most) {
                return Err(self.too_many());
            }
            let Some(next) = page.next else { return Ok(true) };
            // Elsewhere, the link would carry the token to another host.
            let target = self.client.within(&next, &request);
            let target =
                target.ok_or_else(|| PluginError::permanent("a search: the next page's link leads elsewhere"))?;
            // The link does not carry the header: without it, a message would come with another id, and count twice.
            request = Request::get("/").at(&target).header(IMMUTABLE.0, IMMUTABLE.1);
        }
        Err(PluginError::permanent(format!("a search: there are more than {PAGES_MAX} pages")))
    }
}

pub(super) fn no_folder() -> PluginError {
    PluginError::retryable("a search: a folder that was there is answered 404, so that nobody has looked into it")
}

/// For each spelling of each address.
fn queries(wanted: &Wanted) -> impl Iterator<Item = Query> {
    let spellings = wanted.addresses().iter().flat_map(|address| address.spellings());
    spellings.flat_map(|spelling| Query::all(&spelling, wanted.place()))
}
