//! What was done on each of the last days, for pictures of them.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::{OperationError, Operations};
use crate::ledger::DayCounts;

/// Days that are shown, today being the last of them. As long as deliveries are counted for.
const SHOWN: i32 = 30;

/// One day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShownDay {
    pub(crate) day: Date,
    pub(crate) counts: DayCounts,
    /// Erasures that were not over when it ended, where that is known.
    pub(crate) open: Option<u64>,
}

/// The last days, the oldest first, as the calendar of the deployment has them.
pub(crate) async fn last(on: &Operations, now: Timestamp) -> Result<Vec<ShownDay>, OperationError> {
    let calendar = &on.settings.limits.calendar;
    // Nothing is shown where the calendar ends.
    let Ok(first) = calendar.day(now).checked_sub((SHOWN - 1).days()) else { return Ok(Vec::new()) };
    let following = std::iter::successors(Some(first), |day| day.tomorrow().ok());
    let days: Vec<Date> = following.take(SHOWN.unsigned_abs() as usize + 1).collect();
    let Some(bounds) = days.iter().map(|day| calendar.begin(*day)).collect::<Option<Vec<_>>>() else {
        return Ok(Vec::new());
    };
    let counted = on.ledger.days(&bounds).await?;
    let ends = counted.open_at_ends();
    let shown = days.into_iter().zip(counted.days).zip(ends);
    Ok(shown.map(|((day, counts), open)| ShownDay { day, counts, open }).collect())
}
