//! How a command ends. The codes are part of the interface: scripts read them.

use std::io;
use std::process::ExitCode;

use super::out::Out;
use crate::config::{ConfigError, KeysError};
use crate::keys::{SealBroken, SecretError};
use crate::ledger::{LedgerError, LedgerUrlWrong, OpenError};
use crate::mluvii::SettingsError;
use crate::plugin::PluginRefused;
use crate::verify::SourceError;

/// The end of a command that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done; the answer is yes.
    Done,
    /// Not done; the answer is no.
    No,
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
        }
    }
}

/// Why a command could not run; one variant per exit code.
#[derive(Debug)]
pub(super) enum Failure {
    Usage(String),
    Config(anyhow::Error),
    Ledger(anyhow::Error),
    Other(anyhow::Error),
}

impl Failure {
    /// Says what is wrong, with the whole chain of causes.
    pub(super) fn report(self, out: &mut Out) -> ExitCode {
        let code = self.code();
        if code != 0 {
            out.error(&format!("{:#}", anyhow::Error::from(self)));
        }
        ExitCode::from(code)
    }

    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Config(_) => 3,
            Self::Ledger(_) => 4,
            // Whoever reads our output has seen enough of it.
            Self::Other(error) if is_broken_pipe(error) => 0,
            Self::Other(_) => 5,
        }
    }
}

impl From<Failure> for anyhow::Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Usage(what) => Self::msg(what),
            Failure::Config(error) | Failure::Ledger(error) | Failure::Other(error) => error,
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error.into())
    }
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        Self::Config(error.into())
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        Self::Config(error.into())
    }
}

impl From<SealBroken> for Failure {
    fn from(error: SealBroken) -> Self {
        Self::Config(error.into())
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error.into())
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::Ledger(error.into())
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
        let config = error.is::<ConfigError>()
            || error.is::<KeysError>()
            || error.is::<SecretError>()
            || error.is::<SettingsError>()
            || error.is::<SourceError>()
            || error.is::<PluginRefused>()
            || error.is::<LedgerUrlWrong>();
        let ledger = error.is::<LedgerError>() || error.is::<OpenError>();
        match (config, ledger) {
            (true, _) => Self::Config(error),
            (_, true) => Self::Ledger(error),
            _ => Self::Other(error),
        }
    }
}
