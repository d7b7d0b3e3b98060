//! What a plugin has answered in a run: one that never finds anything has shown nothing.

use serde_json::{Value, json};

use super::person::Person;

/// What a plugin has answered so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answered {
    /// Answers with an outcome, or with what was found.
    pub(super) calls: u32,
    /// Those among them that say that something was there of the person who was named: of people who do not exist, anybody can say
    /// so.
    pub(super) found: u32,
}

impl Answered {
    /// Takes in one answer about `person`; `result` is as the plugin wrote it.
    pub(super) fn note(&mut self, person: &Person, result: &Value) {
        let is = |outcome: &str| result["outcome"] == json!(outcome);
        let some = result["identifiers"].as_array().is_some_and(|all| !all.is_empty());
        self.calls += 1;
        self.found += u32::from(person.is_named && (some || is("erased") || is("residual") || is("retained")));
    }
}
