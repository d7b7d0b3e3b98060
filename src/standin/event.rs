//! What happens to conversations, and the events that tell of it. The HTTP control API and the handle call the same
//! methods.

use serde_json::{Value, json};

use super::conversation::{CallParam, Conversation, FormKind, Found, NewConversation, Submission};
use super::{StandIn, State, Unknown};

impl StandIn {
    /// Begins a conversation and tells its id.
    pub(crate) fn begin(&self, new: NewConversation) -> i64 {
        let mut state = self.state();
        let id = new.id.unwrap_or_else(|| state.new_id());
        state.last_id = state.last_id.max(id);
        state.conversations.insert(id, Conversation::new(id, new, self.now()));
        id
    }

    /// Ends it: `SessionEnded`.
    pub(crate) fn end(&self, id: i64) -> Result<(), Unknown> {
        self.happen(id, "SessionEnded", |conversation| {
            let ended = *conversation.ended.get_or_insert(self.now());
            json!({
                "id": id,
                "tenantId": conversation.tenant,
                "channel": conversation.channel,
                "source": conversation.source,
                "started": self.0.spelling.time(conversation.started),
                "ended": self.0.spelling.time(ended),
            })
        })
    }

    /// Submits a form that was shown in it: `SessionActivity…Submission`.
    pub(crate) fn submit(&self, id: i64, form: Submission) -> Result<(), Unknown> {
        let now = self.now();
        {
            let mut state = self.state();
            let conversation = state.conversations.get_mut(&id).ok_or(Unknown)?;
            conversation.activities.extend(form.params.values().map(|value| (value.clone(), now)));
        }
        match form.kind {
            FormKind::HeroCard => self.submit_card(id, "SessionActivityHeroCardSubmission", &form),
            FormKind::CallScript => self.submit_card(id, "SessionActivityCallScriptSubmission", &form),
            FormKind::Chatbot => self.submit_to_chatbot(id, &form),
        }
    }

    /// Sets call params: `SessionCallParamsUpdated`.
    pub(crate) fn set_call_params(&self, id: i64, params: Vec<CallParam>) -> Result<(), Unknown> {
        let now = self.now();
        self.happen(id, "SessionCallParamsUpdated", |conversation| {
            params.into_iter().for_each(|param| conversation.set_call_param(param, now));
            json!({ "id": id, "tenantId": conversation.tenant })
        })
    }

    /// The operator concludes it, perhaps with a last note: `SessionOperatorConcluded`.
    pub(crate) fn conclude(&self, id: i64, note: Option<String>) -> Result<(), Unknown> {
        self.happen(id, "SessionOperatorConcluded", |conversation| {
            conversation.notes.extend(note);
            json!({
                "id": id,
                "tenantId": conversation.tenant,
                "userId": 17,
                "channel": conversation.channel,
                "source": conversation.source,
                "time": self.0.spelling.time(self.now()),
            })
        })
    }

    /// Its recording is ready: `SessionRecordingPostProcessingCompleted`.
    pub(crate) fn recording_ready(&self, id: i64) -> Result<(), Unknown> {
        self.happen(
            id,
            "SessionRecordingPostProcessingCompleted",
            |conversation| json!({ "id": id, "tenantId": conversation.tenant }),
        )
    }

    /// Anonymizes it. The change of its call params is an event like any other.
    pub(super) fn anonymize(&self, id: i64) -> Result<(), Unknown> {
        self.happen(id, "SessionCallParamsUpdated", |conversation| {
            conversation.anonymize(self.now());
            json!({ "id": id, "tenantId": conversation.tenant })
        })
    }

    /// Anonymizes all conversations of a guest.
    pub(super) fn anonymize_guest(&self, guest: &str) -> Result<(), Unknown> {
        let of_guest = |state: &State| -> Vec<i64> {
            let all = state.conversations.values();
            all.filter(|conversation| conversation.guest.as_deref() == Some(guest)).map(|one| one.id).collect()
        };
        let ids = of_guest(&self.state());
        if ids.is_empty() {
            return Err(Unknown);
        }
        ids.into_iter().try_for_each(|id| self.anonymize(id))
    }

    /// The places where a text is still held, in any case.
    pub(crate) fn find(&self, text: &str) -> Vec<Found> {
        self.state().conversations.values().flat_map(|conversation| conversation.find(text)).collect()
    }

    fn submit_card(&self, id: i64, event_type: &'static str, form: &Submission) -> Result<(), Unknown> {
        self.happen(id, event_type, |_| {
            json!({
                "sessionId": id,
                "result": self.0.spelling.word(if form.submitted { "Submitted" } else { "Cancelled" }),
                "originalFormID": form.form_id,
                "submittedByClient": form.by_client,
                "params": form.params,
                "time": self.0.spelling.time(self.now()),
                "userId": null,
            })
        })
    }

    /// A chatbot's form comes as one event for each of its fields.
    fn submit_to_chatbot(&self, id: i64, form: &Submission) -> Result<(), Unknown> {
        form.params.iter().try_for_each(|(name, value)| {
            self.happen(id, "SessionActivityChatbotHeroCardSubmission", |conversation| {
                json!({
                    "sessionId": id,
                    "activityId": conversation.activities.len(),
                    "time": self.0.spelling.time(self.now()),
                    "type": "ChatbotHeroCardSubmission",
                    "client": form.by_client,
                    "text": null,
                    "userId": null,
                    "chatbotId": 3,
                    "chatbotHeroCardSubmissionKey": name,
                    "chatbotHeroCardSubmissionValue": value,
                    "submissionIdentification": form.form_id.to_string(),
                    "formFieldSetUUID": null,
                })
            })
        })
    }

    /// Changes a conversation and posts the event that tells of it, in one step: events leave in the order of changes.
    fn happen(
        &self,
        id: i64,
        event_type: &'static str,
        change: impl FnOnce(&mut Conversation) -> Value,
    ) -> Result<(), Unknown> {
        let mut state = self.state();
        let data = change(state.conversations.get_mut(&id).ok_or(Unknown)?);
        let webhooks = state.webhooks.values().filter(|webhook| webhook.wants(event_type)).map(|webhook| webhook.id);
        let webhooks: Vec<_> = webhooks.collect();
        for webhook in webhooks {
            let body = self.0.spelling.document(json!({ "eventType": event_type, "data": data.clone() }));
            state.post.add(webhook, id, event_type, body.to_string());
        }
        drop(state);
        self.0.posted.notify_one();
        Ok(())
    }
}
