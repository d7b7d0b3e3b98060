//! Conversations as the API and the webhooks show them: what is known, minus what the switches hide.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::behaviour::{Behaviour, FieldNames, Listed, Nulls, Omission};
use super::conversation::{Activity, CallParam, Conversation, Recording};
use super::spelling::Spelling;
use super::state::{StandIn, State};

/// A look at conversations at one instant.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) behaviour: &'a Behaviour,
    pub(super) spelling: &'a Spelling,
    pub(super) now: Timestamp,
}

impl StandIn {
    pub(super) fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        View { behaviour: &state.behaviour, spelling: &self.0.spelling, now: self.now() }
    }
}

impl View<'_> {
    /// Whether the conversation can be looked up yet.
    pub(super) fn reads(&self, conversation: &Conversation) -> bool {
        conversation.is_readable(self.now, self.behaviour.lag_ms)
    }

    /// The reply to `GET /api/v1/Sessions/{id}`.
    pub(super) fn session(&self, of: &Conversation) -> Value {
        let mut session = json!({
            "id": of.id,
            "companyId": self.behaviour.company,
            "departmentId": self.department(of),
            "channel": of.channel,
            "source": of.source,
            "started": self.time(of.started),
            "ended": of.ended.map(|time| self.time(time)),
            "phoneCallbackNumber": of.phone_callback_number,
            "guest": self.guest(of),
            "activities": of.activities.iter().map(|activity| self.activity(activity)).collect::<Vec<_>>(),
            "notes": of.notes.iter().map(|note| json!({ "text": note })).collect::<Vec<_>>(),
            "feedback": of.feedback.as_ref().map(|text| json!({ "text": text })),
            "recordings": of.recordings.iter().map(recording).collect::<Vec<_>>(),
            "recordingsState": of.recordings_state,
            "terminationReason": of.termination_reason,
        });
        leave_out(&mut session, of.id, &self.behaviour.omit);
        session
    }

    /// One element of the reply to `GET /api/v1/Sessions`.
    pub(super) fn listed(&self, of: &Conversation) -> Value {
        let mut session = self.session(of);
        if let (Listed::Short, Value::Object(members)) = (self.behaviour.listed, &mut session) {
            members.retain(|name, _| ["id", "channel", "source", "started", "ended"].contains(&name.as_str()));
        }
        session
    }

    /// The reply to `GET /api/v1/Sessions/{id}/callparams`.
    pub(super) fn call_params(&self, of: &Conversation) -> Value {
        let param = |(param, updated): &(CallParam, Timestamp)| {
            json!({
                "name": self.field_name(&param.name),
                "value": param.value,
                "readOnly": param.read_only,
                "source": param.source,
                "updatedDate": self.time(*updated),
            })
        };
        json!({ "callParams": of.call_params.iter().map(param).collect::<Vec<_>>() })
    }

    /// The body of a webhook's delivery.
    pub(super) fn event(&self, session: i64, event_type: &str, mut data: Value) -> Value {
        leave_out(&mut data, session, &self.behaviour.omit_in_events);
        self.document(json!({ "eventType": event_type, "data": data }))
    }

    /// A whole document, with nulls and keys as this installation writes them.
    pub(super) fn document(&self, document: Value) -> Value {
        self.spelling.document(self.nulls(document))
    }

    /// A value without its nulls where this installation leaves them out.
    pub(super) fn nulls(&self, value: Value) -> Value {
        match self.behaviour.nulls {
            Nulls::Explicit => value,
            Nulls::Omitted => without_nulls(value),
        }
    }

    pub(super) fn department(&self, of: &Conversation) -> i64 {
        let other = if self.behaviour.department_disagrees { DEPARTMENT_APART } else { 0 };
        of.tenant.saturating_add(other)
    }

    pub(super) fn gdpr_version<'a>(&self, of: &'a Conversation) -> Option<&'a str> {
        of.shown_gdpr_version(self.now, self.behaviour.consent_lag_ms)
    }

    /// Form fields, under the names that this installation writes.
    pub(super) fn fields(&self, fields: &BTreeMap<String, String>) -> Value {
        fields.iter().map(|(name, value)| (self.field_name(name), Value::from(value.as_str()))).collect()
    }

    pub(super) fn field_name(&self, name: &str) -> String {
        match self.behaviour.field_names {
            FieldNames::AsGiven => name.to_owned(),
            FieldNames::Upper => name.to_uppercase(),
        }
    }

    pub(super) fn time(&self, time: Timestamp) -> String {
        self.spelling.time(time)
    }

    fn guest(&self, of: &Conversation) -> Value {
        let params = of.call_params.iter().map(|(param, _)| (param.name.clone(), param.value.clone())).collect();
        json!({
            "identity": of.guest,
            "tempId": of.temp_id,
            "trackedId": of.tracked_id,
            "channelIdentity": of.channel_identity,
            "ipAddress": of.ip_address,
            "language": of.language,
            "callParams": self.fields(&params),
            "gdprVersion": self.gdpr_version(of),
        })
    }

    fn activity(&self, activity: &Activity) -> Value {
        let form = activity.form.as_ref().filter(|_| self.behaviour.activity_params);
        let params = form.and_then(|form| form.params.as_ref());
        json!({
            "id": activity.id,
            "type": activity.kind,
            "time": self.time(activity.time),
            "text": activity.text,
            "originalFormId": form.map(|form| form.id),
            "submissionParams": params.map(|params| self.fields(params)),
        })
    }
}

/// What is added to a tenant's id where the department's is another.
const DEPARTMENT_APART: i64 = 1000;

fn recording(recording: &Recording) -> Value {
    json!({ "id": recording.id, "isUploading": recording.is_uploading, "isDeleted": recording.is_deleted })
}

/// Takes away the keys that are to be missing from this session's document.
fn leave_out(document: &mut Value, session: i64, omissions: &[Omission]) {
    let keys: BTreeSet<_> = omissions.iter().filter_map(|omission| omission.key_for(session)).collect();
    for key in keys {
        let (parent, name) = key.rsplit_once('.').unwrap_or(("", key));
        let pointer = parent.split('.').filter(|part| !part.is_empty()).map(|part| format!("/{part}"));
        let parent = document.pointer_mut(&pointer.collect::<String>());
        if let Some(Value::Object(members)) = parent {
            members.remove(name);
        }
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Array(elements) => elements.into_iter().map(without_nulls).collect(),
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            members.map(|(name, value)| (name, without_nulls(value))).collect()
        }
        scalar => scalar,
    }
}
