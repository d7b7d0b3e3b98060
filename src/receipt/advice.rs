//! The reasons of a receipt, with what each does to the verdict and what to do about it; and the same of one that is foreseen. Pure: from
//! what a receipt says to what an officer is told.

use jiff::Timestamp;
use serde::Serialize;

use super::{ReasonStatement, Statement};
use crate::erasure::{Foreseen, ReasonCode, Verdict};
use crate::subject::TargetName;

/// What a reason means that a later program gave.
const UNKNOWN: &str = "A later quietus gave this reason.";

/// A reason, with what it does and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Advised {
    #[serde(flatten)]
    pub(crate) reason: ReasonStatement,
    /// The best verdict that it allows; nothing where this program does not know it.
    pub(crate) allows: Option<Verdict>,
    /// Whether the verdict is lower by it.
    pub(crate) lowers: bool,
    /// Whether it is certain to stand on the receipt; of one that is written it is.
    pub(crate) sure: bool,
    pub(crate) meaning: &'static str,
    /// Where there is something to do.
    pub(crate) advice: Option<&'static str>,
}

impl Advised {
    fn of(reason: ReasonStatement, unknown_lowers: bool) -> Self {
        let Ok(code) = reason.code.parse::<ReasonCode>() else {
            let (allows, advice) = (None, None);
            return Self { reason, allows, lowers: unknown_lowers, sure: true, meaning: UNKNOWN, advice };
        };
        let (allows, meaning, advice) = (code.allows(), code.meaning(), code.advice());
        Self { reason, allows: Some(allows), lowers: allows > Verdict::Complete, sure: true, meaning, advice }
    }
}

impl Advised {
    /// A reason, the target that it is about, and what it says, in one line.
    pub(crate) fn named(&self) -> String {
        let reason = &self.reason;
        let target = reason.target.as_ref().map(|target| format!(" at {target}")).unwrap_or_default();
        // A place that is accepted was counted by nobody.
        let count = reason.count.filter(|count| *count > 0).map(|count| format!(", {count}")).unwrap_or_default();
        let detail = reason.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
        format!("{}{target}{count}{detail}", reason.code)
    }
}

/// What lowers a receipt's verdict, what does not, and what to do about each. A reason that this program does not know lowers it where the
/// others do not explain it.
pub(crate) fn advised(statement: &Statement) -> Vec<Advised> {
    let known = statement.reasons.iter().filter_map(|reason| reason.code.parse::<ReasonCode>().ok());
    let explained = known.map(ReasonCode::allows).max().unwrap_or(Verdict::Complete);
    let unknown_lowers = statement.verdict > explained;
    statement.reasons.iter().map(|reason| Advised::of(reason.clone(), unknown_lowers)).collect()
}

/// What a receipt will have to say, as it is shown before anything is erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ForeseenAdvice {
    /// When every target was asked.
    pub(crate) at: Timestamp,
    /// The best verdict that the receipt can have.
    pub(crate) at_best: Verdict,
    pub(crate) reasons: Vec<Advised>,
    /// Targets that could not say anything.
    pub(crate) not_known: Vec<TargetName>,
}

impl From<&Foreseen> for ForeseenAdvice {
    fn from(foreseen: &Foreseen) -> Self {
        let reasons = foreseen.reasons.iter().map(|reason| {
            let sure = Foreseen::is_sure(reason.code);
            Advised { sure, ..Advised::of(ReasonStatement::from(reason.clone()), false) }
        });
        Self {
            at: foreseen.at,
            at_best: foreseen.at_best(),
            reasons: reasons.collect(),
            not_known: foreseen.not_known.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::sample::{session, step};
    use crate::erasure::{Evidence, Findings, MluviiSearch, Outcome, SaidBefore, Step};
    use crate::receipt::sample::issued;
    use crate::subject::Scope;

    fn reason(code: &str) -> ReasonStatement {
        ReasonStatement { code: code.to_owned(), target: None, count: None, detail: None }
    }

    fn statement(steps: Vec<Step>) -> Statement {
        issued(&session(steps), None).statement
    }

    #[test]
    fn what_lowers_a_verdict_is_marked_and_says_what_to_do() {
        let evidence = Evidence {
            not_looked_at: vec!["archive".into()],
            accepted: [("leads".to_owned(), 0)].into(),
            ..Evidence::default()
        };
        let said = advised(&statement(vec![Step { evidence, ..step("crm", Outcome::Retained) }]));
        let shown: Vec<_> =
            said.iter().map(|one| (&*one.reason.code, one.allows, one.lowers, one.advice.is_some())).collect();
        assert_eq!(
            shown,
            [
                ("retained", Some(Verdict::Retained), true, true),
                ("left_accepted", Some(Verdict::Complete), false, false),
                ("not_looked_at", Some(Verdict::Incomplete), true, true),
            ]
        );
    }

    #[test]
    fn whatever_lowers_a_verdict_says_what_to_do_and_nothing_else_does() {
        for code in ReasonCode::ALL {
            let one = Advised::of(reason(code.as_str()), true);
            assert_eq!((one.lowers, one.advice.is_some()), (code.allows() > Verdict::Complete, one.lowers), "{code:?}");
        }
    }

    #[test]
    fn a_reason_of_tomorrow_lowers_what_nothing_else_explains() {
        let mut statement = statement(vec![step("crm", Outcome::Residual)]);
        statement.reasons.push(reason("of_tomorrow"));
        let lowers = |statement: &Statement| advised(statement).pop().map(|one| (one.lowers, one.allows));
        assert_eq!(lowers(&statement), Some((false, None)), "it is explained by what is known");
        statement.reasons.remove(0);
        assert_eq!(lowers(&statement), Some((true, None)));
        statement.verdict = Verdict::Complete;
        assert_eq!(lowers(&statement), Some((false, None)));
    }

    #[test]
    fn what_is_foreseen_stands_on_the_receipt_when_nothing_changes() {
        let findings = Findings { certain: 1, possible_left: 2, search: MluviiSearch::Done, ..Findings::default() };
        let evidence = Evidence { not_looked_at: vec!["archive".into()], ..Evidence::default() };
        let expected = Evidence { expected: true, ..Evidence::default() };
        let steps = [
            Step { evidence, ..step("crm", Outcome::Erased) },
            Step { evidence: expected, ..step("paper", Outcome::Unverifiable) },
            step("billing", Outcome::Retained),
        ];
        let counts = std::collections::BTreeMap::new();
        let said = steps.iter().map(|step| SaidBefore {
            target: &step.target,
            counts: &counts,
            outcome: step.outcome().expect("it has one"),
            reason: None,
            evidence: &step.evidence,
        });
        let away = vec![TargetName("erp".into())];
        let foreseen = Foreseen::of(&findings, Scope::Person, said, away.clone(), Timestamp::UNIX_EPOCH);
        let advice = ForeseenAdvice::from(&foreseen);
        assert_eq!((advice.at_best, advice.not_known), (Verdict::Incomplete, away));
        let erasure = crate::erasure::Erasure { findings: Some(findings), ..session(steps.to_vec()) };
        let (_, judged) = crate::erasure::judge(&erasure);
        // The sample is of a session, which is no other thing here: mluvii was searched.
        assert_eq!(foreseen.reasons, judged);
        assert!(advice.reasons.iter().all(|one| one.sure));
    }

    #[test]
    fn what_may_be_seen_later_lowers_nothing_for_certain() {
        let (target, evidence) = (TargetName("crm".into()), Evidence::default());
        let said = SaidBefore {
            target: &target,
            outcome: Outcome::Unverifiable,
            reason: Some("no search"),
            counts: &std::collections::BTreeMap::new(),
            evidence: &evidence,
        };
        let findings = Findings { search: MluviiSearch::Done, ..Findings::default() };
        let foreseen = Foreseen::of(&findings, Scope::Person, [said], Vec::new(), Timestamp::UNIX_EPOCH);
        let advice = ForeseenAdvice::from(&foreseen);
        assert_eq!(advice.at_best, Verdict::Complete);
        let [one] = &advice.reasons[..] else { panic!("{advice:?}") };
        assert!(one.lowers && !one.sure, "{one:?}");
        assert_eq!(one.reason.detail.as_deref(), Some("no search"));
    }
}
