//! Finding: what is wanted enters, records that are exactly the person's leave, each once and not too many of them.

use quietus_plugin::{Call, PluginError};
use serde_json::Value;

use super::search::id_at;
use super::{Engine, Next, Record, Search, Wanted};

/// Pages of one search.
const PAGES_MAX: usize = 20;

impl Engine {
    /// The person's records. More than a person can have are an error, and nothing was changed.
    pub(super) fn people(&self, wanted: &[Wanted], call: &Call<'_>) -> Result<Vec<Record>, PluginError> {
        let mut people = Vec::new();
        for wanted in wanted {
            if let Wanted::Id(id) = wanted {
                let person = self.read(&self.vendor.person(id.clone()), call)?;
                add(&mut people, person.into_iter().collect());
            }
            for search in self.vendor.find(wanted, &self.related) {
                add(&mut people, self.records(&search, Some(wanted), call)?.ok_or_else(not_here)?);
            }
        }
        self.check_few(people.len(), self.matches_max, "matches_max")?;
        Ok(people)
    }

    /// What belongs to these people and goes, too.
    pub(super) fn belongings(&self, people: &[Record], call: &Call<'_>) -> Result<Vec<Record>, PluginError> {
        let mut all = Vec::new();
        for person in people {
            for search in self.vendor.belongings(person, &self.related) {
                match self.records(&search, None, call)? {
                    Some(more) => add(&mut all, more),
                    // The person went meanwhile, and all that is linked with them.
                    None if self.read(person, call)?.is_none() => {}
                    None => return Err(not_here()),
                }
                self.check_few(all.len(), self.related_max, "related_max")?;
            }
        }
        Ok(all)
    }

    /// What was deleted and can still be restored.
    pub(super) fn recycled(&self, wanted: &[Wanted], call: &Call<'_>) -> Result<Vec<Record>, PluginError> {
        let mut all = Vec::new();
        for wanted in wanted {
            for search in self.vendor.bin(wanted, &self.related) {
                add(&mut all, self.records(&search, Some(wanted), call)?.ok_or_else(not_here)?);
            }
        }
        Ok(all)
    }

    /// Reads one record by its id; `None` when it is not there, or holds nobody any more.
    pub(super) fn read(&self, record: &Record, call: &Call<'_>) -> Result<Option<Record>, PluginError> {
        let answer = self.ask(&self.vendor.look(record), call)?;
        if answer.gone() {
            return Ok(None);
        }
        let document = self.document(&answer)?;
        let found = document.pointer(self.vendor.looked_at()).filter(|found| found.is_object());
        let found = found.ok_or_else(|| PluginError::retryable("the answer has no record"))?;
        let id = id_at(found, record.object.id).ok_or_else(|| PluginError::retryable("a record has no id"))?;
        if !self.vendor.same_id(&id, &record.id) {
            return Err(PluginError::retryable("the answer is another record than was asked for"));
        }
        Ok(self.vendor.is_there(found, self.erasure).then_some(Record { object: record.object, id }))
    }

    /// All pages of one search; `None` when there is nothing at its address.
    fn records(
        &self,
        search: &Search,
        wanted: Option<&Wanted>,
        call: &Call<'_>,
    ) -> Result<Option<Vec<Record>>, PluginError> {
        let (mut records, mut read) = (Vec::new(), 0);
        let mut request = (search.page)(None);
        // What belongs to a person is allowed to be much.
        let pages_max = if wanted.is_some() { PAGES_MAX } else { PAGES_MAX.max(self.related_max) };
        for _ in 0..pages_max {
            let answer = self.ask(&request, call)?;
            if answer.gone() {
                return Ok(None);
            }
            let document = self.document(&answer)?;
            let items = items(&document, search.items)?;
            for item in items {
                let item = item.pointer(search.within).unwrap_or(item);
                if self.is_exact(search, wanted, item) {
                    let id = id_at(item, search.object.id);
                    let id = id.ok_or_else(|| PluginError::retryable("a record in the answer has no id"))?;
                    if wanted.is_some() && !self.vendor.is_id(&id) {
                        return Err(PluginError::retryable("a record in the answer has an id of no known form"));
                    }
                    add(&mut records, vec![Record { object: search.object, id }]);
                }
            }
            if wanted.is_none() {
                self.check_few(records.len(), self.related_max, "related_max")?;
            }
            read += items.len();
            let cursor = match search.next {
                // Also after a page without records: it need not be the last.
                Next::Cursor(at) | Next::Link(at) => id_at(&document, at).filter(|cursor| !cursor.is_empty()),
                Next::Offset if items.is_empty() => None,
                Next::Offset => Some(read.to_string()),
            };
            let Some(cursor) = cursor else { return Ok(Some(records)) };
            request = match search.next {
                Next::Link(_) => {
                    let within = self.client.within(&cursor);
                    let target =
                        within.ok_or_else(|| PluginError::permanent("the link to the next page leads elsewhere"))?;
                    (search.page)(None).at(target)
                }
                _ => (search.page)(Some(&cursor)),
            };
        }
        let text = format!("a search for one person has more than {pages_max} pages, and nothing was erased");
        Err(PluginError::needs_operator(text))
    }

    fn is_exact(&self, search: &Search, wanted: Option<&Wanted>, item: &Value) -> bool {
        let Some(wanted) = wanted else { return true };
        search.values.iter().any(|place| place.values(item).iter().any(|value| self.scope.fits(wanted, value)))
    }

    fn check_few(&self, found: usize, most: usize, key: &str) -> Result<(), PluginError> {
        if found <= most {
            return Ok(());
        }
        let text = format!("{found} records are found for one person, more than {most} (`{key}`); nothing was erased");
        Err(PluginError::needs_operator(text))
    }
}

/// The records of a page. An answer of another shape, such as an error's, must not be read as "nobody".
fn items<'v>(document: &'v Value, at: &str) -> Result<&'v [Value], PluginError> {
    match document.pointer(at) {
        Some(Value::Array(items)) => Ok(items),
        Some(Value::Null) => Ok(&[]),
        _ => Err(PluginError::retryable(format!("the answer has no list at `{at}`"))),
    }
}

fn not_here() -> PluginError {
    PluginError::needs_operator("the vendor's search is not at this address: check `base_url` and `api_version`")
}

fn add(all: &mut Vec<Record>, more: Vec<Record>) {
    for record in more {
        if !all.contains(&record) {
            all.push(record);
        }
    }
}
