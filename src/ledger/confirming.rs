//! Links that confirm, as whoever sends their mail and whoever uses them meets them; the same in both backends.

use std::time::Duration;

use jiff::Timestamp;

use super::expiry::ago;
use crate::erasure::{Capsule, ErasureId};

/// A mail that is to be sent now: its link is in the ledger.
#[derive(Clone, Debug)]
pub(crate) struct LinkMail {
    pub(crate) erasure: ErasureId,
    /// In which the address is.
    pub(crate) capsules: Vec<Capsule>,
    pub(crate) expires: Timestamp,
}

/// What using a link came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmed {
    Done(ErasureId),
    /// It, or another one of the same erasure, was used before.
    Already,
    /// There is none such, it is too old, or nothing waits for it any more.
    NotValid,
}

/// Links whose mail is not to be sent are passed over, so many at a time.
pub(super) const PASSED_MAX: usize = 100;

/// So much is deleted at once.
pub(super) const FORGOTTEN_MAX: i64 = 4_096;

/// For so long the mail to one address, and to all, is counted.
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Links that ended by then are deleted; never what mail is still counted by.
pub(super) fn forgotten_before(now: Timestamp, age: Duration) -> Option<Timestamp> {
    ago(now, Some(age.max(DAY)))
}
