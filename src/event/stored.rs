//! Events: as they are decoded, and as they are written.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::form::Form;
use super::kind::EventKind;
use super::word::{Channel, SessionSource};
use crate::keys::{Digest, NotOpened, SealKey, Sealed, SealedAs};
use crate::subject::{SessionKey, SourceName, TenantId};

/// One verified, decoded delivery that leads to work.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) head: EventHead,
    /// What a form holds; personal, in memory only.
    pub(crate) form: Option<Form>,
}

/// What is kept of an event in the clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventHead {
    /// Who sent it; duplicates are told by it.
    pub(crate) source: SourceName,
    #[serde(flatten)]
    pub(crate) session: SessionKey,
    pub(crate) kind: EventKind,
    /// Keyed digest of the body: the same delivery again has the same.
    pub(crate) digest: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<TenantId>,
    /// When it happened, by mluvii's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<Channel>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) session_source: Option<SessionSource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) started: Option<Timestamp>,
    /// The activity that holds what was filled into the form, where the event itself does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) activity: Option<i64>,
    /// Nobody told us of it: it was found by a comparison with mluvii.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) reconciled: bool,
}

impl EventHead {
    /// When it happened by its own words, in milliseconds since 1970; 0 when it does not say. The same body says the same.
    pub(crate) fn happened(&self) -> i64 {
        self.time.map_or(0, Timestamp::as_millisecond)
    }

    /// What its form is sealed as: of all that never changes of it. The digest does, with the index key.
    fn form(&self) -> SealedAs {
        let SessionKey { installation, session } = &self.session;
        let [session, kind, time] = [session.0, self.kind.code(), self.happened()].map(i64::to_be_bytes);
        SealedAs::new("form", &[self.source.0.as_bytes(), installation.0.as_bytes(), &session, &kind, &time])
    }
}

/// An event as it is written: the form sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredEvent {
    #[serde(flatten)]
    pub(crate) head: EventHead,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) form: Option<Sealed>,
}

impl Event {
    /// Seals what is personal.
    pub(crate) fn seal(&self, key: &SealKey) -> StoredEvent {
        let form = self.form.as_ref().map(|form| key.seal(&self.head.form(), &form.to_bytes()));
        StoredEvent { head: self.head.clone(), form }
    }
}

impl StoredEvent {
    /// Opens the form, to decide.
    pub(crate) fn open(&self, key: &SealKey) -> Result<Option<Form>, NotOpened> {
        let Some(sealed) = &self.form else { return Ok(None) };
        Form::from_bytes(&key.open(&self.head.form(), sealed)?).map(Some).ok_or(NotOpened::Broken)
    }
}
