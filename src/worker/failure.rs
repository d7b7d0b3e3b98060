//! Why work is not finished now, and what that means for its claim and its target: a pure function, whose result
//! [`super::run`] carries out.

use std::time::Duration;

use super::settings::ErasingSettings;
use crate::keys::{KeyId, NoSealKey, NotOpened};
use crate::ledger::{
    Attempt, Faults, GenerationState, LedgerError, Presence, RULE_WAITS, Records, SEAL_DAMAGED, SEAL_GONE,
};
use crate::mluvii::MluviiError;
use crate::policy::RuleFailed;
use crate::subject::InstallationName;
use crate::target::{NotStored, TargetError};

/// Why a step needs a person whose target must not be asked twice, once nobody knows what became of a call.
pub(super) const NOT_TWICE: &str = "what became of the call is unknown, and the target must not be asked twice";

/// Why work needs a person that the ledger refuses. What it said stands in the log only: a trigger may say anything.
pub(super) const REFUSED: &str = "the ledger refuses what is read or written of it; the server's log says why";

const PANICKED: &str = "quietus panicked at it, which is a defect of quietus: please report it, with the version";

/// Work that panics for so many times is not tried again.
const PANICS_AT: u32 = 3;

/// What has failed for so long, and so often, while its target was not out, will not succeed by itself.
const UNDECIDABLE_AFTER: Duration = Duration::from_secs(24 * 3600);
const UNDECIDABLE_ATTEMPTS: u32 = 20;

/// How often an erasure that waits for its rule is looked at; confirming the rule has it looked at at once.
const HELD_PAUSE: Duration = Duration::from_secs(3600);

/// How soon work is done again whose key cannot be read: the folder of the keys may be away.
const NO_KEY_PAUSE: Duration = Duration::from_secs(5);

/// Why a piece of work is not finished now.
#[derive(Debug)]
pub(super) enum Failure {
    /// The ledger did not take it: the lease runs out, and the work is done again.
    Ledger(LedgerError),
    /// The call failed.
    Call(TargetError),
    /// We cancelled it: at a shutdown, or because the lease is no longer ours.
    Cancelled,
    /// It was given up, as it took longer than any call may.
    Overtime,
    /// It panicked, which is a defect of quietus: its outcome is unknown.
    Panicked,
    /// It waits for something else of ours; nothing was tried.
    Postponed(Duration),
    /// Its rule waits for a person.
    Held,
    /// What was looked at may only be early: it is looked at again.
    Early { pause: Duration, why: String },
    /// A retry cannot help.
    Permanent(String),
    /// The key is not there under which something of it is sealed. `reason` is why it needs a person, where the key is gone; the
    /// ledger says whether it is.
    NoKey { id: KeyId, reason: String },
}

/// What happens to the claim, and to the target that was asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FailureAction {
    pub(super) end: ClaimEnd,
    pub(super) target: TargetEffect,
}

/// How the claim ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ClaimEnd {
    Retry {
        pause: Duration,
        attempt: Attempt,
        reason: String,
    },
    /// It needs a person.
    Park {
        reason: String,
    },
}

/// What the failure says of the target that was asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TargetEffect {
    None,
    /// It could not be reached, whatever it is asked.
    Unavailable,
    /// It failed at this record; only several different ones say something of the target.
    Failed,
    /// It refuses this record; likewise.
    Refused,
    /// It would refuse every call: all of its work waits until it is tried again.
    Denied,
    /// It wants fewer calls.
    Limited(Duration),
}

/// What is known of the claim whose work failed.
#[derive(Clone, Copy)]
pub(super) struct Circumstances<'a> {
    pub(super) erasing: &'a ErasingSettings,
    /// Attempts that counted before this one.
    pub(super) attempt: u32,
    /// Ends before this one that were no attempt, as they said nothing of the target.
    pub(super) faults: Faults,
    /// Whether it has an attempt limit. A session is looked up for as long as it takes: an erasure duty does not end with
    /// an outage.
    pub(super) gives_up: bool,
    /// Whether its target was there when it was claimed: what fails because of an outage is no failure of this piece of work.
    pub(super) presence: Presence,
    /// For how long it could have been done, where its target is not out: an outage says nothing of this piece of work.
    pub(super) in_vain: Option<Duration>,
    /// Whether it may be done again where nobody knows what became of it.
    pub(super) may_repeat: bool,
    /// Whether other targets wait for it: it is to say what it knows.
    pub(super) is_awaited: bool,
    /// In 0..1, for jitter.
    pub(super) random: f64,
}

impl Failure {
    /// Whether it happens in the course of things, again and again, and so is not logged.
    pub(super) fn is_ordinary(&self) -> bool {
        match self {
            Self::Postponed(_) | Self::Held | Self::Cancelled => true,
            Self::Call(error) => {
                matches!(
                    error,
                    TargetError::RateLimited { .. }
                        | TargetError::Cancelled
                        | TargetError::NotNoted(NotStored { refused: false, .. })
                        | TargetError::Halted { .. }
                        | TargetError::Crowded { .. }
                        | TargetError::Later { .. }
                )
            }
            Self::Overtime
            | Self::Panicked
            | Self::Ledger(_)
            | Self::Early { .. }
            | Self::Permanent(_)
            | Self::NoKey { .. } => false,
        }
    }

    /// With what the ledger says of a key that is not there: of one that it still needs, the folder may be away.
    pub(super) async fn judged(self, records: &dyn Records) -> Result<Self, LedgerError> {
        let Self::NoKey { id, reason } = self else { return Ok(self) };
        Ok(match records.seal_state(&id).await? {
            Some(GenerationState::New | GenerationState::Open | GenerationState::Closed) => {
                Self::Early { pause: NO_KEY_PAUSE, why: NoSealKey::Gone(id).to_string() }
            }
            Some(GenerationState::Lost) | None => Self::Permanent(reason),
        })
    }

    /// What to do about it. A ledger that did not take the work takes nothing else either, so that is an error, unless it says that
    /// it is of this work alone.
    pub(super) fn action(self, circumstances: Circumstances<'_>) -> Result<FailureAction, LedgerError> {
        let retry = &circumstances.erasing.retry;
        Ok(match self {
            Self::Ledger(error) => match error.of_this_work() {
                Some(reason) => FailureAction::park(reason.to_owned()),
                None => return Err(error),
            },
            Self::Postponed(pause) => FailureAction::free(pause, "waits for what must be known first"),
            Self::Held => FailureAction::free(HELD_PAUSE, RULE_WAITS),
            Self::Early { pause, why } => FailureAction::free(pause, why),
            // Of which the ledger has said nothing: a person looks at nothing too early.
            Self::NoKey { id, .. } => FailureAction::free(NO_KEY_PAUSE, NoSealKey::Gone(id).to_string()),
            // Before the other endings: due at once, or counted as an attempt, the target would be asked a second time.
            Self::Cancelled | Self::Overtime | Self::Panicked if !circumstances.may_repeat => {
                FailureAction::park(NOT_TWICE.to_owned())
            }
            // It may not come again; if it does, nothing but another version of quietus helps.
            Self::Panicked if circumstances.faults.panics + 1 >= PANICS_AT => FailureAction::park(PANICKED.to_owned()),
            Self::Panicked => {
                let pause = retry.pause(circumstances.faults.panics, None, circumstances.random);
                let end = ClaimEnd::Retry { pause, attempt: Attempt::Panicked, reason: PANICKED.to_owned() };
                FailureAction { end, target: TargetEffect::None }
            }
            Self::Overtime => circumstances.failed("it took longer than it may".to_owned()),
            // Due at once: it is we who let go of it, and another process can take it.
            Self::Cancelled => FailureAction::free(Duration::ZERO, "cancelled"),
            Self::Permanent(reason) | Self::Call(TargetError::OfRecord(reason)) => FailureAction::park(reason),
            Self::Call(TargetError::Permanent(reason)) => {
                FailureAction { target: TargetEffect::Refused, ..FailureAction::park(reason) }
            }
            Self::Call(TargetError::NotYet { after }) => FailureAction::free(after, "the target is not done yet"),
            Self::Call(TargetError::Cancelled | TargetError::Later { .. }) => {
                // With a pause, as it costs no attempt: a target that always cancels would be asked again at once, for
                // ever.
                let pause = retry.pause(0, Some(retry.pause_min.0), circumstances.random);
                FailureAction::free(pause, "cancelled by the target")
            }
            // This is no failure of the target: it was not called.
            Self::Call(TargetError::NotNoted(NotStored { refused: true, .. })) => {
                let end = match circumstances.erasing.refused_again(circumstances.faults.refused) {
                    Some(pause) => ClaimEnd::Retry { pause, attempt: Attempt::Refused, reason: REFUSED.to_owned() },
                    None => ClaimEnd::Park { reason: REFUSED.to_owned() },
                };
                FailureAction { end, target: TargetEffect::None }
            }
            // With a pause likewise.
            Self::Call(error @ TargetError::NotNoted(_)) => {
                let pause = retry.pause(0, Some(retry.pause_min.0), circumstances.random);
                FailureAction::free(pause, error.to_string())
            }
            // Due at once: the next claim waits for the hold, with what was done by now kept by the target.
            Self::Call(TargetError::Halted { why, .. }) => FailureAction::free(Duration::ZERO, why.to_string()),
            Self::Call(TargetError::Crowded { why, pause }) => FailureAction::free(pause, why),
            Self::Call(TargetError::RateLimited { retry_after }) => {
                // As it costs no attempt, the pause would not grow: where the target says none, it is the breaker's.
                let told = retry_after.unwrap_or(circumstances.erasing.breaker_pause.0);
                let pause = retry.pause(0, Some(told), circumstances.random);
                FailureAction { target: TargetEffect::Limited(pause), ..FailureAction::free(pause, "rate limited") }
            }
            // Nobody is to wait for it until a person has acted, so the step is put aside as well.
            Self::Call(TargetError::NeedsOperator(reason)) if circumstances.is_awaited => {
                FailureAction { target: TargetEffect::Denied, ..FailureAction::park(reason) }
            }
            Self::Call(TargetError::NeedsOperator(reason)) => {
                FailureAction { target: TargetEffect::Denied, ..FailureAction::free(Duration::ZERO, reason) }
            }
            Self::Call(TargetError::Unavailable(reason)) => circumstances.unavailable(reason),
            Self::Call(TargetError::Retryable(reason)) => circumstances.failed(reason),
        })
    }
}

impl Circumstances<'_> {
    /// It may be due to this record alone, unless the target was out already and this call only tried it.
    fn failed(&self, reason: String) -> FailureAction {
        let end = if self.presence == Presence::Out { self.outage(reason) } else { self.attempt_ended(reason) };
        FailureAction { end, target: TargetEffect::Failed }
    }

    /// The target was not there, or says so. The first time it may be this record's own failure, such as a 503 for it alone, while
    /// others are answered. From then on it is the target's until it answers somebody: each failure brings it closer to being out,
    /// which is told.
    fn unavailable(&self, reason: String) -> FailureAction {
        let end = if self.presence == Presence::There { self.attempt_ended(reason) } else { self.outage(reason) };
        FailureAction { end, target: TargetEffect::Unavailable }
    }

    /// An outage costs no attempt, or a duty would need a person who could do nothing but wait. It is the breaker that makes the
    /// pauses grow. But where other targets wait for this one to say what it knows, they do not wait for all of an outage.
    fn outage(&self, reason: String) -> ClaimEnd {
        if self.is_awaited {
            return self.attempt_ended(reason);
        }
        let pause = self.erasing.retry.pause(0, None, self.random);
        ClaimEnd::Retry { pause, attempt: Attempt::Free, reason }
    }

    /// An attempt that counts: it is repeated, or was the last one.
    fn attempt_ended(&self, reason: String) -> ClaimEnd {
        let retry = &self.erasing.retry;
        if self.gives_up && self.attempt + 1 >= retry.attempts_max {
            return ClaimEnd::Park { reason };
        }
        let is_undecidable =
            self.attempt + 1 >= UNDECIDABLE_ATTEMPTS && self.in_vain.is_some_and(|waited| waited >= UNDECIDABLE_AFTER);
        if !self.gives_up && is_undecidable {
            return ClaimEnd::Park { reason: format!("{reason}; it has been so for a day, and the target is not out") };
        }
        ClaimEnd::Retry { pause: retry.pause(self.attempt, None, self.random), attempt: Attempt::Counts, reason }
    }
}

impl FailureAction {
    fn free(pause: Duration, reason: impl Into<String>) -> Self {
        let end = ClaimEnd::Retry { pause, attempt: Attempt::Free, reason: reason.into() };
        Self { end, target: TargetEffect::None }
    }

    fn park(reason: String) -> Self {
        Self { end: ClaimEnd::Park { reason }, target: TargetEffect::None }
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<MluviiError> for Failure {
    fn from(error: MluviiError) -> Self {
        Self::Call(error.into())
    }
}

impl From<RuleFailed> for Failure {
    fn from(failed: RuleFailed) -> Self {
        Self::Permanent(failed.to_string())
    }
}

/// Work of which something sealed does not open. `damaged` and `gone` are why it needs a person: another record's, or under a key
/// that is gone. One whose key cannot be read now is done later.
pub(super) fn unopened(error: &NotOpened, damaged: &str, gone: &str) -> Failure {
    match error {
        NotOpened::Broken => Failure::Permanent(damaged.to_owned()),
        NotOpened::NoKey(NoSealKey::Gone(id)) => Failure::NoKey { id: id.clone(), reason: gone.to_owned() },
        NotOpened::NoKey(NoSealKey::Away { .. }) => Failure::Early { pause: NO_KEY_PAUSE, why: error.to_string() },
    }
}

/// The same of an erasure.
pub(super) fn unopened_record(error: &NotOpened) -> Failure {
    unopened(error, SEAL_DAMAGED, SEAL_GONE)
}

/// Work of an installation that is no longer in the configuration needs a person.
pub(super) fn no_installation(installation: &InstallationName) -> Failure {
    Failure::Permanent(format!("there is no mluvii `{installation}` in the configuration; it was there when this came"))
}

#[cfg(test)]
mod tests;
