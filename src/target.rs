//! The port to a place that data must leave. A step's call enters, an answer or a classed failure leaves; the built-in
//! `mluvii` target and every plugin stand behind it.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::erasure::{ErasureId, Outcome};
use crate::keys::IdempotencyKey;
use crate::subject::{GuestId, Identifiers, Scope, SessionKey};

/// A place that data must leave.
#[async_trait]
pub(crate) trait Target: Send + Sync {
    /// Asks for erasure. Called again with the same idempotency key after a failure.
    async fn erase(&self, call: &TargetCall) -> Result<Answer, TargetError>;

    /// Asks whether it is really gone. `residual` when something is still there.
    async fn verify(&self, call: &TargetCall) -> Result<Answer, TargetError>;

    /// Whether the target can be reached and accepts its credentials.
    async fn health(&self) -> Result<(), TargetError>;

    /// The longest that one call may take; a lease outlives it.
    fn call_max(&self) -> Duration;

    /// How many calls may be under way at once.
    fn concurrency_max(&self) -> usize;

    /// Whether a call whose outcome is unknown may be made again.
    fn may_be_asked_twice(&self) -> bool {
        true
    }
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
    /// Guests whose sessions all go.
    pub(crate) guests: Vec<GuestId>,
    /// Sessions that go one by one.
    pub(crate) sessions: Vec<SessionKey>,
}

/// What a target answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    /// Why, where the outcome needs a reason; free of personal data.
    pub(crate) reason: Option<String>,
    /// How many of what, such as `contacts: 2`.
    pub(crate) counts: BTreeMap<String, u64>,
    /// How long to wait before the target is asked again.
    pub(crate) verify_after: Option<Duration>,
}

/// Why a call brought no answer; one variant per reaction of the worker.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum TargetError {
    /// Try again; counts as an attempt. The outcome of the call may be unknown.
    #[error("{0}")]
    Retryable(String),
    /// Try again no sooner than told; counts as no attempt.
    #[error("rate limited")]
    RateLimited { retry_after: Option<Duration> },
    /// Trying again cannot help: the step is parked.
    #[error("{0}")]
    Permanent(String),
    /// Every call would fail alike until a person acts (a revoked token): the target's queue is parked.
    #[error("{0}")]
    NeedsOperator(String),
    /// The call was called off, as at a shutdown; counts as no attempt.
    #[error("cancelled")]
    Cancelled,
}
