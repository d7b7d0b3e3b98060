//! What is counted, in words.

use crate::attention::unknown;
use crate::ledger::Counts;

/// How many sessions have an unknown consent, and why; nothing where there are none.
pub(in crate::cli) fn unknown_consents(counts: &Counts) -> Option<String> {
    let count = counts.unknown_consents.values().sum();
    let causes = counts.unknown_consents.iter().map(|(cause, count)| (*cause, *count));
    (count > 0).then(|| unknown(count, counts.sessions, causes))
}
