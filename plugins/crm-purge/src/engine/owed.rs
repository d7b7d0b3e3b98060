//! Records that have to be found again although no search finds them any more: stored until they are done with, for an attempt
//! that was cut off in between.

use std::collections::BTreeMap;

use quietus_plugin::Own;
use serde::{Deserialize, Serialize};

use super::search::Record;

/// Ids of records by the paths of their objects, which so stand once.
type Ids = BTreeMap<String, Vec<String>>;

/// Ids of records.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Owed {
    /// Still to be erased after the record is gone by which they were found.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    traces: Ids,
    /// Anonymized, or maybe: these stay, and are looked at again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    stays: Ids,
}

impl Owed {
    /// These are still to be erased.
    pub(super) fn owe(&mut self, traces: &[Record]) {
        self.traces.clear();
        for trace in traces {
            add(&mut self.traces, trace);
        }
    }

    /// Those that are still to be erased and that the vendor knows.
    pub(super) fn traces(&self, known: impl Fn(&str, &str) -> Option<Record>) -> Vec<Record> {
        records(&self.traces, known)
    }

    /// This one is about to be anonymized.
    pub(super) fn stay(&mut self, record: &Record) {
        add(&mut self.stays, record);
    }

    /// This one is not anonymized after all.
    pub(super) fn stay_not(&mut self, record: &Record) {
        if let Some(ids) = self.stays.get_mut(record.object.path) {
            ids.retain(|id| *id != record.id);
        }
        self.stays.retain(|_, ids| !ids.is_empty());
    }

    /// Those that were anonymized, or may have been, and that the vendor knows.
    pub(super) fn stays(&self, known: impl Fn(&str, &str) -> Option<Record>) -> Vec<Record> {
        records(&self.stays, known)
    }
}

fn add(all: &mut Ids, record: &Record) {
    let ids = all.entry(record.object.path.to_owned()).or_default();
    if !ids.contains(&record.id) {
        ids.push(record.id.clone());
    }
}

fn records(all: &Ids, known: impl Fn(&str, &str) -> Option<Record>) -> Vec<Record> {
    let each = all.iter().flat_map(|(path, ids)| ids.iter().map(move |id| (path, id)));
    each.filter_map(|(path, id)| known(path, id)).collect()
}

impl Own for Owed {
    /// Which cannot be found again: all of them.
    fn to_bytes(&self, _: usize) -> Vec<u8> {
        match self.traces.is_empty() && self.stays.is_empty() {
            true => Vec::new(),
            false => serde_json::to_vec(self).unwrap_or_default(),
        }
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        serde_json::from_slice(bytes).ok()
    }
}
