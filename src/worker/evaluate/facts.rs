//! The first phase: the session's row with what the event and the look-up add to it.

use jiff::SignedDuration;

use crate::consent::ConsentRecord;
use crate::event::{EventHead, EventKind, Form};
use crate::keys::Digest;
use crate::ledger::{SessionChange, SessionView};
use crate::mluvii::SessionFacts;
use crate::subject::SessionKey;

use super::input::{Cause, Evaluation};

/// Ends that differ by less are one: events and look-ups may cut times differently.
const SAME_END: SignedDuration = SignedDuration::from_mins(1);

/// The session's new row, and the forms that it shows for the first time.
pub(super) struct Merged<'f> {
    /// The consent and the time of the next look are still as the ledger has them: later phases set both.
    pub(super) session: SessionChange,
    pub(super) new_forms: Vec<&'f Form>,
}

impl Evaluation<'_> {
    /// Merges what is known, what the event says and what mluvii showed.
    pub(super) fn merge<'f>(
        &self,
        key: &SessionKey,
        view: Option<&SessionView>,
        cause: Cause<'_>,
        facts: Option<&'f SessionFacts>,
    ) -> Merged<'f> {
        let mut session = view.map_or_else(|| SessionChange::unknown(key), unchanged);
        if let Cause::Event(head, _) = cause {
            self.add_event(&mut session, view, head);
        }
        if let Some(facts) = facts {
            // One that had settled has gone on, and ended again. What an event tells of that end comes with it.
            let has_settled = view.is_some_and(|view| view.settle_at.is_none());
            let is_told = matches!(cause, Cause::Event(head, _) if head.kind == EventKind::SessionEnded);
            let is_later = facts.ended.is_some_and(|ended| {
                session.record.ended.is_some_and(|before| ended.duration_since(before) > SAME_END)
            });
            session.record.end_told &= !has_settled || is_told || !is_later;
            self.add_look_up(&mut session, facts);
        }
        // By a wrong clock an end can lie ahead. It would never settle, and every rule's `after` would wait for it.
        session.record.ended = session.record.ended.map(|ended| ended.min(self.now));
        let new_forms = match facts.and_then(|facts| facts.forms.as_ref()) {
            Some(forms) => self.new_forms(&mut session.forms_seen, forms),
            // Where the call params were not asked for, nothing is known of them: what was seen stays.
            None => Vec::new(),
        };
        Merged { session, new_forms }
    }

    /// What the event says wins over what was known, as it is the newer word of mluvii.
    fn add_event(&self, session: &mut SessionChange, view: Option<&SessionView>, head: &EventHead) {
        let record = &mut session.record;
        record.source.get_or_insert_with(|| head.source.clone());
        record.tenant = head.tenant.or(record.tenant);
        record.channel = head.channel.clone().or(record.channel.take());
        record.session_source = head.session_source.clone().or(record.session_source.take());
        record.started = head.started.or(record.started);
        record.reconciled |= head.reconciled;
        match head.kind {
            EventKind::SessionEnded => {
                // An end without a readable time has ended by now.
                let ended = head.time.or(record.ended).unwrap_or(self.now);
                // Only once it has settled: before, a conclusion can be ahead of its end, and without it the session
                // would wait for its limit.
                let has_settled = view.is_some_and(|view| view.settle_at.is_none());
                if has_settled && record.ended.is_some_and(|before| before < ended) {
                    // The session was continued: its operator concludes it again, and there is another recording.
                    session.concluded = false;
                    session.recording_ready = false;
                    record.settled = None;
                }
                record.ended = record.ended.max(Some(ended));
                record.end_told = true;
            }
            EventKind::SessionOperatorConcluded => session.concluded = true,
            EventKind::SessionRecordingPostProcessingCompleted => session.recording_ready = true,
            _ => {}
        }
    }

    /// Of what events say as well, a look-up only fills the gaps: its times may be rounded otherwise.
    fn add_look_up(&self, session: &mut SessionChange, facts: &SessionFacts) {
        let record = &mut session.record;
        // One that is no longer shown stays: mluvii's own anonymization cuts it off, and the guest's sessions would not
        // be found.
        if let Some(guest) = &facts.guest {
            record.guest = Some(guest.clone());
            record.guest_digest = Some(self.fingerprinter.guest(guest));
        }
        record.channel = record.channel.take().or_else(|| facts.channel.clone());
        record.session_source = record.session_source.take().or_else(|| facts.source.clone());
        record.started = record.started.or(facts.started);
        // The later one: a look-up that lags behind still shows the end before the session was continued.
        record.ended = record.ended.max(facts.ended);
        session.fingerprints = Some(facts.fingerprints(self.fingerprinter));
        session.read_at = Some(self.now);
    }

    /// The groups of call params that are not as they were at the last look; what was withdrawn and is said again counts
    /// as new. After an anonymization they are empty, so that the event it causes is no submission.
    fn new_forms<'f>(&self, seen: &mut Vec<Digest>, forms: &'f [Form]) -> Vec<&'f Form> {
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
}

fn unchanged(view: &SessionView) -> SessionChange {
    SessionChange {
        read_version: view.version,
        record: view.record.clone(),
        // `None` leaves what the ledger has.
        fingerprints: None,
        read_at: None,
        concluded: view.concluded,
        recording_ready: view.recording_ready,
        settle_at: None,
        forms_seen: view.forms_seen.clone(),
        evaluated: view.evaluated.clone(),
    }
}

/// Whether the session shows that a webhook's tenant is the API's department; `None` where it does not show both.
pub(super) fn tenants_are_departments(record: &ConsentRecord, facts: Option<&SessionFacts>) -> Option<bool> {
    let department = facts?.department?;
    Some(record.tenant? == department)
}
