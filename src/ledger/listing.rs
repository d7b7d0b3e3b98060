//! Lists: which part of them is read, and in which order. A list is read a page at a time; a page's end says where the next
//! one begins.

use jiff::{SignedDuration, Timestamp};

use crate::audit::{Act, Actor, Object};

/// The longest page.
pub(crate) const PAGE_MAX: u32 = 10_000;

/// Where a list of numbered things is entered, and which way it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walk {
    /// From this number on, the oldest first.
    Up(u64),
    /// From this number on, the newest first.
    Down(u64),
}

impl Walk {
    /// From the newest one on.
    pub(crate) const NEWEST: Self = Self::Down(u64::MAX);

    /// The bounds as a column has them, both of them included.
    pub(super) fn bounds(self) -> (i64, i64) {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        match self {
            Self::Up(from) => (number(from), i64::MAX),
            Self::Down(from) => (0, number(from)),
        }
    }

    /// How SQL says it.
    pub(super) fn order(self) -> &'static str {
        match self {
            Self::Up(_) => "ASC",
            Self::Down(_) => "DESC",
        }
    }
}

/// Things with ascending numbers have nearly ascending times: nearly, since several clocks give them, and some are written
/// later than others that came after them. By so much at most.
const TIMES_DIFFER_MAX: SignedDuration = SignedDuration::from_hours(1);

/// The time from which on something may be that has an older number than one of `since`.
pub(super) fn surely_before(since: Timestamp) -> Timestamp {
    since.checked_sub(TIMES_DIFFER_MAX).unwrap_or(Timestamp::MIN)
}

/// Which rows of the audit to read.
#[derive(Clone, Debug)]
pub(crate) struct AuditRange {
    pub(crate) walk: Walk,
    pub(crate) limit: u32,
    pub(crate) actor: Option<Actor>,
    pub(crate) act: Option<Act>,
    pub(crate) object: Option<Object>,
    pub(crate) since: Option<Timestamp>,
}

impl AuditRange {
    /// Whatever was ordered, by whomever.
    pub(crate) fn all(walk: Walk, limit: u32) -> Self {
        Self { walk, limit, actor: None, act: None, object: None, since: None }
    }
}
