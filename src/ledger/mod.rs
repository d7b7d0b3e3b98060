//! The ledger: what was received, what is due, and the results. The port names no backend; SQL that both speak alike is in `query`, `row` and `claim`. A backend is shared
//! by any number of processes, so work is claimed with a lease, and a race is a value, not an error.

mod accounts;
mod acts;
mod answers;
mod archive;
mod bounds;
mod carry;
mod checksums;
mod claim;
mod clock;
mod closing;
mod confirming;
pub(crate) mod copy;
mod days;
mod deaths;
mod decided;
mod deliveries;
mod expiry;
mod gauges;
mod generation;
mod health;
mod holding;
mod invariant;
mod line;
mod listing;
mod migrations;
mod notifier;
mod orders;
mod parked;
mod past_job;
mod periodic;
mod place;
mod ports;
pub(crate) mod postgres;
mod query;
mod recheck;
mod request;
mod request_list;
mod retention;
mod row;
mod rule_version;
mod settings;
pub(crate) mod sqlite;
mod stored_record;
mod sum;
mod sweep_job;
mod target_pause;
mod transition;
mod view;

pub(crate) use accounts::{Accounts, NewSession, OwnPassword};
pub(crate) use answers::{Answers, KeptAnswer, KeyedOrder, OrderClaim};
pub(crate) use archive::{AgingRecord, Archived, Held};
pub(crate) use bounds::Bounds;
pub(crate) use checksums::{SumChunk, SumMark, Summed};
pub(crate) use claim::{
    Claim, Claimed, ClaimedStep, DecideWork, EraseWork, Faults, HeldWork, NextLook, QueueName, RefusedWork, SettleWork,
    StepWork, Work, refused_again,
};
pub(crate) use clock::ClockSettings;
pub(crate) use closing::{Closed, Closing};
pub(crate) use confirming::{Confirmed, LinkMail};
pub(crate) use days::{DayCounts, Days};
pub(crate) use decided::each_decided;
pub(crate) use deliveries::{DeliveryHours, SeenEvent, TakenDeliveries, ToldForm};
#[cfg(test)]
pub(crate) use expiry::Expired;
pub(crate) use expiry::{Tombstone, describe_expired};
pub(crate) use gauges::{COUNTED_MAX, Gauges, QueueGauge, Size};
pub(crate) use generation::{GenerationState, SealGeneration, sealing};
pub(crate) use health::{BreakerLimits, CallEnd, Presence};
pub(crate) use holding::{Hold, HoldAdded, HoldsListed, MaybeHeld, ShownSession};
pub(crate) use invariant::Invariant;
pub(crate) use line::{FORM_DAMAGED, FORM_GONE};
pub(crate) use listing::{
    AuditRange, Cursor, ErasureCursor, ErasureFilter, PAGE_MAX, Page, QuarantineRange, ReceiptRange,
};
pub(crate) use orders::Admin;
pub(crate) use parked::ParkedMark;
pub(crate) use past_job::{PAST_JOBS_MAX, PastCounts, PastJob, PastState, StoredPastJob};
pub(crate) use periodic::Periodic;
pub(crate) use place::{LedgerPlace, PostgresPlace};
pub(crate) use ports::{Intake, Queue, Records};
pub(crate) use request::{EnteredAs, NewRequest, RequestChange, StoredRequest};
pub(crate) use request_list::{CountedRequests, DueDays, OpenCounts, RequestCursor, RequestFilter, RequestOrder};
pub(crate) use retention::RetentionSettings;
pub(crate) use rule_version::{NewRuleVersion, RULE_WAITS, RuleState, RuleVersion, is_held, is_rejected};
use rule_version::{demanded_by, of_one};
pub(crate) use settings::{LedgerSettings, LedgerUrlWrong};
pub(crate) use sum::{SEAL_DAMAGED, SEAL_GONE};
pub(crate) use sweep_job::{
    AskedAgain, KeptProgress, ListedSweep, Restarted, StoredSweepJob, SweepJob, SweepState, SweepThen,
};
pub(crate) use target_pause::{NewPause, PauseReason, TargetPause};
pub(crate) use view::{
    ClockView, Counts, DecidedSession, DecidedSessions, DropReason, EndedErasure, EndedMark, ErasedMark, IdleSession,
    InstallationFacts, ListedSession, ProcessInfo, ProcessView, QuarantineId, Quarantined, RefusedDeliveries,
    SessionMark, SessionView, Stored, TargetConditions, TargetHealth, TargetState, UnreadSessions,
};
use view::{PROCESS_FORGOTTEN_S, REFUSED_KEPT_S};

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::causes::HELP_OF_DENIED;
use crate::consent::ConsentRecord;
use crate::erasure::life::{Cancelled, Finds};
pub(crate) use crate::erasure::{Attempt, StepEnd};
use crate::erasure::{Capsule, ErasureId, Findings, NewErasure, ReachedSession};
use crate::keys::{Carry, Digest, KeyId, KeyKind};
use crate::policy::Evaluated;
use crate::subject::{Fingerprinted, SessionKey, TargetName};

/// A ledger: all roles together, for those who take one apart.
pub(crate) trait Ledger: Intake + Queue + Records + Admin + Accounts + Answers {}

impl<T: Intake + Queue + Records + Admin + Accounts + Answers> Ledger for T {}

/// A ledger's own id, hex: random, made with the ledger.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct LedgerId(pub(crate) String);

impl std::fmt::Display for LedgerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How long records are kept; `None` is for ever.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep {
    pub(crate) duplicates: Duration,
    /// Counted from when nothing of the session was open any more.
    pub(crate) sessions: Option<Duration>,
    /// What proves a consent, counted from the same time; where it is shorter, the proof goes with the session.
    pub(crate) consents: Option<Duration>,
    /// Counted from the same time.
    pub(crate) tombstones: Option<Duration>,
    /// Counted from their end.
    pub(crate) erasures: Option<Duration>,
    /// Of ended erasures and requests, counted from their end; zero keeps none.
    pub(crate) fingerprints: Option<Duration>,
    /// Counted from their end.
    pub(crate) requests: Option<Duration>,
    pub(crate) holds: Option<Duration>,
}

/// A key of the deployment that was replaced.
#[derive(Clone, Debug)]
pub(crate) struct RotatedKey {
    pub(crate) kind: KeyKind,
    pub(crate) from: KeyId,
    pub(crate) to: KeyId,
}

impl RotatedKey {
    fn index(carry: &Carry) -> Self {
        Self { kind: KeyKind::Index, from: carry.from.clone(), to: carry.to.clone() }
    }
}

/// Why a process may not go on that knows of this index key only.
fn index_key_replaced(known: &KeyId) -> LedgerError {
    broken(format!(
        "the index key {known} was replaced since this process began, and what it would write could not be found: start it \
         again, with the ledger's keys"
    ))
}

/// The name under which the id of a key is noted.
fn name_of_key(kind: KeyKind) -> String {
    format!("{kind} key")
}

/// The result of recording a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    New,
    /// It was there before; nothing has changed.
    Duplicate,
    /// The ledger takes others, but not this one; nothing has changed.
    Refused,
}

/// Deliveries of one source in quarantine. More are not taken until a person has looked: a sender that went wrong would
/// fill the disk with them, and the other sources with it.
pub(crate) const QUARANTINED_MAX: u32 = if cfg!(test) { 1_000 } else { 10_000 };

/// Bytes of one source in quarantine, as they are sealed.
pub(crate) const QUARANTINED_BYTES_MAX: u64 = if cfg!(test) { 1_000_000 } else { 100 << 20 };

/// Whether a source that has so many in quarantine, of so many bytes, gets no room for one more.
fn is_full(count: u32, bytes: u64, more: &Quarantined) -> bool {
    count >= QUARANTINED_MAX || bytes + more.sealed.0.len() as u64 > QUARANTINED_BYTES_MAX
}

/// The result of putting aside a delivery that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PutAside {
    New,
    /// It was there before; nothing has changed.
    Duplicate,
    /// Its source has [`QUARANTINED_MAX`] there, or [`QUARANTINED_BYTES_MAX`]; it was not kept.
    Full,
}

/// The result of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reported {
    Taken,
    /// There was one before, or the step has gone on; nothing has changed.
    TooLate,
    /// Its token was made under another index key than the erasure was begun under; nothing has changed.
    Stranger,
}

/// The result of ending a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Finished {
    Done,
    /// The lease had ended and the work is someone else's; nothing was written.
    LeaseLost,
    /// The session has changed since it was read; the work is due again at once, nothing else was written.
    Stale,
}

/// The result of an order to stop an erasure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// It had not begun, and never will.
    NotBegun,
    /// All that is left is its receipt.
    AtOnce,
    /// The calls of these targets are under way; once they have ended, all that is left is its receipt.
    AfterCalls(Vec<TargetName>),
    /// It is over, or all its steps are; or there is none.
    Not,
}

impl Stopped {
    /// What the order came to. `None`: there was nothing to stop.
    fn of(ordered: Option<&Cancelled>) -> Self {
        match ordered {
            None => Self::Not,
            Some(Cancelled::AtOnce { .. }) => Self::NotBegun,
            Some(Cancelled::WithReceipt(change)) if change.closes => Self::AtOnce,
            Some(Cancelled::WithReceipt(change)) => Self::AfterCalls(change.still_called()),
        }
    }
}

/// The result of ending a claim with a decision.
#[derive(Debug)]
#[must_use]
pub(crate) struct Decided {
    pub(crate) finished: Finished,
    /// The erasures that it demands, in the order of the decision: new ones, or those that had not begun and were joined.
    pub(crate) erasures: Vec<ErasureId>,
}

impl From<Finished> for Decided {
    fn from(finished: Finished) -> Self {
        Self { finished, erasures: Vec::new() }
    }
}

/// The result of a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Withdrawn {
    /// The erasures that it demands: new ones, or those that had not begun and were joined.
    Done(Vec<ErasureId>),
    /// A session has changed since it was read; nothing was written.
    Stale,
}

#[cfg(test)]
impl PartialEq<Finished> for Decided {
    fn eq(&self, other: &Finished) -> bool {
        self.finished == *other
    }
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
    /// What it is kept in is damaged, gone or replaced: until a person has acted, nothing is written to it.
    #[error("the ledger is damaged or gone")]
    Damaged(#[source] anyhow::Error),
}

impl LedgerError {
    /// The cause alone.
    fn into_cause(self) -> anyhow::Error {
        let (Self::Busy(cause) | Self::Broken(cause) | Self::Damaged(cause)) = self;
        cause
    }

    /// Why the work needs a person that failed by it, where it concerns that work alone: something that is stored of it is not
    /// what was written.
    pub(crate) fn of_this_work(&self) -> Option<&'static str> {
        match self {
            Self::Broken(cause) if cause.is::<sum::RowDamaged>() => Some(sum::DAMAGED),
            _ => None,
        }
    }

    /// Whether nothing is written until a person has acted. The ledger itself has logged it, once.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged(_))
    }
}

/// The highest schema number of the ledgers that unreleased versions made, each with a base schema of its own. A new base
/// schema raises it by one, until the first release.
const UNRELEASED: usize = 111;

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
    /// Its tables may be others than this program takes them for.
    #[error(
        "migration {number} of the ledger {ledger} is not the one of this quietus, although released migrations never change: \
         start the quietus that made the ledger, and report this as a defect"
    )]
    Altered { ledger: String, number: usize },
    /// Half of another ledger is no ledger to work on.
    #[error("a copy into the ledger {ledger} is not finished: run the same `quietus ledger copy` again")]
    Unfinished { ledger: String },
    /// Two ledgers with the same duties would do everything twice.
    #[error(
        "the ledger {ledger} was copied into another (`quietus ledger copy`), which has its duties now; to work with this \
         one all the same, `quietus ledger reopen` it"
    )]
    Moved { ledger: String },
    /// To go on would lose more, or work on what is not whole.
    #[error(
        "the ledger {ledger} is damaged: {what}. Keep a copy of it and of what lies beside it (`-wal`, `-shm`); then {advice}"
    )]
    Damaged { ledger: String, what: String, advice: &'static str },
    /// Two servers on one file would not know of each other's calls.
    #[error(
        "the ledger {ledger} is in use ({holder}), by a server or by `quietus ledger copy`; a process that was stopped keeps it \
         until it ends. Several servers on one ledger need PostgreSQL; there, `pg_terminate_backend` ends a session whose \
         machine is gone"
    )]
    InUse { ledger: String, holder: String },
    /// A file of it, or the folder of its files.
    #[error(
        "{path}: the account that runs this (uid {account}) may not {what} it, as the ledger needs; {HELP_OF_DENIED}",
        path = path.display()
    )]
    Denied { path: PathBuf, what: &'static str, account: u32 },
    /// Missing, not a ledger, locked, away.
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

/// The result of an evaluation: written in one transaction with the end of the work that led to it.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    pub(crate) session: SessionChange,
    pub(crate) erasures: Vec<NewErasure>,
    /// Rules at the session's end that do not apply by what is known when it settles. An erasure of this session that has not
    /// begun, and all of whose rules are among them, is cancelled in the same transaction.
    pub(crate) rules_no_longer: Vec<String>,
    /// What the session showed about the installation, where it showed anything.
    pub(crate) tenants_are_departments: Option<bool>,
    /// The session is of a tenant that is not ours: instead of being changed, its row and its settling are deleted, it is
    /// counted ([`Counts::foreign_sessions`]), and there are no erasures.
    pub(crate) foreign: bool,
    /// What was decided on tells of nothing but what was over when the session's record went ([`Tombstone::covers`]): nothing is
    /// written but the end of the work.
    pub(crate) outdated: bool,
}

impl Decision {
    /// Of something that is over.
    pub(crate) fn outdated(session: &SessionKey) -> Self {
        Self {
            session: SessionChange::unknown(session),
            erasures: Vec::new(),
            rules_no_longer: Vec::new(),
            tenants_are_departments: None,
            foreign: false,
            outdated: true,
        }
    }

    /// When the session is looked at for settling; not at all where it is forgotten.
    fn settle_at(&self) -> Option<Timestamp> {
        self.session.settle_at.filter(|_| !self.foreign)
    }
}

/// How a session's row changes.
#[derive(Clone, Debug)]
pub(crate) struct SessionChange {
    /// The version of [`SessionView`] that was read, 0 for none: another one now makes it [`Finished::Stale`].
    pub(crate) read_version: i64,
    pub(crate) record: ConsentRecord,
    /// Replaces the fingerprints; `None` leaves them (the session was not read).
    pub(crate) fingerprints: Option<Vec<Fingerprinted>>,
    /// When mluvii was read and understood of it for this change; `None` leaves when it was last.
    pub(crate) read_at: Option<Timestamp>,
    pub(crate) concluded: bool,
    pub(crate) recording_ready: bool,
    /// When the session is looked at for settling; `None` once it has settled.
    pub(crate) settle_at: Option<Timestamp>,
    /// Digests of the call-param groups as they were at the last look.
    pub(crate) forms_seen: Vec<Digest>,
    /// What is kept of the evaluations of its rules, the newest last.
    pub(crate) evaluated: Vec<Evaluated>,
}

impl SessionChange {
    /// Of a session that the ledger does not know yet.
    pub(crate) fn unknown(session: &SessionKey) -> Self {
        Self {
            read_version: 0,
            record: ConsentRecord::new(session.clone()),
            fingerprints: None,
            read_at: None,
            concluded: false,
            recording_ready: false,
            settle_at: None,
            forms_seen: Vec::new(),
            evaluated: Vec::new(),
        }
    }
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
    /// Of all identifiers, in addition to those of the requests; the erasure is found again by them.
    pub(crate) fingerprints: Vec<Fingerprinted>,
    /// What mluvii showed of the sessions while resolving, for holds.
    pub(crate) shown: Vec<ShownSession>,
    /// The targets that are to say what else they know the person by.
    pub(crate) finds: Finds,
    /// The index key under which it is begun: what its targets are told follows from that one for as long as it lasts.
    pub(crate) index_key: KeyId,
}

#[cfg(test)]
pub(crate) mod contract;
