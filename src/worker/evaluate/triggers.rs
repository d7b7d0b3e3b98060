//! The third phase: the triggers at which the rules are asked.

use jiff::Timestamp;

use super::input::{Cause, Evaluation};
use crate::consent::{ConsentRecord, ConsentState};
use crate::event::{EventKind, Form};
use crate::ledger::SessionView;
use crate::policy::{Fired, Trigger};

impl Evaluation<'_> {
    /// The triggers of this evaluation, in the order in which the rules are asked: forms first, so that what they say about
    /// consent is known to the rules about the session.
    pub(super) fn triggers<'f>(
        &self,
        cause: Cause<'f>,
        new_forms: &[&'f Form],
        record: &ConsentRecord,
        settles: bool,
    ) -> Vec<Fired<'f>> {
        let mut triggers: Vec<_> = new_forms.iter().map(|form| self.form_submitted(form, form.time, record)).collect();
        match cause {
            Cause::Event(head, form) => {
                triggers.extend(form.map(|form| self.form_submitted(form, form.time.or(head.time), record)));
                if head.kind == EventKind::SessionEnded {
                    triggers.push(self.at_end(Trigger::SessionEnded, record));
                }
            }
            // Not at a look that finds it unsettled, such as one whose end is not known: it would be asked about twice.
            Cause::Settle if settles => triggers.push(self.at_end(Trigger::SessionSettled, record)),
            // Nobody has filled in a form; that the consent changes asks the rules about that.
            Cause::Settle | Cause::Withdrawn(_) => {}
        }
        triggers
    }

    /// The session's end, asked about once more: when it came, the session could not be read, so that no rule could decide
    /// by its consent. Once it has been read, its consent is known, and this does not come again.
    pub(super) fn end_to_ask_again<'f>(
        &self,
        view: Option<&SessionView>,
        cause: Cause<'f>,
        record: &ConsentRecord,
    ) -> Option<Fired<'f>> {
        let consent = &view?.record.consent;
        let was_unknown = consent.state == ConsentState::Unknown && consent.cause.is_some();
        let had_ended = view?.record.ended.is_some();
        let is_asked_anyway = matches!(cause, Cause::Event(head, _) if head.kind == EventKind::SessionEnded);
        (had_ended && was_unknown && !is_asked_anyway).then(|| self.at_end(Trigger::SessionEnded, record))
    }

    fn form_submitted<'f>(&self, form: &'f Form, said: Option<Timestamp>, record: &ConsentRecord) -> Fired<'f> {
        // By a wrong clock it can lie ahead.
        let said = said.map(|said| said.min(self.now));
        Fired {
            trigger: Trigger::FormSubmitted,
            form: Some(form),
            since: said.unwrap_or(self.now),
            // One that tells no time must not overrule, by arriving late, what another form has said since.
            said: said.or(record.started),
        }
    }

    fn at_end<'f>(&self, trigger: Trigger, record: &ConsentRecord) -> Fired<'f> {
        Fired { trigger, form: None, since: record.ended.unwrap_or(self.now), said: None }
    }
}
