//! Events and settling sessions: look the session up, deliberate, write the decision. And erasures whose time has come.

use std::time::Duration;

use jiff::Timestamp;
use tracing::warn;

use super::deliberate::{Cause, Deliberation};
use super::resolve::{Resolver, brought};
use super::{Halt, ResolveError, Worker};
use crate::erasure::Subject;
use crate::event::StoredEvent;
use crate::ledger::{Decision, EraseWork, Resolution};
use crate::mluvii::{LookUp, MluviiError};
use crate::policy::RuleFailed;
use crate::subject::SessionKey;

/// The longest pause before an erasure is resolved that waits for a session to settle: it may settle before its limit.
const UNSETTLED_PAUSE_MAX: Duration = Duration::from_secs(60);

/// How long an erasure waits for sessions to settle, from its own time on.
const UNSETTLED_WAIT_MAX: Duration = Duration::from_secs(24 * 3600);

/// How long an erasure waits for events that came before it to be decided on, and how often it looks.
const BACKLOG_WAIT_MAX: Duration = Duration::from_secs(3600);
const BACKLOG_PAUSE: Duration = Duration::from_millis(500);

impl Worker {
    /// Decides on an event.
    pub(super) async fn decide(&self, event: &StoredEvent) -> Result<Decision, Halt> {
        let form = event.open(&self.seal).map_err(|broken| Halt::Hopeless(format!("the event's form: {broken}")))?;
        self.deliberate(&event.head.session, Cause::Event(&event.head, form.as_ref())).await
    }

    /// Looks at a session whose time to settle has come.
    pub(super) async fn settle(&self, session: &SessionKey) -> Result<Decision, Halt> {
        self.deliberate(session, Cause::Settle).await
    }

    async fn deliberate(&self, key: &SessionKey, cause: Cause<'_>) -> Result<Decision, Halt> {
        let view = self.ledger.session(key).await?;
        let found = self.mluvii.look_up(key.session).await?;
        if found == LookUp::Gone {
            warn!(session = %key, "mluvii does not know this session; is `mluvii.look_up_session` right?");
        }
        let deliberation = Deliberation {
            policy: &self.policy,
            settling: &self.settling,
            params: &self.params,
            index: &self.index,
            seal: &self.seal,
            now: Timestamp::now(),
        };
        Ok(deliberation.decide(key, view, cause, &found)?)
    }

    /// Finds out whom an erasure reaches, before anything is erased.
    pub(super) async fn resolve(&self, work: &EraseWork) -> Result<Resolution, Halt> {
        let brought = brought(work, &self.seal).map_err(ResolveError::from)?;
        let resolver =
            Resolver { ledger: &*self.ledger, mluvii: &self.mluvii, person: &self.person, index: &self.index };
        let mut reach = resolver.find(&work.subject, brought).await?;
        // While it waits, mluvii is not asked about each of its sessions again and again.
        if let Some(pause) = wait(work, reach.unsettled_until, Timestamp::now()) {
            return Err(Halt::Postponed(pause));
        }
        resolver.identify(&work.subject, &mut reach).await?;
        Ok(reach.seal(&self.seal))
    }
}

/// Whether an erasure waits before its sessions are told for good: until they have settled, and until every event that
/// came before it is decided on, for it may tell of a further session of the person. An event that cannot be decided
/// on, or a session that never ends, must not keep it for ever.
fn wait(work: &EraseWork, unsettled_until: Option<Timestamp>, now: Timestamp) -> Option<Duration> {
    let within = |limit: Duration| work.due.saturating_add(limit).is_ok_and(|end| now < end);
    if let Some(until) = unsettled_until.filter(|until| *until > now && within(UNSETTLED_WAIT_MAX)) {
        return Some(until.duration_since(now).unsigned_abs().min(UNSETTLED_PAUSE_MAX));
    }
    let searches = !matches!(work.subject, Subject::Session(_));
    let behind = work.undecided_since.is_some_and(|came| came < work.created);
    (searches && behind && within(BACKLOG_WAIT_MAX)).then_some(BACKLOG_PAUSE)
}

impl From<MluviiError> for Halt {
    fn from(error: MluviiError) -> Self {
        Self::Call(error.into())
    }
}

impl From<RuleFailed> for Halt {
    fn from(failed: RuleFailed) -> Self {
        Self::Hopeless(failed.to_string())
    }
}

impl From<ResolveError> for Halt {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Ledger(error) => error.into(),
            ResolveError::Mluvii(error) => error.into(),
            ResolveError::Capsule(_) => Self::Hopeless(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
