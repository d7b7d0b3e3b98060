//! What a delivery says. Verified bytes enter, an [`Event`] leaves; nothing here knows HTTP, the ledger or the rules.

mod decode;
mod timestamp;
mod wire;

pub(crate) use decode::{Decoded, Sender, decode};
pub(crate) use timestamp::parse_timestamp;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keys::{Digest, SealBroken, SealKey, Sealed, Secret};
use crate::subject::{SessionKey, SourceName, TenantId};

/// The event types that lead to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum EventKind {
    SessionEnded,
    SessionActivityHeroCardSubmission,
    SessionActivityChatbotHeroCardSubmission,
    SessionActivityCallScriptSubmission,
    SessionCallParamsUpdated,
    SessionOperatorConcluded,
    SessionRecordingPostProcessingCompleted,
    GuestIdentityUpdated,
}

impl EventKind {
    /// Whether the event only says "look again". It carries nothing that tells one occurrence from the next, so the same
    /// body is a duplicate only as long as nobody has looked.
    pub(crate) fn is_announcement(self) -> bool {
        matches!(
            self,
            Self::SessionCallParamsUpdated | Self::SessionRecordingPostProcessingCompleted | Self::GuestIdentityUpdated
        )
    }

    /// The number under which the ledger keeps the kind; never reused.
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::SessionEnded => 1,
            Self::SessionActivityHeroCardSubmission => 2,
            Self::SessionActivityChatbotHeroCardSubmission => 3,
            Self::SessionActivityCallScriptSubmission => 4,
            Self::SessionCallParamsUpdated => 5,
            Self::SessionOperatorConcluded => 6,
            Self::SessionRecordingPostProcessingCompleted => 7,
            Self::GuestIdentityUpdated => 8,
        }
    }
}

/// One verified, decoded delivery that leads to work.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) head: EventHead,
    /// What a form brought; personal, in memory only.
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
    /// The activity that holds what the form brought, where the event itself does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) activity: Option<i64>,
}

impl EventHead {
    /// When it happened by its own words, in milliseconds since 1970; 0 when it does not say. The same body says the same.
    pub(crate) fn happened(&self) -> i64 {
        self.time.map_or(0, Timestamp::as_millisecond)
    }
}

/// The way a conversation was held, as mluvii spells it; `unknown` where it is not a plain word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Channel(pub(crate) String);

/// How a session came about, as mluvii spells it; `unknown` where it is not a plain word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SessionSource(pub(crate) String);

/// The longest word that is kept, in bytes: longer ones could carry what is nobody's business.
const WORD_BYTES_MAX: usize = 40;

/// Stands for a name that is not a plain word.
pub(crate) const UNKNOWN_WORD: &str = "unknown";

/// The text as it is, or `unknown` where it is more than a word.
pub(crate) fn plain_word(text: &str) -> &str {
    let plain = text.len() <= WORD_BYTES_MAX
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain { text } else { UNKNOWN_WORD }
}

/// Whether two words of mluvii's are the same: it has changed their spelling over the years, and `REJECTED_USER` became
/// `RejectedUser`.
pub(crate) fn same_word(one: &str, other: &str) -> bool {
    fn letters(word: &str) -> impl Iterator<Item = u8> {
        word.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase())
    }
    letters(one).eq(letters(other))
}

/// A submitted form. Personal: sealed before it is written, dropped with the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// `hero_card`, `chatbot`, `call_script`, or the lower-case source of call params (`entry_form`, …).
    pub(crate) origin: String,
    pub(crate) id: Option<i64>,
    /// `false` when it was shown and cancelled.
    pub(crate) submitted: bool,
    pub(crate) by_client: Option<bool>,
    pub(crate) params: BTreeMap<String, Secret>,
    /// When it was filled in, where that is known: the newest of its params. Never when we looked.
    pub(crate) time: Option<Timestamp>,
}

/// An event as it is written: the form sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredEvent {
    #[serde(flatten)]
    pub(crate) head: EventHead,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) form: Option<Sealed>,
}

/// The seal's purpose of a stored form.
const FORM: &str = "form";

impl Event {
    /// Seals what is personal.
    pub(crate) fn seal(self, key: &SealKey) -> StoredEvent {
        let form = self.form.map(|form| key.seal(FORM, &form.to_bytes()));
        StoredEvent { head: self.head, form }
    }
}

impl StoredEvent {
    /// Opens the form, to decide.
    pub(crate) fn open(&self, key: &SealKey) -> Result<Option<Form>, SealBroken> {
        let Some(sealed) = &self.form else { return Ok(None) };
        Form::from_bytes(&key.open(FORM, sealed)?).map(Some).ok_or(SealBroken)
    }
}

/// A form as it stands inside a seal.
#[derive(Serialize, Deserialize)]
struct SealedForm {
    origin: String,
    id: Option<i64>,
    submitted: bool,
    by_client: Option<bool>,
    params: BTreeMap<String, zeroize::Zeroizing<String>>,
    time: Option<Timestamp>,
}

impl Form {
    fn to_bytes(&self) -> zeroize::Zeroizing<Vec<u8>> {
        let params = self.params.iter().map(|(name, value)| (name.clone(), value.expose().to_owned().into())).collect();
        let Self { origin, id, submitted, by_client, time, .. } = self.clone();
        let form = SealedForm { origin, id, submitted, by_client, params, time };
        serde_json::to_vec(&form).expect("a form is JSON").into()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let SealedForm { origin, id, submitted, by_client, params, time } = serde_json::from_slice(bytes).ok()?;
        let params = params.into_iter().map(|(name, value)| (name, Secret::new(value.as_str()))).collect();
        Some(Self { origin, id, submitted, by_client, params, time })
    }
}

#[cfg(test)]
mod tests;
