//! Events and settling sessions: look the session up, deliberate, write the decision. And erasures whose time has come.

use jiff::Timestamp;

use super::deliberate::{Cause, Deliberation};
use super::resolve::{Resolver, brought};
use super::{Halt, ResolveError, Worker};
use crate::event::StoredEvent;
use crate::ledger::{Decision, EraseWork, Resolution};
use crate::mluvii::MluviiError;
use crate::policy::RuleFailed;
use crate::subject::SessionKey;

/// The longest pause before an erasure is resolved that waits for a session to settle: it may settle before its limit.
const UNSETTLED_PAUSE_MAX: std::time::Duration = std::time::Duration::from_secs(60);

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
        if let Some(until) = reach.unsettled_until.filter(|until| *until > Timestamp::now()) {
            let wait = until.duration_since(Timestamp::now()).unsigned_abs();
            return Err(Halt::Postponed(wait.min(UNSETTLED_PAUSE_MAX)));
        }
        resolver.identify(&work.subject, &mut reach).await?;
        Ok(reach.seal(&self.seal))
    }
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
