//! What an event, a look at the session and the rules come to: a pure function. The ledger's view of the session and
//! what mluvii showed enter, a [`Decision`] leaves.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::SettlingSettings;
use crate::consent::{Consent, ConsentRecord, ConsentState, UnknownCause};
use crate::erasure::{Capsule, ErasureId, NewErasure, Selection, Subject};
use crate::event::{EventHead, EventKind, Form};
use crate::keys::{Digest, IndexKey, SealKey};
use crate::ledger::{Decision, SessionChange, SessionView};
use crate::mluvii::SessionFacts;
use crate::policy::{Demand, Facts, Policy, RuleFailed, Trigger};
use crate::subject::{
    Fingerprinted, Fingerprinter, Identifier, Identifiers, Kind, Narrowed, Params, Scope, SessionKey, TargetName, Whom,
    kind_of,
};

/// What evaluating needs beside the facts.
pub(super) struct Evaluation<'a> {
    pub(super) policy: &'a Policy,
    pub(super) settling: &'a SettlingSettings,
    /// The names of form fields that identify a person.
    pub(super) params: &'a Params,
    pub(super) fingerprinter: &'a Fingerprinter,
    pub(super) index: &'a IndexKey,
    pub(super) seal: &'a SealKey,
    pub(super) now: Timestamp,
}

/// Why the session is evaluated.
#[derive(Clone, Copy)]
pub(super) enum Cause<'a> {
    Event(&'a EventHead, Option<&'a Form>),
    /// Its time to settle has come.
    Settle,
}

/// What mluvii showed of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nobody looked, as no rule listens.
    NotLooked,
    Read(Box<SessionFacts>),
    /// Looking did not help for as long as `settling.patience`.
    Unknown(UnknownCause),
}

impl Seen {
    fn facts(&self) -> Option<&SessionFacts> {
        match self {
            Self::Read(facts) => Some(facts),
            Self::NotLooked | Self::Unknown(_) => None,
        }
    }
}

/// One moment at which the rules are asked.
struct Asked<'a> {
    trigger: Trigger,
    form: Option<&'a Form>,
    /// From when a rule's `after` counts.
    since: Timestamp,
    /// When a form was filled in, by its own word.
    said: Option<Timestamp>,
}

impl Evaluation<'_> {
    /// Decides. `view` is the session as the ledger knows it.
    pub(super) fn decide(
        &self,
        key: &SessionKey,
        view: Option<SessionView>,
        cause: Cause<'_>,
        seen: &Seen,
    ) -> Result<Decision, RuleFailed> {
        let facts = seen.facts();
        let view = view.as_ref();
        let erased_at = view.and_then(|view| view.erased_at);
        let erased = erased_at.is_some();
        let mut session = self.merged(key, view, cause, facts);
        // An erased session shows no version any more, which says nothing. One that shows nevertheless was given since: the
        // session was continued. It may also be what mluvii left of a consent that is known.
        let shows = facts.is_some_and(|facts| facts.consent_version.is_some());
        if !erased || (shows && session.record.consent.state != ConsentState::Given) {
            let since = erased_at.or(session.record.started);
            look_up_consent(&mut session.record.consent, seen, since);
        }
        // To learn of a consent is no change of it; what a form says at once about it is one.
        let known = view.map(|view| view.record.consent.state).filter(|was| *was != ConsentState::Unknown);
        let was = known.unwrap_or(session.record.consent.state);

        let new_forms = self.new_forms(&mut session.forms_seen, facts);
        let settles = matches!(cause, Cause::Settle)
            && (matches!(seen, Seen::Unknown(_)) || self.settling.has_settled(&session, self.now));
        let mut triggers = self.triggers(cause, &new_forms, &session.record, settles);
        if !erased && facts.is_some() && ended_unknown(view) {
            triggers.extend(self.ended_again(cause, &session.record));
        }
        for asked in &triggers {
            self.hear_consent(&mut session.record, asked)?;
        }
        let mut demands = self.demands(&triggers, &session.record, was)?;
        if let (true, Some(erased_at)) = (settles, erased_at)
            && !self.goes_now(&demands)
            && !agreed_since(view, &session.record.consent, erased_at)
        {
            demands.push((self.content_after_erasure(), None));
        }

        let stays_settled = view.is_some_and(|view| {
            let heard = erased && triggers.iter().any(|asked| asked.form.is_some());
            matches!(cause, Cause::Event(..)) && view.settle_at.is_none() && !heard && !has_news(view, &session, cause)
        });
        // Never in the past: the patience with its look-ups begins when they can be made, however late the event came.
        session.settle_at =
            (!settles && !stays_settled).then(|| self.settling.look_at(&session, self.now).max(self.now));
        // Who the session's own person is, by what mluvii shows now or showed last.
        let own = session.fingerprints.clone().or_else(|| view.map(|view| view.fingerprints.clone()));
        if erased && stays_settled {
            // A mluvii that still shows who it was is no reason to keep it here again.
            session.record.guest = None;
            session.fingerprints = None;
        }
        let own = own.as_deref().unwrap_or_default();
        let erasures =
            demands.into_iter().map(|(demand, form)| self.schedule(demand, &session.record, form, facts, own));
        let erasures = erasures.collect();
        let tenants_are_departments = agreement(&session.record, facts);
        Ok(Decision { erasures, session, tenants_are_departments, foreign: false })
    }

    /// The session's row with what the event and the look-up add; the consent is left to the caller.
    fn merged(
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
            record.source.get_or_insert_with(|| head.source.clone());
            record.tenant = head.tenant.or(record.tenant);
            record.channel = head.channel.clone().or(record.channel);
            record.session_source = head.session_source.clone().or(record.session_source);
            record.started = head.started.or(record.started);
            match head.kind {
                EventKind::SessionEnded => {
                    // An end without a readable time has ended by now.
                    let ended = head.time.or(record.ended).unwrap_or(self.now);
                    let goes_on = view.is_some_and(|view| view.settle_at.is_none())
                        && record.ended.is_some_and(|before| before < ended);
                    if goes_on {
                        // The session was continued: its operator concludes it again, and there is another recording.
                        concluded = false;
                        recording_ready = false;
                    }
                    record.ended = record.ended.max(Some(ended));
                }
                EventKind::SessionOperatorConcluded => concluded = true,
                EventKind::SessionRecordingPostProcessingCompleted => recording_ready = true,
                _ => {}
            }
        }
        if let Some(facts) = facts {
            record.guest = facts.guest.clone().or(record.guest);
            record.guest_digest =
                facts.guest.as_ref().map(|guest| self.fingerprinter.guest(guest)).or(record.guest_digest);
            record.channel = record.channel.or_else(|| facts.channel.clone());
            record.session_source = record.session_source.or_else(|| facts.source.clone());
            record.started = record.started.or(facts.started);
            record.ended = record.ended.max(facts.ended);
        }
        // By a wrong clock an end can lie ahead. It would never settle, and every rule's `after` would wait for it.
        record.ended = record.ended.map(|ended| ended.min(self.now));
        let read_at = facts.map(|_| self.now).or(view.and_then(|view| view.read_at));
        SessionChange {
            read_version: view.map_or(0, |view| view.version),
            record,
            fingerprints: facts.map(|facts| fingerprints(self.fingerprinter, facts)),
            read_at,
            concluded,
            recording_ready,
            settle_at: None,
            forms_seen: view.map(|view| view.forms_seen.clone()).unwrap_or_default(),
        }
    }

    /// The groups of call params that are not as they were at the last look; what was taken back and is said again is
    /// said anew. After an anonymization they are empty, so that the event it causes is no submission.
    fn new_forms<'f>(&self, seen: &mut Vec<Digest>, facts: Option<&'f SessionFacts>) -> Vec<&'f Form> {
        // Where the call params were not asked for, nothing is known of them: what was seen stays.
        let Some(forms) = facts.and_then(|facts| facts.forms.as_ref()) else { return Vec::new() };
        let filled = forms.iter().filter(|form| form.params.values().any(|value| !value.expose().is_empty()));
        let with_digests: Vec<_> = filled.map(|form| (form, self.digest(form))).collect();
        let digests = with_digests.iter().map(|(_, digest)| *digest).collect();
        let last = std::mem::replace(seen, digests);
        with_digests.into_iter().filter(|(_, digest)| !last.contains(digest)).map(|(form, _)| form).collect()
    }

    fn digest(&self, form: &Form) -> Digest {
        let mut parts: Vec<&[u8]> = vec![form.origin.as_bytes()];
        for (name, value) in &form.params {
            parts.extend([name.as_bytes(), value.expose().as_bytes()]);
        }
        self.index.seen(&parts)
    }

    fn triggers<'f>(
        &self,
        cause: Cause<'f>,
        new_forms: &[&'f Form],
        record: &ConsentRecord,
        settles: bool,
    ) -> Vec<Asked<'f>> {
        let ended = record.ended.unwrap_or(self.now);
        let submitted = |form: &'f Form, said: Option<Timestamp>| {
            // By a wrong clock it can lie ahead.
            let said = said.map(|said| said.min(self.now));
            let since = said.unwrap_or(self.now);
            Asked { trigger: Trigger::FormSubmitted, form: Some(form), since, said: said.or(record.started) }
        };
        let mut triggers: Vec<_> = new_forms.iter().map(|form| submitted(form, form.time)).collect();
        match cause {
            Cause::Event(head, form) => {
                triggers.extend(form.map(|form| submitted(form, form.time.or(head.time))));
                if head.kind == EventKind::SessionEnded {
                    triggers.push(Asked { trigger: Trigger::SessionEnded, form: None, since: ended, said: None });
                }
            }
            Cause::Settle if settles => {
                triggers.push(Asked { trigger: Trigger::SessionSettled, form: None, since: ended, said: None });
            }
            Cause::Settle => {}
        }
        triggers
    }

    /// The session's end, asked about once more: when it came, the session could not be read, so that no rule could decide
    /// by its consent. Once it has been read, its consent is known, and this does not come again.
    fn ended_again<'f>(&self, cause: Cause<'f>, record: &ConsentRecord) -> Option<Asked<'f>> {
        let asked_anyway = matches!(cause, Cause::Event(head, _) if head.kind == EventKind::SessionEnded);
        let since = record.ended.unwrap_or(self.now);
        (!asked_anyway).then_some(Asked { trigger: Trigger::SessionEnded, form: None, since, said: None })
    }

    /// Whether one of the demands has the session itself erased at mluvii now. One that waits for a person, or for a
    /// retention period, may come to nothing or take years.
    fn goes_now(&self, demands: &[(Demand, Option<&Form>)]) -> bool {
        let now = |demand: &Demand| !demand.approve && demand.due <= self.now;
        demands.iter().any(|(demand, _)| now(demand) && demand.targets.iter().any(TargetName::is_mluvii))
    }

    /// What came to a session after it was erased goes as the session went: the reason was one of the whole session.
    fn content_after_erasure(&self) -> Demand {
        Demand {
            rule: CONTENT_AFTER_ERASURE.to_owned(),
            scope: Scope::Session,
            due: self.now,
            approve: false,
            targets: vec![TargetName::mluvii()],
        }
    }

    /// Lets the consent rules of one trigger speak. What was said later stands, in whatever order forms arrive.
    fn hear_consent(&self, record: &mut ConsentRecord, asked: &Asked<'_>) -> Result<(), RuleFailed> {
        let Some(state) = self.policy.consent(asked.trigger, &Facts { record, form: asked.form })? else {
            return Ok(());
        };
        let said = asked.said.or(Some(asked.since));
        let by_session = record.consent.origin.as_deref().is_none_or(|origin| origin == SAID_BY_SESSION);
        if !by_session && record.consent.since > said {
            return Ok(());
        }
        record.consent = Consent {
            state,
            version: record.consent.version.take(),
            origin: Some(asked.form.map_or_else(|| SAID_BY_RULE.to_owned(), |form| form.origin.clone())),
            form_id: asked.form.and_then(|form| form.id),
            since: said,
            cause: None,
        };
        Ok(())
    }

    /// What the rules demand at all triggers, and at the change of the consent that these may have brought.
    fn demands<'f>(
        &self,
        triggers: &[Asked<'f>],
        record: &ConsentRecord,
        was: ConsentState,
    ) -> Result<Vec<(Demand, Option<&'f Form>)>, RuleFailed> {
        let mut demands = Vec::new();
        for asked in triggers {
            let facts = Facts { record, form: asked.form };
            for demand in self.policy.decide(asked.trigger, &facts, asked.since)? {
                demands.push((demand, asked.form));
            }
        }
        if record.consent.state != was {
            let changed = self.policy.decide(Trigger::ConsentChanged, &Facts { record, form: None }, self.now)?;
            demands.extend(changed.into_iter().map(|demand| (demand, None)));
        }
        Ok(demands)
    }

    /// Makes an erasure of a demand. Where the wider scope cannot be told (no guest id, no identifiers), the erasure
    /// reaches as far as what is known, and its receipt says so. `own` are the fingerprints of the session itself.
    fn schedule(
        &self,
        demand: Demand,
        record: &ConsentRecord,
        form: Option<&Form>,
        facts: Option<&SessionFacts>,
        own: &[Fingerprinted],
    ) -> NewErasure {
        let mut whom = Whom::default();
        if let Some(facts) = facts.filter(|_| self.is_soon(&demand)) {
            // Plugins have nothing else to look for once mluvii is anonymized. Nothing is kept for a retention period's
            // length.
            if demand.targets.iter().any(|target| !target.is_mluvii()) {
                whom.identifiers = all_identifiers(facts);
            }
        }
        let session = Subject::Session(record.session.clone());
        let installation = record.session.installation.clone();
        let guest = record.guest_digest.map(|digest| Subject::Guest { installation: installation.clone(), digest });
        let mut fingerprints = Vec::new();
        let subject = match demand.scope {
            Scope::Session => session,
            Scope::Guest => guest.unwrap_or_else(|| {
                whom.narrowed = Some(Narrowed::NoGuestId);
                session
            }),
            Scope::Person => {
                let identifiers = self.person(form, facts.map(|facts| &facts.identifiers));
                fingerprints = self.fingerprinter.of_all(&identifiers);
                if fingerprints.is_empty() {
                    whom.narrowed = Some(Narrowed::NoIdentifiers);
                    guest.unwrap_or(session)
                } else {
                    let digest = self.fingerprinter.person(&fingerprints);
                    whom.identifiers = identifiers;
                    Subject::Person { installation, digest }
                }
            }
        };
        if subject.scope() != Scope::Session {
            whom.origin.insert(record.session.clone());
            whom.guests.extend(record.guest.clone());
        }
        let capsule = (!whom.is_empty()).then(|| Capsule::seal(&whom, self.seal));
        let own: Vec<_> = own.iter().filter(|one| !one.supplementary).cloned().collect();
        let identifies = subject.scope() == Scope::Guest && !own.is_empty();
        let origin = identifies.then(|| self.fingerprinter.person(&own));
        NewErasure {
            id: ErasureId::generate(self.now),
            subject,
            rule: demand.rule,
            targets: demand.targets,
            due: demand.due,
            approve: demand.approve,
            origin,
            selection: Selection::default(),
            capsule,
            fingerprints,
        }
    }

    fn is_soon(&self, demand: &Demand) -> bool {
        self.now.saturating_add(KEPT_MAX).is_ok_and(|end| demand.due <= end)
    }

    /// A person who asks is identified by what the form itself says; where it says neither an address nor a number, by
    /// what the session knows as well, for a name is shared by many.
    fn person(&self, form: Option<&Form>, known: Option<&Identifiers>) -> Identifiers {
        let said = form
            .into_iter()
            .flat_map(|form| &form.params)
            .filter_map(|(name, value)| Identifier::new(kind_of(self.params, name)?, value.expose()));
        let said: BTreeSet<_> = said.collect();
        let tells = said.iter().any(|identifier| matches!(identifier.kind, Kind::Email | Kind::Phone));
        let known = known.filter(|_| !tells).into_iter().flat_map(|known| known.0.iter().cloned());
        Identifiers(said.into_iter().chain(known).collect())
    }
}

/// The fingerprints of what mluvii shows of a session.
pub(super) fn fingerprints(fingerprinter: &Fingerprinter, facts: &SessionFacts) -> Vec<Fingerprinted> {
    let mut all = fingerprinter.of_all(&facts.identifiers);
    for one in fingerprinter.of_all(&facts.callback) {
        if !all.contains(&one) {
            all.push(Fingerprinted { supplementary: true, ..one });
        }
    }
    all
}

/// What plugins are told of a session: a number to call back is the person's for this, too.
pub(super) fn all_identifiers(facts: &SessionFacts) -> Identifiers {
    Identifiers(facts.identifiers.0.union(&facts.callback.0).cloned().collect())
}

/// Whether something has come that a settled session was not settled with. Events arrive in any order, and what is
/// known already must not settle a session a second time, or it would be erased twice.
fn has_news(view: &SessionView, now: &SessionChange, cause: Cause<'_>) -> bool {
    // Each of these tells of content of its own: a second operator's notes, a second recording.
    let content = matches!(cause, Cause::Event(head, _) if matches!(
        head.kind,
        EventKind::SessionOperatorConcluded | EventKind::SessionRecordingPostProcessingCompleted
    ));
    // A continued session has ended again, and holds more than at its first end. Only the event says so: what a look-up
    // tells may be rounded otherwise.
    let ended = matches!(cause, Cause::Event(head, _) if head.kind == EventKind::SessionEnded)
        && now.record.ended > view.record.ended;
    content || ended || now.record.consent.state != view.record.consent.state
}

/// Whether the session's end was heard, and its consent is not known as it could not be read.
fn ended_unknown(view: Option<&SessionView>) -> bool {
    let unknown = |consent: &Consent| consent.state == ConsentState::Unknown && consent.cause.is_some();
    view.is_some_and(|view| view.record.ended.is_some() && unknown(&view.record.consent))
}

/// Whether consent was given after the session was erased, so that what came since may stay.
fn agreed_since(view: Option<&SessionView>, consent: &Consent, erased_at: Timestamp) -> bool {
    let was_given = view.is_some_and(|view| view.record.consent.state == ConsentState::Given);
    consent.state == ConsentState::Given && (!was_given || consent.since.is_some_and(|since| since >= erased_at))
}

/// Stands where a rule's name does, in the ledger and on receipts.
const CONTENT_AFTER_ERASURE: &str = "content after an erasure";

/// Whether the session shows that a webhook's tenant is the API's department; `None` where it does not show both.
fn agreement(record: &ConsentRecord, facts: Option<&SessionFacts>) -> Option<bool> {
    let department = facts?.department?;
    Some(record.tenant? == department)
}

/// How long before an erasure begins its identifiers may be sealed.
const KEPT_MAX: Duration = Duration::from_secs(24 * 3600);

/// The origin of a consent state that a rule set without a form.
const SAID_BY_RULE: &str = "rule";

/// The origin of a consent state that the look-up told.
const SAID_BY_SESSION: &str = "session";

/// What mluvii itself holds about consent. What a form said stands above it. Only a session that was read and
/// understood tells anything: `absent` is said of a consent version that is null, never of one that was not seen.
/// `since` is from when a consent counts that it shows.
fn look_up_consent(consent: &mut Consent, seen: &Seen, since: Option<Timestamp>) {
    let facts = match seen {
        Seen::NotLooked => return,
        Seen::Unknown(cause) => {
            if consent.state == ConsentState::Unknown {
                consent.cause = Some(*cause);
            }
            return;
        }
        Seen::Read(facts) => facts,
    };
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
            since: since.or(facts.started),
            cause: None,
        };
    }
}

#[cfg(test)]
mod tests;
