//! Events and settling sessions: look at the session where a rule needs it, evaluate, write the decision.

use std::time::Duration;

use jiff::Timestamp;
use tracing::{info, warn};

use super::evaluate::{Cause, Evaluation, Seen};
use super::patience::Awaited;
use super::{Failure, Worker};
use crate::consent::UnknownCause;
use crate::event::{EventHead, EventKind, Form};
use crate::ledger::{DecideWork, Decision, SessionView, SettleWork};
use crate::mluvii::{Look, LookUp, SessionFacts};
use crate::policy::{RuleFailed, Trigger};
use crate::subject::{SessionKey, SourceName, TenantId};

impl Worker {
    /// Decides on an event.
    pub(super) async fn decide(&self, work: &DecideWork) -> Result<Decision, Failure> {
        let event = &work.event;
        let key = &event.head.session;
        let form =
            event.open(&self.seal).map_err(|broken| Failure::Permanent(format!("the event's form: {broken}")))?;
        let view = self.ledger.session(key).await?;
        let seen = match self.look_for(&event.head, view.as_ref()) {
            None => Seen::NotLooked,
            Some(look) => self.read(key, look, work.since).await?,
        };
        if event.head.kind == EventKind::SessionEnded {
            self.consent_had_its_time(&seen, work.since)?;
        }
        let form = self.completed(&event.head, form, &seen, work.since)?;
        let source = view.as_ref().and_then(|view| view.record.source.clone());
        let source = source.unwrap_or_else(|| event.head.source.clone());
        let tenant = event.head.tenant.or_else(|| view.as_ref().and_then(|view| view.record.tenant));
        let owner = self.owner(key, &source, tenant, &seen, work.since).await?;
        self.evaluate(key, view, Cause::Event(&event.head, form.as_ref()), &seen, owner)
    }

    /// Looks at a session whose time to settle has come.
    pub(super) async fn settle(&self, work: &SettleWork) -> Result<Decision, Failure> {
        let key = &work.session;
        let view = self.ledger.session(key).await?;
        // The call params' sources matter to rules about forms only.
        let look = Look { params: self.policy.listens(Trigger::FormSubmitted), activity: None };
        let seen = self.read(key, look, work.since).await?;
        let record = view.as_ref().map(|view| &view.record);
        let owner = match record.and_then(|record| record.source.clone()) {
            Some(source) => {
                let tenant = record.and_then(|record| record.tenant);
                self.owner(key, &source, tenant, &seen, work.since).await?
            }
            None => Owner::Ours,
        };
        self.evaluate(key, view, Cause::Settle, &seen, owner)
    }

    fn evaluate(
        &self,
        key: &SessionKey,
        view: Option<SessionView>,
        cause: Cause<'_>,
        seen: &Seen,
        owner: Owner,
    ) -> Result<Decision, Failure> {
        let evaluation = Evaluation {
            policy: &self.policy,
            settling: &self.settling,
            params: self.params_of(&key.installation)?,
            fingerprinter: self.fingerprinter_of(&key.installation)?,
            index: &self.index,
            seal: &self.seal,
            now: Timestamp::now(),
        };
        let mut decision = evaluation.decide(key, view, cause, seen)?;
        match owner {
            Owner::Ours => {}
            Owner::Tenant(tenant) => decision.session.record.tenant = Some(tenant),
            Owner::Foreign => {
                info!(session = %key, "the session is of a tenant that is not ours; it is forgotten");
                decision.foreign = true;
                decision.erasures.clear();
            }
        }
        Ok(decision)
    }

    /// What has to be read at mluvii to decide on an event; `None` where no rule listens, so that nobody looks: at its
    /// settling the session is looked at in any case.
    fn look_for(&self, head: &EventHead, view: Option<&SessionView>) -> Option<Look> {
        let forms = self.policy.listens(Trigger::FormSubmitted);
        let changes = self.policy.listens(Trigger::ConsentChanged);
        let settled = view.is_some_and(|view| view.settle_at.is_none());
        let session = Look { params: false, activity: None };
        match head.kind {
            EventKind::SessionEnded => self.policy.listens(Trigger::SessionEnded).then_some(session),
            EventKind::SessionCallParamsUpdated => (forms || changes).then_some(Look { params: forms, ..session }),
            EventKind::SessionActivityHeroCardSubmission
            | EventKind::SessionActivityChatbotHeroCardSubmission
            | EventKind::SessionActivityCallScriptSubmission => {
                (forms || changes).then_some(Look { activity: head.activity, ..session })
            }
            // Who it is may be known only now; before the session has settled, its settling looks.
            EventKind::GuestIdentityUpdated => settled.then_some(session),
            EventKind::SessionOperatorConcluded | EventKind::SessionRecordingPostProcessingCompleted => None,
        }
    }

    /// Reads a session. Sessions are read from a database that lags behind the events: what is not found, or not
    /// understood, is looked at again until `settling.patience` is over. `since` is when the work came.
    pub(super) async fn read(&self, key: &SessionKey, look: Look, since: Timestamp) -> Result<Seen, Failure> {
        let client = self.client_of(&key.installation)?;
        let (cause, what) = match client.look_up(key.session, look).await? {
            LookUp::Found(facts) => {
                self.patience.found(key, Awaited::Session);
                return Ok(Seen::Read(facts));
            }
            LookUp::Missing => (UnknownCause::NotFound, "mluvii does not know this session".to_owned()),
            LookUp::NotUnderstood(what) => (UnknownCause::NotUnderstood, what),
        };
        if let Some(pause) = self.patience_left(key, Awaited::Session, since) {
            return Err(Failure::Early { pause, why: what });
        }
        warn!(session = %key, cause = cause.as_str(), what, "the session could not be read; its consent stays unknown");
        Ok(Seen::Unknown(cause))
    }

    /// The pause before the next look at something that may only be early; `None` once `settling.patience` is over.
    fn patience_left(&self, key: &SessionKey, awaited: Awaited, since: Timestamp) -> Option<Duration> {
        self.patience.left(key, awaited, since, self.settling.patience.get(), Timestamp::now())
    }

    /// It is looked at again, and after `settling.patience` it needs a person.
    fn missed(&self, key: &SessionKey, awaited: Awaited, since: Timestamp, why: &str) -> Failure {
        match self.patience_left(key, awaited, since) {
            Some(pause) => Failure::Early { pause, why: why.to_owned() },
            None => Failure::Permanent(why.to_owned()),
        }
    }

    /// A consent version may show seconds after the session's end: one that is missing then is looked for once more after
    /// `settling.pause` before anything is erased for it.
    fn consent_had_its_time(&self, seen: &Seen, since: Timestamp) -> Result<(), Failure> {
        let Seen::Read(facts) = seen else { return Ok(()) };
        let passed = Timestamp::now().duration_since(since).unsigned_abs();
        match self.settling.pause.get().checked_sub(passed).filter(|left| !left.is_zero()) {
            Some(pause) if facts.consent_version.is_none() => {
                Err(Failure::Early { pause, why: "no consent version is shown yet".into() })
            }
            _ => Ok(()),
        }
    }

    /// The form with what its activity holds, where the event does not say it. It is never taken for an empty one.
    fn completed(
        &self,
        head: &EventHead,
        form: Option<Form>,
        seen: &Seen,
        since: Timestamp,
    ) -> Result<Option<Form>, Failure> {
        let (Some(mut form), Some(_)) = (form.clone(), head.activity) else { return Ok(form) };
        let of_activity = |facts: &SessionFacts| facts.activity_form.clone();
        let why = "the submitted form stands neither in the event nor in the session's activity";
        match seen {
            // No rule listens to forms.
            Seen::NotLooked => Ok(Some(form)),
            Seen::Read(facts) => match of_activity(facts) {
                Some(filled) => {
                    self.patience.found(&head.session, Awaited::Form);
                    form.id = filled.id.or(form.id);
                    form.params.extend(filled.params);
                    Ok(Some(form))
                }
                None => Err(self.missed(&head.session, Awaited::Form, since, why)),
            },
            // The patience is over.
            Seen::Unknown(_) => Err(Failure::Permanent(why.to_owned())),
        }
    }

    /// Whose the session is. A form tells no tenant, so the session's department decides, once it is proved that the two
    /// agree at this installation.
    async fn owner(
        &self,
        key: &SessionKey,
        source: &SourceName,
        tenant: Option<TenantId>,
        seen: &Seen,
        since: Timestamp,
    ) -> Result<Owner, Failure> {
        let ours = self.tenants.get(source).map_or(&[][..], Vec::as_slice);
        if ours.is_empty() || tenant.is_some() {
            return Ok(Owner::Ours);
        }
        let unknown = |why: &str| Err(self.missed(key, Awaited::Owner, since, why));
        let facts = match seen {
            // Its settling will look.
            Seen::NotLooked => return Ok(Owner::Ours),
            Seen::Unknown(_) => {
                // The patience is over.
                let why = "mluvii does not show the session, so nobody knows whose it is";
                return Err(Failure::Permanent(why.to_owned()));
            }
            Seen::Read(facts) => facts,
        };
        let Some(department) = facts.department else {
            return unknown("mluvii's reply names no department, so nobody knows whose the session is");
        };
        let proved = self.ledger.installation(&key.installation).await?.tenants_are_departments;
        let Some(owner) = owner_by(department, ours, proved) else {
            return unknown("the session names no tenant, and its department does not tell it");
        };
        self.patience.found(key, Awaited::Owner);
        Ok(owner)
    }
}

/// Whose a session of this department is; `None` as long as no session has proved that departments are tenants here: one
/// that has the number of a tenant of ours may be anybody's until then.
fn owner_by(department: TenantId, ours: &[TenantId], proved: Option<bool>) -> Option<Owner> {
    let is_ours = ours.contains(&department);
    match proved {
        Some(true) => Some(if is_ours { Owner::Tenant(department) } else { Owner::Foreign }),
        Some(false) | None => None,
    }
}

/// Whose a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Ours,
    /// Of this tenant of ours, as its department says.
    Tenant(TenantId),
    Foreign,
}

impl From<RuleFailed> for Failure {
    fn from(failed: RuleFailed) -> Self {
        Self::Permanent(failed.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_department_tells_whose_a_session_is_once_that_is_proved() {
        let ours = [TenantId(62)];
        let owner = |department, proved| owner_by(TenantId(department), &ours, proved);
        assert_eq!(owner(62, Some(true)), Some(Owner::Tenant(TenantId(62))));
        assert_eq!(owner(63, Some(true)), Some(Owner::Foreign));
        for proved in [None, Some(false)] {
            assert_eq!((owner(62, proved), owner(63, proved)), (None, None), "{proved:?}");
        }
    }
}
