//! Parts of lists that are read as a whole, for the API and the pages alike, and how a place in such a list is written.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::hold::HoldId;
use crate::ledger::Hold;

/// A page of what is listed, and where it goes on. The list is in the order of places.
pub(super) fn page<T, P: Ord>(
    all: Vec<T>,
    place: impl Fn(&T) -> P,
    after: Option<P>,
    limit: usize,
) -> (Vec<T>, Option<P>) {
    let mut rest = all.into_iter().filter(|one| after.as_ref().is_none_or(|after| place(one) > *after));
    let items: Vec<T> = rest.by_ref().take(limit).collect();
    let more = rest.next().is_some();
    let next = items.last().map(&place).filter(|_| more);
    (items, next)
}

/// Where a list of holds ended: at one that was added then, with this id. It is found also where that hold is not listed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HoldPlace {
    added: Timestamp,
    id: HoldId,
}

impl HoldPlace {
    pub(super) fn of(hold: &Hold) -> Self {
        Self { added: hold.added, id: hold.hold.id }
    }
}

impl fmt::Display for HoldPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.added, self.id)
    }
}

impl FromStr for HoldPlace {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "this is no place that a list of holds has given";
        let (added, id) = text.split_once('~').ok_or(wrong)?;
        Ok(Self { added: added.parse().map_err(|_| wrong)?, id: id.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use super::*;

    fn place(number: u8) -> HoldPlace {
        let added = Timestamp::from_second(i64::from(number / 2)).expect("a time");
        HoldPlace { added, id: HoldId([number; 6]) }
    }

    #[test]
    fn pages_follow_one_another_also_where_the_last_one_is_gone() {
        let of = |numbers: &[u8], after| page(numbers.to_vec(), |number| place(*number), after, 2);
        let (first, next) = of(&[1, 2, 3, 4, 5], None);
        assert_eq!((first, next), (vec![1, 2], Some(place(2))));
        let written = next.map(|place| place.to_string()).expect("more");
        assert_eq!(written.parse::<HoldPlace>(), Ok(place(2)));
        assert_eq!(of(&[1, 4, 5], next), (vec![4, 5], None));
        assert_eq!(of(&[1, 3, 4, 5], next), (vec![3, 4], Some(place(4))));
        assert_eq!(of(&[], next), (vec![], None));
        assert!("x".parse::<HoldPlace>().is_err());
    }

    #[test]
    fn the_newest_first_they_follow_one_another_as_well() {
        let of = |numbers: &[u8], after| page(numbers.to_vec(), |number| Reverse(place(*number)), after, 2);
        let (first, next) = of(&[5, 4, 3, 2, 1], None);
        assert_eq!((first, next), (vec![5, 4], Some(Reverse(place(4)))));
        assert_eq!(of(&[3, 2, 1], next).0, [3, 2]);
        // One that came since is on the first page alone.
        assert_eq!(of(&[6, 5, 1], next), (vec![1], None));
    }
}
