//! What goes with each of a person's records, and what keeps one of them.

use quietus_plugin::PluginError;

use super::list::add;
use super::search::Record;

/// What goes, by the person's records: what is refused of one of them is the matter of that one.
#[derive(Default)]
pub(super) struct Plan(pub(super) Vec<Planned>);

/// One record of the person's.
pub(super) struct Planned {
    pub(super) record: Record,
    /// What goes before it.
    pub(super) belongings: Vec<Record>,
    /// What the vendor deletes with it.
    pub(super) carried: Vec<Record>,
    /// Of all of them.
    pub(super) traces: Vec<Record>,
    /// Whether all of that may be listed.
    pub(super) is_whole: bool,
}

impl Plan {
    pub(super) fn people(&self) -> Vec<Record> {
        self.0.iter().map(|planned| planned.record.clone()).collect()
    }

    /// Each once, as it may belong to several.
    pub(super) fn belongings(&self) -> Vec<Record> {
        self.each(|planned| &planned.belongings)
    }

    pub(super) fn traces(&self) -> Vec<Record> {
        self.each(|planned| &planned.traces)
    }

    fn each(&self, of: impl Fn(&Planned) -> &Vec<Record>) -> Vec<Record> {
        let mut all = Vec::new();
        self.0.iter().for_each(|planned| add(&mut all, of(planned).clone()));
        all
    }
}

impl Planned {
    /// Whether it has to stay, where this is kept.
    pub(super) fn stays(&self, kept: &[Record]) -> bool {
        let mut before = self.belongings.iter().chain(&self.traces);
        !self.is_whole || before.any(|record| kept.contains(record))
    }
}

/// What is told where some of what belongs to a record may not be listed.
pub(super) fn unlisted(record: &Record, error: PluginError) -> PluginError {
    let count = record.object.count;
    let message = format!("what belongs to some of the {count} cannot be listed, so that they stay: {}", error.message);
    PluginError { message, ..error }
}
