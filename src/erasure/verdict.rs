//! What a receipt may say of the whole: earned by what was seen, never assumed.
//!
//! The verdict follows from the reasons alone: each code says what verdict it still allows, and the worst of them is the
//! receipt's. What a person has to know although it lowers nothing is a reason, too.

mod foreseen;
mod seen;
mod words;

pub(crate) use foreseen::{Foreseen, ForeseenHold, SaidBefore};
pub(crate) use seen::Seen;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Erasure, ErasureState, Evidence, Findings, MluviiSearch, Outcome, Step};
use crate::subject::{Scope, TargetName};

/// What an ended erasure comes to, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// Every target is erased or absent, and somebody saw it; what was expected or accepted not to be is named.
    Complete,
    /// Complete except for what a law, a hold or the vendor's own retention keeps, which is named.
    Retained,
    /// Anything else, with every reason.
    Incomplete,
}

impl Verdict {
    pub(crate) const ALL: [Self; 3] = [Self::Complete, Self::Retained, Self::Incomplete];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Retained => "retained",
            Self::Incomplete => "incomplete",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Verdict {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|verdict| verdict.as_str() == text);
        found.ok_or("a verdict is `complete`, `retained` or `incomplete`")
    }
}

/// One thing that a reader of the receipt has to know, whether it lowers the verdict or was expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reason {
    pub(crate) code: ReasonCode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<TargetName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u64>,
    /// Free of personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}

/// What kind of reason it is. The texts are part of the receipt's format: a code is never given another meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReasonCode {
    /// A person closed the erasure with steps unfinished.
    Cancelled,
    /// A person stopped the erasure while it was under way.
    Stopped,
    /// Nothing says whom the erasure reaches: it was never resolved, or it has no targets.
    NotResolved,
    /// Sessions that are only possibly meant were left.
    PossibleLeft,
    /// Sessions that are only possibly meant were erased, because a person said so.
    PossibleIncluded,
    /// A person said that sessions that are only possibly meant are somebody else's.
    PossibleExcluded,
    /// Sessions of the person were left, because somebody said so: certain ones, and possible ones that are needed.
    Excluded,
    /// Sessions that are certainly meant were left, because they have come since it was planned what goes.
    CameSince,
    /// Sessions could not be read, so that nobody knows whether they are meant, or what to look for.
    Unread,
    /// Sessions were named by their numbers, and mluvii never showed them.
    NeverRead,
    /// The erasure reaches less far than its rule or request says.
    Narrowed,
    /// mluvii was not searched for sessions that the ledger does not know.
    LedgerOnly,
    /// The same, and the configuration accepts it.
    LedgerOnlyAccepted,
    /// The target needs a person; its part is open.
    Parked,
    /// Asked again, the target still held the data.
    Residual,
    /// Nobody has seen whether the data is gone.
    Unverifiable,
    /// The same, and the configuration expects it of this target.
    ExpectedUnverifiable,
    /// A law or a hold keeps the data.
    Retained,
    /// A hold kept the erasure for a time, or keeps what is left of it.
    Held,
    /// The vendor keeps deleted data for a while of its own.
    KeptByVendor,
    /// Something personal is still there.
    LeftBehind,
    /// The same, of a kind that the configuration accepts to be left.
    LeftAccepted,
    /// A place that could hold something was not looked at.
    NotLookedAt,
}

impl ReasonCode {
    pub(crate) const ALL: [Self; 23] = [
        Self::Cancelled,
        Self::Stopped,
        Self::NotResolved,
        Self::PossibleLeft,
        Self::PossibleIncluded,
        Self::PossibleExcluded,
        Self::Excluded,
        Self::CameSince,
        Self::Unread,
        Self::NeverRead,
        Self::Narrowed,
        Self::LedgerOnly,
        Self::LedgerOnlyAccepted,
        Self::Parked,
        Self::Residual,
        Self::Unverifiable,
        Self::ExpectedUnverifiable,
        Self::Retained,
        Self::Held,
        Self::KeptByVendor,
        Self::LeftBehind,
        Self::LeftAccepted,
        Self::NotLookedAt,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Stopped => "stopped",
            Self::NotResolved => "not_resolved",
            Self::PossibleLeft => "possible_left",
            Self::PossibleIncluded => "possible_included",
            Self::PossibleExcluded => "possible_excluded",
            Self::Excluded => "excluded",
            Self::CameSince => "came_since",
            Self::Unread => "unread",
            Self::NeverRead => "never_read",
            Self::Narrowed => "narrowed",
            Self::LedgerOnly => "ledger_only",
            Self::LedgerOnlyAccepted => "ledger_only_accepted",
            Self::Parked => "parked",
            Self::Residual => "residual",
            Self::Unverifiable => "unverifiable",
            Self::ExpectedUnverifiable => "expected_unverifiable",
            Self::Retained => "retained",
            Self::Held => "held",
            Self::KeptByVendor => "kept_by_vendor",
            Self::LeftBehind => "left_behind",
            Self::LeftAccepted => "left_accepted",
            Self::NotLookedAt => "not_looked_at",
        }
    }

    /// The best verdict that a receipt with this reason can have.
    pub(crate) fn allows(self) -> Verdict {
        match self {
            Self::PossibleIncluded
            | Self::PossibleExcluded
            | Self::LedgerOnlyAccepted
            | Self::ExpectedUnverifiable
            | Self::LeftAccepted
            | Self::Held => Verdict::Complete,
            Self::Retained | Self::KeptByVendor => Verdict::Retained,
            Self::Cancelled
            | Self::Stopped
            | Self::NotResolved
            | Self::PossibleLeft
            | Self::Excluded
            | Self::CameSince
            | Self::Unread
            | Self::NeverRead
            | Self::Narrowed
            | Self::LedgerOnly
            | Self::Parked
            | Self::Residual
            | Self::Unverifiable
            | Self::LeftBehind
            | Self::NotLookedAt => Verdict::Incomplete,
        }
    }
}

impl FromStr for ReasonCode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|code| code.as_str() == text).ok_or("not a reason that this program knows")
    }
}

/// The verdict on an erasure whose steps have their outcomes, and everything that a reader has to know: of the whole
/// first, then target by target.
pub(crate) fn judge(erasure: &Erasure) -> (Verdict, Vec<Reason>) {
    let mut reasons = Vec::new();
    let stopped = erasure.steps.iter().filter(|step| step.stopped).count();
    if stopped > 0 {
        reasons.push(Reason { count: Some(stopped as u64), ..reason(ReasonCode::Stopped) });
    } else if erasure.state == ErasureState::Cancelled {
        reasons.push(reason(ReasonCode::Cancelled));
    }
    for held in &erasure.holds {
        reasons.push(Reason { detail: Some(held.to_string()), ..reason(ReasonCode::Held) });
    }
    match &erasure.findings {
        Some(findings) => of_findings(findings, erasure.subject.scope(), &mut reasons),
        None => reasons.push(reason(ReasonCode::NotResolved)),
    }
    if erasure.steps.is_empty() && erasure.findings.is_some() {
        reasons.push(reason(ReasonCode::NotResolved));
    }
    for step in &erasure.steps {
        of_outcome(step, &mut reasons);
        of_evidence(&step.target, &step.evidence, &mut reasons);
    }
    let worst = reasons.iter().map(|reason| reason.code.allows()).max();
    (worst.unwrap_or(Verdict::Complete), reasons)
}

/// What resolving found and left.
fn of_findings(findings: &Findings, scope: Scope, reasons: &mut Vec<Reason>) {
    let counted = [
        (ReasonCode::PossibleLeft, findings.possible_left),
        (ReasonCode::PossibleIncluded, findings.possible_included),
        (ReasonCode::PossibleExcluded, findings.possible_excluded),
        (ReasonCode::Excluded, findings.excluded),
        (ReasonCode::CameSince, findings.came_since),
        (ReasonCode::Unread, findings.unread),
        (ReasonCode::NeverRead, findings.never_read),
    ];
    for (code, count) in counted.into_iter().filter(|(_, count)| *count > 0) {
        reasons.push(Reason { count: Some(count.into()), ..reason(code) });
    }
    if let Some(narrowed) = findings.narrowed {
        reasons.push(Reason { detail: Some(narrowed.as_str().to_owned()), ..reason(ReasonCode::Narrowed) });
    }
    if scope == Scope::Session {
        return;
    }
    match findings.search {
        MluviiSearch::Done | MluviiSearch::IdentifiersOnly => {}
        // Nobody searched, whatever the reason: a guest or a person may have sessions that the ledger does not know.
        MluviiSearch::Off | MluviiSearch::NotNeeded => reasons.push(reason(ReasonCode::LedgerOnly)),
        MluviiSearch::OffAccepted => reasons.push(reason(ReasonCode::LedgerOnlyAccepted)),
    }
}

/// What the outcome of a step says of the whole; nothing where the data is gone and somebody saw it.
fn of_outcome(step: &Step, reasons: &mut Vec<Reason>) {
    let looked = !step.evidence.looked_at.is_empty();
    let seen = match step.outcome() {
        // A target that erases says so before anybody has looked again.
        Some(Outcome::Erased) => step.verified_at.is_some(),
        Some(Outcome::Absent) => step.verified_at.is_some() || looked,
        _ => false,
    };
    if seen {
        return;
    }
    let code = match step.outcome() {
        Some(Outcome::Retained) => ReasonCode::Retained,
        Some(Outcome::Residual) => ReasonCode::Residual,
        Some(Outcome::Parked) => ReasonCode::Parked,
        Some(Outcome::Erased | Outcome::Absent | Outcome::Unverifiable) | None => unverifiable(&step.evidence),
    };
    reasons.push(Reason { detail: step.reason.clone(), ..at(&step.target, code) });
}

/// Nobody has seen it, which may have been expected.
fn unverifiable(evidence: &Evidence) -> ReasonCode {
    if evidence.expected { ReasonCode::ExpectedUnverifiable } else { ReasonCode::Unverifiable }
}

/// What the answer itself says was left, kept or not looked at.
fn of_evidence(target: &TargetName, evidence: &Evidence, reasons: &mut Vec<Reason>) {
    for keeps in evidence.keeps.iter().flatten() {
        reasons.push(Reason { detail: Some(keeps.clone()), ..at(target, ReasonCode::KeptByVendor) });
    }
    for (kind, count) in &evidence.left {
        let named = at(target, ReasonCode::LeftBehind);
        reasons.push(Reason { count: Some(*count), detail: Some(kind.clone()), ..named });
    }
    for (kind, count) in &evidence.accepted {
        let named = at(target, ReasonCode::LeftAccepted);
        reasons.push(Reason { count: Some(*count), detail: Some(kind.clone()), ..named });
    }
    for place in &evidence.not_looked_at {
        // Such a place is named by the step; that nobody looks there was expected or accepted.
        if !evidence.expected && !evidence.accepted.contains_key(place) {
            reasons.push(Reason { detail: Some(place.clone()), ..at(target, ReasonCode::NotLookedAt) });
        }
    }
}

fn reason(code: ReasonCode) -> Reason {
    Reason { code, target: None, count: None, detail: None }
}

fn at(target: &TargetName, code: ReasonCode) -> Reason {
    Reason { target: Some(target.clone()), ..reason(code) }
}

#[cfg(test)]
mod tests;
