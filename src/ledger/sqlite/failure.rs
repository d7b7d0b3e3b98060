//! What SQLite's failures mean for the caller.

use rusqlite::ErrorCode;

use super::LedgerError;
pub(super) use crate::ledger::broken;

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        let passing = error.sqlite_error_code().is_some_and(|code| {
            matches!(
                code,
                ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::DiskFull
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::CannotOpen
                    | ErrorCode::OutOfMemory
                    | ErrorCode::ReadOnly
            )
        });
        if passing { Self::Busy(error.into()) } else { Self::Broken(error.into()) }
    }
}

/// A failure that many waiters are told.
pub(super) struct Failure {
    passing: bool,
    text: String,
}

impl Failure {
    pub(super) fn error(&self) -> LedgerError {
        let cause = anyhow::Error::msg(self.text.clone());
        if self.passing { LedgerError::Busy(cause) } else { LedgerError::Broken(cause) }
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Busy(cause) => Self { passing: true, text: format!("{cause:#}") },
            LedgerError::Broken(cause) => Self { passing: false, text: format!("{cause:#}") },
        }
    }
}
