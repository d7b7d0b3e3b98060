//! Whether somebody has seen what a verdict says. What was expected or accepted lowers no verdict, and is seen by nobody all the same: where
//! such a verdict is shown, it is not shown as if all were seen.

use super::{ReasonCode, judge};
use crate::erasure::Erasure;

/// Whether somebody has seen of all that is said to be gone that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    All,
    /// Of a system somebody's word is all that is known, or there is a place where nobody has looked.
    NotAll,
}

impl Seen {
    /// Of an erasure that is over.
    pub(crate) fn of(erasure: &Erasure) -> Self {
        let (_, reasons) = judge(erasure);
        let places = erasure.steps.iter().map(|step| step.evidence.not_looked_at.len()).sum();
        Self::by(reasons.iter().map(|reason| (reason.code, reason.count)), places)
    }

    /// By reasons, each with what it counts, and the number of places where nobody has looked.
    pub(crate) fn by(reasons: impl IntoIterator<Item = (ReasonCode, Option<u64>)>, not_looked_at: usize) -> Self {
        let is_all = not_looked_at == 0 && !reasons.into_iter().any(|(code, count)| is_unseen(code, count));
        if is_all { Self::All } else { Self::NotAll }
    }
}

/// Of a place that is accepted, nothing is counted where nobody has looked.
fn is_unseen(code: ReasonCode, count: Option<u64>) -> bool {
    match code {
        ReasonCode::ExpectedUnverifiable | ReasonCode::LedgerOnlyAccepted => true,
        ReasonCode::LeftAccepted => count.is_none_or(|count| count == 0),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::sample::{session, step};
    use crate::erasure::{Evidence, Outcome, Step, Verdict};

    #[test]
    fn what_is_complete_by_a_word_or_without_a_look_is_not_all_seen() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let seen = Step { verified_at: Some(now), ..step("crm", Outcome::Erased) };
        let expected = Evidence { expected: true, ..Evidence::default() };
        let word = Step { evidence: expected, ..step("paper", Outcome::Unverifiable) };
        let of_place = |count| {
            let accepted = [("leads".to_owned(), count)].into();
            Step { evidence: Evidence { accepted, ..Evidence::default() }, ..seen.clone() }
        };
        let place = Evidence { not_looked_at: vec!["archive".into()], expected: true, ..Evidence::default() };
        let cases = [
            (vec![seen.clone()], Seen::All),
            (vec![seen.clone(), word], Seen::NotAll),
            (vec![of_place(2)], Seen::All),
            (vec![of_place(0)], Seen::NotAll),
            (vec![Step { evidence: place, ..seen.clone() }], Seen::NotAll),
        ];
        for (steps, expected) in cases {
            let erasure = session(steps);
            assert_eq!((judge(&erasure).0, Seen::of(&erasure)), (Verdict::Complete, expected), "{erasure:?}");
        }
    }
}
