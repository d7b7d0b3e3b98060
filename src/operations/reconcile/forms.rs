//! Forms that were submitted in a session and of which nobody told us. What was filled in stays at mluvii until it is decided on: the
//! event names the activity, as mluvii's own events of that shape do.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Comparison, SAME_END};
use crate::event::{Event, EventHead, EventKind, Form};
use crate::mluvii::{EndedSession, SubmittedForm};
use crate::operations::OperationError;
use crate::policy::Trigger;
use crate::subject::{SessionKey, SourceName};

/// What is remembered of deliveries is deleted a while after its time; what is as old may have been told.
const MARGIN: SignedDuration = SignedDuration::from_hours(1);

impl Comparison<'_> {
    /// The events of those that are submitted in this session, as far as a rule is asked about forms.
    pub(super) async fn untold_forms(
        &self,
        key: &SessionKey,
        source: &SourceName,
        session: &EndedSession,
    ) -> Result<Vec<Event>, OperationError> {
        // What rules would do with years is shown before they do it, and they are shown no forms.
        if session.forms.is_empty() || self.asked.of_past || !self.on.settings.policy.listens(Trigger::FormSubmitted) {
            return Ok(Vec::new());
        }
        let remembered = self.on.settings.retention.events.0;
        let since = Timestamp::now().saturating_sub(remembered).unwrap_or(Timestamp::MIN).saturating_add(MARGIN);
        let since = since.unwrap_or(Timestamp::MAX);
        let forms: Vec<_> = session.forms.iter().filter(|form| form.time >= since).collect();
        let told = self.told(key, &forms).await?;
        Ok(untold(forms, told).into_iter().map(|form| self.form_event(key, source, form)).collect())
    }

    /// When those happened of which we were told, near the times of these.
    async fn told(&self, key: &SessionKey, forms: &[&SubmittedForm]) -> Result<Vec<Timestamp>, OperationError> {
        let sources = self.on.settings.sources.iter();
        let sources = sources.filter(|source| source.mluvii.as_ref() == Some(&self.installation));
        let sources: Vec<_> = sources.map(|source| SourceName(source.name.as_str().into())).collect();
        let mut told = BTreeMap::new();
        // One that says no time may be any of them.
        for form in forms.iter().map(|form| form.time).chain([Timestamp::UNIX_EPOCH]) {
            let near = |by: SignedDuration| form.saturating_add(by).unwrap_or(form);
            for found in self.on.ledger.told_forms(&sources, key.session, near(-SAME_END), near(SAME_END)).await? {
                told.insert(found.digest, found.time);
            }
        }
        Ok(told.into_values().collect())
    }

    fn form_event(&self, key: &SessionKey, source: &SourceName, form: &SubmittedForm) -> Event {
        let said = [key.session.0, form.activity].map(i64::to_be_bytes).concat();
        let head = EventHead {
            source: source.clone(),
            session: key.clone(),
            kind: match form.origin {
                "chatbot" => EventKind::SessionActivityChatbotHeroCardSubmission,
                "call_script" => EventKind::SessionActivityCallScriptSubmission,
                _ => EventKind::SessionActivityHeroCardSubmission,
            },
            digest: self.index.seen(&[b"reconciled form", &said]),
            tenant: None,
            time: Some(form.time),
            channel: None,
            session_source: None,
            started: None,
            activity: Some(form.activity),
            reconciled: true,
        };
        let form = Form {
            origin: form.origin.to_owned(),
            id: form.id,
            submitted: true,
            by_client: form.by_client,
            params: BTreeMap::new(),
            time: Some(form.time),
        };
        Event { head, form: Some(form) }
    }
}

/// Those that no event tells of; each event tells of one, and one without a time of any.
fn untold(mut forms: Vec<&SubmittedForm>, mut told: Vec<Timestamp>) -> Vec<&SubmittedForm> {
    forms.sort_by_key(|form| form.time);
    told.sort();
    let timeless = told.iter().filter(|time| **time == Timestamp::UNIX_EPOCH).count();
    told.retain(|time| *time != Timestamp::UNIX_EPOCH);
    forms.retain(|form| {
        let same = told.iter().position(|time| time.duration_since(form.time).abs() <= SAME_END);
        same.map(|place| told.remove(place)).is_none()
    });
    forms.split_off(timeless.min(forms.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(forms: &[i64], told: &[i64], expected: &[i64]) {
        let at = |second: &i64| Timestamp::from_second(*second).expect("a time");
        let form = |second: &i64| SubmittedForm {
            activity: *second,
            time: at(second),
            origin: "hero_card",
            id: None,
            by_client: None,
        };
        let forms: Vec<_> = forms.iter().map(form).collect();
        let found = untold(forms.iter().collect(), told.iter().map(at).collect());
        assert_eq!(found.iter().map(|form| form.activity).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn each_event_tells_of_one_form() {
        check(&[1000, 5000], &[], &[1000, 5000]);
        check(&[1000, 5000], &[1000], &[5000]);
        check(&[5000, 1000], &[5001], &[1000]);
        check(&[1000, 1010], &[1000], &[1010]);
        check(&[1000, 1010], &[1000, 1010], &[]);
        check(&[1000, 5000], &[1000, 1000, 1000], &[5000]);
        check(&[1000, 5000], &[0], &[5000]);
        check(&[1000], &[0, 1000], &[]);
    }
}
