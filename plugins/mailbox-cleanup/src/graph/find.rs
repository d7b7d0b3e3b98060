//! Finds a person's messages: queries leave, pages come, and what is exactly the person's stays.

use std::collections::BTreeSet;

use quietus_plugin::PluginError;
use quietus_plugin::http::Request;
use serde::Deserialize;

use super::message::{Page, SELECT};
use super::query::Query;
use super::{Graph, IMMUTABLE, no_mailbox, said};
use crate::account::Task;
use crate::wanted::Wanted;

/// All folders, but, as the case may be, the recoverable items.
const MAILBOX: &str = "/messages";
/// What people have deleted from Deleted Items, and can still recover.
const DELETIONS: &str = "recoverableitemsdeletions";
/// What nobody can recover any more.
const PURGES: &str = "recoverableitemspurges";
/// Messages in a page; up to 1,000 are allowed.
const PAGE: &str = "250";
/// More than one search shows: <https://learn.microsoft.com/graph/search-query-parameter#using-search-on-message-collections>.
const SEARCH_MAX: usize = 1000;
/// Pages of one query, so that links that lead in a circle end.
const PAGES_MAX: usize = 10_000;

/// What is there.
pub(super) struct Found {
    /// The ids of the person's messages, outside of Purges.
    pub(super) messages: BTreeSet<String>,
    /// A search showed as much as it may, so that there can be more.
    pub(super) is_cut: bool,
}

#[derive(Deserialize)]
struct Folder {
    id: String,
}

impl Graph {
    /// The person's messages in all folders, those that can still be recovered among them.
    pub(super) fn find(&self, wanted: &Wanted, task: &Task<'_>) -> Result<Found, PluginError> {
        let purges = self.folder(PURGES, task)?;
        let mut found = Found { messages: BTreeSet::new(), is_cut: false };
        if !self.gather(MAILBOX, wanted, purges.as_deref(), &mut found, task)? {
            return Err(no_mailbox());
        }
        self.gather(&messages_in(DELETIONS), wanted, purges.as_deref(), &mut found, task)?;
        Ok(found)
    }

    /// The person's messages in Purges; none where Graph does not show that folder.
    pub(super) fn in_purges(&self, wanted: &Wanted, task: &Task<'_>) -> Result<BTreeSet<String>, PluginError> {
        let mut found = Found { messages: BTreeSet::new(), is_cut: false };
        self.gather(&messages_in(PURGES), wanted, None, &mut found, task)?;
        Ok(found.messages)
    }

    /// The id of a folder, if it is there.
    fn folder(&self, name: &str, task: &Task<'_>) -> Result<Option<String>, PluginError> {
        let request = self.of_user(&format!("/mailFolders/{name}")).query("$select", "id");
        let answer = self.send(&request, task.call).map_err(|failure| said("the mailbox", failure.error))?;
        if answer.gone() {
            return Ok(None);
        }
        Ok(Some(answer.json::<Folder>().map_err(|error| said("the mailbox", error))?.id))
    }

    /// Adds the person's messages of a place, but for those in one folder. `false`: there is no such place.
    fn gather(
        &self,
        path: &str,
        wanted: &Wanted,
        without: Option<&str>,
        found: &mut Found,
        task: &Task<'_>,
    ) -> Result<bool, PluginError> {
        for spelling in wanted.addresses().iter().flat_map(|address| address.spellings()) {
            for query in Query::all(&spelling, wanted.place()) {
                let (option, value) = query.option();
                let request = self.of_user(path).query(option, value).query("$select", SELECT).query("$top", PAGE);
                if !self.pages(request, wanted, without, matches!(query, Query::Search(_)), found, task)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// All pages of one query.
    fn pages(
        &self,
        mut request: Request,
        wanted: &Wanted,
        without: Option<&str>,
        is_limited: bool,
        found: &mut Found,
        task: &Task<'_>,
    ) -> Result<bool, PluginError> {
        let mut shown = 0;
        for _ in 0..PAGES_MAX {
            task.go_on()?;
            let answer = self.send(&request, task.call).map_err(|failure| said("a search", failure.error))?;
            if answer.gone() {
                return Ok(false);
            }
            let page: Page = answer.json().map_err(|error| said("a search", error))?;
            shown += page.value.len();
            found.is_cut |= is_limited && shown >= SEARCH_MAX;
            let theirs = page.value.into_iter().filter(|message| message.is_of(wanted));
            let counted = theirs.filter(|message| Some(message.parent_folder_id.as_str()) != without);
            found.messages.extend(counted.map(|message| message.id));
            if found.messages.len() as u64 > self.messages_max {
                return Err(self.too_many());
            }
            let Some(next) = page.next else { return Ok(true) };
            let target = self.client.within(&next);
            let target =
                target.ok_or_else(|| PluginError::permanent("a search: the next page's link leads elsewhere"))?;
            request = Request::get("/").at(target).header(IMMUTABLE.0, IMMUTABLE.1);
        }
        Err(PluginError::permanent(format!("a search: there are more than {PAGES_MAX} pages")))
    }
}

fn messages_in(folder: &str) -> String {
    format!("/mailFolders/{folder}/messages")
}
