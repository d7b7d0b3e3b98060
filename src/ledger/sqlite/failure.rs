//! What SQLite's failures mean for the caller.

use rusqlite::ErrorCode;

use super::LedgerError;
pub(super) use crate::ledger::broken;

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory
                | ErrorCode::ReadOnly
                | ErrorCode::OperationInterrupted,
            ) => Self::Busy(error.into()),
            Some(code) if is_damage(code) => Self::Damaged(error.into()),
            _ => Self::Broken(error.into()),
        }
    }
}

/// Whether it says that the file is not what SQLite has written.
pub(super) fn is_damage(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
}

/// Whether the error says that the ledger takes statements, and not these values: a constraint, or what a trigger raises.
pub(super) fn is_of_values(error: &LedgerError) -> bool {
    let LedgerError::Broken(cause) = error else { return false };
    let code = cause.downcast_ref().and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig))
}

/// A failure that many waiters are told.
pub(super) struct Failure {
    kind: fn(anyhow::Error) -> LedgerError,
    text: String,
}

impl Failure {
    pub(super) fn error(&self) -> LedgerError {
        (self.kind)(anyhow::Error::msg(self.text.clone()))
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let kind = match &error {
            LedgerError::Busy(_) => LedgerError::Busy,
            LedgerError::Broken(_) => LedgerError::Broken,
            LedgerError::Damaged(_) => LedgerError::Damaged,
        };
        Self { kind, text: format!("{:#}", error.into_cause()) }
    }
}
