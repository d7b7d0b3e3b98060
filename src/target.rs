//! The port to a place that data must leave. A step's call is answered, or fails by a class that says how the worker reacts; the built-in
//! `mluvii` target and every plugin stand behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use quietus_plugin::identity::Region;
use quietus_plugin::protocol::TEXT_CHARS_MAX;
use quietus_plugin::{ReportTo, ResumeValue};
use serde_json::Value;

pub(crate) use crate::erasure::{Answer, Evidence};
use crate::erasure::{ErasureId, Halt, Outcome, ReachedSession};
use crate::keys::IdempotencyKey;
use crate::subject::{GuestId, Identifiers, Kind, Scope};

/// A place that data must leave.
#[async_trait]
pub(crate) trait Target: Send + Sync {
    /// Asks for erasure. Called again with the same idempotency key after a failure.
    async fn erase(&self, call: &TargetCall) -> Result<Answer, TargetError>;

    /// Asks whether it is really gone. `residual` when something is still there.
    async fn verify(&self, call: &TargetCall) -> Result<Answer, TargetError>;

    /// The kinds of identifiers by which the target may say that it knows a person ([`Target::find`]).
    fn returns(&self) -> Returns {
        Returns::Kinds(BTreeSet::new())
    }

    /// The kinds of identifiers that the target may be told.
    fn takes(&self) -> BTreeSet<Kind> {
        BTreeSet::new()
    }

    /// Those of them that it cannot be asked without.
    fn requires(&self) -> BTreeSet<Kind> {
        BTreeSet::new()
    }

    /// Asks what else the target knows the person by, for other targets. Changes nothing.
    async fn find(&self, call: &TargetCall) -> Result<Found, TargetError> {
        let _ = call;
        Ok(Found::default())
    }

    /// Whether the target can be asked whom it holds ([`Target::sweep`]); `None` where that is not known, as it has not started.
    fn can_sweep(&self) -> Option<bool> {
        Some(false)
    }

    /// Asks for a page of whom the target holds. Changes nothing.
    async fn sweep(&self, page: &SweepCall) -> Result<SweepPage, TargetError> {
        let _ = page;
        Err(TargetError::Permanent(CANNOT_SWEEP.into()))
    }

    /// Whether the target can be reached and accepts its credentials.
    async fn health(&self) -> Result<(), TargetError>;

    /// Why it cannot work until a person acts, as far as that is known without asking it.
    fn broken(&self) -> Option<String> {
        None
    }

    /// What its operator should know of it, though it works.
    fn doubts(&self) -> Vec<String> {
        Vec::new()
    }

    /// The longest that one call may take; a lease outlives it.
    fn call_max(&self) -> Duration;

    /// How many calls may be under way at once.
    fn concurrency_max(&self) -> usize;
}

/// What a target may say of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Returns {
    Kinds(BTreeSet<Kind>),
    /// It is being started, and will be known soon.
    NotYet,
    /// It has not started, and may never do.
    NotKnown,
}

/// What one call is about. Holds personal data in memory.
#[derive(Clone, Debug)]
pub(crate) struct TargetCall {
    pub(crate) erasure: ErasureId,
    pub(crate) idempotency: IdempotencyKey,
    pub(crate) scope: Scope,
    /// `true`: say what would go, and change nothing.
    pub(crate) dry_run: bool,
    pub(crate) identifiers: Identifiers,
    /// The guest ids of the sessions.
    pub(crate) guests: Vec<GuestId>,
    /// Those of them of which every session at mluvii is in reach.
    pub(crate) whole_guests: Vec<GuestId>,
    /// The sessions that go.
    pub(crate) sessions: Vec<ReachedSession>,
    /// mluvii itself was searched, with filters that were proved: these sessions are all.
    pub(crate) searched: bool,
    /// Where phone numbers without a country code belong.
    pub(crate) region: Option<Region>,
    /// How long ago the target answered that it has erased; `None` before that.
    pub(crate) erased_since: Option<Duration>,
    /// Where the outcome may be reported later, if anywhere.
    pub(crate) report: Option<ReportTo>,
    /// What an earlier call of this step stored last.
    pub(crate) resume: Option<ResumeValue>,
    /// Where this call stores how far it is, and asks whether it may go on.
    pub(crate) checkpoint: Arc<dyn Checkpoint>,
}

/// Where a target stores how far a step is, while a call is under way, and asks whether it may go on.
#[async_trait]
pub(crate) trait Checkpoint: Send + Sync + fmt::Debug {
    /// Returns when the value is stored durably: it comes with the next call of the same step, whatever happens until then.
    /// A later value takes the place of an earlier one. Of a call that must erase no further ([`Checkpoint::halted`]), it is stored and
    /// refused all the same.
    async fn store(&self, value: &[u8]) -> Result<(), NotStored>;

    /// Notes durably that this call must not be made twice. It is made only when this has returned without an error.
    async fn sending(&self) -> Result<(), NotStored>;

    /// Why the call must erase no further, if it must not. A target that erases by several requests asks before each of them, and makes
    /// none where it has no answer: a person who was told that nothing more is erased has to be right.
    async fn halted(&self) -> Result<Option<Halt>, NotStored>;
}

/// Why a value was not stored, or whether the call may go on was not said; free of personal data. The target must go no further.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{why}")]
pub(crate) struct NotStored {
    pub(crate) why: String,
    /// The ledger refuses it, whenever it is asked: it is neither busy nor away.
    pub(crate) refused: bool,
}

/// Where nothing is stored.
pub(crate) fn no_checkpoint() -> Arc<dyn Checkpoint> {
    Arc::new(NoCheckpoint)
}

#[derive(Debug)]
struct NoCheckpoint;

#[async_trait]
impl Checkpoint for NoCheckpoint {
    async fn store(&self, _: &[u8]) -> Result<(), NotStored> {
        Err(NotStored { why: "nothing is stored of this call".into(), refused: false })
    }

    /// A person makes it, and sees what becomes of it.
    async fn sending(&self) -> Result<(), NotStored> {
        Ok(())
    }

    /// No step, so nothing that could be stopped or held.
    async fn halted(&self) -> Result<Option<Halt>, NotStored> {
        Ok(None)
    }
}

/// Why a target is not asked whom it holds.
pub(crate) const CANNOT_SWEEP: &str = "this target cannot say whom its system holds";

/// The same, where its configuration is why.
pub(crate) const CANNOT_SWEEP_AS_CONFIGURED: &str = "the plugin cannot say whom its system holds, as it is configured";

/// Why a target does not go on behind a page.
pub(crate) const TOLD_BY_ANOTHER: &str = "the plugin's configuration or its file has changed since the last page";

/// Which page of whom a target holds is asked for.
#[derive(Clone, Debug)]
pub(crate) struct SweepCall {
    pub(crate) records_max: u32,
    /// Where phone numbers without a country code belong.
    pub(crate) region: Option<Region>,
    /// Where the page before has ended.
    pub(crate) cursor: Option<ResumeValue>,
    /// By what that page was told: another one refuses the cursor ([`TOLD_BY_ANOTHER`]).
    pub(crate) told_by: String,
}

/// A page of whom a target holds. Holds personal data in memory, and is never written anywhere.
#[derive(Debug, Default)]
pub(crate) struct SweepPage {
    pub(crate) records: Vec<HeldRecord>,
    /// Where the next page begins; none after the last one.
    pub(crate) next: Option<ResumeValue>,
    /// Places that are not among the records.
    pub(crate) not_looked_at: Vec<String>,
    /// What tells the target from another one by the same name, under another configuration or with another file: where its cursor begins
    /// is said by this one alone.
    pub(crate) told_by: String,
}

/// One record that a target holds of somebody.
#[derive(Debug)]
pub(crate) struct HeldRecord {
    pub(crate) identifiers: Identifiers,
    /// When it was made or changed last, whichever is later; `None` where the target says neither.
    pub(crate) newest: Option<Timestamp>,
}

/// What else a target knows a person by. Holds personal data in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) identifiers: Identifiers,
    /// The target holds more than it told.
    pub(crate) more: bool,
}

/// Why a call had no answer; one variant per reaction of the worker.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum TargetError {
    /// Try again; counts as an attempt. The outcome of the call may be unknown. It may be due to this record alone.
    #[error("{0}")]
    Retryable(String),
    /// The same, for a reason that has nothing to do with the record: there was no connection, or the target says that it is
    /// out of service. Counts as an attempt only while the target answers others.
    #[error("{0}")]
    Unavailable(String),
    /// Try again no sooner than told; counts as no attempt.
    #[error("rate limited")]
    RateLimited { retry_after: Option<Duration> },
    /// Trying again cannot help: the step is parked.
    #[error("{0}")]
    Permanent(String),
    /// Trying again cannot help, for a reason of this record alone (too much of it): the work is parked, and nothing of it says
    /// anything about other records.
    #[error("{0}")]
    OfRecord(String),
    /// Every call would fail alike, probably until a person acts (a revoked token): the target is out, and is tried again by
    /// itself.
    #[error("{0}")]
    NeedsOperator(String),
    /// It was accepted: the answer comes later, as a report.
    #[error("accepted; the outcome will be reported")]
    Later { within: Duration },
    /// Asked whether it is gone, the target says that it is still working on it: ask again no sooner than told; counts as
    /// no attempt.
    #[error("not done yet")]
    NotYet { after: Duration },
    /// It must not be made twice, and that could not be noted before it, or the ledger did not say whether it may go on: nothing was sent
    /// from then on, and it counts as no attempt, unless the ledger refuses.
    #[error("the call was not made: {0}")]
    NotNoted(NotStored),
    /// It must erase no further, and has not. `done`: what was erased by then. Costs no attempt, and says nothing of the target.
    #[error("{why}")]
    Halted { why: Halt, done: BTreeMap<String, u64> },
    /// It was not made, or was cut off, because of other calls: that counts as no attempt, and says nothing of the target or of
    /// this record. Try again after the pause.
    #[error("{why}")]
    Crowded { why: &'static str, pause: Duration },
    /// We have cancelled the call, as at a shutdown; counts as no attempt.
    #[error("cancelled")]
    Cancelled,
}

/// Kinds of things that an answer may count.
const COUNTS_MAX: usize = 32;
/// The longest that a target may ask to wait before `verify`, or for a report.
const LATER_MAX: Duration = Duration::from_secs(31 * 86_400);

/// The answer of a plugin or the report of a third party, in the words of the protocol.
pub(crate) enum Said {
    Answer(Answer),
    Accepted { report_within: Duration },
}

/// Reads an answer with suspicion. The error shows nothing of it.
pub(crate) fn read_answer(answer: Value) -> Result<Said, String> {
    let broken = |what: &str| format!("the answer is not one: {what}");
    let answer: quietus_plugin::Answer = serde_json::from_value(answer).map_err(|_| broken("its shape"))?;
    let later = |seconds: u64| Duration::from_secs(seconds).min(LATER_MAX);
    let outcome = match answer.outcome {
        quietus_plugin::Outcome::Erased => Outcome::Erased,
        quietus_plugin::Outcome::Absent => Outcome::Absent,
        quietus_plugin::Outcome::Retained => Outcome::Retained,
        quietus_plugin::Outcome::Residual => Outcome::Residual,
        quietus_plugin::Outcome::Unverifiable => Outcome::Unverifiable,
        quietus_plugin::Outcome::Accepted => {
            let within = answer.report_within_s.ok_or_else(|| broken("accepted without `report_within_s`"))?;
            return Ok(Said::Accepted { report_within: later(within) });
        }
        _ => return Err(broken("its outcome")),
    };
    // The names go into receipts; a value of a person's could hide in one that is not a plain word.
    let plain = |name: &String| {
        (1..=40).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'-' || b == b' ')
    };
    if answer.counts.len() > COUNTS_MAX || !answer.counts.keys().all(plain) {
        return Err(broken("what it counts is not named by plain words of a-z, `_`, `-` and spaces"));
    }
    if outcome == Outcome::Retained && answer.reason.is_none() {
        return Err(broken("retained without a reason"));
    }
    let verify_after = answer.verify_after_s.map(later);
    let evidence = Evidence {
        looked_at: bounded(answer.looked_at),
        not_looked_at: bounded(answer.not_looked_at),
        keeps: answer.keeps.map(bounded),
        ..Evidence::default()
    };
    Ok(Said::Answer(Answer { outcome, reason: answer.reason, counts: answer.counts, verify_after, evidence }))
}

/// Texts of evidence that are kept of one answer.
const TEXTS_MAX: usize = 32;

/// As many of these texts, each as long, as are kept.
pub(crate) fn bounded(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().take(TEXTS_MAX).map(|text| text.chars().take(TEXT_CHARS_MAX).collect()).collect()
}
