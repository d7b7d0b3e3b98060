//! Why an operation was not done.

use jiff::civil::Date;

use crate::access::{NotOneLine, PasswordRefused};
use crate::audit::NotApart;
use crate::key_files::KeysError;
use crate::ledger::LedgerError;
use crate::request::{ChosenBecause, Refused, RequestNumber};
use crate::subject::{InstallationName, Kind, SessionKey};

/// Why an operation was not done; one variant per reaction of the caller.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperationError {
    /// What is named is not there.
    #[error("{0}")]
    NotFound(String),
    /// It is there, in a state in which this cannot be done; nothing has changed.
    #[error("{0}")]
    Conflict(String),
    /// The same of a request, by why.
    #[error(transparent)]
    Refused(Box<RequestRefused>),
    /// The same of an approval, by why.
    #[error(transparent)]
    NotApproved(Box<ApprovalRefused>),
    /// An open request of the same person is there, and has this number; nothing has changed.
    #[error("the open request {0} is of the same person")]
    Duplicate(String),
    /// The input has to be changed.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The configuration, a key or a secret is wrong or missing; an operator has to act.
    #[error(transparent)]
    Configuration(anyhow::Error),
    /// The ledger is busy, away or broken.
    #[error(transparent)]
    Ledger(anyhow::Error),
    /// Another system cannot be asked now; the same again may succeed later.
    #[error(transparent)]
    Unavailable(anyhow::Error),
    /// Anything else, such as a file that cannot be written.
    #[error(transparent)]
    Failed(anyhow::Error),
}

/// Why something cannot be done with a request as it is; nothing has changed.
#[derive(Debug, thiserror::Error)]
#[error("request {number}: {why}")]
pub(crate) struct RequestRefused {
    pub(crate) number: RequestNumber,
    pub(crate) why: Refused,
}

/// Why an approval is not taken; nothing has changed.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub(crate) struct ApprovalRefused {
    /// Such as `erasure e-…`.
    pub(crate) what: String,
    pub(crate) why: NotApproved,
}

/// Why somebody's approval is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotApproved {
    #[error("{0} (requests.four_eyes)")]
    NotApart(NotApart),
    #[error("something else is demanded of it now than was shown: look at it again")]
    Changed,
    #[error("it does not wait for approval")]
    NotWaiting,
    /// It is one after another system's restore.
    #[error(
        "whom it is about was found more than a day ago and may have come back since: reject it, and run `quietus erase-again` anew"
    )]
    Lapsed,
}

/// What was ordered is done, and how it is now could not be read. Stands before the cause of a [`OperationError::Ledger`].
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it is done, but how it is now cannot be read: look at it in a while, and do not order it again")]
pub(crate) struct NotShown;

impl OperationError {
    /// The same of what was only read, after what was ordered was done.
    pub(crate) fn after_the_act(self) -> Self {
        match self {
            Self::Ledger(cause) => Self::Ledger(cause.context(NotShown)),
            other => other,
        }
    }
}

/// Characters of a reason that a person gives: a law and its article.
pub(crate) const REASON_CHARS_MAX: usize = 200;

/// What is wrong with an operation's input. The texts name no option and no member: what those are called, the caller knows.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InputError {
    #[error("there is no mluvii installation `{name}`, nor a source; there are: {known}")]
    UnknownInstallation { name: String, known: String },
    #[error("there are several mluvii installations, and a person is erased in one of them: name it ({known})")]
    InstallationNeeded { known: String },
    #[error("a hold that ends before it begins keeps nothing: its end is over")]
    EndIsOver,
    #[error("there is no target `{name}`; there are: {known}")]
    UnknownTarget { name: String, known: String },
    #[error("the session {session} is not of the installation `{within}`")]
    OtherInstallation { session: SessionKey, within: InstallationName },
    #[error("the session {0} is to be included and excluded")]
    IncludedAndExcluded(SessionKey),
    /// What a namesake has said, or what is needed, is nothing to erase by that.
    #[error(
        "the session {session} cannot be taken because of `{because}`, by which one is left: `person-says` or `content` take one"
    )]
    NoReasonToTake { session: SessionKey, because: ChosenBecause },
    #[error(
        "the phone has no country code that could be read, and the configuration does not say where it belongs: write it as \
         +420…, or set person.region, such as region = \"CZ\""
    )]
    RegionNeeded,
    #[error("nobody can be found by the {0}: it is empty after normalization")]
    NotComparable(Kind),
    #[error("there are several mluvii installations; name one: {known}")]
    SeveralInstallations { known: String },
    #[error("there is no mluvii `{name}`; there are: {known}")]
    UnknownMluvii { name: String, known: String },
    /// A plugin is to be asked about a person, and none is named.
    #[error("name a person of the test system")]
    NobodyNamed,
    #[error("the {0} is empty after normalization")]
    Empty(Kind),
    #[error("a session's id is a number")]
    SessionNumber,
    #[error("nobody is named: no identifier is given")]
    NoIdentifier,
    #[error("{day} is in the future; today is {today}")]
    FutureDay { day: Date, today: Date },
    #[error("a number such as R-7 is given by quietus; leave it out, or write the company's own")]
    OwnNumber,
    #[error("that an e-mail was answered is confirmed by its link, and not by an order")]
    LinkByOrder,
    #[error(
        "no mail with a link is sent here: write `[confirmation]` (docs/confirmation.md), or verify it otherwise (`--how`)"
    )]
    NoLinks,
    #[error(
        "a link needs the address by which people reach this server: set `server.public_url`, such as to `https://quietus.example.com`"
    )]
    NoPublicUrl,
    #[error("requests of several installations have the number {number}; name one of them ({known})")]
    AmbiguousNumber { number: String, known: String },
    /// What the law keeps has to be named.
    #[error("what is retained needs a reason: the law or duty by which it is kept")]
    RetainedWithoutReason,
    #[error("what the account is shown as: {0}")]
    ShownAs(NotOneLine),
    #[error("what the token is for: {0}")]
    Purpose(NotOneLine),
    #[error(transparent)]
    Password(PasswordRefused),
    #[error("a token is good for a year at most, and for longer than no time")]
    TokenLasts,
    #[error("a token may no more than its account: {account} has {roles}")]
    RolesBeyond { account: String, roles: String },
    #[error("a token may no more than its account: {account} may see {companies}")]
    CompaniesBeyond { account: String, companies: String },
    #[error("the reason is longer than {REASON_CHARS_MAX} characters, or more than a line")]
    ReasonTooLong,
}

impl From<LedgerError> for OperationError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error.into())
    }
}

impl From<KeysError> for OperationError {
    fn from(error: KeysError) -> Self {
        Self::Configuration(error.into())
    }
}

impl From<std::io::Error> for OperationError {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.into())
    }
}
