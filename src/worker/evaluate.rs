//! Events are evaluated: look at the session where a rule needs it, ask the rules, write the decision.
//!
//! [`Evaluation::decide`] is the pure part, in five phases, a file each: facts, consent, triggers, demands, settling. What
//! settles (`settle.rs`) is decided by the same function. What the rules make of the triggers is the policy's (`policy/evaluation`), which tests of
//! rules ask, too. What a comparison of the past shows before anything is done (`foresee.rs`) is weighed by it as well.

mod consent;
mod demands;
mod facts;
mod input;
mod settling;
mod triggers;

use std::time::Duration;

use jiff::Timestamp;
use tracing::debug;

pub(super) use input::{Cause, Evaluation};

use super::failure::{Failure, unopened};
use super::look_up::{Seen, Times, consent_had_its_time};
use super::output::Output;
use super::owner::Owner;
use super::parts::Worker;
use super::patience::Awaited;
use crate::event::{EventHead, EventKind, Form};
use crate::keys::SealKey;
use crate::ledger::{DecideWork, Decision, FORM_DAMAGED, FORM_GONE, LedgerError, Records, SessionChange, SessionView};
use crate::mluvii::Look;
use crate::policy::{Demanded, Evaluated, Policy, RuleFailed, Trigger};
use crate::subject::{Fingerprinted, SessionKey};
use facts::Merged;

impl Worker {
    /// One event, from its claim to what is decided on it.
    pub(super) async fn evaluate(&self, work: &DecideWork, now: Timestamp) -> Result<Output, Failure> {
        let times = Times { since: work.since, now };
        let head = &work.event.head;
        let key = &head.session;
        let form = work.event.open(&self.seal).map_err(|error| unopened(&error, FORM_DAMAGED, FORM_GONE))?;
        // Read before mluvii is asked: what another process decides meanwhile makes this decision stale, and is not
        // overwritten.
        let Known::Session(view) = known(&*self.records, head, work.since, self.keep.sessions).await? else {
            debug!(session = %key, "what was over before the session's record went is no news");
            return Ok(Output::Decision(Box::new(Decision::outdated(key))));
        };
        let seen = match look_for(&self.policy, head, view.as_ref()) {
            None => Seen::NotLooked,
            Some(look) => self.read(key, look, times).await?,
        };
        if head.kind == EventKind::SessionEnded {
            consent_had_its_time(&seen, times, self.settling.pause.0)?;
        }
        let form = self.completed(head, form, &seen, times)?;
        let known = view.as_ref().map(|view| &view.record);
        let source = known.and_then(|record| record.source.as_ref()).unwrap_or(&head.source);
        let tenant = head.tenant.or_else(|| known.and_then(|record| record.tenant));
        let owner = self.owner(key, source, tenant, &seen, times).await?;
        self.decide((key, view), Cause::Event(head, form.as_ref()), &seen, owner, now)
    }

    /// What the rules decide, as far as the session is ours.
    pub(super) fn decide(
        &self,
        (key, view): (&SessionKey, Option<SessionView>),
        cause: Cause<'_>,
        seen: &Seen,
        owner: Owner,
        now: Timestamp,
    ) -> Result<Output, Failure> {
        let evaluation = Evaluation {
            policy: &self.policy,
            settling: &self.settling,
            params: self.params_of(&key.installation)?,
            fingerprinter: self.fingerprinter_of(&key.installation)?,
            index: &self.index,
            four_eyes: self.four_eyes,
            now,
        };
        let mut decision = evaluation.decide(key, view, cause, seen, &self.seal)?;
        match owner {
            Owner::Ours => {}
            Owner::Tenant(tenant) => decision.session.record.tenant = Some(tenant),
            Owner::Foreign => {
                debug!(session = %key, "the session is of a tenant that is not ours; it is forgotten");
                decision.foreign = true;
                // What is not ours is neither erased nor taken back; the ledger refuses a foreign session that has
                // erasures.
                decision.erasures.clear();
                decision.rules_no_longer.clear();
            }
        }
        Ok(Output::Decision(Box::new(decision)))
    }

    /// The form with what its activity holds, where the event does not say it. It is never treated as an empty one: a rule
    /// about what was filled in would then not apply, and a duty to erase would be lost.
    fn completed(
        &self,
        head: &EventHead,
        form: Option<Form>,
        seen: &Seen,
        times: Times,
    ) -> Result<Option<Form>, Failure> {
        let (Some(mut form), Some(_)) = (form.clone(), head.activity) else { return Ok(form) };
        let why = "the submitted form stands neither in the event nor in the session's activity";
        match seen {
            // No rule listens to forms.
            Seen::NotLooked => Ok(Some(form)),
            Seen::Read(facts) => match facts.activity_form.clone() {
                Some(filled) => {
                    self.patience.found(&head.session, Awaited::Form);
                    form.id = filled.id.or(form.id);
                    form.params.extend(filled.params);
                    Ok(Some(form))
                }
                None => Err(self.missed(&head.session, Awaited::Form, times, why)),
            },
            // `read` has waited for all of the patience.
            Seen::Unknown(_) => Err(Failure::Permanent(why.to_owned())),
        }
    }
}

/// What is known of the session of an event.
#[expect(clippy::large_enum_variant, reason = "one is made for each event, and taken apart at once")]
pub(super) enum Known {
    Session(Option<SessionView>),
    /// Its record went, and the event tells of nothing but what was over by then.
    Outdated,
}

/// What is known of the session of an event that came at `came`.
pub(super) async fn known(
    records: &(impl Records + ?Sized),
    head: &EventHead,
    came: Timestamp,
    sessions_kept_for: Option<Duration>,
) -> Result<Known, LedgerError> {
    let key = &head.session;
    if let Some(view) = records.session(key).await? {
        return Ok(Known::Session(Some(view)));
    }
    let Some(tombstone) = records.tombstone(key).await? else { return Ok(Known::Session(None)) };
    if tombstone.covers(head, came, sessions_kept_for) {
        return Ok(Known::Outdated);
    }
    Ok(Known::Session(tombstone.erased.then(|| SessionView::of_erased(key, tombstone.at))))
}

/// What has to be read at mluvii to decide on an event; `None` where no rule listens, so that no look-up is made: at its
/// settling the session is looked at in any case.
pub(super) fn look_for(policy: &Policy, head: &EventHead, view: Option<&SessionView>) -> Option<Look> {
    let forms = policy.listens(Trigger::FormSubmitted);
    let changes = policy.listens(Trigger::ConsentChanged);
    let has_settled = view.is_some_and(|view| view.settle_at.is_none());
    let session = Look { params: false, activity: None };
    match head.kind {
        EventKind::SessionEnded => policy.listens(Trigger::SessionEnded).then_some(session),
        EventKind::SessionCallParamsUpdated => (forms || changes).then_some(Look { params: forms, ..session }),
        EventKind::SessionActivityHeroCardSubmission
        | EventKind::SessionActivityChatbotHeroCardSubmission
        | EventKind::SessionActivityCallScriptSubmission => {
            (forms || changes).then_some(Look { activity: head.activity, ..session })
        }
        // Who it is may be known only now; before the session has settled, its settling looks.
        EventKind::GuestIdentityUpdated => has_settled.then_some(session),
        // No rule is asked at these; the settling that they bring nearer looks.
        EventKind::SessionOperatorConcluded | EventKind::SessionRecordingPostProcessingCompleted => None,
    }
}

/// What an evaluation comes to, before erasures are made of it.
pub(super) struct Weighed<'f> {
    pub(super) session: SessionChange,
    pub(super) demands: Vec<Demanded<'f>>,
    pub(super) rules_no_longer: Vec<String>,
    /// The fingerprints of the session itself.
    own: Vec<Fingerprinted>,
}

impl Evaluation<'_> {
    /// Decides. `view` is the session as the ledger knows it; what erasures need is sealed under `seal`.
    pub(super) fn decide(
        &self,
        key: &SessionKey,
        view: Option<SessionView>,
        cause: Cause<'_>,
        seen: &Seen,
        seal: &SealKey,
    ) -> Result<Decision, RuleFailed> {
        let facts = seen.facts();
        let Weighed { session, demands, rules_no_longer, own } = self.weigh(key, view.as_ref(), cause, seen)?;
        let schedule = |demanded| self.schedule(demanded, &session.record, facts, &own, seal);
        let erasures = demands.into_iter().map(schedule).collect();
        Ok(Decision {
            erasures,
            rules_no_longer,
            tenants_are_departments: facts::tenants_are_departments(&session.record, facts),
            foreign: false,
            outdated: false,
            session,
        })
    }

    /// What is demanded, by the same facts.
    pub(super) fn weigh<'f>(
        &self,
        key: &SessionKey,
        view: Option<&SessionView>,
        cause: Cause<'f>,
        seen: &'f Seen,
    ) -> Result<Weighed<'f>, RuleFailed> {
        let facts = seen.facts();
        let erased_at = view.and_then(|view| view.erased_at);

        let Merged { mut session, new_forms } = self.merge(key, view, cause, facts);

        // Before the triggers: what mluvii shows is learnt, not a change, and rules have to see it.
        session.record.turn_to(consent::shown(&session.record, seen, erased_at));
        let consent_before = consent::state_before(view, &session.record.consent);

        // Before the triggers, since settling is one of them; after the merge, since an event may have concluded the session.
        let settles = self.settles(cause, seen, &session);
        let mut triggers = self.triggers(cause, &new_forms, &session.record, settles);
        if erased_at.is_none() && facts.is_some() {
            triggers.extend(self.end_to_ask_again(view, cause, &session.record));
        }

        // All consent rules before the first rule: a rule about the session's end must see what a form says at once.
        session.record = self.policy.said(&session.record, &triggers)?;
        // After what forms say, as it ends that as well, as far as it was said before.
        if let Cause::Withdrawn(withdrawal) = cause
            && session.record.consent.ends_by(*withdrawal)
        {
            session.record.turn_to(session.record.consent.withdrawn(*withdrawal));
        }

        // After the consent rules, and with the state before them: a rule about a change must see both.
        let mut demands = self.policy.demands(&triggers, &session.record, consent_before, self.now)?;
        if self.four_eyes && session.record.consent.is_withdrawn_by_officer() {
            // Whoever writes a withdrawal down has what follows erased as surely as by `quietus erase`, at once or when it settles.
            for demanded in &mut demands {
                demanded.demand.approve = true;
            }
        }
        let states = (consent_before, session.record.consent.state);
        Evaluated::add(&mut session.evaluated, self.policy.evaluated(&triggers, &demands, states, self.now));
        let late_content = self.content_after_erasure(view, &session.record.consent, &demands);
        demands.extend(late_content.filter(|_| settles));
        let rules_no_longer = if settles { self.rules_no_longer(&session.record)? } else { Vec::new() };

        // After the consent rules: a state that they have just changed is news, for which a session settles once more.
        let stays_settled = settling::stays_settled(view, &session, cause, &triggers);
        session.settle_at = (!settles && !stays_settled).then(|| self.next_look(&session));
        if settles {
            // After `rules_no_longer`, which takes back nothing where this is set; and kept, so that a later settling
            // takes nothing back.
            session.record.settled.get_or_insert(self.now);
        }

        // Who the session's own person is, by what mluvii shows now or showed last.
        // Taken before they are dropped below: by them, two people's erasures of one guest are kept apart.
        let own = session.fingerprints.clone().or_else(|| view.map(|view| view.fingerprints.clone()));
        if erased_at.is_some() && stays_settled {
            // A mluvii that still shows who it was is no reason to keep it here again.
            session.record.guest = None;
            session.fingerprints = None;
        }
        Ok(Weighed { session, demands, rules_no_longer, own: own.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests;
