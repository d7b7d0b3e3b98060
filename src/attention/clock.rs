//! A clock that cannot be right.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is wrong with a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClockFault {
    /// It went further than time did.
    Ahead,
    /// It stands before a time that it has shown.
    Behind,
}

impl ClockFault {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ahead => "ahead",
            Self::Behind => "behind",
        }
    }
}

/// The clock of a ledger that cannot be right: nothing is erased by it before a person has said that it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClockDoubt {
    pub(crate) fault: ClockFault,
    /// What it was to show when the fault was found.
    pub(crate) expected: Timestamp,
    /// What it showed.
    pub(crate) found: Timestamp,
}
