//! What needs a person, and what is worth knowing: one list, which the status, metrics, alerts and pages show alike. It
//! follows from what a ledger holds by one pure function; `words` has a sentence for each code.

mod about;
mod clock;
pub(crate) mod delay;
mod facts;
mod keepers;
mod mute;
mod named;
mod needed;
mod rechecks;
mod requests;
#[cfg(test)]
pub(crate) mod sample;
mod shell;
mod sweeps;
mod why;
mod words;

pub(crate) use clock::{ClockDoubt, ClockFault};
pub(crate) use delay::{Delay, DelayCode, Surroundings};
pub(crate) use facts::{
    Damage, Facts, FailedKeeper, Group, HeldSnapshot, LIMITED_MAX, LimitedTarget, Limits, LongLog, NoServer,
    NotReloaded, ParkedSteps, RefusedOf, RefusedRecords, RefusedSince, StoppedTarget, Tasks, WaitingPast, WaitingRule,
};
pub(crate) use keepers::{
    ALERT, ARCHIVE, CONFIRMATION, NotedOf, PING, REAPPEARED, RECHECK, RECONCILE, SEALS, SET_BACK, SILENT, STATE_BEGUN,
    WEBHOOK,
};
pub(crate) use mute::{Mute, MuteEnd, Muted};
pub(crate) use named::{EXPLAINED_MAX, NAMED_MAX, Named};
pub(crate) use needed::attention;
pub(crate) use rechecks::{UnsettledRechecks, looked_at};
pub(crate) use requests::{OpenRequest, OpenRequests, RequestLimits};
pub(crate) use shell::quoted;
pub(crate) use sweeps::UnfinishedSweep;
pub(crate) use words::{
    DOUBTED_CLOCK, clock_fault, days_left_words, delay_brief, delay_words, sentence, time, unknown,
};

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::audit::Object;

/// How much something matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Worth knowing; nobody needs to do anything.
    Notice,
    /// Somebody has to do something, or it stays as it is.
    Attention,
    /// The same, and each day that it waits does harm: a whole target stands still, or a legal deadline is over.
    Urgent,
}

impl Severity {
    pub(crate) const ALL: [Self; 3] = [Self::Notice, Self::Attention, Self::Urgent];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Attention => "attention",
            Self::Urgent => "urgent",
        }
    }
}

/// What it is that needs a person. The names are part of the interface: alerts and mutes name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Code {
    /// A target is not called for a while, because it failed: urgent where it says, or several refused records show, that it
    /// will hardly heal by itself. With `target`, `until`, `reason`, and an
    /// `erasure` that waits for it.
    TargetOut,
    /// A plugin cannot work until a person acts. With `target` and `reason`.
    PluginBroken,
    /// A plugin works, and its operator should know something of it, such as that its sandbox is weaker than elsewhere. With
    /// `target` and `reason`.
    PluginDoubtful,
    /// No server works on the ledger.
    ServerAway,
    /// A target has answered nothing but that it wants fewer calls. With `target`.
    TargetLimited,
    /// Steps at a target need a person. With `target`, `count`, and the oldest `erasure` of theirs.
    StepsParked,
    /// Tasks that people were given are open for longer than `remind_after`. With `target` and `count`.
    TasksOpen,
    /// Nobody has confirmed tasks before their deadline. With `target`, `count`, and the oldest `erasure` of theirs.
    TasksLate,
    /// Erasures wait for an approval. With `count`.
    ApprovalWaiting,
    /// Erasures wait for a link that was not used in time, or whose mail was refused: a person can approve or reject them. With `count`.
    ConfirmationMissing,
    /// No mail with a link can be sent, as the mail server is away or lets nobody in. With `reason`.
    ConfirmationUnsent,
    /// Receipts are incomplete and nobody has acknowledged them. With `count`, and `ids`: the numbers of the oldest.
    ReceiptsIncomplete,
    /// More sessions than single ones have a consent that stayed unknown. With `sessions`, `count`, and a number by cause.
    ConsentsUnknown,
    /// Events or sessions could not be decided on, or erasures not begun or closed. With `count`, and `ids`: of sessions and
    /// erasures.
    WorkParked,
    /// The ledger's file is damaged, gone or replaced: nothing is written any more. With `reason`.
    LedgerDamaged,
    /// The log of a ledger in a file grows, as another program keeps its file open and reads it. With `bytes`.
    LogLong,
    /// Another program's transaction in the ledger's database stays open, so that nothing that is deleted is removed. With `transactions`, how
    /// many have begun since, and its `process` in the database.
    SnapshotHeld,
    /// The ledger takes nothing just now: its disk is full, or somebody keeps it locked. With `reason`.
    LedgerUnwritable,
    /// Acknowledged events are not as they were written, and cannot be decided on. With `count`.
    EventsDamaged,
    /// Consent records, erasures or the sessions that they reach are not as they were written: nothing is done by them. With
    /// `count`.
    RecordsDamaged,
    /// Deliveries could not be read. With `count`.
    DeliveriesUnreadable,
    /// Deliveries of a source were refused. With `source`, `count`, and when the `last` one came.
    DeliveriesRefused,
    /// Deliveries came to paths of no source. With `count`, when the `last` one came, and the source whose name is `nearest` to these
    /// paths, if one is like them.
    PathsUnknown,
    /// Something was due more than a month ago, by the calendar. With `before` (what became due before then is late), `ids`: of
    /// erasures and sessions, and `why` the first erasures are not over: of each, what it waits for.
    Overdue,
    /// Sessions of tenants that are not ours were forgotten. With `count`.
    SessionsForeign,
    /// The ledger's clock cannot be right, and nothing is erased until it is, or a person says that it is. With `fault`
    /// (`ahead` or `behind`), `expected` and `found`.
    ClockDoubted,
    /// The newest receipt's place could not be kept outside of the ledger. With `keeper` and `reason`.
    HeadNotKept,
    /// Nothing was known of a ledger that has receipts where a server keeps that: a mount may be missing. With the `machine`, the
    /// `path`, and the `reason`: which receipt was there.
    StateBegunAnew,
    /// The chain of receipts ends earlier than it did: receipts wait until a person acts. With `reason`.
    LedgerSetBack,
    /// Records whose time is over are not all deleted: there are more of them than can be. With `kind`.
    RetentionBehind,
    /// The ledger refuses to delete records whose time is over. With `kind`, `count`, and one of them as an `example`.
    RetentionRefused,
    /// Receipts or audit could not be archived, and stay in the ledger. With `chain` and `reason`.
    ArchiveFailed,
    /// A generation of the seal key could not be made, read or destroyed: an old copy of the ledger may still open. With `reason`.
    SealKeysFailed,
    /// mluvii does not have a source's webhook as it is needed, so that deliveries may not come. With `source` and `reason`.
    WebhookWrong,
    /// What has ended at mluvii could not be compared with the ledger, so that sessions may be missing. With `mluvii` and `reason`.
    ReconcileFailed,
    /// Nothing comes from a source, although sessions end there: its deliveries do not reach us. With `source` and `reason`.
    SourceSilent,
    /// mluvii shows sessions again that were erased. With `mluvii` and `reason`.
    SessionsReappeared,
    /// An alert could not tell anybody what it should. With the name of the `alert` and `reason`.
    AlertFailed,
    /// The URL that hears that the deployment works could not be told. With `reason`.
    PingFailed,
    /// Something will be late in a few days. With when the oldest will be `late`, `ids`: of erasures and sessions, and `why`.
    DueSoon,
    /// A new or changed rule would erase more than `rules.alarm_share` allows, and nothing of it begins until a person confirms it. With
    /// `rule`, its `version`, `would`, and `sessions`: how many of a month's sessions it would have erased; `together`, how many with the other
    /// rules that are new or wait; and `mluvii`, where that is said of one company's sessions.
    RuleWaiting,
    /// What rules would do with a time of the past was found out, and waits for a person. With `mluvii`, `job`, `would`, and `sessions`: how
    /// many nobody told us of.
    PastWaiting,
    /// Requests of persons were not answered in time. With `count`, the last day (`due`) of the first, `days_left` until it, `ids`, and `why`
    /// the first are not over: of each, what it waits for.
    RequestsLate,
    /// Requests of persons have to be answered in a few days. With the same.
    RequestsDueSoon,
    /// Of requests of persons it is not known for a while whose they are. With `count` and `ids`.
    RequestsUnverified,
    /// What requests would have erased waits for somebody else's approval. With `count` and `ids`.
    RequestApprovalWaiting,
    /// A server did not take its configuration when it was last asked to, and works by the one before. With `server` and `reason`.
    ReloadFailed,
    /// A hold without an end is old: somebody should look whether it is still needed. With the `hold`.
    HoldOld,
    /// A person has paused a target, and it stays so: what waits for it goes on waiting. With the `target`.
    TargetPaused,
    /// Something that was erased is at a target again, long after its receipt. With `target`, `count`, and since when it was `erased_since`.
    RecheckResidual,
    /// What was looked at again cannot be told, or is held: a person has to look. With the same.
    RecheckUnclear,
    /// What was to be looked at again could not be, for days. With `target` and `reason`.
    RecheckLate,
    /// A sweep of `erase-again` does not go on, or was given up. With `target`, `mluvii`, its `state` (`open`
    /// or `given_up`), and the `reason`, where one is known.
    SweepStuck,
}

impl Code {
    pub(crate) const ALL: [Self; 53] = [
        Self::TargetOut,
        Self::PluginBroken,
        Self::PluginDoubtful,
        Self::ServerAway,
        Self::TargetLimited,
        Self::StepsParked,
        Self::TasksOpen,
        Self::TasksLate,
        Self::ApprovalWaiting,
        Self::ConfirmationMissing,
        Self::ConfirmationUnsent,
        Self::ReceiptsIncomplete,
        Self::ConsentsUnknown,
        Self::WorkParked,
        Self::LedgerDamaged,
        Self::LogLong,
        Self::SnapshotHeld,
        Self::LedgerUnwritable,
        Self::EventsDamaged,
        Self::RecordsDamaged,
        Self::DeliveriesUnreadable,
        Self::DeliveriesRefused,
        Self::PathsUnknown,
        Self::Overdue,
        Self::SessionsForeign,
        Self::ClockDoubted,
        Self::HeadNotKept,
        Self::StateBegunAnew,
        Self::LedgerSetBack,
        Self::RetentionBehind,
        Self::RetentionRefused,
        Self::ArchiveFailed,
        Self::SealKeysFailed,
        Self::RuleWaiting,
        Self::PastWaiting,
        Self::WebhookWrong,
        Self::ReconcileFailed,
        Self::SourceSilent,
        Self::SessionsReappeared,
        Self::AlertFailed,
        Self::PingFailed,
        Self::DueSoon,
        Self::ReloadFailed,
        Self::RequestsLate,
        Self::RequestsDueSoon,
        Self::RequestsUnverified,
        Self::RequestApprovalWaiting,
        Self::HoldOld,
        Self::TargetPaused,
        Self::RecheckResidual,
        Self::RecheckUnclear,
        Self::RecheckLate,
        Self::SweepStuck,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::TargetOut => "target_out",
            Self::PluginBroken => "plugin_broken",
            Self::PluginDoubtful => "plugin_doubtful",
            Self::ServerAway => "server_away",
            Self::TargetLimited => "target_limited",
            Self::StepsParked => "steps_parked",
            Self::TasksOpen => "tasks_open",
            Self::TasksLate => "tasks_late",
            Self::ApprovalWaiting => "approval_waiting",
            Self::ConfirmationMissing => "confirmation_missing",
            Self::ConfirmationUnsent => "confirmation_unsent",
            Self::ReceiptsIncomplete => "receipts_incomplete",
            Self::ConsentsUnknown => "consents_unknown",
            Self::WorkParked => "work_parked",
            Self::LedgerDamaged => "ledger_damaged",
            Self::LogLong => "log_long",
            Self::SnapshotHeld => "snapshot_held",
            Self::LedgerUnwritable => "ledger_unwritable",
            Self::EventsDamaged => "events_damaged",
            Self::RecordsDamaged => "records_damaged",
            Self::DeliveriesUnreadable => "deliveries_unreadable",
            Self::DeliveriesRefused => "deliveries_refused",
            Self::PathsUnknown => "paths_unknown",
            Self::Overdue => "overdue",
            Self::SessionsForeign => "sessions_foreign",
            Self::ClockDoubted => "clock_doubted",
            Self::HeadNotKept => "head_not_kept",
            Self::StateBegunAnew => "state_begun_anew",
            Self::LedgerSetBack => "ledger_set_back",
            Self::RetentionBehind => "retention_behind",
            Self::RetentionRefused => "retention_refused",
            Self::ArchiveFailed => "archive_failed",
            Self::SealKeysFailed => "seal_keys_failed",
            Self::RuleWaiting => "rule_waiting",
            Self::PastWaiting => "past_waiting",
            Self::HoldOld => "hold_old",
            Self::TargetPaused => "target_paused",
            Self::RecheckResidual => "recheck_residual",
            Self::RecheckUnclear => "recheck_unclear",
            Self::RecheckLate => "recheck_late",
            Self::SweepStuck => "sweep_stuck",
            Self::WebhookWrong => "webhook_wrong",
            Self::ReconcileFailed => "reconcile_failed",
            Self::SourceSilent => "source_silent",
            Self::SessionsReappeared => "sessions_reappeared",
            Self::AlertFailed => "alert_failed",
            Self::PingFailed => "ping_failed",
            Self::DueSoon => "due_soon",
            Self::ReloadFailed => "reload_failed",
            Self::RequestsLate => "requests_late",
            Self::RequestsDueSoon => "requests_due_soon",
            Self::RequestsUnverified => "requests_unverified",
            Self::RequestApprovalWaiting => "request_approval_waiting",
        }
    }
}

impl FromStr for Code {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|code| code.as_str() == text).ok_or("nothing has this code")
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing that needs a person, or is worth knowing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Attention {
    pub(crate) code: Code,
    pub(crate) severity: Severity,
    pub(crate) object: Object,
    /// What the code says, free of personal data: numbers, names of the configuration, and reasons as they stand in the ledger.
    pub(crate) parameters: BTreeMap<&'static str, Value>,
    /// Since when, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
    /// Who does not want to be told of it, and until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) muted: Option<Muted>,
    /// Another one when the same code and object are about something else: a further receipt, another outage.
    #[serde(skip)]
    mark: String,
}

impl Attention {
    /// Whether a person has to act, and is to be told so.
    pub(crate) fn needs_a_person(&self) -> bool {
        self.severity >= Severity::Attention && self.muted.is_none()
    }
}

#[cfg(test)]
mod tests;
