//! What a receipt will have to say, as far as that is known before anything is erased. It promises nothing: a target may answer otherwise
//! once it is asked to erase, and what is not known is named as that.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Reason, ReasonCode, Verdict, at, of_evidence, of_findings, unverifiable};
use crate::erasure::{Evidence, Findings, Outcome};
use crate::subject::{Scope, TargetName};

/// What a target has said of what would go there, by a dry run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SaidBefore<'s> {
    pub(crate) target: &'s TargetName,
    pub(crate) outcome: Outcome,
    pub(crate) reason: Option<&'s str>,
    pub(crate) evidence: &'s Evidence,
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
        let (mut reasons, mut absent, mut there) = (Vec::new(), Vec::new(), Vec::new());
        of_findings(findings, scope, &mut reasons);
        for SaidBefore { target, outcome, reason, evidence } in said {
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
        Self { at: at_time, reasons, absent, there, not_known }
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
}
