//! From a test to the facts of its conversation.

use jiff::{SignedDuration, Timestamp};

use super::settings::{FormOfTest, RuleTestSettings};
use crate::consent::{Consent, ConsentRecord};
use crate::event::{Channel, Form, SessionSource};
use crate::keys::Secret;
use crate::policy::Trigger;
use crate::subject::{InstallationName, SessionId, SessionKey, TenantId};

/// When a test's conversation is, where it does not say it: 2026-01-01T00:00:00Z.
const AT_S: i64 = 1_767_225_600;

impl RuleTestSettings {
    /// The session's end, or the form's submission.
    pub(super) fn at(&self) -> Timestamp {
        self.at.unwrap_or_else(|| Timestamp::from_second(AT_S).expect("a time"))
    }

    pub(super) fn has_ended(&self) -> bool {
        self.session.ended.unwrap_or(matches!(self.on, Trigger::SessionEnded | Trigger::SessionSettled))
    }

    /// The consent record; `only` is the name of the only installation, where there is one.
    pub(super) fn record(&self, only: Option<&InstallationName>) -> ConsentRecord {
        let facts = &self.session;
        let installation = match (&facts.installation, only) {
            (Some(name), _) => InstallationName(name.as_str().into()),
            (None, Some(only)) => only.clone(),
            (None, None) => InstallationName("".into()),
        };
        let session = SessionKey { installation, session: SessionId(facts.id.unwrap_or_default()) };
        let ended = self.has_ended().then(|| self.at());
        let duration = facts.duration_s.map(|seconds| SignedDuration::from_secs(seconds.into()));
        ConsentRecord {
            tenant: facts.tenant.map(TenantId),
            channel: facts.channel.clone().map(Channel),
            session_source: facts.source.clone().map(SessionSource),
            started: ended.zip(duration).and_then(|(ended, duration)| ended.checked_sub(duration).ok()),
            ended,
            consent: Consent {
                state: self.consent.state.unwrap_or_default(),
                version: self.consent.version.clone(),
                origin: self.consent.origin.clone(),
                ..Consent::default()
            },
            ..ConsentRecord::new(session)
        }
    }

    pub(super) fn form(&self) -> Option<Form> {
        self.form.as_ref().map(FormOfTest::form)
    }
}

impl FormOfTest {
    fn form(&self) -> Form {
        Form {
            origin: self.origin.clone().unwrap_or_default(),
            id: self.id,
            submitted: self.submitted,
            by_client: self.by_client,
            params: self.params.iter().map(|(name, value)| (name.clone(), Secret::new(value.as_str()))).collect(),
            time: None,
        }
    }
}
