//! What is still to be erased after a record that is gone, and by which it cannot be found any more: stored until it is done,
//! for an attempt that was cut off in between.

use std::collections::BTreeMap;

use quietus_plugin::Own;

use super::search::Record;

/// Ids of records by the paths of their objects, which so stand once.
#[derive(Default)]
pub(super) struct Owed(BTreeMap<String, Vec<String>>);

impl Owed {
    pub(super) fn new(records: &[Record]) -> Self {
        let mut owed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for record in records {
            owed.entry(record.object.path.to_owned()).or_default().push(record.id.clone());
        }
        Self(owed)
    }

    /// Those that the vendor knows.
    pub(super) fn records(&self, known: impl Fn(&str, &str) -> Option<Record>) -> Vec<Record> {
        let ids =
            |(path, ids): (&String, &Vec<String>)| ids.iter().map(|id| (path.clone(), id.clone())).collect::<Vec<_>>();
        self.0.iter().flat_map(ids).filter_map(|(path, id)| known(&path, &id)).collect()
    }
}

impl Own for Owed {
    /// Which cannot be found again: all of them.
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
