//! What is still to be erased after a record that is gone, and by which it cannot be found any more: stored until it is done,
//! for an attempt that was cut off in between.

use quietus_plugin::Own;

use super::search::Record;

/// Paths of objects and ids of records.
#[derive(Default)]
pub(super) struct Owed(Vec<(String, String)>);

impl Owed {
    pub(super) fn new(records: &[Record]) -> Self {
        Self(records.iter().map(|record| (record.object.path.to_owned(), record.id.clone())).collect())
    }

    /// Those that the vendor knows.
    pub(super) fn records(&self, known: impl Fn(&str, &str) -> Option<Record>) -> Vec<Record> {
        self.0.iter().filter_map(|(path, id)| known(path, id)).collect()
    }
}

impl Own for Owed {
    /// Of one person's few records, which cannot be found again: all of them.
    fn to_bytes(&self, _: usize) -> Vec<u8> {
        match self.0.is_empty() {
            true => Vec::new(),
            false => serde_json::to_vec(&self.0).unwrap_or_default(),
        }
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        serde_json::from_slice(bytes).ok().map(Self)
    }
}
