//! What an act is: an actor, an act, its object and its result.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Actor;
use crate::access::AccountName;
use crate::chain::canonical::INTEGER_MAX;
use crate::erasure::ErasureId;
use crate::subject::{InstallationName, SessionKey, SourceName, TargetName};

/// What can be ordered. The names are part of the interface: they are written, listed and filtered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    RequestErasure,
    ApproveErasure,
    RejectErasure,
    /// Lets an erasure begin by the link that was mailed to the address which its form names.
    ConfirmErasure,
    RetryErasure,
    CancelErasure,
    /// Says what became of a task that a person was given.
    ConfirmTask,
    /// Looks at whom a task is about.
    RevealTask,
    /// Makes a link by which somebody without an account answers a task.
    LinkTask,
    /// Has no further call of an erasure begin.
    StopErasure,
    /// Keeps something from being erased.
    AddHold,
    LiftHold,
    /// Retries events, sessions and erasures that could not be worked on.
    RetryWork,
    AcknowledgeReceipts,
    DropQuarantined,
    ReplayQuarantined,
    /// Lets a target's queue move again.
    ResumeTarget,
    /// Has nobody call a target.
    PauseTarget,
    MuteAttention,
    UnmuteAttention,
    ReloadPlugin,
    /// Has a server take its configuration anew.
    ReloadConfiguration,
    CreateKeys,
    RotateKey,
    CopyLedger,
    ReopenLedger,
    MigrateLedger,
    /// Says that the ledger's clock is right.
    AcceptClock,
    /// Lets a ledger go on that is older than it was, or another one.
    AcceptLedger,
    BackUpLedger,
    RestoreLedger,
    /// Moves the oldest receipts to an archive file.
    ArchiveReceipts,
    /// The same with the oldest rows of the audit.
    ArchiveAudit,
    /// Registers, corrects or restores a source's webhook at mluvii.
    RegisterWebhook,
    UnregisterWebhook,
    /// Finds sessions that have ended and of which nobody told us.
    ReconcileSessions,
    /// The same for years: ordered, confirmed or cancelled.
    ReconcilePast,
    /// Erases a session again that mluvii shows again.
    ReopenErasure,
    /// Enters a person's request.
    EnterRequest,
    /// Says whose a request is, that more was asked for to know it, or that there is an answer.
    VerifyRequest,
    /// Answers a request later.
    ExtendRequest,
    /// Erases nothing for a request, with a reason.
    RejectRequest,
    /// The person wants nothing any more.
    WithdrawRequest,
    /// Ends a request otherwise.
    CloseRequest,
    /// Shows what a request would have erased.
    PlanRequest,
    /// Says that what somebody else has shown may go.
    ApproveRequest,
    /// Asks for what was shown.
    RunRequest,
    /// Opens a request once more, of which something was found again after its receipt.
    ReopenRequest,
    /// Has who was erased at a target, and is there again, found and erased.
    EraseAgain,
    /// Looks at a target whether what was erased there is there again.
    RecheckErasures,
    /// Lets a new or changed rule erase as much as it would.
    ConfirmRule,
    /// Keeps what a version of a rule demands from ever beginning.
    RejectRule,
    /// Writes down that a person has withdrawn consents.
    WithdrawConsent,
    /// Asks that another operator has something done to an account.
    AskForAccount,
    /// Gives somebody an account.
    AddAccount,
    /// Gives an account other roles, companies or another name to show.
    ChangeAccount,
    SetPassword,
    DisableAccount,
    EnableAccount,
    SignIn,
    /// Somebody has not shown an account's password.
    RefuseSignIn,
    SignOut,
    IssueToken,
    RevokeToken,
    /// Looks at the plan of a person's request.
    ViewRequest,
    /// Looks for a person by identifiers.
    FindPerson,
    /// Looks at what a session or a guest has agreed to.
    ViewConsent,
    /// Has the consents of all people written out.
    ExportConsents,
    /// Looks at what the end of the consents of a session or a guest would do.
    ForeseeWithdrawal,
    /// Looks at what an erasure of a session or a guest would do.
    ForeseeErasure,
    /// Looks at a delivery in quarantine.
    ViewQuarantined,
    WriteCertificate,
    WriteLetter,
}

impl Act {
    pub(crate) const ALL: [Self; 73] = [
        Self::RequestErasure,
        Self::ApproveErasure,
        Self::RejectErasure,
        Self::ConfirmErasure,
        Self::RetryErasure,
        Self::CancelErasure,
        Self::ConfirmTask,
        Self::RevealTask,
        Self::LinkTask,
        Self::StopErasure,
        Self::AddHold,
        Self::LiftHold,
        Self::RetryWork,
        Self::AcknowledgeReceipts,
        Self::DropQuarantined,
        Self::ReplayQuarantined,
        Self::ResumeTarget,
        Self::PauseTarget,
        Self::MuteAttention,
        Self::UnmuteAttention,
        Self::ReloadPlugin,
        Self::ReloadConfiguration,
        Self::CreateKeys,
        Self::RotateKey,
        Self::CopyLedger,
        Self::ReopenLedger,
        Self::MigrateLedger,
        Self::AcceptClock,
        Self::AcceptLedger,
        Self::BackUpLedger,
        Self::RestoreLedger,
        Self::ArchiveReceipts,
        Self::ArchiveAudit,
        Self::ConfirmRule,
        Self::RejectRule,
        Self::RegisterWebhook,
        Self::UnregisterWebhook,
        Self::ReconcileSessions,
        Self::ReopenErasure,
        Self::EraseAgain,
        Self::RecheckErasures,
        Self::ReconcilePast,
        Self::WithdrawConsent,
        Self::EnterRequest,
        Self::VerifyRequest,
        Self::ExtendRequest,
        Self::RejectRequest,
        Self::WithdrawRequest,
        Self::CloseRequest,
        Self::PlanRequest,
        Self::ApproveRequest,
        Self::RunRequest,
        Self::ReopenRequest,
        Self::AskForAccount,
        Self::AddAccount,
        Self::ChangeAccount,
        Self::SetPassword,
        Self::DisableAccount,
        Self::EnableAccount,
        Self::SignIn,
        Self::RefuseSignIn,
        Self::SignOut,
        Self::IssueToken,
        Self::RevokeToken,
        Self::ViewRequest,
        Self::FindPerson,
        Self::ViewConsent,
        Self::ExportConsents,
        Self::ForeseeWithdrawal,
        Self::ForeseeErasure,
        Self::ViewQuarantined,
        Self::WriteCertificate,
        Self::WriteLetter,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::RequestErasure => "erasure.request",
            Self::ApproveErasure => "erasure.approve",
            Self::RejectErasure => "erasure.reject",
            Self::ConfirmErasure => "erasure.confirm",
            Self::RetryErasure => "erasure.retry",
            Self::CancelErasure => "erasure.cancel",
            Self::ConfirmTask => "task.done",
            Self::RevealTask => "task.reveal",
            Self::LinkTask => "task.link",
            Self::StopErasure => "erasure.stop",
            Self::AddHold => "hold.add",
            Self::LiftHold => "hold.lift",
            Self::RetryWork => "work.retry",
            Self::AcknowledgeReceipts => "receipts.acknowledge",
            Self::DropQuarantined => "quarantine.drop",
            Self::ReplayQuarantined => "quarantine.replay",
            Self::ResumeTarget => "target.resume",
            Self::PauseTarget => "target.pause",
            Self::MuteAttention => "attention.mute",
            Self::UnmuteAttention => "attention.unmute",
            Self::ReloadPlugin => "plugin.reload",
            Self::ReloadConfiguration => "configuration.reload",
            Self::CreateKeys => "keys.create",
            Self::RotateKey => "keys.rotate",
            Self::CopyLedger => "ledger.copy",
            Self::ReopenLedger => "ledger.reopen",
            Self::MigrateLedger => "ledger.migrate",
            Self::AcceptClock => "clock.accept",
            Self::AcceptLedger => "ledger.accept",
            Self::BackUpLedger => "ledger.backup",
            Self::RestoreLedger => "ledger.restore",
            Self::ArchiveReceipts => "receipts.archive",
            Self::ArchiveAudit => "audit.archive",
            Self::ConfirmRule => "rules.confirm",
            Self::RejectRule => "rules.reject",
            Self::RegisterWebhook => "webhook.register",
            Self::UnregisterWebhook => "webhook.unregister",
            Self::ReconcileSessions => "sessions.reconcile",
            Self::ReopenErasure => "erasure.reopen",
            Self::ReconcilePast => "sessions.reconcile_past",
            Self::WithdrawConsent => "consent.withdraw",
            Self::EnterRequest => "request.enter",
            Self::VerifyRequest => "request.verify",
            Self::ExtendRequest => "request.extend",
            Self::RejectRequest => "request.reject",
            Self::WithdrawRequest => "request.withdraw",
            Self::CloseRequest => "request.close",
            Self::PlanRequest => "request.plan",
            Self::ApproveRequest => "request.approve",
            Self::RunRequest => "request.run",
            Self::ReopenRequest => "request.reopen",
            Self::EraseAgain => "erasure.again",
            Self::RecheckErasures => "erasure.recheck",
            Self::AskForAccount => "account.ask",
            Self::AddAccount => "account.add",
            Self::ChangeAccount => "account.change",
            Self::SetPassword => "account.password",
            Self::DisableAccount => "account.disable",
            Self::EnableAccount => "account.enable",
            Self::SignIn => "account.sign_in",
            Self::RefuseSignIn => "account.sign_in_refused",
            Self::SignOut => "account.sign_out",
            Self::IssueToken => "token.issue",
            Self::RevokeToken => "token.revoke",
            Self::ViewRequest => "request.view",
            Self::FindPerson => "person.find",
            Self::ViewConsent => "consent.view",
            Self::ExportConsents => "consent.export",
            Self::ForeseeWithdrawal => "consent.foresee",
            Self::ForeseeErasure => "erasure.foresee",
            Self::ViewQuarantined => "quarantine.view",
            Self::WriteCertificate => "receipt.certificate",
            Self::WriteLetter => "letter.write",
        }
    }
}

impl FromStr for Act {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|act| act.as_str() == text).ok_or("there is no such act")
    }
}

/// What an act is done to, or what needs a person: a kind, and an id or a name where there are several. Only
/// [`Object::written`] makes one of a text, which is compared with those that are there; a row names only what is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn erasure(id: ErasureId) -> Self {
        Self(format!("erasure:{id}"))
    }

    /// A person's request, by its installation and its number.
    pub(crate) fn request(installation: &InstallationName, number: &impl fmt::Display) -> Self {
        Self(format!("request:{installation}/{number}"))
    }

    /// All requests.
    pub(crate) fn requests() -> Self {
        Self("requests".to_owned())
    }

    pub(crate) fn target(name: &TargetName) -> Self {
        Self(format!("target:{name}"))
    }

    pub(crate) fn plugin(name: &TargetName) -> Self {
        Self(format!("plugin:{name}"))
    }

    /// The configuration of the server at a place.
    pub(crate) fn configuration(place: &str) -> Self {
        Self(format!("configuration:{place}"))
    }

    /// One delivery in quarantine, by its number.
    pub(crate) fn quarantined(number: i64) -> Self {
        Self(format!("quarantine:{number}"))
    }

    /// All erasures.
    pub(crate) fn erasures() -> Self {
        Self("erasures".to_owned())
    }

    /// Links that confirm, all of them.
    pub(crate) fn confirmations() -> Self {
        Self("confirmations".to_owned())
    }

    /// All receipts.
    pub(crate) fn receipts() -> Self {
        Self("receipts".to_owned())
    }

    /// One receipt, by its number.
    pub(crate) fn receipt(number: u64) -> Self {
        Self(format!("receipt:{number}"))
    }

    /// What is kept of the people of one company.
    pub(crate) fn company(name: &InstallationName) -> Self {
        Self(format!("company:{name}"))
    }

    /// The same of all companies.
    pub(crate) fn companies() -> Self {
        Self("companies".to_owned())
    }

    /// The whole audit.
    pub(crate) fn audit() -> Self {
        Self("audit".to_owned())
    }

    /// All deliveries in quarantine.
    pub(crate) fn quarantine() -> Self {
        Self("quarantine".to_owned())
    }

    /// Sessions, all of them.
    pub(crate) fn sessions() -> Self {
        Self("sessions".to_owned())
    }

    /// One session, by the number that mluvii gives it.
    pub(crate) fn session(key: &SessionKey) -> Self {
        Self(format!("session:{key}"))
    }

    /// The sessions of one installation.
    pub(crate) fn sessions_of(installation: &str) -> Self {
        Self(format!("sessions:{installation}"))
    }

    /// What needs a person, by its code and what it is about.
    pub(crate) fn attention(code: &'static str, about: &Self) -> Self {
        Self(format!("attention:{code}/{about}"))
    }

    /// Whatever needs a person by this code.
    pub(crate) fn attentions(code: &'static str) -> Self {
        Self(format!("attention:{code}"))
    }

    pub(crate) fn source(name: &SourceName) -> Self {
        Self(format!("source:{name}"))
    }

    /// The paths that deliveries come to.
    pub(crate) fn webhooks() -> Self {
        Self("webhooks".to_owned())
    }

    /// The processes that work on the ledger.
    pub(crate) fn servers() -> Self {
        Self("servers".to_owned())
    }

    /// Events and sessions that are to be decided on.
    pub(crate) fn work() -> Self {
        Self("work".to_owned())
    }

    /// Acknowledged events.
    pub(crate) fn events() -> Self {
        Self("events".to_owned())
    }

    pub(crate) fn keys() -> Self {
        Self("keys".to_owned())
    }

    pub(crate) fn ledger() -> Self {
        Self("ledger".to_owned())
    }

    /// The ledger's clock.
    pub(crate) fn clock() -> Self {
        Self("clock".to_owned())
    }

    /// Records of one kind.
    pub(crate) fn records(kind: &'static str) -> Self {
        Self(format!("records:{kind}"))
    }

    /// Somebody who keeps the newest receipt's place outside of the ledger.
    pub(crate) fn keeper(name: &str) -> Self {
        Self(format!("keeper:{name}"))
    }

    /// An alert of the configuration, by its name.
    pub(crate) fn alert(name: &str) -> Self {
        Self(format!("alert:{name}"))
    }

    /// The URL that hears that the deployment works.
    pub(crate) fn ping() -> Self {
        Self("ping".to_owned())
    }

    /// The archives of a chain.
    pub(crate) fn archive(chain: &str) -> Self {
        Self(format!("archive:{chain}"))
    }

    /// A rule of the configuration, by its name.
    pub(crate) fn rule(name: &str) -> Self {
        Self(format!("rule:{name}"))
    }

    /// A hold, by its id.
    pub(crate) fn hold(id: &str) -> Self {
        Self(format!("hold:{id}"))
    }

    /// All rules.
    pub(crate) fn rules() -> Self {
        Self("rules".to_owned())
    }

    /// An account of the admin API and the pages.
    pub(crate) fn account(name: &AccountName) -> Self {
        Self(format!("account:{name}"))
    }

    /// Accounts, whichever they are.
    pub(crate) fn accounts() -> Self {
        Self("accounts".to_owned())
    }

    /// An object as it was written.
    pub(crate) fn written(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The result of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActResult {
    Done,
    /// What was asked for became part of what was there before.
    Joined,
    /// There was nothing to do, or it was too late.
    Unchanged,
    /// It is about to be done, outside of the ledger.
    Begun,
    /// It could not be done, outside of the ledger.
    Failed,
}

impl ActResult {
    pub(crate) const ALL: [Self; 5] = [Self::Done, Self::Joined, Self::Unchanged, Self::Begun, Self::Failed];

    /// `Done` when it is so.
    pub(crate) fn when(done: bool) -> Self {
        if done { Self::Done } else { Self::Unchanged }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Joined => "joined",
            Self::Unchanged => "unchanged",
            Self::Begun => "begun",
            Self::Failed => "failed",
        }
    }
}

/// A particular of an act: a number, numbers, a word that we gave out ourselves, or whether something was wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Detail {
    Number(u64),
    Numbers(Vec<u64>),
    Word(String),
    Flag(bool),
}

impl From<u64> for Detail {
    /// A greater number than JSON carries would make a row that nobody can verify.
    fn from(number: u64) -> Self {
        Self::Number(number.min(INTEGER_MAX))
    }
}

/// An act before it has its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuditEntry {
    pub(crate) actor: Actor,
    pub(crate) act: Act,
    pub(crate) object: Object,
    pub(crate) result: ActResult,
    pub(crate) details: BTreeMap<&'static str, Detail>,
}

impl AuditEntry {
    pub(crate) fn new(actor: &Actor, act: Act, object: Object, result: ActResult) -> Self {
        Self { actor: actor.clone(), act, object, result, details: BTreeMap::new() }
    }

    /// With one more particular.
    pub(crate) fn with(mut self, name: &'static str, detail: impl Into<Detail>) -> Self {
        self.details.insert(name, detail.into());
        self
    }

    /// With a word that we gave out ourselves: an id, a name of the configuration, a time.
    pub(crate) fn with_word(self, name: &'static str, word: impl fmt::Display) -> Self {
        self.with(name, Detail::Word(word.to_string()))
    }
}
