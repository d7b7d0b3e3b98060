//! Until when a person has to be answered: a month from the day on which the request came (GDPR Art. 12(3)), up to two further
//! months with a reason, and the days on which more was asked for to know who the person is (Art. 12(6)).

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{days_left, working_day};

/// By so many months a request may be extended at most.
pub(crate) const EXTENDED_MONTHS_MAX: u8 = 2;

/// Months in which a person has to be answered.
const MONTHS: u8 = 1;

/// A time in which the deadline does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pause {
    pub(crate) from: Date,
    /// `None` while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<Date>,
}

/// What a deadline follows from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Term {
    pub(crate) received: Date,
    /// By so many months it was extended.
    #[serde(default)]
    pub(crate) extended: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pauses: Vec<Pause>,
}

impl Term {
    pub(crate) fn of(received: Date) -> Self {
        Self { received, extended: 0, pauses: Vec::new() }
    }

    /// Whether it does not run now.
    pub(crate) fn is_paused(&self) -> bool {
        self.pauses.last().is_some_and(|pause| pause.to.is_none())
    }

    /// Days on which it did not run, of pauses that are over.
    pub(crate) fn paused_days(&self) -> i32 {
        self.pauses.iter().map(|pause| pause.to.map_or(0, |to| days_left(pause.from, to).max(0))).sum()
    }

    /// The last day of the first month, which no extension moves; `None` as with [`Term::last_day`].
    pub(crate) fn first_month(&self) -> Option<Date> {
        Self { extended: 0, ..self.clone() }.last_day()
    }

    /// The last day; `None` while it does not run, or beyond the calendar.
    pub(crate) fn last_day(&self) -> Option<Date> {
        if self.is_paused() {
            return None;
        }
        let months = i32::from(MONTHS.saturating_add(self.extended));
        let end = self.received.checked_add(months.months()).ok()?;
        // Moved once, with the paused days in it: a free day that the end passes by is a day like any other.
        working_day(end.checked_add(self.paused_days().days()).ok()?)
    }
}
