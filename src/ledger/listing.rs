//! Lists: which part of them is read, and in which order. A list is read a page at a time; a page says where the next one
//! begins, as a text that the caller hands back unchanged.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use super::view::Stored;
use crate::audit::{Act, Actor, AuditRow, Object};
use crate::erasure::{Erasure, ErasureId, ErasureState, Verdict};
use crate::receipt::Receipt;
use crate::subject::{InstallationName, SourceName, TargetName};

/// The longest page.
pub(crate) const PAGE_MAX: u32 = 10_000;

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page<T, C> {
    pub(crate) items: Vec<T>,
    /// Where the next page begins; `None` when this is the last one.
    pub(crate) next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// That there is nothing.
    pub(super) fn nothing() -> Self {
        Self { items: Vec::new(), next: None }
    }

    /// Makes a page of what was found, which is one more than it holds where there is more.
    pub(super) fn of(mut found: Vec<T>, limit: u32, next: impl Fn(&T) -> C) -> Self {
        let there_is_more = found.len() > shown(limit);
        found.truncate(shown(limit));
        let next = found.last().filter(|_| there_is_more).map(next);
        Self { items: found, next }
    }
}

/// How much of a list a page holds.
fn shown(limit: u32) -> usize {
    limit.min(PAGE_MAX) as usize
}

/// Where a list of numbered things is entered, and which way it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cursor {
    /// From this number on, the oldest first.
    Up(u64),
    /// From this number on, the newest first.
    Down(u64),
}

impl Cursor {
    /// From the oldest one on.
    pub(crate) const OLDEST: Self = Self::Up(0);

    /// From the newest one on.
    pub(crate) const NEWEST: Self = Self::Down(u64::MAX);

    /// The bounds as a column has them, both of them included.
    pub(super) fn bounds(self) -> (i64, i64) {
        // SQL's numbers have a sign: a greater one would become negative, and the list empty.
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

    /// The same way, from what comes after this number on.
    pub(crate) fn after(self, number: u64) -> Self {
        match self {
            Self::Up(_) => Self::Up(number + 1),
            Self::Down(_) => Self::Down(number.saturating_sub(1)),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up(from) => write!(f, "u{from}"),
            Self::Down(from) => write!(f, "d{from}"),
        }
    }
}

const NO_CURSOR: &str = "this is no cursor that a list has given";

impl FromStr for Cursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (way, from) = text.split_at_checked(1).ok_or(NO_CURSOR)?;
        let from = from.parse().map_err(|_| NO_CURSOR)?;
        match way {
            "u" => Ok(Self::Up(from)),
            "d" => Ok(Self::Down(from)),
            _ => Err(NO_CURSOR),
        }
    }
}

/// An id holds the clock of the process that made it, a row the clock of the ledger: they differ by so much at most.
const TIMES_DIFFER_MAX: SignedDuration = SignedDuration::from_hours(1);

/// The time from which on an id may have been made whose row is of `since` or later.
pub(super) fn surely_before(since: Timestamp) -> Timestamp {
    since.checked_sub(TIMES_DIFFER_MAX).unwrap_or(Timestamp::MIN)
}

/// Which erasures to list.
#[derive(Clone, Debug)]
pub(crate) struct ErasureFilter {
    /// All when empty. Parked ones are those that need a person, also where something else of them still moves.
    pub(crate) states: Vec<ErasureState>,
    pub(crate) target: Option<TargetName>,
    /// Only those that this rule demands, or `request` for those that a person has asked for by hand.
    pub(crate) rule: Option<String>,
    pub(crate) installation: Option<InstallationName>,
    /// Only those that were asked for since then.
    pub(crate) since: Option<Timestamp>,
    /// Only open ones that are due before; these are listed with the longest due first, others with the newest first.
    pub(crate) due_before: Option<Timestamp>,
    pub(crate) after: Option<ErasureCursor>,
    pub(crate) limit: u32,
}

impl ErasureFilter {
    /// The newest ones, whatever they are.
    pub(crate) fn newest(limit: u32) -> Self {
        Self {
            states: Vec::new(),
            target: None,
            rule: None,
            installation: None,
            since: None,
            due_before: None,
            after: None,
            limit,
        }
    }

    /// The ids that a page holds, in its order, of those that were found in any order; and whether there are more.
    pub(super) fn page_of(&self, mut found: Vec<ErasureId>) -> (Vec<ErasureId>, bool) {
        // What is listed by its due time comes in that order already.
        if self.due_before.is_none() {
            found.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
            // A state that is named twice finds the same erasures twice.
            found.dedup();
        }
        let there_are_more = found.len() > shown(self.limit);
        found.truncate(shown(self.limit));
        (found, there_are_more)
    }
}

/// The end of a page of erasures: the last one on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ErasureCursor {
    pub(super) due: Timestamp,
    pub(super) id: ErasureId,
}

impl ErasureCursor {
    pub(super) fn after(erasures: &[Erasure]) -> Option<Self> {
        erasures.last().map(|erasure| Self { due: erasure.due, id: erasure.id })
    }
}

impl fmt::Display for ErasureCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.due.as_millisecond(), hex::encode(self.id.0))
    }
}

impl FromStr for ErasureCursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (due, id) = text.rsplit_once('-').ok_or(NO_CURSOR)?;
        let due = due.parse().ok().and_then(|millis| Timestamp::from_millisecond(millis).ok()).ok_or(NO_CURSOR)?;
        let mut bytes = [0; 16];
        hex::decode_to_slice(id, &mut bytes).map_err(|_| NO_CURSOR)?;
        Ok(Self { due, id: ErasureId(bytes) })
    }
}

/// Which receipts to list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReceiptRange {
    pub(crate) cursor: Cursor,
    pub(crate) limit: u32,
    /// Only those with this verdict.
    pub(crate) verdict: Option<Verdict>,
    /// Only those of erasures that ended since then.
    pub(crate) since: Option<Timestamp>,
}

impl ReceiptRange {
    /// In the order of the chain from a sequence number on, whatever they say.
    pub(crate) fn all(from: u64, limit: u32) -> Self {
        Self { cursor: Cursor::Up(from), limit, verdict: None, since: None }
    }

    pub(super) fn page(&self, found: Vec<Receipt>) -> Page<Receipt, Cursor> {
        Page::of(found, self.limit, |receipt| self.cursor.after(receipt.statement.sequence))
    }
}

/// Which deliveries in quarantine to list.
#[derive(Clone, Debug)]
pub(crate) struct QuarantineRange {
    pub(crate) cursor: Cursor,
    pub(crate) limit: u32,
    pub(crate) source: Option<SourceName>,
    /// Only what could not be read because of this.
    pub(crate) reason: Option<String>,
}

impl QuarantineRange {
    /// Of whatever source.
    pub(crate) fn all(cursor: Cursor, limit: u32) -> Self {
        Self { cursor, limit, source: None, reason: None }
    }

    pub(super) fn page(&self, found: Vec<Stored>) -> Page<Stored, Cursor> {
        Page::of(found, self.limit, |stored| self.cursor.after(stored.id.0.unsigned_abs()))
    }
}

/// Which rows of the audit to read.
#[derive(Clone, Debug)]
pub(crate) struct AuditRange {
    pub(crate) cursor: Cursor,
    pub(crate) limit: u32,
    pub(crate) actor: Option<Actor>,
    pub(crate) act: Option<Act>,
    pub(crate) object: Option<Object>,
    pub(crate) since: Option<Timestamp>,
}

impl AuditRange {
    /// Whatever was ordered, by whomever.
    pub(crate) fn all(cursor: Cursor, limit: u32) -> Self {
        Self { cursor, limit, actor: None, act: None, object: None, since: None }
    }

    pub(super) fn page(&self, found: Vec<AuditRow>) -> Page<AuditRow, Cursor> {
        Page::of(found, self.limit, |row| self.cursor.after(row.statement.sequence))
    }
}

#[cfg(test)]
mod tests;
