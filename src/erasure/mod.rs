//! An erasure: one duty to erase, from decision to receipt, made of steps. Its states, outcomes and retries, and how one
//! leads to the next ([`life`]); no I/O, no clock.

mod answer;
mod capsule;
pub(crate) mod confirmation;
mod demand;
mod exchange;
mod findings;
pub(crate) mod life;
pub(crate) mod recheck;
mod report;
mod retry;
#[cfg(test)]
pub(crate) mod sample;
mod selection;
mod step;
mod task;
mod task_link;
mod verdict;
mod version;

pub(crate) use answer::{Answer, Evidence};
pub(crate) use capsule::{Capsule, ToSeal};
pub(crate) use confirmation::{Confirm, Confirmation, Confirming};
pub(crate) use demand::RuleDemand;
pub(crate) use exchange::{Exchange, circle, rounds};
pub(crate) use findings::{Findings, MluviiSearch};
pub(crate) use recheck::{Recheck, RecheckOutcome};
pub(crate) use report::Reportable;
pub(crate) use retry::RetrySettings;
pub(crate) use selection::Selection;
pub(crate) use step::{Asked, Attempt, Halt, ReportState, Sent, Stage, Step, StepEnd, StepState};
pub(crate) use task::TaskId;
pub(crate) use task_link::TaskLink;
pub(crate) use verdict::{Foreseen, ForeseenHold, Reason, ReasonCode, SaidBefore, Seen, Verdict, judge};

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hold::HeldBy;
use crate::keys::Digest;
use crate::subject::{Fingerprinted, InstallationName, Scope, SessionKey, TargetName};

/// An erasure's id: 128 random bits, written as hex after `e-`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ErasureId(pub(crate) [u8; 16]);

impl ErasureId {
    /// An id that grows with time, so that it is inserted at the right edge of an index: 48 bits of milliseconds, 80
    /// random bits.
    pub(crate) fn generate(now: Timestamp) -> Self {
        let mut bytes = [0; 16];
        crate::keys::fill_random(&mut bytes);
        bytes[..6].copy_from_slice(&now.as_millisecond().to_be_bytes()[2..]);
        Self(bytes)
    }

    /// The least id that is generated from then on.
    pub(crate) fn least(from: Timestamp) -> Self {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&from.as_millisecond().max(0).to_be_bytes()[2..]);
        Self(bytes)
    }
}

impl fmt::Display for ErasureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e-{}", hex::encode(self.0))
    }
}

impl fmt::Debug for ErasureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ErasureId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 16];
        let digits = text.strip_prefix("e-").ok_or("an erasure id starts with `e-`")?;
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| "an erasure id is `e-` and 32 hex digits")?;
        Ok(Self(bytes))
    }
}

impl Serialize for ErasureId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ErasureId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Where an erasure stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ErasureState {
    /// Waits for a person's approval; nothing of it begins before.
    Requested,
    /// Waits for its time, or for its sessions to settle.
    Scheduled,
    /// Its identifiers are resolved and its steps under way.
    Erasing,
    /// Every target has answered; at least one is still to be re-checked.
    Verifying,
    /// At least one step needs a person, and no other step is under way.
    Parked,
    /// Every step has its outcome, and the receipt is written.
    Done,
    /// Cancelled or rejected by a person.
    Cancelled,
}

impl ErasureState {
    pub(crate) const ALL: [Self; 7] =
        [Self::Requested, Self::Scheduled, Self::Erasing, Self::Verifying, Self::Parked, Self::Done, Self::Cancelled];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Scheduled => "scheduled",
            Self::Erasing => "erasing",
            Self::Verifying => "verifying",
            Self::Parked => "parked",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The outcome at one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// It was there and is gone.
    Erased,
    /// Somebody looked with something that would have found it, and there was nothing.
    Absent,
    /// A hold or a law keeps it; the reason says which.
    Retained,
    /// Asked again, it was still there.
    Residual,
    /// Nobody has seen whether it is there: the target cannot be asked, or was not; the reason says which.
    Unverifiable,
    /// Needs a person.
    Parked,
}

impl Outcome {
    pub(crate) const ALL: [Self; 6] =
        [Self::Erased, Self::Absent, Self::Retained, Self::Residual, Self::Unverifiable, Self::Parked];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Erased => "erased",
            Self::Absent => "absent",
            Self::Retained => "retained",
            Self::Residual => "residual",
            Self::Unverifiable => "unverifiable",
            Self::Parked => "parked",
        }
    }
}

/// Whom one erasure is about. Free of personal data: it is stored, shown and signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scope", rename_all = "lowercase")]
pub(crate) enum Subject {
    Session(SessionKey),
    /// The guest's id stands in the capsule; the digest finds the guest's sessions.
    Guest {
        installation: InstallationName,
        digest: Digest,
    },
    /// The identifiers stand in the capsule; the digest of their fingerprints makes two requests of one person equal.
    Person {
        installation: InstallationName,
        digest: Digest,
    },
}

impl Subject {
    pub(crate) fn scope(&self) -> Scope {
        match self {
            Self::Session(_) => Scope::Session,
            Self::Guest { .. } => Scope::Guest,
            Self::Person { .. } => Scope::Person,
        }
    }

    /// The company whose mluvii it is about; an erasure never leaves it.
    pub(crate) fn installation(&self) -> &InstallationName {
        match self {
            Self::Session(key) => &key.installation,
            Self::Guest { installation, .. } | Self::Person { installation, .. } => installation,
        }
    }

    /// The keys of the erasures of a session and of its guest.
    pub(crate) fn keys_of(session: &SessionKey, guest: Option<Digest>) -> Vec<String> {
        let installation = session.installation.clone();
        let guest = guest.map(|digest| Self::Guest { installation, digest });
        std::iter::once(Self::Session(session.clone())).chain(guest).map(|subject| subject.key()).collect()
    }

    /// Equal for erasures of one subject and scope.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Session(key) => format!("session:{key}"),
            Self::Guest { installation, digest } => format!("guest:{installation}/{}", hex::encode(digest.0)),
            Self::Person { installation, digest } => format!("person:{installation}/{}", hex::encode(digest.0)),
        }
    }
}

/// A session that an erasure reaches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReachedSession {
    pub(crate) key: SessionKey,
    /// Whether it was read at mluvii before: only then does a 404 mean that it is gone.
    pub(crate) read_before: bool,
}

/// An erasure that a rule or a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewErasure {
    pub(crate) id: ErasureId,
    pub(crate) subject: Subject,
    /// The rule's name, or `request` when a person asked by hand.
    pub(crate) rule: String,
    /// What tells this version of the rule from others; `None` where no configured rule demands it.
    pub(crate) version: Option<String>,
    pub(crate) targets: Vec<TargetName>,
    /// When it is to begin, settling aside.
    pub(crate) due: Timestamp,
    /// Whether a person has to approve it first ([`ErasureState::Requested`]).
    pub(crate) approve: bool,
    /// When a person has approved what it does, where they did so before it was asked for: the plan of a request.
    pub(crate) approved: Option<Timestamp>,
    /// What lets it begin in the place of that person, where anything can.
    pub(crate) confirm: Option<Confirm>,
    /// By whose session a rule came to a guest: the digest of what identifies the person there. Several people can share
    /// a guest. Of a person, by which address alone the request was verified: one that is about more joins none that is about that.
    /// `None` where nothing identifies them, and where a person asked by hand.
    pub(crate) origin: Option<Digest>,
    /// What a person decided about single sessions.
    pub(crate) selection: Selection,
    /// What the request itself says; the rest is resolved when it begins.
    pub(crate) capsule: Option<ToSeal>,
    /// Of the identifiers of the request: by them it is found again.
    pub(crate) fingerprints: Vec<Fingerprinted>,
}

impl NewErasure {
    /// Erasures with the same key may become one, as long as neither has begun. One that needs approval never joins one
    /// that needs none, or that a link lets begin, nor do two with different decisions about single sessions. Two that a link lets begin are about
    /// one address each, so those that become one are about the same: a link confirms nothing that somebody else has typed. Two of one guest that come from
    /// different people stay two: whose sessions go, and when, is judged by the one who caused it. What is approved neither joins another one nor
    /// is joined: its receipt says that a person approved all that it did.
    pub(crate) fn merge_key(&self) -> String {
        if self.approved.is_some() {
            return approved_key(self.id);
        }
        let approve = match self.confirm {
            Some(Confirm::Email { .. }) => "confirm:",
            Some(Confirm::NoAddress) | None if self.approve => "approve:",
            Some(Confirm::NoAddress) | None => "",
        };
        let origin = self.origin.map(|digest| format!("@{}", hex::encode(digest.0))).unwrap_or_default();
        format!("{approve}{}{origin}{}", self.subject.key(), self.selection.key())
    }
}

/// The merge key of what a person has approved, which no other erasure has.
pub(crate) fn approved_key(id: ErasureId) -> String {
    format!("approved:{id}")
}

/// An erasure as it is shown and as its receipt is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Erasure {
    pub(crate) id: ErasureId,
    #[serde(flatten)]
    pub(crate) subject: Subject,
    pub(crate) rules: Vec<String>,
    /// Versions of rules that demanded it until a person rejected them, such as `retention@0123abcd`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) rejected: Vec<String>,
    /// What each rule demands of it alone, as long as it is not over.
    #[serde(skip)]
    pub(crate) demands: Vec<RuleDemand>,
    pub(crate) state: ErasureState,
    pub(crate) created: Timestamp,
    pub(crate) due: Timestamp,
    /// When the identifiers were resolved and the steps began.
    pub(crate) begun: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    /// When a person approved it, or the request's plan by which it was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) approved: Option<Timestamp>,
    /// How its confirmation by a link stands, where its rule wants one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confirmation: Option<Confirmation>,
    /// How many sessions it reaches, once resolved.
    pub(crate) sessions: u32,
    /// What resolving found and left; nothing before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) findings: Option<Findings>,
    /// The receipt's verdict, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verdict: Option<Verdict>,
    /// The holds by which it is kept, or was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) holds: Vec<HeldBy>,
    /// Whether one of them keeps it from going on now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) held: bool,
    pub(crate) steps: Vec<Step>,
}

#[cfg(test)]
mod tests;
