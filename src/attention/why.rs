//! Why the first of what is due is not over: found for the few that a person looks at first.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::about::Why;
use super::delay::{self, Surroundings};
use super::facts::{Facts, Limits, StoppedTarget};
use super::named::EXPLAINED_MAX;
use crate::erasure::{Erasure, ErasureId};
use crate::hold::HoldId;
use crate::request::Request;

impl Facts {
    /// The erasures of which it is to be said why they are not over: the first that are due, and those of the first requests.
    pub(crate) fn explained(&self) -> BTreeSet<ErasureId> {
        let due = self.named.due.iter().take(EXPLAINED_MAX).filter_map(|(_, name)| name.parse().ok());
        due.chain(self.requests.first.iter().flat_map(|request| request.under_way())).collect()
    }

    pub(super) fn surroundings(&self, limits: &Limits) -> Surroundings {
        let out = |one: &StoppedTarget| (one.target.clone(), (one.until, one.reason.clone()));
        Surroundings {
            paused: self.paused.iter().map(|(target, _)| target.clone()).collect(),
            out: self.targets.iter().map(out).collect(),
            manual: limits.remind_after.keys().cloned().collect(),
            holds: self.holds.clone(),
        }
    }

    /// The holds by which the erasures that are explained are kept, or were.
    pub(crate) fn holds_of_explained(&self) -> BTreeSet<HoldId> {
        self.erasures.values().flat_map(|erasure| &erasure.holds).map(|held| held.hold).collect()
    }

    /// Why the first erasures that are due are not over.
    pub(super) fn why_erasures(&self, around: &Surroundings, now: Timestamp) -> Vec<Why> {
        let of =
            |erasure: &Erasure| Why { of: erasure.id.to_string(), waits_for: delay::of_erasure(erasure, around, now) };
        self.erasures.values().map(of).collect()
    }

    /// Why the first requests are not over.
    pub(super) fn why_requests(&self, around: &Surroundings, limits: &Limits, now: Timestamp) -> Vec<Why> {
        let of = |request: &Request| {
            let erasures: Vec<_> = request.under_way().filter_map(|id| self.erasures.get(&id)).collect();
            let (four_eyes, calendar) = (limits.requests.four_eyes, &limits.calendar);
            let waits_for = delay::of_request(request, &erasures, four_eyes, around, calendar, now);
            Why { of: request.name(), waits_for }
        };
        self.requests.first.iter().map(of).collect()
    }
}
