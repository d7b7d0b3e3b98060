//! What a vendor deletes with a person's record although nobody asks for it, and what keeps it from deleting the record.

use quietus_plugin::{Call, PluginError};

use super::list::{add, not_here};
use super::search::Record;
use super::setup::Engine;

/// People whose records can be erased, and why those of others cannot.
pub(super) struct Unblocked {
    pub(super) people: Vec<Record>,
    /// How many of what keep a record, without a word of whose.
    pub(super) blockers: Vec<String>,
}

impl Engine {
    /// Those of these people's records that nothing keeps from being deleted.
    pub(super) fn unblocked(&self, people: Vec<Record>, call: &Call<'_>) -> Result<Unblocked, PluginError> {
        let mut unblocked = Unblocked { people: Vec::new(), blockers: Vec::new() };
        for person in people {
            let blockers = self.blockers(&person, call)?;
            if blockers.is_empty() {
                unblocked.people.push(person);
            }
            unblocked.blockers.extend(blockers);
        }
        Ok(unblocked)
    }

    fn blockers(&self, person: &Record, call: &Call<'_>) -> Result<Vec<String>, PluginError> {
        let mut blockers = Vec::new();
        for blocker in self.vendor.blockers(person) {
            let found = self.records(&blocker.search, call)?.ok_or_else(not_here)?.len();
            if found > 0 {
                blockers.push(format!("{found} {}", blocker.what));
            }
        }
        Ok(blockers)
    }

    /// What goes with this record, beside what is erased by itself.
    pub(super) fn carried(
        &self,
        person: &Record,
        erased: &[Record],
        call: &Call<'_>,
    ) -> Result<Vec<Record>, PluginError> {
        let mut all = Vec::new();
        for search in self.vendor.carried(person) {
            add(&mut all, self.records(&search, call)?.ok_or_else(not_here)?);
            self.check_few(all.len(), self.related_max, "related_max")?;
        }
        all.retain(|record| !erased.contains(record));
        Ok(all)
    }
}

impl Unblocked {
    /// What a person has to do before the record can be erased.
    pub(super) fn error(&self) -> Option<PluginError> {
        let why = self.blockers.join("; ");
        let text = format!("{why}: the record stays, with all that belongs to it; delete or reassign them, and retry");
        (!self.blockers.is_empty()).then(|| PluginError::permanent(text))
    }
}
