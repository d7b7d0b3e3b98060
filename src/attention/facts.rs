//! What a ledger holds of which something may need a person.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use quietus_plugin::Span;
use serde::{Deserialize, Serialize};

use super::rechecks::UnsettledRechecks;
use super::requests::{OpenRequests, RequestLimits};
use super::sweeps::UnfinishedSweep;
use super::{ClockDoubt, Named};
use crate::deadline::Calendar;
use crate::erasure::{Erasure, ErasureId};
use crate::hold::HoldId;
use crate::subject::{InstallationName, SourceName, TargetName};

/// For how long a target may answer nothing but that it wants fewer calls; and how long ago it may have done so last, as of one
/// that nobody has asked since, nothing is known.
pub(crate) const LIMITED_MAX: Duration = Duration::from_secs(3600);

/// What the configuration says about it.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// From when on what is due is late, and the days of requests.
    pub(crate) calendar: Calendar,
    /// How long before that a person is told.
    pub(crate) warn_before: Span,
    /// The share of sessions whose consent may stay unknown.
    pub(crate) unknown_share_max: f64,
    pub(crate) requests: RequestLimits,
    /// Where people erase, and for how long a task may be open there until somebody is reminded of it.
    pub(crate) remind_after: BTreeMap<TargetName, Span>,
}

/// Things of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) count: u64,
    /// Since when the oldest is there, where that is known.
    pub(crate) since: Option<Timestamp>,
    /// Another one when others have come, however many are left.
    pub(crate) mark: String,
}

/// A target that is not called.
#[derive(Clone, Debug)]
pub(crate) struct StoppedTarget {
    pub(crate) target: TargetName,
    /// When it is tried again.
    pub(crate) until: Timestamp,
    pub(crate) reason: String,
    /// Whether it will hardly heal by itself.
    pub(crate) needs_person: bool,
    /// How often it was tried in vain.
    pub(crate) tries: u32,
    pub(crate) since: Timestamp,
    /// An erasure that waits for it.
    pub(crate) waiting: Option<ErasureId>,
}

/// A target that has answered nothing but that it wants fewer calls.
#[derive(Clone, Debug)]
pub(crate) struct LimitedTarget {
    pub(crate) target: TargetName,
    pub(crate) since: Timestamp,
    /// The end of the pause that it asked for last.
    pub(crate) until: Timestamp,
}

/// Steps at a target, named as it is called, that need a person.
#[derive(Clone, Debug)]
pub(crate) struct ParkedSteps {
    pub(crate) target: TargetName,
    pub(crate) group: Group,
    /// The oldest erasure among theirs.
    pub(crate) oldest: ErasureId,
}

/// What people were asked to do at a target and have not confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tasks {
    pub(crate) target: TargetName,
    /// Those whose time is not over.
    pub(crate) open: Group,
    /// Those that need a person, as nobody confirmed them in time.
    pub(crate) late: Group,
    /// The oldest erasure among these.
    pub(crate) oldest_late: Option<ErasureId>,
}

/// No process works on the ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoServer {
    /// When one was last heard of; `None` where all have left in good order.
    pub(crate) seen: Option<Timestamp>,
}

/// Whose deliveries were refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RefusedOf {
    /// Came to this source.
    Source(SourceName),
    /// Came to a path of no source; the source whose name is most like it, if one is. Not the path itself, which a stranger has written.
    Astray(Option<SourceName>),
}

impl RefusedOf {
    /// As a ledger has it: a source's name, or none, and whether the path was that of no source.
    pub(crate) fn columns(&self) -> (&str, bool) {
        match self {
            Self::Source(source) => (&source.0, false),
            Self::Astray(nearest) => (nearest.as_ref().map_or("", |source| &source.0), true),
        }
    }

    /// Of what a ledger has.
    pub(crate) fn of_columns(source: &str, astray: bool) -> Self {
        let source = SourceName(source.into());
        match astray {
            false => Self::Source(source),
            true => Self::Astray((!source.0.is_empty()).then_some(source)),
        }
    }
}

/// Deliveries of one source, or to paths of none, that were refused.
#[derive(Clone, Debug)]
pub(crate) struct RefusedSince {
    pub(crate) of: RefusedOf,
    pub(crate) count: u64,
    pub(crate) since: Timestamp,
    pub(crate) last: Timestamp,
}

/// What is wrong with what the ledger is kept in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    /// When it was found.
    pub(crate) since: Timestamp,
    pub(crate) what: String,
}

/// A log that cannot start over, as another program reads what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LongLog {
    pub(crate) bytes: u64,
    /// Since when a server sees that; `None` where none has.
    pub(crate) since: Option<Timestamp>,
}

/// A transaction that is open in the ledger's database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeldSnapshot {
    /// How many have begun since.
    pub(crate) transactions: u64,
    /// The database's process that has it.
    pub(crate) process: u64,
}

/// Somebody who was to keep the newest receipt's place outside of the ledger, and could not.
#[derive(Clone, Debug)]
pub(crate) struct FailedKeeper {
    pub(crate) keeper: String,
    pub(crate) reason: String,
    pub(crate) since: Timestamp,
}

/// A process that did not take its configuration when it was last asked to, and works by the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NotReloaded {
    pub(crate) since: Timestamp,
    pub(crate) reason: String,
}

/// A rule that waits for a person, as it would erase so much.
#[derive(Clone, Debug)]
pub(crate) struct WaitingRule {
    pub(crate) rule: String,
    /// Which version of it.
    pub(crate) version: String,
    pub(crate) since: Timestamp,
    pub(crate) sessions: u64,
    /// Those of them that it would have erased.
    pub(crate) would: u64,
    /// The same of all rules that came with it.
    pub(crate) together: u64,
    /// The company of these sessions, where they are of one.
    pub(crate) mluvii: Option<InstallationName>,
}

/// A comparison of the past that was shown, and waits for a person.
#[derive(Clone, Debug)]
pub(crate) struct WaitingPast {
    pub(crate) job: u64,
    /// Grows with each change of it.
    pub(crate) version: u64,
    pub(crate) mluvii: InstallationName,
    pub(crate) since: Option<Timestamp>,
    /// Sessions that nobody told us of.
    pub(crate) found: u64,
    /// Those of them that rules would erase.
    pub(crate) would_erase: u64,
}

/// Records whose time is over and which the ledger refuses to delete: by a trigger or a foreign key that is not ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RefusedRecords {
    pub(crate) count: u64,
    pub(crate) since: Timestamp,
    /// One of them: a session as `installation/id`, an erasure by its id.
    pub(crate) example: String,
}

/// Sessions by why their consent stayed unknown.
pub(crate) type Causes = BTreeMap<&'static str, u64>;

/// What a ledger holds that may need a person.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) targets: Vec<StoppedTarget>,
    pub(crate) limited: Vec<LimitedTarget>,
    /// Plugins that cannot work, and why.
    pub(crate) broken: BTreeMap<TargetName, String>,
    /// Plugins that work, and what their operator should know of them.
    pub(crate) doubtful: BTreeMap<TargetName, Vec<String>>,
    /// Processes that did not take their configuration, by their places.
    pub(crate) not_reloaded: BTreeMap<String, NotReloaded>,
    pub(crate) no_server: Option<NoServer>,
    pub(crate) parked_steps: Vec<ParkedSteps>,
    pub(crate) tasks: Vec<Tasks>,
    pub(crate) requested: Group,
    /// Erasures that wait for a link that nobody can use any more.
    pub(crate) unconfirmed: Group,
    /// Incomplete receipts that nobody has acknowledged.
    pub(crate) incomplete: Group,
    /// Events and sessions that could not be decided on, erasures that could not be begun or closed.
    pub(crate) parked_work: Group,
    pub(crate) quarantined: Group,
    pub(crate) refused: Vec<RefusedSince>,
    pub(crate) damage: Option<Damage>,
    /// Of a ledger in a file.
    pub(crate) long_log: Option<LongLog>,
    /// The oldest one, of a ledger in PostgreSQL.
    pub(crate) held_snapshot: Option<HeldSnapshot>,
    /// Why nothing can be written just now.
    pub(crate) unwritable: Option<String>,
    /// Events whose checksum does not match.
    pub(crate) damaged_events: Group,
    /// Work about rows whose checksum does not match.
    pub(crate) damaged_records: Group,
    pub(crate) sessions: u64,
    pub(crate) unknown_consents: Causes,
    pub(crate) foreign_sessions: u64,
    pub(crate) failed_keepers: Vec<FailedKeeper>,
    /// Since when the oldest duty is open that could have been done.
    pub(crate) oldest_due: Option<Timestamp>,
    /// Why the ledger's clock cannot be right.
    pub(crate) clock: Option<ClockDoubt>,
    /// Some of what is told as a number.
    pub(crate) named: Named,
    /// Since when not all records of a kind could be deleted whose time was over.
    pub(crate) behind: BTreeMap<&'static str, Timestamp>,
    pub(crate) waiting_rules: Vec<WaitingRule>,
    pub(crate) waiting_past: Vec<WaitingPast>,
    pub(crate) requests: OpenRequests,
    /// What was found when it was looked again, after receipts.
    pub(crate) rechecks: Vec<UnsettledRechecks>,
    pub(crate) sweeps: Vec<UnfinishedSweep>,
    /// Holds in force without an end, the oldest first, and since when each is.
    pub(crate) endless_holds: Vec<(HoldId, Timestamp)>,
    /// Targets that a person has paused, and since when each is.
    pub(crate) paused: Vec<(TargetName, Timestamp)>,
    /// What the ledger refuses to delete, by kind.
    pub(crate) undeletable: BTreeMap<&'static str, RefusedRecords>,
    /// Those of [`Facts::explained`], as far as they can be read.
    pub(crate) erasures: BTreeMap<ErasureId, Erasure>,
    /// The holds in force by which these were kept, and when each ends by itself.
    pub(crate) holds: BTreeMap<HoldId, Option<Timestamp>>,
}
