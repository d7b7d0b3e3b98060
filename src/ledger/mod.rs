//! The ledger: what was received, what is due, what became of it. This port knows no SQL; a backend behind it is shared
//! by any number of processes, so work is claimed with a lease, and a race is a value, not an error.

mod bounds;
mod claim;
pub(crate) mod copy;
mod notifier;
mod place;
pub(crate) mod postgres;
mod settings;
pub(crate) mod sqlite;
mod transition;
mod view;

pub(crate) use bounds::{Bounds, BreakerLimits};
pub(crate) use claim::{Claim, Claimed, DecideWork, EraseWork, NextLook, Queue, SettleWork, StepWork, Work};
pub(crate) use place::{LedgerPlace, PostgresPlace};
pub(crate) use settings::{LedgerSettings, LedgerUrlWrong};
pub(crate) use view::{
    Counts, ErasureFilter, InstallationFacts, ProcessInfo, ProcessView, QuarantineId, Quarantined, ReceiptRange,
    SessionView, Stored, TargetHealth, TargetState, UnreadSessions,
};
use view::{PROCESS_FORGOTTEN_S, PROCESS_LOST_S};

use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::consent::ConsentRecord;
use crate::erasure::{
    Capsule, Erasure, ErasureId, Evidence, Findings, NewErasure, Outcome, ReachedSession, Reportable,
};
use crate::event::StoredEvent;
use crate::keys::{Digest, Fingerprint, Sealed};
use crate::receipt::{Receipt, ReceiptHead};
use crate::subject::{Fingerprinted, InstallationName, SessionKey, TargetName};

/// A ledger. Every method that writes has written durably when it returns.
#[async_trait]
pub(crate) trait Ledger: Send + Sync {
    // Receiving.

    /// Writes an event and, in the same transaction, the work that it causes. Returns after the commit is on disk. The
    /// same event again is a duplicate; an announcement (`EventKind::is_announcement`) only until its work is claimed.
    async fn record(&self, event: StoredEvent) -> Result<Recorded, LedgerError>;

    /// Puts aside a sealed body that could not be read, as long as there are fewer than [`QUARANTINED_MAX`] of its source.
    /// The same body of the same source again is a duplicate.
    async fn quarantine(&self, item: Quarantined) -> Result<PutAside, LedgerError>;

    // Work.

    /// Claims up to `most` pieces of work of a queue that are due by the ledger's clock, the longest due first. No one
    /// else gets them before the lease ends. Nothing is claimed beyond the bounds, which count the work of all processes,
    /// nor while the breaker of the target is open or it is parked; when the pause is over, one piece tries it.
    async fn claim(&self, queue: &Queue, most: usize, lease: Duration, bounds: &Bounds)
    -> Result<Claimed, LedgerError>;

    /// Returns when the queue may have new work, or never; polling is the safety net beside it. It counts from the call
    /// on: called before a claim and awaited after it, it misses nothing of this process.
    async fn changed(&self, queue: &Queue);

    /// Prolongs the lease of work that is still under way: it ends so long from now.
    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<Finished, LedgerError>;

    /// Puts the work back: it is due again after `pause`.
    async fn retry(
        &self,
        claim: Claim,
        pause: Duration,
        attempt: Attempt,
        reason: &str,
    ) -> Result<Finished, LedgerError>;

    /// Puts the work aside until a person acts. A step's outcome becomes `parked`, or `residual` where that is what it was;
    /// but one of which it was reported meanwhile what came of it is due at once instead.
    async fn park(&self, claim: Claim, outcome: Outcome, reason: &str) -> Result<Finished, LedgerError>;

    /// Finishes [`Work::Decide`] or [`Work::Settle`] with what was decided.
    async fn decided(&self, claim: Claim, decision: Decision) -> Result<Finished, LedgerError>;

    /// Finishes [`Work::Resolve`]: replaces the request's capsules by the resolved one and makes the steps.
    async fn resolved(&self, claim: Claim, resolution: Resolution) -> Result<Finished, LedgerError>;

    /// The targets that steps wait for, whether they are still in the configuration or not.
    async fn awaited_targets(&self) -> Result<Vec<TargetName>, LedgerError>;

    /// Finishes one call of [`Work::Step`].
    async fn stepped(&self, claim: Claim, end: StepEnd) -> Result<Finished, LedgerError>;

    /// Takes in what is reported of a step whose target has accepted the demand, so that its work is due at once. A step that
    /// was parked because no report came goes on.
    async fn report(&self, of: &Reportable, report: &Sealed) -> Result<Reported, LedgerError>;

    /// Finishes several [`Work::Close`] together: appends the receipts, which follow one another, destroys the capsules,
    /// marks the sessions erased, if mluvii was asked, and the erasures done. All of them, or none.
    async fn closed(&self, closing: Vec<Closing>) -> Result<Closed, LedgerError>;

    // Looking up, while deciding.

    async fn session(&self, key: &SessionKey) -> Result<Option<SessionView>, LedgerError>;

    /// The sessions of a guest, by the digest of the guest's id; erased ones, too.
    async fn sessions_of_guest(
        &self,
        installation: &InstallationName,
        guest: Digest,
    ) -> Result<Vec<SessionView>, LedgerError>;

    /// Whether an erasure has found several people under the guest's id ([`Resolution::shared_guests`]).
    async fn is_shared_guest(&self, installation: &InstallationName, guest: Digest) -> Result<bool, LedgerError>;

    /// The sessions of an installation that carry any of the given fingerprints, each once.
    async fn sessions_with(
        &self,
        installation: &InstallationName,
        fingerprints: &[Fingerprint],
    ) -> Result<Vec<SessionView>, LedgerError>;

    /// The sessions of an installation that have settled without ever being read at mluvii, and are not erased: at most
    /// `limit` of them. Nothing finds them by their guest or by identifiers.
    async fn unread_sessions(&self, installation: &InstallationName, limit: u32)
    -> Result<UnreadSessions, LedgerError>;

    async fn installation(&self, installation: &InstallationName) -> Result<InstallationFacts, LedgerError>;

    // What people ask and order.

    /// Schedules an erasure that a person asked for; merged like a decided one. Returns the id of the open erasure that
    /// now stands for it.
    async fn request(&self, erasure: NewErasure) -> Result<ErasureId, LedgerError>;

    async fn erasure(&self, id: ErasureId) -> Result<Option<Erasure>, LedgerError>;

    /// Newest first.
    async fn erasures(&self, filter: &ErasureFilter) -> Result<Vec<Erasure>, LedgerError>;

    /// Sets every parked step of the erasure, and the target's queue where it is parked, going again; a scheduled
    /// erasure is made due. `false` when there was nothing to do.
    async fn retry_erasure(&self, id: ErasureId) -> Result<bool, LedgerError>;

    /// Approves an erasure that waits for it: it is scheduled, and never merged with another. `false` when it does not wait.
    async fn approve_erasure(&self, id: ErasureId) -> Result<bool, LedgerError>;

    /// The erasures whose identifiers have any of these fingerprints, newest first: open ones, and ended ones as long as
    /// their fingerprints are kept.
    async fn erasures_with(&self, fingerprints: &[Fingerprint]) -> Result<Vec<Erasure>, LedgerError>;

    /// Cancels an erasure that has not begun, and destroys its capsules. An erasure that is parked is closed instead,
    /// with a receipt that says so ([`Work::Close`]). `false` when it is under way or over.
    async fn cancel_erasure(&self, id: ErasureId) -> Result<bool, LedgerError>;

    /// Work other than steps that is parked (an event that could not be decided), set going again. Returns how many.
    async fn retry_parked(&self) -> Result<u64, LedgerError>;

    async fn receipt_head(&self) -> Result<Option<ReceiptHead>, LedgerError>;

    /// In the order of the chain.
    async fn receipts(&self, range: &ReceiptRange) -> Result<Vec<Receipt>, LedgerError>;

    /// The receipt of an erasure.
    async fn receipt_of(&self, erasure: ErasureId) -> Result<Option<Receipt>, LedgerError>;

    /// Notes that a person has seen these incomplete receipts (by sequence number), or all; returns how many were new.
    async fn acknowledge_receipts(&self, sequences: Option<&[u64]>) -> Result<u64, LedgerError>;

    /// Oldest first.
    async fn quarantined(&self) -> Result<Vec<Stored>, LedgerError>;

    async fn quarantined_one(&self, id: QuarantineId) -> Result<Option<Quarantined>, LedgerError>;

    /// Takes a body out of quarantine, wiping it; `false` when it is not there.
    async fn quarantine_drop(&self, id: QuarantineId) -> Result<bool, LedgerError>;

    // Targets.

    /// The states of all targets that ever had one other than `Closed`.
    async fn targets(&self) -> Result<Vec<TargetHealth>, LedgerError>;

    /// Notes a target's state, for every process and for `quietus status`.
    async fn set_target(&self, health: TargetHealth) -> Result<(), LedgerError>;

    /// Counts a call that failed; after so many in a row, in any process, its breaker opens. One that is parked stays so.
    async fn target_failed(&self, target: &TargetName, limits: BreakerLimits, reason: &str) -> Result<(), LedgerError>;

    /// Counts calls of a target beyond the one that a claim counts, where it has a rate: rates are counted in calls, over
    /// all processes on the ledger.
    async fn charge(&self, target: &TargetName, calls: u32, calls_per_s: NonZeroU32) -> Result<(), LedgerError>;

    /// Forgets the failures of a target that answered, and closes its breaker. One that is parked stays so.
    async fn target_answered(&self, target: &TargetName) -> Result<(), LedgerError>;

    // Processes.

    /// Makes this process known; what it claims from here on is held in its name.
    async fn register(&self, process: &ProcessInfo) -> Result<(), LedgerError>;

    /// Says that this process is still there. Without it, it is taken for lost; its leases do not depend on it.
    async fn heartbeat(&self) -> Result<(), LedgerError>;

    /// Takes this process off the list.
    async fn deregister(&self) -> Result<(), LedgerError>;

    /// The processes on this ledger, the oldest first.
    async fn processes(&self) -> Result<Vec<ProcessView>, LedgerError>;

    // The whole.

    async fn counts(&self) -> Result<Counts, LedgerError>;

    /// Fails unless something can be written now.
    async fn writable(&self) -> Result<(), LedgerError>;

    /// Notes the index key's check value at first use; `false` when the ledger belongs to another index key.
    async fn belongs_to(&self, check: Digest) -> Result<bool, LedgerError>;

    /// Deletes what has served: event keys older than `keep.duplicates`, fingerprints of erasures that ended before
    /// `keep.fingerprints`, destroyed bytes still in a log, processes that have long been lost. Bounded work.
    async fn maintain(&self, keep: Keep) -> Result<(), LedgerError>;

    /// Writes what waits and lets go of the ledger. Whatever is asked later is answered `Busy`.
    async fn shutdown(&self);
}

/// How long things are kept that serve only to find something again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep {
    pub(crate) duplicates: Duration,
    /// Of ended erasures, counted from their end; zero keeps none.
    pub(crate) fingerprints: Duration,
}

/// An erasure's end: the claim on [`Work::Close`] and the receipt.
#[derive(Debug)]
pub(crate) struct Closing {
    pub(crate) claim: Claim,
    pub(crate) receipt: Receipt,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    New,
    /// It was there before; nothing has changed.
    Duplicate,
}

/// Deliveries of one source in quarantine. More are not taken until a person has looked: a sender that went wrong would
/// fill the disk with them, and the other sources with it.
pub(crate) const QUARANTINED_MAX: u32 = if cfg!(test) { 1_000 } else { 10_000 };

/// What became of a delivery that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PutAside {
    New,
    /// It was there before; nothing has changed.
    Duplicate,
    /// Its source has [`QUARANTINED_MAX`] there; it was not kept.
    Full,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reported {
    Taken,
    /// There was one before, or the step has gone on; nothing has changed.
    TooLate,
}

/// What became of the end of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Finished {
    Done,
    /// The lease had ended and the work is someone else's; nothing was written.
    LeaseLost,
    /// The session has changed since it was read; the work is due again at once, nothing else was written.
    Stale,
}

/// What became of the ends of erasures.
#[derive(Debug)]
#[must_use]
pub(crate) enum Closed {
    Done,
    /// Nothing was written: another receipt was appended meanwhile, or some of the leases had ended. These claims still
    /// hold, and want receipts that follow the new head.
    Again(Vec<Claim>),
}

/// Whether a failed call counts towards the attempt limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    Counts,
    /// A rate limit, a shutdown, an open breaker.
    Free,
}

/// Why the ledger did not do it; one variant per reaction of the caller.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LedgerError {
    /// Busy, away or full: the same again may succeed later.
    #[error("the ledger cannot do it now")]
    Busy(#[source] anyhow::Error),
    /// Trying again does not help.
    #[error("the ledger is broken")]
    Broken(#[source] anyhow::Error),
}

impl LedgerError {
    /// The cause alone.
    fn into_cause(self) -> anyhow::Error {
        let (Self::Busy(cause) | Self::Broken(cause)) = self;
        cause
    }
}

/// The highest schema number of the ledgers that unreleased versions made, each with a base schema of its own. A new base
/// schema raises it by one, until the first release.
const UNRELEASED: usize = 100;

/// What a migration did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Migrated {
    /// The schema's number before; 0 for none.
    pub(crate) from: usize,
    /// The schema's number now.
    pub(crate) to: usize,
}

/// Why a ledger did not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// There is one base schema until the first release: a ledger of an earlier one is not converted.
    #[error(
        "the ledger {ledger} was made by an earlier, unreleased quietus (schema {found}; this one makes {known}), and there \
         is no way from it to this one: finish its erasures with the quietus that made it, export its receipts, and start \
         with a new ledger"
    )]
    Unreleased { ledger: String, found: usize, known: usize },
    /// An older program must not touch what a newer one wrote.
    #[error(
        "the ledger {ledger} has schema {found}, and this quietus knows schemas up to {known}: start the quietus that wrote \
         it, or a newer one"
    )]
    Newer { ledger: String, found: usize, known: usize },
    /// Its schema is to be brought up to date first, by somebody who may.
    #[error(
        "the ledger {ledger} has schema {found}, and this quietus needs {known}: run `quietus migrate` as its owner"
    )]
    Pending { ledger: String, found: usize, known: usize },
    /// Half of another ledger is no ledger to work on.
    #[error("a copy into the ledger {ledger} is not finished: run the same `quietus ledger copy` again")]
    Unfinished { ledger: String },
    /// Two ledgers with the same duties would do everything twice.
    #[error(
        "the ledger {ledger} was copied into another (`quietus ledger copy`), which has its duties now; to work with this \
         one all the same, `quietus ledger reopen` it"
    )]
    Moved { ledger: String },
    /// Missing, no permission, not a ledger, locked, away.
    #[error("the ledger {ledger} does not open")]
    Failed {
        ledger: String,
        #[source]
        source: anyhow::Error,
    },
}

/// Something that the program itself should have prevented.
fn broken(what: impl Into<String>) -> LedgerError {
    LedgerError::Broken(anyhow::Error::msg(what.into()))
}

/// What deciding brought: written in one transaction with the end of the work that led to it.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) session: SessionChange,
    pub(crate) erasures: Vec<NewErasure>,
    /// What the session showed about the installation, where it showed anything.
    pub(crate) tenants_are_departments: Option<bool>,
    /// The session is of a tenant that is not ours: instead of being changed, its row and its settling are deleted, it is
    /// counted ([`Counts::foreign_sessions`]), and there are no erasures.
    pub(crate) foreign: bool,
}

/// How a session's row changes.
#[derive(Debug)]
pub(crate) struct SessionChange {
    /// The version of [`SessionView`] that was read, 0 for none: another one now makes it [`Finished::Stale`].
    pub(crate) read_version: i64,
    pub(crate) record: ConsentRecord,
    /// Replaces the fingerprints; `None` leaves them (the session was not read).
    pub(crate) fingerprints: Option<Vec<Fingerprinted>>,
    /// When mluvii was last read and understood of it.
    pub(crate) read_at: Option<Timestamp>,
    pub(crate) concluded: bool,
    pub(crate) recording_ready: bool,
    /// When the session is looked at for settling; `None` once it has settled.
    pub(crate) settle_at: Option<Timestamp>,
    /// Digests of the call-param groups as they were at the last look.
    pub(crate) forms_seen: Vec<Digest>,
}

/// Whom a begun erasure reaches.
#[derive(Debug)]
pub(crate) struct Resolution {
    pub(crate) capsule: Capsule,
    /// The sessions that are marked erased with the receipt.
    pub(crate) sessions: Vec<ReachedSession>,
    pub(crate) findings: Findings,
    /// Guest ids, by their digests, under which several people were found. It is remembered beyond the sessions that
    /// showed it, or the last of these people would get what is nobody's for certain.
    pub(crate) shared_guests: Vec<Digest>,
    /// Of all identifiers, in addition to those that the requests brought; the erasure is found again by them.
    pub(crate) fingerprints: Vec<Fingerprinted>,
}

/// What one call of a step brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StepEnd {
    /// The target answered `erased` or `absent`: it is asked again after the pause.
    VerifyAfter {
        pause: Duration,
        outcome: Outcome,
        reason: Option<String>,
        counts: std::collections::BTreeMap<String, u64>,
        evidence: Evidence,
    },
    /// It was accepted: a report is to come within this time, after which the step is due again.
    Await { within: Duration },
    /// Asked again, it was still there: erase once more after the pause.
    EraseAgain { pause: Duration },
    /// The outcome is final.
    Final {
        outcome: Outcome,
        reason: Option<String>,
        counts: std::collections::BTreeMap<String, u64>,
        evidence: Evidence,
    },
}

#[cfg(test)]
mod contract;
