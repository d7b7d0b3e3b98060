//! How far a call of many parts came before it stopped, so that the next one goes on from there instead of beginning
//! again. In memory only: after a restart a call begins at its beginning, which is safe, as every part may be repeated.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::keys::IdempotencyKey;
use crate::subject::{GuestId, SessionId};
use crate::target::TargetCall;

/// What is done with each part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Act {
    Erase,
    Verify,
    /// Only looks what would go.
    Preview,
}

/// One part of a call. Guests come first: while a session is not anonymized, it tells whose it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Guest(GuestId),
    Session(SessionId),
}

impl Part {
    /// The parts of a call, each once.
    pub(super) fn all(call: &TargetCall) -> BTreeSet<Self> {
        let guests = call.guests.iter().cloned().map(Self::Guest);
        guests.chain(call.sessions.iter().map(|key| Self::Session(key.session))).collect()
    }
}

/// What is done of a call, and what it found. A retry counts what the tries before it erased, too.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    pub(super) parts: BTreeSet<Part>,
    pub(super) guests: u64,
    pub(super) sessions: u64,
    /// Sessions that still show identifiers.
    pub(super) residual: u64,
    /// Sessions of which mluvii does not say whether they are anonymized.
    pub(super) unsaid: u64,
}

/// Unfinished calls.
#[derive(Debug, Default)]
pub(super) struct Progress(Mutex<HashMap<(Act, String), Done>>);

/// Unfinished calls that are remembered; beyond that all are forgotten.
const CALLS_MAX: usize = 1024;

impl Progress {
    /// What an earlier call of this step has done, and forgets it.
    pub(super) fn resume(&self, act: Act, step: &IdempotencyKey) -> Done {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.remove(&(act, step.to_string())).unwrap_or_default()
    }

    /// Remembers what an unfinished call has done.
    pub(super) fn keep(&self, act: Act, step: &IdempotencyKey, done: Done) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() >= CALLS_MAX {
            calls.clear();
        }
        calls.insert((act, step.to_string()), done);
    }
}
