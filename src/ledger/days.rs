//! What was done on each of some days, for pictures of them: from indexes that hold what is counted, and no more of one day than is bounded.

use jiff::Timestamp;

use super::gauges::COUNTED_MAX;
use crate::erasure::ErasureState;

/// What was done on some days, and what is open now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Days {
    pub(crate) days: Vec<DayCounts>,
    /// Erasures that are not over.
    pub(crate) open: u64,
}

/// What was done on one day. Of erasures, each number counts [`COUNTED_MAX`] at most, of created ones by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DayCounts {
    /// Deliveries that were taken, by the hours that began on the day.
    pub(crate) deliveries: u64,
    /// Erasures that were demanded.
    pub(crate) created: u64,
    /// Erasures that ended, in whatever way.
    pub(crate) ended: u64,
    /// Those of them whose receipt is incomplete.
    pub(crate) incomplete: u64,
    /// Those of them that ended without a receipt, as they were cancelled or rejected.
    pub(crate) without_receipt: u64,
}

impl Days {
    /// How many erasures were open when each day ended, as far as that is known: going back from what is open now, a day less what
    /// was demanded on it, and with what has ended on it. Nothing from the day on, going back, of which not all was counted.
    pub(crate) fn open_at_ends(&self) -> Vec<Option<u64>> {
        let mut open = Some(self.open);
        let mut ends = Vec::with_capacity(self.days.len());
        for day in self.days.iter().rev() {
            ends.push(open);
            let all = COUNTED_MAX.unsigned_abs();
            open = open.filter(|_| day.created < all && day.ended < all);
            open = open.map(|open| (open + day.ended).saturating_sub(day.created));
        }
        ends.reverse();
        ends
    }
}

/// The states of erasures that are not over.
pub(super) fn open_states() -> impl Iterator<Item = ErasureState> {
    let is_over = |state: &ErasureState| matches!(state, ErasureState::Done | ErasureState::Cancelled);
    ErasureState::ALL.into_iter().filter(move |state| !is_over(state))
}

/// The hour since 1970 in which something is.
pub(super) fn hour(of: Timestamp) -> i64 {
    of.as_second().div_euclid(3_600)
}

/// Adds what was taken in each hour to the day on which the hour began.
pub(super) fn spread(days: &mut [DayCounts], bounds: &[Timestamp], hours: Vec<(i64, u64)>) {
    for (hour, taken) in hours {
        let second = hour.saturating_mul(3_600);
        let day = bounds.windows(2).position(|day| (day[0].as_second()..day[1].as_second()).contains(&second));
        if let Some(day) = day.and_then(|day| days.get_mut(day)) {
            day.deliveries += taken;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_open_follows_from_what_came_and_went_and_is_not_known_before_a_day_that_was_not_counted_whole() {
        let day = |created, ended| DayCounts { created, ended, ..DayCounts::default() };
        let of = |days: &[DayCounts]| Days { days: days.to_vec(), open: 3 }.open_at_ends();
        assert_eq!(of(&[day(5, 0), day(0, 1), day(2, 4)]), [Some(6), Some(5), Some(3)]);
        // What was created and is gone since is not counted: never less than nothing.
        assert_eq!(of(&[day(0, 0), day(9, 0)]), [Some(0), Some(3)]);
        let most = COUNTED_MAX.unsigned_abs();
        assert_eq!(of(&[day(0, 0), day(0, most), day(1, 0)]), [None, Some(2), Some(3)]);
    }

    #[test]
    fn an_hour_is_of_the_day_on_which_it_began() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        // As a day of 23 hours.
        let bounds = ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z"].map(at);
        let mut days = [DayCounts::default(); 2];
        let first = hour(bounds[0]);
        spread(
            &mut days,
            &bounds,
            vec![(first - 1, 100), (first, 1), (first + 22, 2), (first + 23, 4), (first + 47, 100)],
        );
        assert_eq!(days.map(|day| day.deliveries), [3, 4]);
    }
}
