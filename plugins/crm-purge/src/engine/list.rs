//! Reading a vendor's lists, page by page.

use quietus_plugin::http::Failure;
use quietus_plugin::{Call, ErrorClass, PluginError};
use serde_json::Value;

use super::search::{Next, Record, Search, id_at};
use super::setup::Engine;

/// Pages of one search.
pub(super) const PAGES_MAX: usize = 20;

/// What a list came to.
pub(super) enum Listed<T> {
    All(T),
    /// There is nothing at its address.
    NotHere,
    /// It may not be read, or cannot be.
    Refused(PluginError),
}

impl Engine {
    /// All records of one list; `None` when there is nothing at its address.
    pub(super) fn records(&self, search: &Search, call: &Call<'_>) -> Result<Option<Vec<Record>>, PluginError> {
        match self.listed(search, call)? {
            Listed::All(records) => Ok(Some(records)),
            Listed::NotHere => Ok(None),
            Listed::Refused(error) => Err(error),
        }
    }

    /// The same, where a refusal is not everybody's matter.
    pub(super) fn listed(&self, search: &Search, call: &Call<'_>) -> Result<Listed<Vec<Record>>, PluginError> {
        let mut records = Vec::new();
        let mut add_all = |item: &Value| {
            add(&mut records, vec![record_of(search, item)?]);
            self.check_few(records.len(), self.related_max, "related_max")
        };
        // What belongs to a person is allowed to be much.
        let found = self.pages(search, PAGES_MAX.max(self.related_max), &mut add_all, call)?;
        Ok(match found {
            Listed::All(()) => Listed::All(records),
            Listed::NotHere => Listed::NotHere,
            Listed::Refused(error) => Listed::Refused(error),
        })
    }

    /// Takes each item of all pages.
    pub(super) fn pages(
        &self,
        search: &Search,
        pages_max: usize,
        take: &mut dyn FnMut(&Value) -> Result<(), PluginError>,
        call: &Call<'_>,
    ) -> Result<Listed<()>, PluginError> {
        let mut read = 0;
        let mut request = (search.page)(None);
        for _ in 0..pages_max {
            let answer = match self.ask(&request, call) {
                Err(Failure { error, .. }) if error.class == ErrorClass::Permanent => {
                    return Ok(Listed::Refused(error));
                }
                answer => answer?,
            };
            if answer.gone() {
                return Ok(Listed::NotHere);
            }
            let document = self.document(&answer)?;
            let items = items(&document, search)?;
            for item in items {
                let record = item.pointer(search.within);
                take(record.ok_or_else(|| PluginError::retryable("an entry of the list holds no record"))?)?;
            }
            read += items.len();
            // Also after a page without records: it need not be the last.
            let Some(cursor) = search.next.after(&document, items.len(), read)? else { return Ok(Listed::All(())) };
            request = match search.next {
                Next::Link { .. } => {
                    // Elsewhere, the link would carry the credentials to another host.
                    let within = self.client.within(&cursor, &request);
                    let target =
                        within.ok_or_else(|| PluginError::permanent("the link to the next page leads elsewhere"))?;
                    (search.page)(None).at(&target)
                }
                _ => (search.page)(Some(&cursor)),
            };
        }
        let text = format!("a search for one person has more than {pages_max} pages, and nothing was erased");
        Err(PluginError::permanent(text))
    }
}

/// The records of a page. An answer of another shape, such as an error's, must not be read as "nobody".
fn items<'v>(document: &'v Value, search: &Search) -> Result<&'v [Value], PluginError> {
    match document.pointer(search.items) {
        Some(Value::Array(items)) => Ok(items),
        Some(Value::Null) if search.null_is_none => Ok(&[]),
        _ => Err(PluginError::retryable(format!("the answer has no list at `{}`", search.items))),
    }
}

pub(super) fn record_of(search: &Search, item: &Value) -> Result<Record, PluginError> {
    let id = id_at(item, search.object.id);
    let id = id.ok_or_else(|| PluginError::retryable("a record in the answer has no id"))?;
    Ok(Record { object: search.object, id })
}

/// A gateway that answers 404 to everything for a while looks like this, too, so that it is retried.
pub(super) fn not_here() -> PluginError {
    let text =
        "the vendor's search was answered 404: nobody has looked; if it stays so, check `base_url` and `api_version`";
    PluginError::retryable(text)
}

/// Each once.
pub(super) fn add(all: &mut Vec<Record>, more: Vec<Record>) {
    for record in more {
        if !all.contains(&record) {
            all.push(record);
        }
    }
}
