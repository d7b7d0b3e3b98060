//! Links that confirm, as whoever sends their mail and whoever uses them meets them; the same in both backends.

use std::time::Duration;

use jiff::Timestamp;

use super::expiry::ago;
use crate::audit::Actor;
use crate::deadline::Calendar;
use crate::erasure::confirmation::{Link, LinkFor, LinkProof};
use crate::erasure::{Capsule, ErasureId};
use crate::request::{Request, RequestId};

/// A mail that is to be sent now: its link is in the ledger.
#[derive(Clone, Debug)]
pub(crate) struct LinkMail {
    pub(crate) of: LinkFor,
    /// In which the address is.
    pub(crate) capsules: Vec<Capsule>,
    pub(crate) expires: Timestamp,
}

/// What using a link came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmed {
    /// The erasure begins.
    Done(ErasureId),
    /// It is known whose the request is.
    Verified(RequestId),
    /// It, or another one of the same erasure or request, was used before.
    Already,
    /// There is none such, it is too old, or nothing waits for it any more.
    NotValid,
}

/// What using a link of a request comes to, and the request where it is verified by it. One that has ended, or was verified otherwise, has no
/// use for it.
pub(super) fn verified(
    number: i64,
    link: &Link,
    request: Request,
    proof: &LinkProof,
    calendar: &Calendar,
    now: Timestamp,
) -> (Confirmed, Option<Request>) {
    if request.is_by_address_alone() && request.end.is_none() {
        return (Confirmed::Already, None);
    }
    let id = request.id;
    let is_valid = link.is_valid(proof, now);
    let verified = request.verify_by_link(calendar.day(now), &Actor::link(number), now).ok().filter(|_| is_valid);
    let confirmed = if verified.is_some() { Confirmed::Verified(id) } else { Confirmed::NotValid };
    (confirmed, verified)
}

/// The requests that wait for their link.
pub(super) const AWAITED_OF_REQUEST: &str = "SELECT 1 FROM request WHERE id = $1 AND state IN ('unverified', 'asked')";

/// Ends those of a request that are still good for anything. Places are numbered in the order in which they stand, as one backend counts them.
pub(super) const OVER_OF_REQUEST: &str = "UPDATE confirmation_link SET state = 'over', ended = $1
     WHERE request = $2 AND state IN ('waiting', 'sending', 'sent')";

/// The same of an erasure.
pub(super) const OVER_OF_ERASURE: &str = "UPDATE confirmation_link SET state = 'over', ended = $1
     WHERE erasure = $2 AND state IN ('waiting', 'sending', 'sent')";

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
