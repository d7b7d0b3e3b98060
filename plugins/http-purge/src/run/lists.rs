//! The lists that steps fill and later ones go over, and by which identifiers each item was found.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::spelled::Kinds;

#[derive(Default)]
pub(super) struct Lists<'a> {
    pub(super) values: BTreeMap<String, Vec<Value>>,
    /// What asked for an item when it was found, by list and item. An item that is not here was found without identifiers.
    found_by: BTreeMap<(String, String), BTreeSet<Kinds<'a>>>,
}

impl<'a> Lists<'a> {
    pub(super) fn get(&self, name: &str) -> &[Value] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// Adds what is not in the list yet; returns how many that were.
    pub(super) fn add(&mut self, name: &str, values: Vec<Value>, kinds: &Kinds<'a>) -> u64 {
        let list = self.values.entry(name.to_owned()).or_default();
        let before = list.len();
        for value in values {
            if !kinds.is_empty() {
                self.found_by.entry((name.to_owned(), value.to_string())).or_default().insert(kinds.clone());
            }
            if !list.contains(&value) {
                list.push(value);
            }
        }
        (list.len() - before) as u64
    }

    /// Whether an item may be asked for together with these identifiers: one that was found by one address is not asked for by
    /// another one.
    pub(super) fn go_together(&self, name: &str, item: &Value, kinds: &Kinds<'_>) -> bool {
        let agrees =
            |by: &Kinds<'_>| by.iter().all(|(kind, value)| kinds.get(*kind).is_none_or(|other| other == value));
        let found_by = self.found_by.get(&(name.to_owned(), item.to_string()));
        found_by.is_none_or(|found_by| found_by.iter().any(agrees))
    }
}
