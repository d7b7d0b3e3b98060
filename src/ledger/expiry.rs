//! What is deleted by its age, the same for both backends and without a word of SQL: which kinds there are, what is left of a
//! session, and what an event of one whose record is gone can still say.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use metrics::{counter, describe_counter};
use serde::Serialize;
use tracing::warn;

use super::{Keep, LedgerError};
use crate::attention::RefusedRecords;
use crate::causes::with_causes;
use crate::consent::{ConsentRecord, ConsentState};
use crate::event::EventHead;

/// A kind of records that are kept for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RecordKind {
    Events,
    /// Their records as a whole: what proves a consent may stay.
    Sessions,
    Consents,
    Tombstones,
    Erasures,
    Fingerprints,
    /// Fingerprints by which the consents of erased sessions are found.
    ConsentFingerprints,
    Requests,
    /// Holds that have ended.
    Holds,
}

impl RecordKind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Events,
        Self::Sessions,
        Self::Consents,
        Self::Tombstones,
        Self::Erasures,
        Self::Fingerprints,
        Self::ConsentFingerprints,
        Self::Requests,
        Self::Holds,
    ];

    /// The name of its setting, but for the fingerprints of consents, which are kept as long as others: part of the interface.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Sessions => "sessions",
            Self::Consents => "consents",
            Self::Tombstones => "tombstones",
            Self::Erasures => "erasures",
            Self::Fingerprints => "fingerprints",
            Self::ConsentFingerprints => "consent_fingerprints",
            Self::Requests => "requests",
            Self::Holds => "holds",
        }
    }
}

/// What was deleted of one kind because of its age.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Expired {
    /// In all, since the ledger was made.
    pub(crate) deleted: u64,
    /// When some were deleted last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last: Option<Timestamp>,
    /// Since when not all of it could be deleted that was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) behind_since: Option<Timestamp>,
    /// What the ledger refuses to delete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<RefusedRecords>,
}

type ByKind<T> = BTreeMap<&'static str, T>;

/// What could not be deleted of each kind: since when there is more than can be, and what is refused.
pub(super) fn undeleted(expired: ByKind<Expired>) -> (ByKind<Timestamp>, ByKind<RefusedRecords>) {
    let behind = expired.iter().filter_map(|(kind, expired)| Some((*kind, expired.behind_since?))).collect();
    let refused = expired.into_iter().filter_map(|(kind, expired)| Some((kind, expired.refused?))).collect();
    (behind, refused)
}

/// What a walk over all that is due was refused, up to where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refusals {
    pub(super) count: u64,
    pub(super) example: Option<String>,
}

impl Refusals {
    /// With one more that was passed over, if there is one.
    pub(super) fn and(self, passed: Option<String>) -> Self {
        let count = self.count + u64::from(passed.is_some());
        Self { count, example: self.example.or(passed) }
    }
}

/// How much a walk deletes at once. What is refused as a whole is tried in halves, until it is one record: that one is passed over, and
/// stops none of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Portion {
    pub(super) size: i64,
    /// Whether its one record is passed over.
    pub(super) passes: bool,
    size_max: i64,
}

impl Portion {
    pub(super) fn new(size_max: i64) -> Self {
        Self { size: size_max, passes: false, size_max }
    }

    /// After this one was done.
    pub(super) fn next(self) -> Self {
        Self { size: (self.size * 2).min(self.size_max), passes: false, ..self }
    }

    /// After it was refused; `None` where that cannot be due to one of its records, as nothing of it was to be deleted.
    pub(super) fn refused(self) -> Option<Self> {
        match (self.size, self.passes) {
            (_, true) => None,
            (1, false) => Some(Self { passes: true, ..self }),
            (size, false) => Some(Self { size: size / 2, ..self }),
        }
    }
}

/// What to go on with after a portion was refused; the failure itself where it is of more than one record.
pub(super) fn after_refusal(kind: RecordKind, portion: Portion, error: LedgerError) -> Result<Portion, LedgerError> {
    let smaller = if matches!(error, LedgerError::Broken(_)) { portion.refused() } else { None };
    let Some(smaller) = smaller else { return Err(error) };
    if smaller.passes {
        let error = with_causes(&error).to_string();
        warn!(
            kind = kind.as_str(),
            error, "the ledger refuses to delete a record whose time is over; it is passed over"
        );
    }
    Ok(smaller)
}

/// Has a failure that concerns one kind of records stop no other kind: it is told once all were tried.
pub(super) fn keep_first(failed: &mut Option<LedgerError>, done: Result<(), LedgerError>) -> Result<(), LedgerError> {
    match done {
        Err(error @ LedgerError::Broken(_)) => {
            failed.get_or_insert(error);
            Ok(())
        }
        done => done,
    }
}

/// What one round of deleting came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Round {
    pub(super) deleted: u64,
    /// Whether there is more that was due.
    pub(super) is_behind: bool,
}

const EXPIRED: &str = "quietus_expired_total";

/// Counts what this process has deleted.
pub(super) fn counted(kind: RecordKind, round: Round) {
    counter!(EXPIRED, "kind" => kind.as_str()).increment(round.deleted);
}

/// Says what is counted, and counts nothing yet.
pub(crate) fn describe_expired() {
    describe_counter!(EXPIRED, "Records that this process has deleted because of their age, by kind.");
    RecordKind::ALL.into_iter().for_each(|kind| counted(kind, Round::default()));
}

/// The time so long ago; `None` where nothing is so old: beyond the calendar, or kept for ever.
pub(super) fn ago(now: Timestamp, age: Option<Duration>) -> Option<Timestamp> {
    now.checked_sub(jiff::SignedDuration::try_from(age?).unwrap_or(jiff::SignedDuration::MAX)).ok()
}

/// What is left of a session whose record is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tombstone {
    /// Since when nothing of it was open, or when it was erased after that.
    pub(crate) at: Timestamp,
    /// Whether it was erased, and nothing that came since was to stay.
    pub(crate) erased: bool,
}

impl Tombstone {
    pub(super) fn of(record: &ConsentRecord, erased_at: Option<Timestamp>, idle_since: Timestamp) -> Self {
        // A consent that was given since lets stay what comes.
        let consent = &record.consent;
        let agreed_since =
            |erased_at| consent.state == ConsentState::Given && consent.since.is_some_and(|since| since >= erased_at);
        Self { at: idle_since, erased: erased_at.is_some_and(|erased_at| !agreed_since(erased_at)) }
    }

    /// Whether an event that came at `came` tells of nothing but what was over when the session's record went: such as a
    /// delivery that is made once more years later. What tells no time may be news. So may what came while the record was
    /// there and could not be decided on.
    pub(crate) fn covers(&self, event: &EventHead, came: Timestamp, sessions_kept_for: Option<Duration>) -> bool {
        let came_after = ago(came, sessions_kept_for).is_some_and(|kept_since| self.at < kept_since);
        came_after && event.time.is_some_and(|time| time <= self.at)
    }
}

/// What becomes of a session's record whose time is over.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
pub(super) enum RecordEnd {
    Gone,
    /// It is kept for longer, as a proof.
    Reduced(ConsentRecord),
}

impl RecordEnd {
    /// At the end of `keep.sessions`, which has come.
    pub(super) fn of(record: ConsentRecord, idle_since: Timestamp, keep: &Keep, now: Timestamp) -> Self {
        let is_proof = record.proves_consent();
        let is_kept = keep.consents.is_none() || ago(now, keep.consents).is_none_or(|end| idle_since > end);
        if is_proof && is_kept { Self::Reduced(proof(record)) } else { Self::Gone }
    }
}

/// Who agreed to which text, when and how: by the digest of the guest's id and by fingerprints, not by the id itself.
fn proof(record: ConsentRecord) -> ConsentRecord {
    ConsentRecord { guest: None, channel: None, session_source: None, ..record }
}

#[cfg(test)]
mod tests;
