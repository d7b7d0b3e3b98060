//! Looking again, long after the receipt: on which days, what came of it, and which erasure followed which. A look erases nothing.

use jiff::{SignedDuration, Timestamp};
use quietus_plugin::Span;
use serde::{Deserialize, Serialize};

use super::ErasureId;
use crate::subject::TargetName;

/// How the rule of an erasure begins by which a target erases again what came back there; what was done before follows.
pub(crate) const ERASED_AGAIN: &str = "erased again";

/// The same of a session that mluvii shows again.
pub(crate) const SHOWN_AGAIN: &str = "shown again by mluvii";

/// Between that and the id of the erasure that was done before.
const AFTER: &str = " after ";

/// The rule of an erasure that follows another one; `how` is one of the two.
pub(crate) fn rule_after(how: &str, before: ErasureId) -> String {
    format!("{how}{AFTER}{before}")
}

/// The erasures that one by these rules follows, whose receipts stay true of their time. A rule of a configuration has no such name.
pub(crate) fn followed(rules: &[String]) -> Vec<ErasureId> {
    let of_rule = |rule: &String| {
        let rest = rule.strip_prefix(ERASED_AGAIN).or_else(|| rule.strip_prefix(SHOWN_AGAIN))?;
        rest.strip_prefix(AFTER)?.parse().ok()
    };
    rules.iter().filter_map(of_rule).collect()
}

/// How long what was found may wait until its erasure begins: who is found today may be a customer again next week.
const LAPSES_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Whether an erasure that was created then, and that these rules alone demand, must not begin any more: it erases again what was found at
/// a target so long ago that whom it is about may have come back since.
pub(crate) fn has_lapsed<'r>(mut rules: impl Iterator<Item = &'r str>, created: Timestamp, now: Timestamp) -> bool {
    let is_of_found = |rule: &str| rule.strip_prefix(ERASED_AGAIN).is_some_and(|rest| rest.starts_with(AFTER));
    // What somebody has asked for otherwise, too, does not lapse.
    let (Some(first), others) = (rules.next(), rules) else { return false };
    let are_all = std::iter::once(first).chain(others).all(is_of_found);
    are_all && now.duration_since(created) > LAPSES_AFTER
}

/// When what an erasure has ended with is looked at again, by `erasing.recheck`.
pub(crate) fn dates(ended: Timestamp, spans: &[Span]) -> Vec<Timestamp> {
    let after = |span: &Span| ended.checked_add(SignedDuration::try_from(span.0).ok()?).ok();
    spans.iter().filter_map(after).collect()
}

/// Those of its dates that have come after `done` and until `now`: the last one, as one look is for all of them.
pub(crate) fn due(ended: Timestamp, spans: &[Span], done: Timestamp, now: Timestamp) -> Option<Timestamp> {
    dates(ended, spans).into_iter().filter(|date| *date > done && *date <= now).max()
}

/// Those of its dates that nobody has looked for yet; `looked` are the times of the looks that there were.
pub(crate) fn to_come(ended: Timestamp, spans: &[Span], looked: &[Timestamp]) -> Vec<Timestamp> {
    let last = looked.iter().max();
    dates(ended, spans).into_iter().filter(|date| last.is_none_or(|last| date > last)).collect()
}

/// What came of looking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecheckOutcome {
    /// All was looked at, and nothing of theirs was there.
    Gone,
    /// Something is there that is certainly theirs, and older than their erasure.
    Residual,
    /// Something may be theirs, or they may be there rightly, or not all was looked at: a person has to look.
    Unclear,
    /// Something is there that is certainly theirs, and a hold keeps them.
    Held,
    /// Nobody could look.
    NotLooked,
}

impl RecheckOutcome {
    pub(crate) const ALL: [Self; 5] = [Self::Gone, Self::Residual, Self::Unclear, Self::Held, Self::NotLooked];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Residual => "residual",
            Self::Unclear => "unclear",
            Self::Held => "held",
            Self::NotLooked => "not_looked",
        }
    }

    /// Whether a person is told of it until something follows.
    pub(crate) fn needs_a_person(self) -> bool {
        matches!(self, Self::Residual | Self::Unclear | Self::Held)
    }
}

/// One look at what an erasure has ended with at a target. Free of personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Recheck {
    #[serde(skip)]
    pub(crate) erasure: ErasureId,
    pub(crate) target: TargetName,
    /// For which date it was.
    pub(crate) due: Timestamp,
    pub(crate) looked: Timestamp,
    pub(crate) outcome: RecheckOutcome,
    /// Why it is that, where the outcome does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    /// Records that are theirs, or may be.
    pub(crate) records: u64,
    /// Nothing has followed yet: a person has to see to it.
    pub(crate) unsettled: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * 86_400).expect("a time")
    }

    fn spans() -> [Span; 2] {
        ["30d", "365d"].map(|span| span.parse().expect("a span"))
    }

    #[test]
    fn an_erasure_is_looked_at_again_on_its_dates_and_once_for_those_that_were_missed() {
        assert_eq!(dates(at(10), &spans()), [at(40), at(375)]);
        assert_eq!(dates(at(10), &[]), []);
        let due = |done, now| due(at(10), &spans(), at(done), at(now));
        assert_eq!([due(10, 39), due(10, 40), due(40, 374)], [None, Some(at(40)), None]);
        assert_eq!([due(40, 375), due(10, 400), due(375, 900)], [Some(at(375)), Some(at(375)), None]);
        assert_eq!(dates(Timestamp::MAX, &spans()), [], "beyond the calendar");
    }

    #[test]
    fn what_is_to_come_is_what_nobody_has_looked_for() {
        let to_come = |looked: &[i64]| to_come(at(10), &spans(), &looked.iter().copied().map(at).collect::<Vec<_>>());
        assert_eq!(to_come(&[]), [at(40), at(375)]);
        assert_eq!(to_come(&[41]), [at(375)]);
        assert_eq!(to_come(&[41, 380]), []);
    }

    #[test]
    fn what_was_found_lapses_after_a_day_and_what_was_asked_for_otherwise_does_not() {
        let again = rule_after(ERASED_AGAIN, ErasureId([1; 16]));
        let shown = rule_after(SHOWN_AGAIN, ErasureId([1; 16]));
        let by = |rules: &[&str], seconds: i64| {
            has_lapsed(rules.iter().copied(), at(0), Timestamp::from_second(seconds).expect("a time"))
        };
        assert!(!by(&[&again], 86_400) && by(&[&again], 86_401));
        assert!(!by(&["request"], 86_401) && !by(&[&again, "request"], 86_401) && !by(&[], 86_401));
        assert!(!by(&[&shown], 86_401), "mluvii is asked about the session itself");
    }

    #[test]
    fn only_a_rule_of_our_own_says_which_erasure_another_one_follows() {
        let [first, second] = [ErasureId([1; 16]), ErasureId([2; 16])];
        let rules = [rule_after(ERASED_AGAIN, first), "request".to_owned(), rule_after(SHOWN_AGAIN, second)];
        assert_eq!(followed(&rules), [first, second]);
        let others = ["erased again".to_owned(), format!("erased again {first}"), format!("x after {first}")];
        assert_eq!(followed(&others), []);
    }
}
