//! What is said of an erasure before it: what each target would erase, what is not reached, the holds, and what the receipt will have to say.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use tracing::error;

use super::shown::Held;
use crate::erasure::{Outcome, Verdict};
use crate::operations::erasures::{self, LookAgain, MayHold, NotSaid, WouldBe};
use crate::receipt::{Advised, ForeseenAdvice};
use crate::subject::TargetName;

/// What a target says; or why nothing is known, which is never as if it held nothing.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum At {
    WouldBe {
        outcome: Outcome,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        counts: BTreeMap<String, u64>,
        looked_at: Vec<String>,
        not_looked_at: Vec<String>,
        /// The kinds of identifiers that it is told.
        told: Vec<String>,
        /// Whether it can be looked again after the receipt.
        look_again: Option<LookAgain>,
    },
    NotKnown {
        why: String,
    },
}

/// What is not reached, and of what that makes the receipt incomplete.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "code")]
pub(super) enum NotReached {
    /// Sessions that are only possibly meant, about which nobody has decided.
    PossibleSessions { count: usize },
    /// Sessions of theirs that are excluded: certain ones, and possible ones that are needed.
    ExcludedSessions { count: u32 },
    /// Sessions that mluvii does not show: nobody knows whose they are.
    UnreadSessions { count: u32 },
    /// A session that is included, and was erased before.
    IncludedGone { session: String },
    /// Any session for certain: none of these sets of kinds is complete in what was given.
    CertainSessions { needed: Vec<Vec<String>> },
    /// Sessions of which quietus never heard, as mluvii itself is not searched; whether the configuration accepts that.
    UnheardSessions { accepted: bool },
    /// A session that nobody has ever read at mluvii.
    NeverRead { session: String },
    /// Targets for which nobody asked.
    Targets { targets: Vec<String> },
    /// What these targets know the person by, beside what is known: they could not say it, or not all of it.
    FurtherIdentifiers { targets: Vec<String> },
}

pub(super) fn of_not_reached(not: &erasures::NotReached) -> NotReached {
    let names = |targets: &[TargetName]| targets.iter().map(ToString::to_string).collect();
    match not {
        erasures::NotReached::PossibleSessions(count) => NotReached::PossibleSessions { count: *count },
        erasures::NotReached::ExcludedSessions(count) => NotReached::ExcludedSessions { count: *count },
        erasures::NotReached::UnreadSessions(count) => NotReached::UnreadSessions { count: *count },
        erasures::NotReached::IncludedGone(session) => NotReached::IncludedGone { session: session.to_string() },
        erasures::NotReached::CertainSessions { needed } => NotReached::CertainSessions {
            needed: needed.iter().map(|set| set.iter().map(ToString::to_string).collect()).collect(),
        },
        erasures::NotReached::UnheardSessions { accepted } => NotReached::UnheardSessions { accepted: *accepted },
        erasures::NotReached::NeverRead(session) => NotReached::NeverRead { session: session.to_string() },
        erasures::NotReached::Targets(targets) => NotReached::Targets { targets: names(targets) },
        erasures::NotReached::FurtherIdentifiers(targets) => NotReached::FurtherIdentifiers { targets: names(targets) },
    }
}

/// What the receipt will have to say.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Foreseen {
    /// The best verdict that it can have.
    at_best: Verdict,
    reasons: Vec<Reason>,
    /// Targets that could not say anything.
    not_known: Vec<String>,
}

/// A reason of a receipt.
#[derive(Debug, Serialize, JsonSchema)]
struct Reason {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Whether the verdict is lower by it.
    lowers: bool,
    /// Whether it is certain to stand there.
    sure: bool,
    meaning: String,
    /// Where there is something to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl From<&ForeseenAdvice> for Foreseen {
    fn from(foreseen: &ForeseenAdvice) -> Self {
        let reason = |one: &Advised| Reason {
            code: one.reason.code.clone(),
            target: one.reason.target.as_ref().map(ToString::to_string),
            detail: one.reason.detail.clone(),
            lowers: one.lowers,
            sure: one.sure,
            meaning: one.meaning.to_owned(),
            advice: one.advice.map(str::to_owned),
        };
        Self {
            at_best: foreseen.at_best,
            reasons: foreseen.reasons.iter().map(reason).collect(),
            not_known: foreseen.not_known.iter().map(ToString::to_string).collect(),
        }
    }
}

/// A hold that concerns it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HoldOfPlan")]
pub(super) struct Hold {
    #[serde(flatten)]
    hold: Held,
    /// `session`, `guest`, `person` or `rule`.
    on: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    until: Option<Timestamp>,
    /// Whether the erasure would wait for its end.
    waits: bool,
}

pub(super) fn of_target(said: &Result<WouldBe, NotSaid>, look_again: Option<LookAgain>) -> At {
    match said {
        Ok(would_be) => At::WouldBe {
            outcome: would_be.outcome,
            reason: would_be.reason.clone(),
            counts: would_be.counts.clone(),
            looked_at: would_be.evidence.looked_at.clone(),
            not_looked_at: would_be.evidence.not_looked_at.clone(),
            told: would_be.told.iter().map(ToString::to_string).collect(),
            look_again,
        },
        Err(NotSaid::NotStarted(why)) => {
            // It may name files of secrets, which concern operators alone.
            error!(error = why, "the targets of a plan could not be asked");
            At::NotKnown { why: "it was not asked, as it could not be started; the server's log says why".to_owned() }
        }
        Err(why) => At::NotKnown { why: why.to_string() },
    }
}

pub(super) fn of_hold(hold: &MayHold) -> Hold {
    Hold { hold: Held::from(&hold.held), on: hold.on.to_owned(), until: hold.until, waits: hold.waits }
}
