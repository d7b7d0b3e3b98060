//! What is left in records that were anonymized: no search finds these any more, so that a person has to act before the erasure
//! can end. To anonymize such a record again would help nobody, and may meet the record of whoever it was given to since.

use std::collections::BTreeSet;

use quietus_plugin::PluginError;

use super::search::Record;

/// Records that were anonymized and still show something, with the names of the fields.
#[derive(Default)]
pub(super) struct Left(Vec<(Record, Vec<&'static str>)>);

impl Left {
    pub(super) fn add(&mut self, record: Record, fields: Vec<&'static str>) {
        self.0.push((record, fields));
    }

    /// Those that are anonymized once more anyway are looked at after that.
    pub(super) fn without(&mut self, people: &[Record]) {
        self.0.retain(|(record, _)| !people.contains(record));
    }

    /// Not `residual`: this would begin a new round, which knows nothing of these records, and would find nobody.
    pub(super) fn error(&self) -> Option<PluginError> {
        let fields: BTreeSet<_> = self.0.iter().flat_map(|(_, fields)| fields.iter().copied()).collect();
        let fields: Vec<_> = fields.into_iter().collect();
        let count = self.0.len();
        let text = format!(
            "{count} records that were anonymized, or may have been, still show: {}; empty these fields, and retry",
            fields.join(", ")
        );
        (count > 0).then(|| PluginError::permanent(text))
    }
}
