//! What a receipt will have to say, as far as that is known before anything is erased. It promises nothing: a target may answer otherwise
//! once it is asked to erase, and what is not known is named as that.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Reason, ReasonCode, Seen, Verdict, at, of_evidence, of_findings, unverifiable};
use crate::erasure::{Evidence, Findings, Outcome};
use crate::hold::HeldBy;
use crate::subject::{Scope, TargetName};

/// What a target has said of what would go there, by a dry run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SaidBefore<'s> {
    pub(crate) target: &'s TargetName,
    pub(crate) outcome: Outcome,
    pub(crate) reason: Option<&'s str>,
    pub(crate) counts: &'s BTreeMap<String, u64>,
    pub(crate) evidence: &'s Evidence,
}

/// The same as it is kept: whoever approves reads it later than whoever has asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Foretold {
    pub(crate) target: TargetName,
    pub(crate) outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) counts: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) not_looked_at: Vec<String>,
}

impl Foretold {
    fn of(said: &SaidBefore<'_>) -> Self {
        Self {
            target: said.target.clone(),
            outcome: said.outcome,
            reason: said.reason.map(str::to_owned),
            counts: said.counts.clone(),
            not_looked_at: said.evidence.not_looked_at.clone(),
        }
    }
}

/// A hold that concerned what would go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ForeseenHold {
    pub(crate) held: HeldBy,
    /// Whether the erasure would wait for its end.
    pub(crate) waits: bool,
}

/// What the receipt will have to say, by what is known now. Free of personal data, as receipts are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Foreseen {
    /// When everybody was asked.
    pub(crate) at: Timestamp,
    pub(crate) reasons: Vec<Reason>,
    /// Targets that have looked, and where nothing is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) absent: Vec<TargetName>,
    /// Targets that hold something, also what they are to keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) there: Vec<TargetName>,
    /// Targets that could not say anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) not_known: Vec<TargetName>,
    /// Targets that know the person by more than is known here, and could not say it, or not all of it: more may be found by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) further: Vec<TargetName>,
    /// What each of the others has answered; empty in what an earlier program has kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) answers: Vec<Foretold>,
    /// The holds that were known then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) holds: Vec<ForeseenHold>,
}

impl Foreseen {
    /// By what was found of whom it is about, and what targets have said.
    pub(crate) fn of<'s>(
        findings: &Findings,
        scope: Scope,
        said: impl IntoIterator<Item = SaidBefore<'s>>,
        not_known: Vec<TargetName>,
        at_time: Timestamp,
    ) -> Self {
        let (mut reasons, mut absent, mut there, mut answers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        of_findings(findings, scope, &mut reasons);
        for one in said {
            answers.push(Foretold::of(&one));
            let SaidBefore { target, outcome, reason, counts: _, evidence } = one;
            let code = match outcome {
                Outcome::Retained => Some(ReasonCode::Retained),
                Outcome::Parked => Some(ReasonCode::Parked),
                Outcome::Unverifiable => Some(unverifiable(evidence)),
                // Whether it will be seen that it is gone is known only afterwards.
                Outcome::Erased | Outcome::Absent | Outcome::Residual => None,
            };
            if let Some(code) = code {
                reasons.push(Reason { detail: reason.map(str::to_owned), ..at(target, code) });
            }
            if outcome == Outcome::Absent && !evidence.looked_at.is_empty() {
                absent.push(target.clone());
            }
            // Whatever a law keeps is not looked at, and may be nothing.
            let is_seen = outcome == Outcome::Retained && !evidence.looked_at.is_empty();
            if is_seen || matches!(outcome, Outcome::Erased | Outcome::Residual) {
                there.push(target.clone());
            }
            of_evidence(target, evidence, &mut reasons);
        }
        Self { at: at_time, reasons, absent, there, not_known, further: Vec::new(), answers, holds: Vec::new() }
    }

    /// The best verdict that the receipt can have, if all else goes well.
    pub(crate) fn at_best(&self) -> Verdict {
        let sure = self.reasons.iter().filter(|reason| Self::is_sure(reason.code));
        sure.map(|reason| reason.code.allows()).max().unwrap_or(Verdict::Complete)
    }

    /// Whether a receipt will have such a reason for certain. Some targets can say nothing before they erase, and show it afterwards; what
    /// needs a person in a dry run may be mended; and an erasure waits for what could not be read just now.
    pub(crate) fn is_sure(code: ReasonCode) -> bool {
        !matches!(code, ReasonCode::Unverifiable | ReasonCode::Parked | ReasonCode::Unread)
    }

    /// Whether somebody will have seen all that is said to be gone, if all else goes well.
    pub(crate) fn seen(&self) -> Seen {
        let places = self.answers.iter().map(|answer| answer.not_looked_at.len()).sum();
        Seen::by(self.reasons.iter().map(|reason| (reason.code, reason.count)), places)
    }

    /// Whether nothing is left that the receipt may have to say otherwise: everybody has answered, and no answer may turn out worse.
    pub(crate) fn is_settled(&self) -> bool {
        let lowers_perhaps = |reason: &Reason| !Self::is_sure(reason.code) && reason.code.allows() > Verdict::Complete;
        let is_all_said = self.not_known.is_empty() && self.further.is_empty() && !self.answers.is_empty();
        is_all_said && !self.reasons.iter().any(lowers_perhaps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::MluviiSearch;

    fn foreseen(outcome: Outcome, not_known: Vec<TargetName>) -> Foreseen {
        let (target, evidence) = (TargetName("crm".into()), Evidence::default());
        let counts = BTreeMap::from([("contacts".to_owned(), 2)]);
        let findings = Findings { search: MluviiSearch::Done, ..Findings::default() };
        let said = SaidBefore { target: &target, outcome, reason: None, counts: &counts, evidence: &evidence };
        Foreseen::of(&findings, Scope::Person, [said], not_known, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_is_not_known_or_may_turn_out_worse_settles_nothing() {
        let away = vec![TargetName("erp".into())];
        for (outcome, not_known, expected) in [
            (Outcome::Erased, vec![], true),
            (Outcome::Erased, away.clone(), false),
            (Outcome::Unverifiable, vec![], false),
            (Outcome::Parked, vec![], false),
        ] {
            let foreseen = foreseen(outcome, not_known);
            assert_eq!(foreseen.is_settled(), expected, "{outcome:?} {foreseen:?}");
        }
        let more = Foreseen { further: away, ..foreseen(Outcome::Erased, Vec::new()) };
        assert!(!more.is_settled(), "what it would tell the others is not known");
        let old = Foreseen { answers: Vec::new(), ..foreseen(Outcome::Erased, Vec::new()) };
        assert!(!old.is_settled(), "whose answers nobody has kept");
    }

    #[test]
    fn every_answer_is_kept_with_what_it_counted() {
        let kept = foreseen(Outcome::Erased, Vec::new());
        assert_eq!(kept.answers[0].counts["contacts"], 2);
        let read: Foreseen = serde_json::from_str(&serde_json::to_string(&kept).expect("text")).expect("read");
        assert_eq!(read, kept);
    }
}
