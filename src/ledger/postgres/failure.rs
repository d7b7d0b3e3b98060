//! What PostgreSQL's failures mean for the caller.

use tokio_postgres::error::SqlState;

use super::LedgerError;
use crate::causes::with_causes;

/// What the server says, in its words but without what quotes values: the details, and the message about a value.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(super) struct Told {
    text: String,
    /// Two transactions were in each other's way: the same again at once succeeds.
    pub(super) conflict: bool,
    /// The values were refused: others may be taken.
    of_values: bool,
}

impl From<tokio_postgres::Error> for LedgerError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(told) = error.as_db_error() else {
            let told = Told { text: with_causes(&error), conflict: false, of_values: false };
            // What is not of the server is of the way to it, or a defect in what we sent or understand.
            let lost = error.is_closed() || is_io(&error);
            return if lost { Self::Busy(told.into()) } else { Self::Broken(told.into()) };
        };
        let code = told.code();
        let conflict = matches!(*code, SqlState::T_R_DEADLOCK_DETECTED | SqlState::T_R_SERIALIZATION_FAILURE);
        let of_values = is_of_class(code, OF_VALUES);
        // Of values, the message itself may quote them: one that is none of its type, or a trigger's own text.
        let said = if of_values { "the values are refused" } else { told.message() };
        let constraint = told.constraint().filter(|_| of_values);
        let named = constraint.map(|name| format!(", constraint {name}")).unwrap_or_default();
        let text = format!("{said} (SQLSTATE {}{named})", code.code());
        let failure = Told { text, conflict, of_values };
        match code {
            code if is_of_class(code, PASSING) => Self::Busy(failure.into()),
            // Logged and kept by whoever asked (`damage`).
            code if is_damage(code) => Self::Damaged(failure.into()),
            _ => Self::Broken(failure.into()),
        }
    }
}

impl From<deadpool_postgres::PoolError> for LedgerError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => match Self::from(error) {
                // A connection that is refused (a password, too many of them, a server that starts) may be taken later.
                Self::Broken(cause) | Self::Busy(cause) | Self::Damaged(cause) => Self::Busy(cause),
            },
            deadpool_postgres::PoolError::PostCreateHook(refused) => Self::Busy(anyhow::anyhow!("{refused}")),
            other => Self::Busy(anyhow::anyhow!("no connection: {}", with_causes(&other))),
        }
    }
}

/// What the server said, without its details: they can quote values.
pub(super) fn told(error: tokio_postgres::Error) -> anyhow::Error {
    LedgerError::from(error).into_cause()
}

/// Another transaction was in the way; the same again at once succeeds.
pub(super) fn conflict(what: &str) -> LedgerError {
    LedgerError::Busy(Told { text: what.to_owned(), conflict: true, of_values: false }.into())
}

/// Whether the error says that two transactions were in each other's way.
pub(super) fn is_conflict(error: &LedgerError) -> bool {
    told_of(error).is_some_and(|told| told.conflict)
}

fn told_of(error: &LedgerError) -> Option<&Told> {
    let (LedgerError::Busy(cause) | LedgerError::Broken(cause) | LedgerError::Damaged(cause)) = error;
    cause.downcast_ref::<Told>()
}

/// Whether the error says that the database takes statements, and not these values.
pub(super) fn is_of_values(error: &LedgerError) -> bool {
    told_of(error).is_some_and(|told| told.of_values)
}

/// What passes, by class; see the manual's appendix "PostgreSQL Error Codes".
const PASSING: &[&str] = &[
    "08", // connection
    "25", // a transaction in the wrong state, such as on a server that can only be read: a new primary is looked for
    "40", // rolled back: deadlock, serialization
    "53", // resources: disk full, out of memory, too many connections
    "55", // a lock was not to be had in time
    "57", // an operator: shutdown, cancelled, starting
    "58", // the system: I/O
];

/// What is of the values of one statement.
const OF_VALUES: &[&str] = &[
    "21", // more rows than one
    "22", // a value that is none of its type, or out of range
    "23", // a constraint
    "44", // a check of a view
    "54", // larger than a limit of the program
    "P0", // raised by a function or a trigger
];

fn is_of_class(code: &SqlState, classes: &[&str]) -> bool {
    classes.iter().any(|class| code.code().starts_with(class))
}

/// A page or an index of the server's that is not what it wrote.
fn is_damage(code: &SqlState) -> bool {
    [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code)
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    let causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
    causes.into_iter().any(|cause| cause.is::<std::io::Error>())
}
