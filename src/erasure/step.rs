//! A step: one target's part in one erasure, and where it stands.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Capsule, Evidence, Outcome};
use crate::keys::Sealed;
use crate::subject::{InstallationName, TargetName};

/// What a step does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// The target says what else it knows the person by, before any other target erases.
    Find,
    /// The same, but nobody waits for it: whether it knows anything, and when it can be asked, is not known.
    FindLater,
    Erase,
    Verify,
}

impl Stage {
    /// Whether the target is asked what it knows, and nothing is erased.
    pub(crate) fn is_find(self) -> bool {
        matches!(self, Self::Find | Self::FindLater)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Find => "find",
            Self::FindLater => "find_later",
            Self::Erase => "erase",
            Self::Verify => "verify",
        }
    }
}

/// Where a step stands: whether it needs a person, waits for a report or is over is said here and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StepState {
    /// Its erasure has not begun.
    Planned,
    /// Others are still asked what they know the person by. After them it is asked itself, where it has not answered ([`Step::asked`]); or
    /// it is to erase, once all have.
    WaitsForFinds,
    /// Its target is to be called, or is being called. `so_far`: what it has answered in an earlier call.
    UnderWay { stage: Stage, so_far: Option<Outcome>, report: ReportState },
    /// It needs a person before it goes on. The outcome is `parked` or `residual`.
    Parked { stage: Stage, outcome: Outcome },
    /// Nothing more happens.
    Over { outcome: Outcome },
}

/// Whether somebody who has accepted the demand reports its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReportState {
    /// Nobody has accepted it.
    NotExpected,
    /// It was accepted; without a report by then a person is needed.
    Awaited { by: Timestamp },
    /// It came and is not yet taken in: an [`Answer`](super::Answer), sealed ([`Reportable::seal`](super::Reportable::seal)),
    /// as nobody has looked yet whether something personal stands in it.
    Came(Sealed),
}

/// What is known of a call that must not be made twice (`idempotent: false`). It is in the ledger before the call is made, so
/// that neither a crash nor a ledger that is away makes it be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sent {
    /// It may have been made, and what became of it is not known.
    Unanswered,
    Answered,
}

impl Sent {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unanswered => "unanswered",
            Self::Answered => "answered",
        }
    }
}

impl StepState {
    /// To be called, with nothing reported or awaited.
    pub(crate) fn to_call(stage: Stage, so_far: Option<Outcome>) -> Self {
        Self::UnderWay { stage, so_far, report: ReportState::NotExpected }
    }

    /// What is under way, also where it needs a person to go on; `None` before the beginning and after the end.
    pub(crate) fn stage(&self) -> Option<Stage> {
        match self {
            Self::UnderWay { stage, .. } | Self::Parked { stage, .. } => Some(*stage),
            Self::Planned | Self::WaitsForFinds | Self::Over { .. } => None,
        }
    }

    /// What is known of the data at the target: final only where the step is over.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::UnderWay { so_far, .. } => *so_far,
            Self::Parked { outcome, .. } | Self::Over { outcome } => Some(*outcome),
            Self::Planned | Self::WaitsForFinds => None,
        }
    }
}

/// When a target is asked what it knows the person by: after all that are asked in earlier rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Asked {
    /// It has not answered yet.
    In(u32),
    AnsweredIn(u32),
}

impl Asked {
    pub(crate) fn round(self) -> u32 {
        match self {
            Self::In(round) | Self::AnsweredIn(round) => round,
        }
    }

    /// As a ledger has it: of one that has answered, below zero.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::In(round) => round.into(),
            Self::AnsweredIn(round) => -1 - i64::from(round),
        }
    }

    /// Of what a ledger has.
    pub(crate) fn of_number(number: i64) -> Self {
        let round = |number| u32::try_from(number).unwrap_or(u32::MAX);
        if number < 0 { Self::AnsweredIn(round(-1 - number)) } else { Self::In(round(number)) }
    }
}

/// One target's part in one erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "ShownStep")]
pub(crate) struct Step {
    pub(crate) target: TargetName,
    /// How the target is called, which is also the name of its queue ([`TargetName::called_for`]).
    pub(crate) called: TargetName,
    pub(crate) state: StepState,
    /// Why it was retained, parked or could not be verified; free of personal data.
    pub(crate) reason: Option<String>,
    /// Calls of the present stage that counted as attempts.
    pub(crate) attempts: u32,
    /// How often the target was asked to erase and then still held the data.
    pub(crate) rounds: u32,
    /// Where others wait for what the target knows the person by: in which round it is asked, or was.
    pub(crate) asked: Option<Asked>,
    /// What the target said it erased, by the name of what it was, such as `contacts`.
    pub(crate) counts: BTreeMap<String, u64>,
    /// What was looked at, and what was not, by the newest answer that says anything of it.
    pub(crate) evidence: Evidence,
    pub(crate) erased_at: Option<Timestamp>,
    pub(crate) verified_at: Option<Timestamp>,
    /// How far the target said it is, for its next call; sealed, and gone when the step is over.
    pub(crate) resume: Option<Sealed>,
    /// Whether the target was asked to erase and must not be asked again before a person says so. `None` where it was not
    /// asked since, or where asking twice does no harm.
    pub(crate) sent: Option<Sent>,
    /// A person has stopped it: nothing more is asked of its target. It stays where the step ended by that, and not by an answer.
    pub(crate) stopped: bool,
    /// Somebody has taken it to have its target erase, and no answer has come since: some of the data may be gone.
    pub(crate) tried: bool,
    /// When its target is called next, where that is shown and nobody is calling it just now.
    pub(crate) due: Option<Timestamp>,
}

impl Step {
    /// A step of an erasure that has not begun.
    pub(crate) fn planned(target: TargetName, installation: &InstallationName) -> Self {
        Self {
            called: target.called_for(installation),
            target,
            state: StepState::Planned,
            reason: None,
            attempts: 0,
            rounds: 0,
            asked: None,
            counts: BTreeMap::new(),
            evidence: Evidence::default(),
            erased_at: None,
            verified_at: None,
            resume: None,
            sent: None,
            stopped: false,
            tried: false,
            due: None,
        }
    }

    /// See [`StepState::stage`].
    pub(crate) fn stage(&self) -> Option<Stage> {
        self.state.stage()
    }

    /// See [`StepState::outcome`].
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.state.outcome()
    }

    /// The outcome, once nothing more happens.
    pub(crate) fn final_outcome(&self) -> Option<Outcome> {
        match self.state {
            StepState::Over { outcome } => Some(outcome),
            _ => None,
        }
    }

    /// Whether the target was asked to erase, must not be asked twice, and nobody knows what became of it.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.sent == Some(Sent::Unanswered)
    }

    /// Whether its target has answered a demand to erase, or may have got one: then some of the data may be gone.
    pub(crate) fn may_have_erased(&self) -> bool {
        let answered = self.rounds > 0 || self.erased_at.is_some() || !self.counts.is_empty();
        answered || self.tried || self.sent.is_some() || self.report_by().is_some()
    }

    /// Whether a person who retries it has a target asked to erase that was asked before and must not be asked twice.
    pub(crate) fn erases_once_more_if_retried(&self) -> bool {
        let StepState::Parked { stage, outcome } = self.state else { return false };
        self.sent.is_some() && (stage == Stage::Erase || outcome == Outcome::Residual)
    }

    /// Until when somebody who has accepted the demand is to report its outcome.
    pub(crate) fn report_by(&self) -> Option<Timestamp> {
        match self.state {
            StepState::UnderWay { report: ReportState::Awaited { by }, .. } => Some(by),
            _ => None,
        }
    }

    /// When its target, which has answered that it has erased, is asked whether it is gone: no sooner than it asked for, as its vendor may
    /// purge by itself until then.
    pub(crate) fn asked_again(&self) -> Option<Timestamp> {
        match self.state {
            StepState::UnderWay { stage: Stage::Verify, so_far: Some(_), report: ReportState::NotExpected } => self.due,
            _ => None,
        }
    }

    /// What was reported and is not yet taken in.
    pub(crate) fn report(&self) -> Option<&Sealed> {
        match &self.state {
            StepState::UnderWay { report: ReportState::Came(sealed), .. } => Some(sealed),
            _ => None,
        }
    }
}

/// A step as `quietus erasures show` has it.
#[derive(Serialize)]
struct ShownStep {
    target: TargetName,
    stage: Option<Stage>,
    outcome: Option<Outcome>,
    reason: Option<String>,
    attempts: u32,
    rounds: u32,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    counts: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "Evidence::is_empty")]
    evidence: Evidence,
    erased_at: Option<Timestamp>,
    verified_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report_by: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_again: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<Sent>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stopped: bool,
}

impl From<Step> for ShownStep {
    fn from(step: Step) -> Self {
        Self {
            stage: step.stage(),
            outcome: step.outcome(),
            report_by: step.report_by(),
            asked_again: step.asked_again(),
            target: step.target,
            reason: step.reason,
            attempts: step.attempts,
            rounds: step.rounds,
            counts: step.counts,
            evidence: step.evidence,
            erased_at: step.erased_at,
            verified_at: step.verified_at,
            sent: step.sent,
            stopped: step.stopped,
        }
    }
}

/// The end of one call of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StepEnd {
    /// The target said what else it knows the person by. What is new of it is sealed in a capsule beside the first one.
    Found {
        capsule: Option<Capsule>,
        /// It knows more than it told: others are not asked for that.
        more: bool,
    },
    /// The target answered `erased` or `absent`: it is re-checked after the pause.
    VerifyAfter {
        pause: Duration,
        outcome: Outcome,
        reason: Option<String>,
        counts: BTreeMap<String, u64>,
        evidence: Evidence,
    },
    /// It was accepted: a report is to come within this time, after which the step is due again.
    Await { within: Duration },
    /// The same of a task that somebody was given: their word is to come.
    GivenToPeople { within: Duration },
    /// The time for a report is over and none has come: a person is needed.
    NotReported,
    /// Asked again, it was still there: erase once more after the pause.
    EraseAgain { pause: Duration },
    /// The target was asked before and must not be asked twice, and what became of that call is not known: it is not asked to
    /// erase, but whether the data is gone.
    OutcomeUnknown,
    /// Nor can it say whether the data is gone: a person is needed.
    StillUnknown { reason: String },
    /// It was stopped while somebody was to call, or was calling, and they call no more. `done`: what the target answered by then that it
    /// has erased.
    Stopped { done: BTreeMap<String, u64> },
    /// The outcome is final.
    Final { outcome: Outcome, reason: Option<String>, counts: BTreeMap<String, u64>, evidence: Evidence },
}

/// Why a call under way must erase no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Halt {
    #[error("a person has stopped it")]
    Stopped,
    #[error("a hold keeps what is left")]
    Held,
    #[error("the lease has ended; another process does the step")]
    LeaseLost,
}

/// Whether a failed call counts towards the attempt limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    Counts,
    /// A rate limit, a shutdown, an open breaker.
    Free,
    /// The ledger refuses what is written of it: that has a limit of its own, as the target did not fail.
    Refused,
    /// It panicked, likewise.
    Panicked,
}
