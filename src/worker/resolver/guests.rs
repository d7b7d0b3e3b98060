//! One guest id, one or several people? People who share a device share the id.

use std::collections::BTreeSet;

use crate::policy::{Certainty, Comparison};
use crate::subject::{Fingerprinted, Kind};

/// Sets of identifiers under one guest id that are compared with one another; more are those of several people.
const DISTINCT_MAX: usize = 100;

/// Whether the sessions of one guest are those of several people, no matter who is meant.
pub(crate) fn contradict_one_another(sessions: impl IntoIterator<Item = Vec<Fingerprinted>>) -> bool {
    // One person's sessions carry the same few sets of identifiers, however many sessions there are.
    let distinct: BTreeSet<BTreeSet<Fingerprinted>> =
        sessions.into_iter().map(|prints| prints.into_iter().collect()).collect();
    if distinct.len() > DISTINCT_MAX {
        return true;
    }
    let distinct: Vec<Vec<_>> = distinct.into_iter().map(|prints| prints.into_iter().collect()).collect();
    let mut pairs = distinct
        .iter()
        .enumerate()
        .flat_map(|(number, one)| distinct[number + 1..].iter().map(move |other| (one, other)));
    pairs.any(|(one, other)| Comparison::of(one, other).contradicts())
}

/// Whether a session of a guest is meant, too. Where people demonstrably share the id, only what agrees is certain.
pub(crate) fn judge_guest(
    comparison: &Comparison,
    shared: bool,
    base_is_lost: bool,
    session: &[Fingerprinted],
) -> (Certainty, String) {
    if comparison.contradicts() {
        return (Certainty::Possible, format!("same guest, and somebody else's identifiers: {comparison}"));
    }
    if base_is_lost && !session.is_empty() {
        return (Certainty::Possible, "same guest, and nothing is known any more to compare it with".to_owned());
    }
    // People who share a device may share a phone as well.
    let told_apart = comparison.agreeing.len() > 1
        || comparison.agreeing.iter().any(|kind| !matches!(kind, Kind::Name | Kind::Phone));
    if shared && !told_apart {
        return (
            Certainty::Possible,
            "same guest, but several people use it and too little says who this was".to_owned(),
        );
    }
    (Certainty::Certain, format!("same guest, and nothing contradicts: {comparison}"))
}

#[cfg(test)]
mod tests;
