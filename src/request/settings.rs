//! How requests are answered, as it is configured.

use quietus_plugin::Span;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::deadline::{Calendar, DEFAULT_ZONE};

/// The `[requests]` table.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestSettings {
    /// The time zone whose days count for deadlines, such as `Europe/Prague`.
    pub(crate) time_zone: String,
    /// How long before the last day of a request a person is told.
    pub(crate) warn_before: Span,
    /// How long it may stay unknown whose a request is, before a person is told.
    pub(crate) verify_within: Span,
    /// Whether nobody may have erased what they asked for themselves: another account of the machine approves it.
    pub(crate) four_eyes: bool,
}

impl RequestSettings {
    /// What is wrong with the time zone.
    pub(crate) fn wrong_zone(&self) -> Option<String> {
        let zone = &self.time_zone;
        Calendar::of(zone).is_none().then(|| {
            format!(
                "this machine knows no time zone `{zone}`; it is one such as `Europe/Prague`, and every other one needs the \
                 time zones of the system (the package `tzdata`)"
            )
        })
    }

    /// Whose days count.
    pub(crate) fn calendar(&self) -> Calendar {
        let known = Calendar::of(&self.time_zone).or_else(|| Calendar::of(DEFAULT_ZONE));
        known.expect("the default one is built in; another one was looked at when it was loaded")
    }
}
