//! What an event, a look at the session and the rules come to: a pure function. The ledger's view of the session and
//! mluvii's answer enter, a [`Decision`] leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::SettlingSettings;
use crate::consent::{Consent, ConsentRecord, ConsentState};
use crate::erasure::{Capsule, ErasureId, NewErasure, Subject};
use crate::event::{EventHead, EventKind, Form};
use crate::keys::{Digest, IndexKey, SealKey};
use crate::ledger::{Decision, SessionChange, SessionView};
use crate::mluvii::{LookUp, SessionFacts};
use crate::policy::{Demand, Facts, Moment, Policy, RuleFailed, person_subject};
use crate::subject::{Identifier, Identifiers, Kind, Scope, SessionKey};

/// What deciding needs beside the facts.
pub(super) struct Deliberation<'a> {
    pub(super) policy: &'a Policy,
    pub(super) settling: &'a SettlingSettings,
    /// The names of form fields that identify a person.
    pub(super) params: &'a BTreeMap<String, Kind>,
    pub(super) index: &'a IndexKey,
    pub(super) seal: &'a SealKey,
    pub(super) now: Timestamp,
}

/// Why the session is looked at.
#[derive(Clone, Copy)]
pub(super) enum Cause<'a> {
    Event(&'a EventHead, Option<&'a Form>),
    /// Its time to settle has come.
    Settle,
}

/// One moment at which the rules are asked.
struct Asked<'a> {
    moment: Moment,
    form: Option<&'a Form>,
    /// From when a rule's `after` counts.
    since: Timestamp,
}

impl Deliberation<'_> {
    /// Decides. `view` is the session as the ledger knows it.
    pub(super) fn decide(
        &self,
        key: &SessionKey,
        view: Option<SessionView>,
        cause: Cause<'_>,
        found: &LookUp,
    ) -> Result<Decision, RuleFailed> {
        let facts = match found {
            LookUp::Found(facts) => Some(facts),
            LookUp::Gone => None,
        };
        let mut session = self.updated(key, view.as_ref(), cause, facts);
        let erased = view.as_ref().is_some_and(|view| view.erased_at.is_some());
        if !erased {
            look_up_consent(&mut session.record.consent, facts, self.now);
        }
        // To learn of a consent is no change of it; what a form says at once about it is one.
        let was = view.as_ref().map(|view| view.record.consent.state).filter(|was| *was != ConsentState::Unknown);
        let was = was.unwrap_or(session.record.consent.state);

        let new_forms = self.new_forms(&mut session.forms_seen, facts);
        let settles =
            matches!(cause, Cause::Settle) && (facts.is_none() || self.settling.has_settled(&session, self.now));
        let moments = self.moments(cause, &new_forms, &session.record, settles);

        let mut demands = Vec::new();
        for asked in &moments {
            self.hear_consent(&mut session.record, asked)?;
        }
        for asked in &moments {
            let facts = Facts { record: &session.record, form: asked.form };
            for demand in self.policy.decide(asked.moment, &facts, asked.since)? {
                demands.push((demand, asked.form));
            }
        }
        if session.record.consent.state != was {
            let facts = Facts { record: &session.record, form: None };
            let changed = self.policy.decide(Moment::ConsentChanged, &facts, self.now)?;
            demands.extend(changed.into_iter().map(|demand| (demand, None)));
        }

        let stays_settled = view.as_ref().is_some_and(|view| {
            let heard = erased && moments.iter().any(|asked| asked.form.is_some());
            matches!(cause, Cause::Event(..)) && view.settle_at.is_none() && !heard && !has_news(view, &session, cause)
        });
        session.settle_at = (!settles && !stays_settled).then(|| self.settling.look_at(&session, self.now));
        let known = facts.map(|facts| &facts.identifiers);
        let erasures = demands.into_iter().map(|(demand, form)| self.promise(demand, &session.record, form, known));
        Ok(Decision { erasures: erasures.collect(), session })
    }

    /// The session's row with what the event and the look-up add; the consent is left to the caller.
    fn updated(
        &self,
        key: &SessionKey,
        view: Option<&SessionView>,
        cause: Cause<'_>,
        facts: Option<&SessionFacts>,
    ) -> SessionChange {
        let mut record = view.map_or_else(|| ConsentRecord::new(key.clone()), |view| view.record.clone());
        let mut concluded = view.is_some_and(|view| view.concluded);
        let mut recording_ready = view.is_some_and(|view| view.recording_ready);
        if let Cause::Event(head, _) = cause {
            record.tenant = head.tenant.or(record.tenant);
            record.channel = head.channel.clone().or(record.channel);
            record.session_source = head.session_source.clone().or(record.session_source);
            record.started = head.started.or(record.started);
            match head.kind {
                // An end without a readable time has ended by now.
                EventKind::SessionEnded => record.ended = head.time.or(record.ended).or(Some(self.now)),
                EventKind::SessionOperatorConcluded => concluded = true,
                EventKind::SessionRecordingPostProcessingCompleted => recording_ready = true,
                _ => {}
            }
        }
        if let Some(facts) = facts {
            record.guest = facts.guest.clone().or(record.guest);
            record.channel = record.channel.or_else(|| facts.channel.clone());
            record.session_source = record.session_source.or_else(|| facts.source.clone());
            record.started = record.started.or(facts.started);
            record.ended = record.ended.or(facts.ended);
        }
        // By a wrong clock an end can lie ahead. It would never settle, and every rule's `after` would wait for it.
        record.ended = record.ended.map(|ended| ended.min(self.now));
        let prints = |facts: &SessionFacts| {
            let all = facts.identifiers.0.iter();
            all.map(|identifier| (identifier.kind.clone(), identifier.fingerprint(self.index))).collect()
        };
        SessionChange {
            read_version: view.map_or(0, |view| view.version),
            record,
            fingerprints: facts.map(prints),
            concluded,
            recording_ready,
            settle_at: None,
            forms_seen: view.map(|view| view.forms_seen.clone()).unwrap_or_default(),
        }
    }

    /// The groups of call params that are not as they were at the last look; what was taken back and is said again is
    /// said anew. After an anonymization they are empty, so that the event it causes is no submission.
    fn new_forms<'f>(&self, seen: &mut Vec<Digest>, facts: Option<&'f SessionFacts>) -> Vec<&'f Form> {
        let Some(facts) = facts else { return Vec::new() };
        let filled = facts.forms.iter().filter(|form| form.params.values().any(|value| !value.expose().is_empty()));
        let (forms, digests): (Vec<_>, Vec<_>) = filled.map(|form| (form, self.digest(form))).unzip();
        let last = std::mem::replace(seen, digests);
        forms.into_iter().zip(&*seen).filter(|(_, digest)| !last.contains(digest)).map(|(form, _)| form).collect()
    }

    fn digest(&self, form: &Form) -> Digest {
        let mut parts: Vec<&[u8]> = vec![form.origin.as_bytes()];
        for (name, value) in &form.params {
            parts.extend([name.as_bytes(), value.expose().as_bytes()]);
        }
        self.index.seen(&parts)
    }

    fn moments<'f>(
        &self,
        cause: Cause<'f>,
        new_forms: &[&'f Form],
        record: &ConsentRecord,
        settles: bool,
    ) -> Vec<Asked<'f>> {
        let ended = record.ended.unwrap_or(self.now);
        let submitted = |form, since| Asked { moment: Moment::FormSubmitted, form: Some(form), since };
        let mut moments: Vec<_> = new_forms.iter().map(|form| submitted(*form, self.now)).collect();
        match cause {
            Cause::Event(head, form) => {
                moments.extend(form.map(|form| submitted(form, head.time.unwrap_or(self.now).min(self.now))));
                if head.kind == EventKind::SessionEnded {
                    moments.push(Asked { moment: Moment::SessionEnded, form: None, since: ended });
                }
            }
            Cause::Settle if settles => {
                moments.push(Asked { moment: Moment::SessionSettled, form: None, since: ended });
            }
            Cause::Settle => {}
        }
        moments
    }

    /// Lets the consent rules of one moment speak.
    fn hear_consent(&self, record: &mut ConsentRecord, asked: &Asked<'_>) -> Result<(), RuleFailed> {
        let said = self.policy.consent(asked.moment, &Facts { record, form: asked.form })?;
        if let Some(state) = said {
            record.consent = Consent {
                state,
                version: record.consent.version.take(),
                origin: Some(asked.form.map_or_else(|| SAID_BY_RULE.to_owned(), |form| form.origin.clone())),
                form_id: asked.form.and_then(|form| form.id),
                since: Some(asked.since),
            };
        }
        Ok(())
    }

    /// Makes an erasure of a demand. Where the wider scope cannot be told (no guest id, no identifiers), the erasure
    /// reaches as far as what is known.
    fn promise(
        &self,
        demand: Demand,
        record: &ConsentRecord,
        form: Option<&Form>,
        known: Option<&Identifiers>,
    ) -> NewErasure {
        let capsule = self.kept_for_plugins(&demand, known);
        let Demand { rule, scope, due, targets } = demand;
        let make =
            |subject, capsule| NewErasure { id: ErasureId::generate(self.now), subject, rule, targets, due, capsule };
        let session = Subject::Session(record.session.clone());
        let guest = record.guest.clone().map(|guest| Subject::Guest { source: record.session.source.clone(), guest });
        match scope {
            Scope::Session => make(session, capsule),
            Scope::Guest => make(guest.unwrap_or(session), capsule),
            Scope::Person => {
                let mut identifiers = self.person(form, known);
                if identifiers.0.is_empty() {
                    return make(guest.unwrap_or(session), capsule);
                }
                let subject = person_subject(&identifiers, self.index);
                identifiers.0.extend(Identifier::new(Kind::SessionId, &record.session.to_string()));
                make(subject, Some(Capsule::seal(&identifiers, self.seal)))
            }
        }
    }

    /// What the session knows now, for plugins that are to be asked soon: a wider erasure could reach mluvii first, and
    /// then nobody could tell them any more whom to look for. Nothing is kept for a retention period's length.
    fn kept_for_plugins(&self, demand: &Demand, known: Option<&Identifiers>) -> Option<Capsule> {
        let soon = self.now.saturating_add(KEPT_MAX).is_ok_and(|end| demand.due <= end);
        let elsewhere = demand.targets.iter().any(|target| !target.is_mluvii());
        let known = known.filter(|known| soon && elsewhere && !known.0.is_empty())?;
        Some(Capsule::seal(known, self.seal))
    }

    /// A person who asks is identified by what the form itself says; where it says neither an address nor a number, by
    /// what the session knows as well, for a name is shared by many.
    fn person(&self, form: Option<&Form>, known: Option<&Identifiers>) -> Identifiers {
        let said = form
            .into_iter()
            .flat_map(|form| &form.params)
            .filter_map(|(name, value)| Identifier::new(self.params.get(name)?.clone(), value.expose()));
        let said: BTreeSet<_> = said.collect();
        let tells = said.iter().any(|identifier| matches!(identifier.kind, Kind::Email | Kind::Phone));
        let known = known.filter(|_| !tells).into_iter().flat_map(|known| known.0.iter().cloned());
        Identifiers(said.into_iter().chain(known).collect())
    }
}

/// Whether something has come that a settled session was not settled with. Events arrive in any order, and what is
/// known already must not settle a session a second time, or it would be erased twice.
fn has_news(view: &SessionView, now: &SessionChange, cause: Cause<'_>) -> bool {
    // Each of these tells of content of its own: a second operator's notes, a second recording.
    let content = matches!(cause, Cause::Event(head, _) if matches!(
        head.kind,
        EventKind::SessionOperatorConcluded | EventKind::SessionRecordingPostProcessingCompleted
    ));
    let ended = now.record.ended.is_some() && view.record.ended.is_none();
    content || ended || now.record.consent.state != view.record.consent.state
}

/// How long before an erasure begins its identifiers may be sealed.
const KEPT_MAX: Duration = Duration::from_secs(24 * 3600);

/// The origin of a consent state that a rule set without a form.
const SAID_BY_RULE: &str = "rule";

/// The origin of a consent state that the look-up told.
const SAID_BY_SESSION: &str = "session";

/// What mluvii itself holds about consent. What a form said stands above it.
fn look_up_consent(consent: &mut Consent, facts: Option<&SessionFacts>, now: Timestamp) {
    let Some(facts) = facts else { return };
    if consent.origin.as_deref().is_some_and(|origin| origin != SAID_BY_SESSION) {
        consent.version = facts.consent_version.clone().or(consent.version.take());
        return;
    }
    // A version that is gone was anonymized, by us a moment ago or by mluvii itself: nobody took a consent back.
    if consent.state == ConsentState::Given && facts.consent_version.is_none() {
        return;
    }
    let state = if facts.consent_version.is_some() { ConsentState::Given } else { ConsentState::Absent };
    if state != consent.state || facts.consent_version != consent.version {
        *consent = Consent {
            state,
            version: facts.consent_version.clone(),
            origin: Some(SAID_BY_SESSION.to_owned()),
            form_id: None,
            since: Some(now),
        };
    }
}

#[cfg(test)]
mod tests;
