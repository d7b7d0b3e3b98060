//! What is named of things that are told as a number, so that a person finds them.

use jiff::Timestamp;
use serde_json::Value;

/// Of each sort, at most so many are named; a sentence shows fewer.
pub(crate) const NAMED_MAX: usize = 100;

/// Of so many of those that have to be done first, it is said why they are not.
pub(crate) const EXPLAINED_MAX: usize = 10;

/// Sessions as `installation/id`, erasures by their ids, receipts by their numbers; the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    /// What is due and not done, and since when.
    pub(crate) due: Vec<(Timestamp, String)>,
    /// What could not be worked on.
    pub(crate) parked_work: Vec<String>,
    /// Incomplete receipts that nobody has acknowledged.
    pub(crate) incomplete: Vec<u64>,
}

impl Named {
    /// Names of what is due, of several sorts: the oldest of all.
    pub(crate) fn oldest(mut due: Vec<(Timestamp, String)>) -> Vec<(Timestamp, String)> {
        due.sort();
        due.truncate(NAMED_MAX);
        due
    }

    /// What became due before then.
    pub(super) fn due_before(&self, end: Timestamp) -> Vec<Value> {
        let late = self.due.iter().filter(|(since, _)| *since < end);
        late.map(|(_, name)| Value::from(name.as_str())).collect()
    }
}
