//! What is read from a ledger.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::SessionChange;
use super::expiry::Expired;
use crate::attention::{ClockDoubt, NoServer, NotReloaded, RefusedOf};
use crate::consent::ConsentRecord;
use crate::erasure::{Erasure, ErasureId, ErasureState};
use crate::keys::{Digest, Sealed};
use crate::policy::Evaluated;
use crate::subject::{Fingerprinted, SessionId, SessionKey, SourceName, TargetName};

/// A session's row.
#[derive(Clone, Debug)]
pub(crate) struct SessionView {
    /// Grows with every change, from 1.
    pub(crate) version: i64,
    pub(crate) record: ConsentRecord,
    pub(crate) fingerprints: Vec<Fingerprinted>,
    /// When mluvii was last read and understood of it; `None` when it never was.
    pub(crate) read_at: Option<Timestamp>,
    pub(crate) concluded: bool,
    pub(crate) recording_ready: bool,
    /// `None` once it has settled.
    pub(crate) settle_at: Option<Timestamp>,
    pub(crate) forms_seen: Vec<Digest>,
    /// What is kept of the evaluations of its rules, the newest last.
    pub(crate) evaluated: Vec<Evaluated>,
    /// When an erasure that reached it was done.
    pub(crate) erased_at: Option<Timestamp>,
}

impl SessionView {
    /// The session once a change is written.
    pub(crate) fn after(change: SessionChange, erased_at: Option<Timestamp>) -> Self {
        Self {
            version: change.read_version + 1,
            record: change.record,
            fingerprints: change.fingerprints.unwrap_or_default(),
            read_at: change.read_at,
            concluded: change.concluded,
            recording_ready: change.recording_ready,
            settle_at: change.settle_at,
            forms_seen: change.forms_seen,
            evaluated: change.evaluated,
            erased_at,
        }
    }

    /// Whether nothing of it is left: it was erased, and nothing has come since.
    pub(crate) fn is_gone(&self) -> bool {
        self.erased_at.is_some() && self.fingerprints.is_empty()
    }

    /// One that was erased, and whose record is gone.
    pub(crate) fn of_erased(key: &SessionKey, erased_at: Timestamp) -> Self {
        Self {
            version: 0,
            record: ConsentRecord::new(key.clone()),
            fingerprints: Vec::new(),
            read_at: None,
            concluded: false,
            recording_ready: false,
            settle_at: None,
            forms_seen: Vec::new(),
            evaluated: Vec::new(),
            erased_at: Some(erased_at),
        }
    }
}

/// A place among all sessions, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SessionMark {
    pub(super) installation: i64,
    pub(super) session: i64,
}

impl SessionMark {
    /// Before the first session.
    pub(crate) const BEGINNING: Self = Self { installation: i64::MIN, session: i64::MIN };

    /// The same among the sessions of one installation, by its number.
    pub(super) fn within(self, installation: i64) -> Self {
        match self {
            Self { installation: own, .. } if own == installation => self,
            _ => Self { installation, session: i64::MIN },
        }
    }
}

/// A place among the erased sessions of an installation, in their order: several are erased in one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ErasedMark {
    /// When it was erased.
    pub(crate) at: Timestamp,
    pub(crate) session: SessionId,
}

impl ErasedMark {
    /// Before all that were erased at a time or later.
    pub(crate) fn before(at: Timestamp) -> Self {
        Self { at, session: SessionId(i64::MIN) }
    }
}

/// A place among the ended erasures of an installation, in the order of their ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EndedMark {
    pub(crate) at: Timestamp,
    pub(crate) erasure: ErasureId,
}

impl EndedMark {
    /// Before all that ended at a time or later.
    pub(crate) fn before(at: Timestamp) -> Self {
        Self { at, erasure: ErasureId([0; 16]) }
    }
}

/// An erasure that is over, and by what its person is found, as far as that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndedErasure {
    pub(crate) erasure: Erasure,
    /// Which of them were supplementary is not kept: each counts as the person's own, which makes fewer people certain.
    pub(crate) fingerprints: Vec<Fingerprinted>,
}

/// A session of which nothing is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdleSession {
    pub(crate) key: SessionKey,
    /// Since when: it settled then, or was erased.
    pub(crate) since: Timestamp,
    pub(crate) is_erased: bool,
}

/// A session as lists show it.
#[derive(Clone, Debug)]
pub(crate) struct ListedSession {
    pub(crate) key: SessionKey,
    /// Nothing of one whose row is damaged.
    pub(crate) record: Option<ConsentRecord>,
    pub(crate) erased: Option<Timestamp>,
}

impl ListedSession {
    /// Where a list goes on after it.
    pub(super) fn before(&self) -> SessionId {
        SessionId(self.key.session.0.saturating_sub(1))
    }

    /// When it began, or as much as is known of that.
    pub(crate) fn begun(&self) -> Option<Timestamp> {
        self.record.as_ref().and_then(|record| record.started.or(record.ended))
    }
}

/// Some sessions, and what was decided on them.
#[derive(Clone, Debug, Default)]
pub(crate) struct DecidedSessions {
    pub(crate) sessions: Vec<DecidedSession>,
    /// How many there are whose rows are damaged: nothing can be said of them.
    pub(crate) damaged: u64,
    /// Where the next ones begin; `None` where these were the last.
    pub(crate) next: Option<SessionMark>,
}

/// A session, and what was kept of its evaluations.
#[derive(Clone, Debug)]
pub(crate) struct DecidedSession {
    pub(crate) record: ConsentRecord,
    pub(crate) evaluated: Vec<Evaluated>,
}

/// Sessions that have settled without ever being read, or whose look waits for a person.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnreadSessions {
    /// The newest, the newest first.
    pub(crate) newest: Vec<SessionKey>,
    /// How many there are, with those that are not among the newest, and with the events that wait for a person: whose they
    /// are, nobody knows.
    pub(crate) total: u32,
}

/// What is known of a whole installation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct InstallationFacts {
    /// Whether a webhook's `tenantId` is the session's `departmentId` there: proved or disproved by a session of which
    /// both were seen.
    pub(crate) tenants_are_departments: Option<bool>,
}

/// The number of a body in quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct QuarantineId(pub(crate) i64);

/// A sealed body that could not be read.
#[derive(Clone, Debug)]
pub(crate) struct Quarantined {
    pub(crate) source: SourceName,
    pub(crate) digest: Digest,
    pub(crate) reason: String,
    pub(crate) sealed: Sealed,
}

/// A body in quarantine, as it is listed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Stored {
    pub(crate) id: QuarantineId,
    pub(crate) source: SourceName,
    pub(crate) reason: String,
    pub(crate) received: Timestamp,
    pub(crate) sealed_bytes: u64,
}

/// Why a delivery in quarantine leads to nothing, as a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DropReason {
    /// It was sent to try something out.
    Test,
    /// mluvii has sent the same once more, and that was read.
    SentAgain,
    /// A person has looked at mluvii, and done what was to be done.
    LookedUp,
}

impl DropReason {
    pub(crate) const ALL: [Self; 3] = [Self::Test, Self::SentAgain, Self::LookedUp];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::SentAgain => "sent_again",
            Self::LookedUp => "looked_up",
        }
    }
}

/// How a target is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TargetHealth {
    pub(crate) target: TargetName,
    #[serde(flatten)]
    pub(crate) state: TargetState,
}

/// Whether a target's queue moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub(crate) enum TargetState {
    Closed,
    /// The breaker is open: nothing is claimed before `until`, when one call tries it.
    Open {
        until: Timestamp,
        reason: String,
        /// Whether it will hardly heal without a person: its credentials are refused, say.
        needs_person: bool,
        /// How often it was tried in vain.
        tries: u32,
        since: Timestamp,
    },
}

/// What a process says of itself.
#[derive(Clone, Debug)]
pub(crate) struct ProcessInfo {
    /// The program's version.
    pub(crate) version: String,
    /// The machine's name and the process's number there, such as `web-1/4711`.
    pub(crate) place: String,
    /// The targets in its configuration.
    pub(crate) targets: Vec<TargetName>,
}

/// What a process says of its targets, and of its configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TargetConditions {
    /// Those that cannot work, and why.
    #[serde(default)]
    pub(crate) broken: BTreeMap<TargetName, String>,
    /// Those that work, and what their operator should know of them.
    #[serde(default)]
    pub(crate) doubtful: BTreeMap<TargetName, Vec<String>>,
    /// Of the process itself, by its place: why it did not take its configuration when it was last asked to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) not_reloaded: BTreeMap<String, NotReloaded>,
}

/// A process on the ledger, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ProcessView {
    pub(crate) number: i64,
    pub(crate) version: String,
    pub(crate) place: String,
    pub(crate) since: Timestamp,
    /// Seconds since it was last heard of.
    pub(crate) silent_s: u64,
    /// The targets in its configuration.
    pub(crate) targets: Vec<TargetName>,
    #[serde(flatten)]
    pub(crate) conditions: TargetConditions,
    /// How many pieces of work it holds, by queue.
    pub(crate) holds: BTreeMap<String, u64>,
}

impl ProcessView {
    /// Whether it has not been heard of for so long that it is gone, or stands still.
    pub(crate) fn is_lost(&self) -> bool {
        self.silent_s > PROCESS_LOST_S
    }
}

/// Deliveries that were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusedDeliveries {
    pub(crate) of: RefusedOf,
    pub(crate) count: u64,
}

/// How long after the last one it is told that some were refused.
pub(super) const REFUSED_KEPT_S: i64 = 7 * 24 * 3_600;

/// What a process says of itself: when it was heard of last, and how its targets are.
pub(super) type Told = (Timestamp, TargetConditions);

/// What the processes say of themselves: when each was heard of last, and how its targets are. Those that are lost
/// say nothing any more.
pub(super) fn told_by(processes: Vec<Told>, now: Timestamp) -> (Option<NoServer>, TargetConditions) {
    let seen = processes.iter().map(|(seen, _)| *seen).max();
    let lost = |seen: Timestamp| now.duration_since(seen).as_secs() > PROCESS_LOST_S.cast_signed();
    let alive: Vec<_> = processes.into_iter().filter(|(seen, _)| !lost(*seen)).collect();
    let no_server = alive.is_empty().then_some(NoServer { seen });
    let mut all = TargetConditions::default();
    for (_, said) in alive {
        all.broken.extend(said.broken);
        all.doubtful.extend(said.doubtful);
        all.not_reloaded.extend(said.not_reloaded);
    }
    (no_server, all)
}

/// A process that has not been heard of for so long is lost. It says that it is there several times in that time.
const PROCESS_LOST_S: u64 = 20;

/// A process that has not been heard of for so long is taken off the list.
pub(super) const PROCESS_FORGOTTEN_S: i64 = 24 * 3_600;

/// The ledger's clock, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ClockView {
    pub(crate) now: Timestamp,
    /// The latest time that was believed; absent before a server has looked.
    pub(crate) latest: Option<Timestamp>,
    /// Why it cannot be right.
    pub(crate) doubt: Option<ClockDoubt>,
}

/// The ledger in numbers.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Counts {
    pub(crate) sessions: u64,
    /// Events that were recorded and not yet decided on.
    pub(crate) events_waiting: u64,
    pub(crate) sessions_settling: u64,
    pub(crate) erasures: BTreeMap<&'static str, u64>,
    /// Erasures that could begin, or steps that could be called, and were not yet.
    pub(crate) overdue: u64,
    /// Since when the oldest duty is open that could have been done: an event, a session to settle, an erasure.
    pub(crate) oldest_due: Option<Timestamp>,
    /// Events and sessions that need a person.
    pub(crate) parked_work: u64,
    pub(crate) parked_steps: BTreeMap<String, u64>,
    /// Steps that are due, will be, or are under way, by target.
    pub(crate) waiting_steps: BTreeMap<String, u64>,
    pub(crate) receipts: u64,
    /// Receipts by verdict.
    pub(crate) verdicts: BTreeMap<&'static str, u64>,
    /// Receipts that have moved to archives; they are not among the others.
    pub(crate) archived_receipts: u64,
    /// Incomplete receipts that no person has acknowledged.
    pub(crate) incomplete_unacknowledged: u64,
    /// Sessions whose consent stayed unknown although there was time to look, by cause.
    pub(crate) unknown_consents: BTreeMap<&'static str, u64>,
    /// Sessions that were forgotten because they are of a tenant that is not ours.
    pub(crate) foreign_sessions: u64,
    pub(crate) quarantined: u64,
    /// What was deleted because of its age, by kind.
    pub(crate) expired: BTreeMap<&'static str, Expired>,
}

impl Counts {
    pub(crate) fn erasures_in(&self, state: ErasureState) -> u64 {
        self.erasures.get(state.as_str()).copied().unwrap_or_default()
    }
}
