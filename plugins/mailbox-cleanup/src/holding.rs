//! Whom an account holds, a page at a time: what every kind of mailbox is asked, and what it answers.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use quietus_plugin::{ErrorClass, Kind, PluginError, SweptRecord};

use crate::address::Address;
use crate::protect::Protect;
use crate::wanted::Place;

/// Which page of whom an account holds.
pub(crate) struct Holding<'p> {
    pub(crate) records_max: usize,
    pub(crate) place: Place,
    pub(crate) protect: &'p Protect,
}

impl Holding<'_> {
    /// A page with nobody on it.
    pub(crate) fn page(&self) -> Page<'_> {
        Page { holding: self, seen: BTreeMap::new() }
    }

    /// Whether an address is never erased by.
    fn covers(&self, email: &str) -> bool {
        Address::typed(email).is_none_or(|address| self.protect.covers(&address))
    }
}

/// One page of whom an account holds. Holds personal data in memory.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) records: Vec<SweptRecord>,
    /// Where the next page begins.
    pub(crate) next: Option<String>,
    pub(crate) not_looked_at: Vec<String>,
}

impl Held {
    pub(crate) fn note(&mut self, place: &str) {
        if !self.not_looked_at.iter().any(|known| known == place) {
            self.not_looked_at.push(place.to_owned());
        }
    }
}

/// The people of a page, each once, by their latest message: one of which nobody knows when it came counts as the latest.
pub(crate) struct Page<'h> {
    holding: &'h Holding<'h>,
    seen: BTreeMap<String, Option<i64>>,
}

impl Page<'_> {
    /// Adds the people of a message that came then, but for so many of them, of whom an earlier page tells. `Break`: the page is full,
    /// and so many of them are told by now.
    pub(crate) fn add(&mut self, people: Vec<String>, told: usize, at: Option<i64>) -> ControlFlow<usize> {
        let people = people.into_iter().filter(|email| !self.holding.covers(email)).collect::<Vec<_>>();
        for (n, email) in people.into_iter().enumerate().skip(told) {
            let is_full = self.seen.len() == self.holding.records_max;
            match self.seen.get_mut(&email) {
                Some(known) => *known = known.and_then(|known| at.map(|at| at.max(known))),
                None if is_full => return ControlFlow::Break(n),
                None => drop(self.seen.insert(email, at)),
            }
        }
        ControlFlow::Continue(())
    }

    pub(crate) fn records(self) -> Vec<SweptRecord> {
        let records = self.seen.into_iter();
        records.map(|(email, at)| SweptRecord::default().identifier(Kind::Email, email).created_ms(at)).collect()
    }
}

/// An error of the system's, to a sweep: `permanent` would say that the account cannot be listed as it is configured, and that is no
/// word of an answer's.
pub(crate) fn passing(error: PluginError) -> PluginError {
    match error.class {
        ErrorClass::Permanent => PluginError { class: ErrorClass::Retryable, ..error },
        _ => error,
    }
}

/// Whether a page ends before this error, as it may be over by the next one.
pub(crate) fn may_pass(error: &PluginError) -> bool {
    matches!(error.class, ErrorClass::Retryable | ErrorClass::RateLimited)
}

/// The place at which a page is to begin is not there any more, or was never one: only a sweep from its beginning tells of all.
pub(crate) fn begin_anew() -> PluginError {
    PluginError::permanent("the place at which it is to go on is none, or none any more: begin anew")
}

/// The place at which a page is to begin cannot be read.
pub(crate) fn no_place(_: serde_json::Error) -> PluginError {
    begin_anew()
}
