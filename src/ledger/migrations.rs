//! Which migrations a ledger was made with. Once there is a release they are only ever appended to: one that was changed
//! afterwards would leave two kinds of ledgers with the same number, and the next migration would fit one of them.

use super::UNRELEASED;
use crate::chain;

/// From this schema on, what a ledger was made with is compared with what this program has; `None` until the first release,
/// which sets it to the number of its own schema.
const RELEASED_FROM: Option<usize> = if cfg!(test) { Some(UNRELEASED + 1) } else { None };

/// What is noted of a migration that is applied.
pub(super) fn checksum(sql: &str) -> String {
    chain::hash(sql.as_bytes())
}

/// The number of the first migration that a ledger was made with and that this program has otherwise. `own` are numbered from
/// [`UNRELEASED`] on; of later ones nothing is known here.
pub(super) fn altered(applied: &[(usize, Option<String>)], own: &[&str]) -> Option<usize> {
    altered_from(RELEASED_FROM?, applied, own)
}

fn altered_from(released: usize, applied: &[(usize, Option<String>)], own: &[&str]) -> Option<usize> {
    let same = |(number, noted): &(usize, Option<String>)| {
        let known = number.checked_sub(UNRELEASED + 1).and_then(|index| own.get(index));
        known.is_none_or(|sql| noted.as_ref().is_some_and(|noted| *noted == checksum(sql)))
    };
    applied.iter().filter(|(number, _)| *number >= released).find(|one| !same(one)).map(|(number, _)| *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_that_was_changed_after_its_release_is_found() {
        let own = ["CREATE TABLE a (b)", "CREATE TABLE c (d)"];
        let first = UNRELEASED + 1;
        let second = UNRELEASED + 2;
        let noted = |texts: [&str; 2]| vec![(first, Some(checksum(texts[0]))), (second, Some(checksum(texts[1])))];
        let changed = noted([own[0], "CREATE TABLE c (e)"]);
        assert_eq!(altered_from(first, &noted(own), &own), None);
        assert_eq!(altered_from(first, &changed, &own), Some(second));
        assert_eq!(altered_from(first, &[(first, None)], &own), Some(first), "nothing was noted of it");
        // What is not released may change, and of what comes later an older program knows nothing.
        assert_eq!(altered_from(second + 1, &changed, &own), None);
        assert_eq!(altered_from(first, &changed, &own[..1]), None);
    }
}
