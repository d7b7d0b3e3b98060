//! A conversation: what it holds, what anonymizing takes from it, where a text is still found.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::spelling::Spelling;

/// A conversation to begin. Everything may be left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NewConversation {
    pub(crate) id: Option<i64>,
    pub(crate) tenant: Option<i64>,
    pub(crate) guest: Option<String>,
    pub(crate) channel: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) call_params: Vec<CallParam>,
    /// The version of the consent text that the guest agreed to.
    pub(crate) gdpr_version: Option<String>,
    pub(crate) phone_callback_number: Option<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) activities: Vec<String>,
}

/// A call param, and where it was filled in (`ENTRY_FORM`, …).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallParam {
    pub(crate) name: String,
    pub(crate) value: String,
    #[serde(default)]
    pub(crate) source: Option<String>,
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
    pub(super) channel: String,
    pub(super) source: String,
    pub(super) started: Timestamp,
    pub(super) ended: Option<Timestamp>,
    pub(super) call_params: Vec<(CallParam, Timestamp)>,
    gdpr_version: Option<String>,
    phone_callback_number: Option<String>,
    pub(super) notes: Vec<String>,
    pub(super) activities: Vec<(String, Timestamp)>,
    pub(super) anonymized: Option<Timestamp>,
}

/// Where a text was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Found {
    /// The conversation's or contact's id.
    pub(crate) id: i64,
    pub(crate) place: &'static str,
}

impl Conversation {
    pub(super) fn new(id: i64, new: NewConversation, now: Timestamp) -> Self {
        Self {
            id,
            tenant: new.tenant.unwrap_or(1),
            guest: new.guest,
            channel: new.channel.unwrap_or_else(|| "Chat".to_owned()),
            source: new.source.unwrap_or_else(|| "Default".to_owned()),
            started: now,
            ended: None,
            call_params: new.call_params.into_iter().map(|param| (param, now)).collect(),
            gdpr_version: new.gdpr_version,
            phone_callback_number: new.phone_callback_number,
            notes: new.notes,
            activities: new.activities.into_iter().map(|text| (text, now)).collect(),
            anonymized: None,
        }
    }

    /// Sets a call param: one of the same name and source is replaced.
    pub(super) fn set_call_param(&mut self, param: CallParam, now: Timestamp) {
        self.call_params.retain(|(old, _)| (&old.name, &old.source) != (&param.name, &param.source));
        self.call_params.push((param, now));
    }

    /// Takes away who it was and what was said; ids and times stay.
    pub(super) fn anonymize(&mut self, now: Timestamp) {
        self.guest = None;
        self.call_params.clear();
        self.phone_callback_number = None;
        self.notes.clear();
        self.activities.iter_mut().for_each(|(text, _)| text.clear());
        self.anonymized = Some(now);
    }

    /// The places that still hold the text, in any case.
    pub(super) fn find(&self, text: &str) -> Vec<Found> {
        let text = text.to_lowercase();
        let holds = |content: &str| content.to_lowercase().contains(&text);
        let places = [
            ("guest", self.guest.as_deref().is_some_and(holds)),
            ("call_params", self.call_params.iter().any(|(param, _)| holds(&param.value))),
            ("phone_callback_number", self.phone_callback_number.as_deref().is_some_and(holds)),
            ("notes", self.notes.iter().any(|note| holds(note))),
            ("activities", self.activities.iter().any(|(text, _)| holds(text))),
        ];
        places.iter().filter(|(_, found)| *found).map(|(place, _)| Found { id: self.id, place }).collect()
    }

    /// The reply to `GET /api/v1/Sessions/{id}`.
    pub(super) fn to_json(&self, spelling: &Spelling) -> Value {
        let known = self.anonymized.is_none();
        let params: BTreeMap<_, _> = self.call_params.iter().map(|(param, _)| (&param.name, &param.value)).collect();
        let activity = |(text, time): &(String, Timestamp)| json!({ "type": "ChatMessage", "time": spelling.time(*time), "text": text });
        json!({
            "id": self.id,
            "companyId": self.tenant,
            "departmentId": 1,
            "channel": self.channel,
            "source": self.source,
            "started": spelling.time(self.started),
            "ended": self.ended.map(|time| spelling.time(time)),
            "phoneCallbackNumber": self.phone_callback_number,
            "guest": {
                "identity": self.guest,
                "tempId": null,
                "trackedId": null,
                "channelIdentity": null,
                "ipAddress": known.then_some("192.0.2.7"),
                "language": "cs",
                "callParams": known.then_some(params),
                "gdprVersion": self.gdpr_version,
            },
            "activities": self.activities.iter().map(activity).collect::<Vec<_>>(),
            "notes": self.notes.iter().map(|note| json!({ "text": note })).collect::<Vec<_>>(),
            "feedback": null,
            "recordings": [],
        })
    }

    /// The reply to `GET /api/v1/Sessions/{id}/callparams`.
    pub(super) fn call_params_json(&self, spelling: &Spelling) -> Value {
        let param = |(param, time): &(CallParam, Timestamp)| {
            json!({
                "name": param.name,
                "value": param.value,
                "readOnly": false,
                "source": param.source,
                "updatedDate": spelling.time(*time),
            })
        };
        json!({ "callParams": self.call_params.iter().map(param).collect::<Vec<_>>() })
    }

    /// One element of the reply to `GET /api/v1/Sessions`.
    pub(super) fn listed_json(&self, spelling: &Spelling) -> Value {
        json!({
            "id": self.id,
            "channel": self.channel,
            "source": self.source,
            "started": spelling.time(self.started),
            "ended": self.ended.map(|time| spelling.time(time)),
        })
    }
}

fn yes() -> bool {
    true
}
