//! How a command ends. The codes are part of the interface: scripts read them.

use std::io;
use std::process::ExitCode;

use crate::alert::AlertWrong;
use crate::app::{StoppedAtOnce, TooManyConnections};
use crate::config::ConfigError;
use crate::key_files::KeysError;
use crate::keys::SecretError;
use crate::ledger::{LedgerError, LedgerUrlWrong, OpenError};
use crate::mluvii::SettingsError;
use crate::operations::{InputError, OperationError};
use crate::outside::{Behind, StateError};
use crate::plugin::PluginRefused;
use crate::verify::SourceError;

/// The end of a command that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done; the answer is yes.
    Done,
    /// Not done; the answer is no.
    No,
    /// There is nothing of which it could be said.
    Nothing,
    /// The running server works by another configuration.
    Differs,
}

impl Exit {
    /// `Done` when it is so.
    pub(super) fn when(done: bool) -> Self {
        if done { Self::Done } else { Self::No }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::from(0),
            Exit::No => Self::from(1),
            Exit::Nothing => Self::from(8),
            Exit::Differs => Self::from(9),
        }
    }
}

/// Why a command could not run; one variant per exit code.
#[derive(Debug)]
pub(super) enum Failure {
    /// What is named is not there, or cannot be done in the state in which it is.
    No(String),
    Usage(String),
    Config(anyhow::Error),
    Ledger(anyhow::Error),
    Other(anyhow::Error),
    /// A server that a second signal has stopped at once.
    Stopped(anyhow::Error),
}

impl Failure {
    /// The exit code.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::No(_) => 1,
            Self::Usage(_) => 2,
            Self::Config(error) | Self::Ledger(error) if is_denied(error) => 10,
            Self::Config(_) => 3,
            Self::Ledger(error) if is_damage(error) => 6,
            Self::Ledger(_) => 4,
            // The reader of our output has seen enough of it.
            Self::Other(error) if is_broken_pipe(error) => 0,
            Self::Other(_) => 5,
            Self::Stopped(_) => 7,
        }
    }
}

impl From<Failure> for anyhow::Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::No(what) | Failure::Usage(what) => Self::msg(what),
            Failure::Config(error) | Failure::Ledger(error) | Failure::Other(error) | Failure::Stopped(error) => error,
        }
    }
}

/// Whether nothing is wrong but the account that runs the command.
fn is_denied(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        matches!(cause.downcast_ref(), Some(OpenError::Denied { .. }))
            || matches!(cause.downcast_ref(), Some(SecretError::Denied { .. }))
            || cause.downcast_ref::<ConfigError>().is_some_and(ConfigError::is_denied)
    })
}

/// Whether a person has to mend the ledger before anything else.
fn is_damage(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<LedgerError>().is_some_and(LedgerError::is_damage)
            || matches!(cause.downcast_ref(), Some(OpenError::Damaged { .. }))
            || cause.is::<Behind>()
            || cause.downcast_ref::<StateError>().is_some_and(StateError::is_for_a_person)
    })
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

impl From<OperationError> for Failure {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::NotFound(what) | OperationError::Conflict(what) => Self::No(what),
            OperationError::Refused(why) => Self::No(why.to_string()),
            OperationError::NotApproved(why) => Self::No(why.to_string()),
            OperationError::Duplicate(number) => Self::No(format!(
                "the open request {number} is of the same person; to enter this one all the same: --anyway"
            )),
            OperationError::Input(wrong) => Self::Usage(usage(&wrong)),
            OperationError::Configuration(error) => Self::Config(error),
            OperationError::Ledger(error) => Self::Ledger(error),
            OperationError::Unavailable(error) | OperationError::Failed(error) => Self::Other(error),
        }
    }
}

/// What is wrong with the arguments, with the option that helps.
fn usage(wrong: &InputError) -> String {
    match wrong {
        InputError::InstallationNeeded { known } => format!(
            "there are several mluvii installations, and a person is erased in one of them: name it with --mluvii ({known})"
        ),
        InputError::SeveralInstallations { known } => format!("there are several; name one with --mluvii: {known}"),
        InputError::NobodyNamed => {
            "name a person of the test system, such as --email test@example.com; `--help` shows all kinds".to_owned()
        }
        other => other.to_string(),
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error.into())
    }
}

impl From<LedgerUrlWrong> for Failure {
    fn from(error: LedgerUrlWrong) -> Self {
        Self::Config(error.into())
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        Self::Config(error.into())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Other(error.into())
    }
}

/// Finds the code by what the error is below its context.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        // An operation says itself what kind of failure it is, whatever lies below.
        let error = match error.downcast::<OperationError>() {
            Ok(operation) => return operation.into(),
            Err(other) => other,
        };
        if error.is::<StoppedAtOnce>() {
            return Self::Stopped(error);
        }
        let config = error.is::<ConfigError>()
            || error.is::<TooManyConnections>()
            || error.is::<KeysError>()
            || error.is::<SecretError>()
            || error.is::<SettingsError>()
            || error.is::<SourceError>()
            || error.is::<AlertWrong>()
            || error.is::<PluginRefused>()
            || error.is::<LedgerUrlWrong>();
        let ledger =
            error.is::<LedgerError>() || error.is::<OpenError>() || error.is::<Behind>() || error.is::<StateError>();
        match (config, ledger) {
            (true, _) => Self::Config(error),
            (_, true) => Self::Ledger(error),
            _ => Self::Other(error),
        }
    }
}
