//! Lists of persons' requests: which of them, in which order, and from where on; and how many open ones there are.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use super::LedgerError;
use super::listing::{Cursor, Page};
use super::request::{StoredRequest, last_day};
use super::row::Row;
use crate::access::Companies;
use crate::request::RequestState;
use crate::subject::TargetName;

/// Which requests to list.
#[derive(Clone, Debug)]
pub(crate) struct RequestFilter {
    /// All when empty.
    pub(crate) states: Vec<RequestState>,
    pub(crate) companies: Companies,
    /// Only those that are to be erased there.
    pub(crate) target: Option<TargetName>,
    /// Only open ones whose last day is one of these.
    pub(crate) due: Option<DueDays>,
    pub(crate) cursor: RequestCursor,
    pub(crate) limit: u32,
}

/// Days from the first one on, where one is said, and before the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DueDays {
    pub(crate) from: Option<Date>,
    pub(crate) before: Date,
}

/// In which order requests are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestOrder {
    /// By when they were entered, the newest first.
    Entered,
    /// The open ones by their last day, the first one first; those that do not run come last.
    Due,
}

impl RequestOrder {
    /// From its beginning on.
    pub(crate) fn beginning(self) -> RequestCursor {
        match self {
            Self::Entered => RequestCursor::Entered(Cursor::NEWEST),
            Self::Due => RequestCursor::Due(DuePlace { due: i64::MIN, sequence: 0 }),
        }
    }

    /// Whether all requests in these states have a place in it: what has ended has no last day.
    pub(crate) fn has(self, states: &[RequestState]) -> bool {
        self == Self::Entered || (!states.is_empty() && states.iter().all(|state| state.is_open()))
    }

    /// Where a list of this order begins; `None` where the cursor is of another order.
    pub(crate) fn begin(self, cursor: Option<RequestCursor>) -> Option<RequestCursor> {
        match cursor {
            None => Some(self.beginning()),
            Some(cursor) => (cursor.order() == self).then_some(cursor),
        }
    }
}

impl FromStr for RequestOrder {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "entered" => Ok(Self::Entered),
            "due" => Ok(Self::Due),
            _ => Err("it is none of entered, due"),
        }
    }
}

/// Where a list of requests is entered, and in which order it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestCursor {
    Entered(Cursor),
    Due(DuePlace),
}

/// A place among open requests by their last day; the list goes on behind it. Whatever is entered or ends meanwhile moves none of the others
/// over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DuePlace {
    /// Days since 1970.
    pub(super) due: i64,
    pub(super) sequence: u64,
}

impl RequestCursor {
    pub(crate) fn order(self) -> RequestOrder {
        match self {
            Self::Entered(_) => RequestOrder::Entered,
            Self::Due(_) => RequestOrder::Due,
        }
    }

    /// The same way, from what comes after this one on.
    fn after(self, last: &StoredRequest) -> Self {
        match self {
            Self::Entered(cursor) => Self::Entered(cursor.after(last.sequence)),
            Self::Due(_) => Self::Due(DuePlace { due: last_day(&last.request), sequence: last.sequence }),
        }
    }
}

/// With this begins the text of a [`DuePlace`].
const LAST_DAY: char = 'l';

impl fmt::Display for RequestCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entered(cursor) => cursor.fmt(f),
            Self::Due(DuePlace { due, sequence }) => write!(f, "{LAST_DAY}{due}-{sequence}"),
        }
    }
}

impl FromStr for RequestCursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(place) = text.strip_prefix(LAST_DAY) else { return text.parse().map(Self::Entered) };
        let read = || {
            let (due, sequence) = place.rsplit_once('-')?;
            Some(DuePlace { due: due.parse().ok()?, sequence: sequence.parse().ok()? })
        };
        read().map(Self::Due).ok_or("this is no cursor that a list has given")
    }
}

impl RequestFilter {
    pub(super) fn page(&self, found: Vec<StoredRequest>) -> Page<StoredRequest, RequestCursor> {
        Page::of(found, self.limit, |last| self.cursor.after(last))
    }
}

/// Which open requests are counted, and by which days.
#[derive(Clone, Debug)]
pub(crate) struct CountedRequests {
    pub(crate) companies: Companies,
    pub(crate) target: Option<TargetName>,
    /// What had to be answered before is late.
    pub(crate) today: Date,
    /// What has to be answered from today on and before this day is so soon.
    pub(crate) soon_before: Date,
}

/// How many open requests there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OpenCounts {
    /// Of each state that any of them is in.
    pub(crate) states: Vec<(RequestState, u64)>,
    pub(crate) late: u64,
    pub(crate) soon: u64,
}

impl OpenCounts {
    pub(crate) fn all(&self) -> u64 {
        self.states.iter().map(|(_, count)| count).sum()
    }

    pub(crate) fn of(&self, state: RequestState) -> u64 {
        self.states.iter().find(|(one, _)| *one == state).map_or(0, |(_, count)| *count)
    }

    /// Adds a row: a state, how many are in it, and how many of them are late, and will be soon.
    pub(super) fn add(&mut self, row: &impl Row) -> Result<(), LedgerError> {
        let number = |column| Ok::<_, LedgerError>(row.number(column)?.unwrap_or_default().unsigned_abs());
        self.states.push((row.word(0)?, number(1)?));
        self.late += number(2)?;
        self.soon += number(3)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_either_order_is_read_back_and_nothing_else_is_one() {
        let due = RequestCursor::Due(DuePlace { due: 20_422, sequence: 17 });
        let before_1970 = RequestCursor::Due(DuePlace { due: -3, sequence: 1 });
        let [entered, soonest] = [RequestOrder::Entered, RequestOrder::Due].map(RequestOrder::beginning);
        for cursor in [due, before_1970, entered, soonest, RequestCursor::Entered(Cursor::Up(3))] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor), "{cursor}");
        }
        for wrong in ["", "l", "l-", "l1", "l1-", "l-1", "lx-1", "l1--1", "1-1", "due"] {
            assert!(wrong.parse::<RequestCursor>().is_err(), "{wrong}");
        }
        assert_eq!(RequestOrder::Due.begin(Some(due)), Some(due));
        assert_eq!(RequestOrder::Due.begin(Some(entered)), None, "it is of another list");
        assert_eq!(RequestOrder::Entered.begin(Some(due)), None);
    }
}
