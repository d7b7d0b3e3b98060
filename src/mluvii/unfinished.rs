//! What a call of many parts had done when it stopped, so that its retry goes on from there instead of beginning again. In memory only: after a restart a call begins at its beginning, which is safe, as every part may be repeated.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;

use super::left::Left;
use crate::erasure::ReachedSession;
use crate::keys::IdempotencyKey;
use crate::lock::lock;
use crate::subject::GuestId;
use crate::target::TargetCall;

/// What is done with each part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Act {
    Erase,
    Verify,
    /// Only looks what would go.
    Preview,
}

/// One part of a call. Guests come first, by the order of the variants: only while a session is not anonymized does it tell
/// whose it is, and so whether the guest call takes anyone else's sessions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// A guest of whom every session is in reach: one call may take them all.
    Guest(GuestId),
    Session(ReachedSession),
}

impl Part {
    /// The parts of a call, each once.
    pub(super) fn all(call: &TargetCall) -> BTreeSet<Self> {
        let guests = call.whole_guests.iter().cloned().map(Self::Guest);
        guests.chain(call.sessions.iter().cloned().map(Self::Session)).collect()
    }
}

/// What is done of a call, and what it found. A retry counts what the tries before it erased, too.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    pub(super) parts: BTreeSet<Part>,
    pub(super) guests: u64,
    /// Sessions that were anonymized, or seen as anonymized.
    pub(super) sessions: u64,
    /// Sessions that were read before and are no longer there.
    pub(super) gone: u64,
    /// Sessions that mluvii does not hold, and that were never read there.
    pub(super) unknown: u64,
    /// Sessions that still show what must be empty.
    pub(super) residual: u64,
    /// Sessions that were not anonymized when the time for it was over.
    pub(super) overdue: u64,
    /// Sessions of which nothing is proved, by reason.
    pub(super) unproved: BTreeMap<String, u64>,
    /// What anonymized sessions still show.
    pub(super) left: Left,
}

impl Done {
    /// Sessions that were asked about.
    pub(super) fn sessions_asked(&self) -> usize {
        self.parts.iter().filter(|part| matches!(part, Part::Session(_))).count()
    }
}

/// Unfinished calls.
#[derive(Debug, Default)]
pub(super) struct Unfinished(Mutex<HashMap<(Act, String), Done>>);

/// Unfinished calls that are remembered; beyond that all are forgotten.
const CALLS_MAX: usize = 1024;

impl Unfinished {
    /// What an earlier call of this step has done, and forgets it.
    pub(super) fn resume(&self, act: Act, step: &IdempotencyKey) -> Done {
        let mut calls = lock(&self.0);
        calls.remove(&(act, step.to_string())).unwrap_or_default()
    }

    /// Remembers what an unfinished call has done.
    pub(super) fn keep(&self, act: Act, step: &IdempotencyKey, done: Done) {
        let mut calls = lock(&self.0);
        if calls.len() >= CALLS_MAX {
            calls.clear();
        }
        calls.insert((act, step.to_string()), done);
    }
}
