//! A conversation: what it holds, what anonymizing takes from it, where a text is still found.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::behaviour::{GuestKey, Personal};
use super::found::{Found, FoundId};

/// A conversation to begin. Everything may be left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NewConversation {
    pub(crate) id: Option<i64>,
    pub(crate) tenant: Option<i64>,
    /// The guest's id in the contact directory.
    pub(crate) guest: Option<String>,
    /// The guest's id in this session only.
    pub(crate) temp_id: Option<String>,
    /// The cookie's GUID.
    pub(crate) tracked_id: Option<String>,
    pub(crate) channel_identity: Option<String>,
    pub(crate) ip_address: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) channel: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) call_params: Vec<CallParam>,
    /// The version of the consent text that the guest agreed to.
    pub(crate) gdpr_version: Option<String>,
    pub(crate) phone_callback_number: Option<String>,
    pub(crate) feedback: Option<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) activities: Vec<String>,
    pub(crate) recordings: Vec<Recording>,
    /// `Processing`, `Processed` or `FailedToProcess`.
    pub(crate) recordings_state: Option<String>,
    pub(crate) termination_reason: Option<String>,
    /// One of the past, which ended then; nobody is told of its end.
    pub(crate) ended: Option<Timestamp>,
}

/// A call param, and where it was filled in (`ENTRY_FORM`, …).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallParam {
    pub(crate) name: String,
    pub(crate) value: String,
    #[serde(default)]
    pub(crate) source: Option<String>,
    #[serde(default)]
    pub(crate) read_only: bool,
    /// When it was filled in; without it, when the stand-in was told.
    #[serde(default)]
    pub(crate) updated: Option<Timestamp>,
}

/// A recording of a conversation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recording {
    pub(super) id: i64,
    #[serde(default)]
    pub(super) is_uploading: bool,
    #[serde(default)]
    pub(super) is_deleted: bool,
}

/// A form that was shown in a conversation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Submission {
    #[serde(default)]
    pub(crate) kind: FormKind,
    pub(crate) form_id: i64,
    #[serde(default = "yes")]
    pub(crate) submitted: bool,
    #[serde(default = "yes")]
    pub(crate) by_client: bool,
    #[serde(default)]
    pub(crate) params: BTreeMap<String, String>,
    /// Whether a chatbot's or call script's event is of the generic shape; without it, as `generic_forms` says.
    #[serde(default)]
    pub(crate) generic: Option<bool>,
    /// When it was submitted; without it, when the stand-in was told.
    #[serde(default)]
    pub(crate) time: Option<Timestamp>,
}

/// The way a form was shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FormKind {
    #[default]
    HeroCard,
    Chatbot,
    CallScript,
}

/// A conversation as the stand-in holds it.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) id: i64,
    pub(super) tenant: i64,
    pub(super) guest: Option<String>,
    pub(super) temp_id: Option<String>,
    pub(super) tracked_id: Option<String>,
    pub(super) channel_identity: Option<String>,
    pub(super) ip_address: Option<String>,
    pub(super) language: String,
    pub(super) channel: String,
    pub(super) source: String,
    pub(super) started: Timestamp,
    pub(super) ended: Option<Timestamp>,
    /// When it ended for the first time; what lags counts from here, since a session that was read once stays readable.
    first_ended: Option<Timestamp>,
    pub(super) call_params: Vec<(CallParam, Timestamp)>,
    pub(super) gdpr_version: Option<String>,
    pub(super) phone_callback_number: Option<String>,
    pub(super) feedback: Option<String>,
    pub(super) notes: Vec<String>,
    pub(super) activities: Vec<Activity>,
    pub(super) recordings: Vec<Recording>,
    pub(super) recordings_state: Option<String>,
    pub(super) termination_reason: Option<String>,
    pub(super) anonymized: Option<Timestamp>,
}

/// Something that was said or submitted.
#[derive(Debug)]
pub(super) struct Activity {
    /// Counts from 1 within a conversation.
    pub(super) id: i64,
    pub(super) kind: &'static str,
    pub(super) time: Timestamp,
    pub(super) text: Option<String>,
    pub(super) form: Option<SubmittedForm>,
}

/// The form that an activity is about.
#[derive(Debug)]
pub(super) struct SubmittedForm {
    pub(super) id: i64,
    /// `None` when it was cancelled.
    pub(super) params: Option<BTreeMap<String, String>>,
}

/// What a conversation shows as the guest's address where nothing else was said.
const IP_ADDRESS: &str = "192.0.2.7";

impl Conversation {
    pub(super) fn new(id: i64, new: NewConversation, now: Timestamp) -> Self {
        let mut conversation = Self {
            id,
            tenant: new.tenant.unwrap_or(1),
            guest: new.guest,
            temp_id: new.temp_id,
            tracked_id: new.tracked_id,
            channel_identity: new.channel_identity,
            ip_address: Some(new.ip_address.unwrap_or_else(|| IP_ADDRESS.to_owned())),
            language: new.language.unwrap_or_else(|| "cs".to_owned()),
            channel: new.channel.unwrap_or_else(|| "Chat".to_owned()),
            source: new.source.unwrap_or_else(|| "Default".to_owned()),
            started: new.ended.map_or(now, |ended| ended - SignedDuration::from_mins(10)),
            ended: new.ended,
            first_ended: new.ended,
            call_params: Vec::new(),
            gdpr_version: new.gdpr_version,
            phone_callback_number: new.phone_callback_number,
            feedback: new.feedback,
            notes: new.notes,
            activities: Vec::new(),
            recordings: new.recordings,
            recordings_state: new.recordings_state,
            termination_reason: new.termination_reason,
            anonymized: None,
        };
        for param in new.call_params {
            let updated = param.updated.unwrap_or(now);
            conversation.call_params.push((param, updated));
        }
        for text in new.activities {
            conversation.add_activity("ChatMessage", now, Some(text), None);
        }
        conversation
    }

    /// Ends it, unless it has ended, and tells when.
    pub(super) fn end(&mut self, now: Timestamp) -> Timestamp {
        let ended = *self.ended.get_or_insert(now);
        self.first_ended.get_or_insert(ended);
        ended
    }

    /// Whether it can be looked up when that lags behind its end; while it runs, it can.
    pub(super) fn is_readable(&self, now: Timestamp, lag_ms: u64) -> bool {
        self.first_ended.is_none() || self.has_been_over(now, lag_ms)
    }

    /// The consent version as it is shown when that lags behind the end.
    pub(super) fn shown_gdpr_version(&self, now: Timestamp, lag_ms: u64) -> Option<&str> {
        let shown = lag_ms == 0 || self.has_been_over(now, lag_ms);
        self.gdpr_version.as_deref().filter(|_| shown)
    }

    fn has_been_over(&self, now: Timestamp, ms: u64) -> bool {
        let ms = SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX));
        self.first_ended.is_some_and(|ended| now.duration_since(ended) >= ms)
    }

    /// Adds what was said or submitted, and tells its id.
    pub(super) fn add_activity(
        &mut self,
        kind: &'static str,
        time: Timestamp,
        text: Option<String>,
        form: Option<SubmittedForm>,
    ) -> i64 {
        let id = self.activities.last().map_or(1, |last| last.id + 1);
        self.activities.push(Activity { id, kind, time, text, form });
        id
    }

    /// Sets a call param: one of the same name and source is replaced.
    pub(super) fn set_call_param(&mut self, param: CallParam, now: Timestamp) {
        self.call_params.retain(|(old, _)| (&old.name, &old.source) != (&param.name, &param.source));
        let updated = param.updated.unwrap_or(now);
        self.call_params.push((param, updated));
    }

    /// One of the guest's ids.
    pub(super) fn guest_key(&self, key: GuestKey) -> Option<&str> {
        match key {
            GuestKey::Identity => self.guest.as_deref(),
            GuestKey::TempId => self.temp_id.as_deref(),
            GuestKey::TrackedId => self.tracked_id.as_deref(),
            GuestKey::ChannelIdentity => self.channel_identity.as_deref(),
        }
    }

    /// Takes away who it was and what was said, except for `leaves`; ids and times stay.
    pub(super) fn anonymize(&mut self, now: Timestamp, leaves: &BTreeSet<Personal>) {
        for personal in Personal::ALL {
            if !leaves.contains(&personal) {
                self.take(personal);
            }
        }
        self.anonymized = Some(now);
    }

    fn take(&mut self, personal: Personal) {
        match personal {
            Personal::Identity => self.guest = None,
            Personal::TempId => self.temp_id = None,
            Personal::TrackedId => self.tracked_id = None,
            Personal::ChannelIdentity => self.channel_identity = None,
            Personal::CallParams => self.call_params.clear(),
            Personal::PhoneCallbackNumber => self.phone_callback_number = None,
            Personal::IpAddress => self.ip_address = None,
            Personal::GdprVersion => self.gdpr_version = None,
            Personal::Feedback => self.feedback = None,
            Personal::Notes => self.notes.clear(),
            Personal::Texts => self.activities.iter_mut().for_each(Activity::clear),
            Personal::Recordings => self.recordings.iter_mut().for_each(|recording| recording.is_deleted = true),
        }
    }

    /// The places that still hold the text, in any case.
    pub(super) fn find(&self, text: &str) -> Vec<Found> {
        let text = text.to_lowercase();
        let holds = |content: &str| content.to_lowercase().contains(&text);
        let places = [
            ("guest", self.guest.as_deref().is_some_and(holds)),
            ("temp_id", self.temp_id.as_deref().is_some_and(holds)),
            ("tracked_id", self.tracked_id.as_deref().is_some_and(holds)),
            ("channel_identity", self.channel_identity.as_deref().is_some_and(holds)),
            ("ip_address", self.ip_address.as_deref().is_some_and(holds)),
            ("call_params", self.call_params.iter().any(|(param, _)| holds(&param.value))),
            ("phone_callback_number", self.phone_callback_number.as_deref().is_some_and(holds)),
            ("feedback", self.feedback.as_deref().is_some_and(holds)),
            ("notes", self.notes.iter().any(|note| holds(note))),
            ("activities", self.activities.iter().flat_map(Activity::texts).any(holds)),
        ];
        let found = places.iter().filter(|(_, found)| *found);
        found.map(|(place, _)| Found { id: FoundId::Number(self.id), place }).collect()
    }
}

impl Activity {
    fn texts(&self) -> impl Iterator<Item = &str> {
        let params = self.form.iter().filter_map(|form| form.params.as_ref());
        self.text.as_deref().into_iter().chain(params.flat_map(|params| params.values().map(String::as_str)))
    }

    fn clear(&mut self) {
        if let Some(text) = &mut self.text {
            text.clear();
        }
        if let Some(form) = &mut self.form {
            form.params = None;
        }
    }
}

fn yes() -> bool {
    true
}
