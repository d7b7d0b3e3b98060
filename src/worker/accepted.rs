//! What the configuration expects or accepts of a target: receipts say it, and are not incomplete by it.

use std::collections::BTreeSet;

use crate::erasure::{Answer, Outcome};

/// Of one target.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accepted {
    /// Its system cannot be asked whether something is gone.
    pub(crate) unverifiable: bool,
    /// Places where it does not look, in its own words.
    pub(crate) not_looked_at: BTreeSet<String>,
    /// People erase there. Who says that something is still there is not asked once more by itself.
    pub(crate) by_people: bool,
}

impl Accepted {
    /// Of a place that people erase from: it is somebody's word.
    pub(crate) fn of_people() -> Self {
        Self { unverifiable: true, by_people: true, ..Self::default() }
    }

    /// Notes at an answer what was expected of it.
    pub(crate) fn note(&self, answer: &mut Answer) {
        let evidence = &mut answer.evidence;
        evidence.expected = self.unverifiable && answer.outcome == Outcome::Unverifiable;
        let accepted = evidence.not_looked_at.iter().filter(|place| self.not_looked_at.contains(*place));
        for place in accepted {
            evidence.accepted.entry(place.clone()).or_insert(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::erasure::Evidence;

    fn answer(outcome: Outcome) -> Answer {
        let places = ["texts of tickets", "2 folders that could not be read"].map(str::to_owned);
        let evidence = Evidence { not_looked_at: places.into(), ..Evidence::default() };
        Answer { outcome, reason: None, counts: BTreeMap::new(), verify_after: None, evidence }
    }

    #[test]
    fn a_place_is_accepted_by_its_own_words_only() {
        let accepted = Accepted { not_looked_at: ["texts of tickets".into()].into(), ..Accepted::default() };
        let mut said = answer(Outcome::Erased);
        accepted.note(&mut said);
        assert_eq!(said.evidence.accepted.keys().collect::<Vec<_>>(), ["texts of tickets"]);
        assert!(!said.evidence.expected);
    }

    #[test]
    fn only_what_nobody_could_see_was_expected() {
        let accepted = Accepted { unverifiable: true, ..Accepted::default() };
        for (outcome, is_expected) in [(Outcome::Unverifiable, true), (Outcome::Erased, false)] {
            let mut said = answer(outcome);
            accepted.note(&mut said);
            assert_eq!((said.evidence.expected, said.evidence.accepted.len()), (is_expected, 0));
        }
    }
}
