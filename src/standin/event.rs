//! What happens to conversations, and the events that tell of it. The HTTP control API and the handle call the same
//! methods.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::conversation::{CallParam, Conversation, FormKind, NewConversation, Submission, SubmittedForm};
use super::document::View;
use super::found::Found;
use super::state::{StandIn, State};
use super::unknown::Unknown;

impl StandIn {
    /// Begins a conversation and tells its id.
    pub(crate) fn begin(&self, new: NewConversation) -> i64 {
        let mut state = self.state();
        let id = new.id.unwrap_or_else(|| state.new_id());
        state.last_id = state.last_id.max(id);
        state.conversations.insert(id, Conversation::new(id, new, self.now()));
        id
    }

    /// Ends it: `SessionEnded`. One that has ended already is told of once more, with the same end.
    pub(crate) fn end(&self, id: i64) -> Result<(), Unknown> {
        self.happen(id, "SessionEnded", |conversation, view| {
            let ended = conversation.end(view.now);
            json!({
                "id": id,
                "tenantId": conversation.tenant,
                "channel": conversation.channel,
                "source": conversation.source,
                "started": view.time(conversation.started),
                "ended": view.time(ended),
            })
        })
    }

    /// Has it go on, of which no event tells: it can end again, later.
    pub(crate) fn reopen(&self, id: i64) -> Result<(), Unknown> {
        self.state().conversations.get_mut(&id).ok_or(Unknown)?.ended = None;
        Ok(())
    }

    /// Deletes it, of which no event tells.
    pub(crate) fn delete(&self, id: i64) -> Result<(), Unknown> {
        self.state().conversations.remove(&id).map(drop).ok_or(Unknown)
    }

    /// The guest agrees to a version of the consent text, or to none any more; no event tells of it.
    pub(crate) fn set_gdpr_version(&self, id: i64, version: Option<String>) -> Result<(), Unknown> {
        self.state().conversations.get_mut(&id).ok_or(Unknown)?.gdpr_version = version;
        Ok(())
    }

    /// The guest is recognized as that of the contact directory: `GuestIdentityUpdated`.
    pub(crate) fn identify(&self, id: i64, guest: &str) -> Result<(), Unknown> {
        self.happen(id, "GuestIdentityUpdated", |conversation, _| {
            conversation.guest = Some(guest.to_owned());
            json!({ "id": id, "tenantId": conversation.tenant })
        })
    }

    /// Submits a form that was shown in it: `SessionActivity…Submission`.
    pub(crate) fn submit(&self, id: i64, form: Submission) -> Result<(), Unknown> {
        let generic = form.generic.unwrap_or_else(|| self.state().behaviour.generic_forms);
        match form.kind {
            FormKind::HeroCard => self.submit_card(id, "SessionActivityHeroCardSubmission", &form)?,
            FormKind::CallScript if generic => self.submit_generic(id, "SessionActivityCallScriptSubmission", &form)?,
            FormKind::CallScript => self.submit_card(id, "SessionActivityCallScriptSubmission", &form)?,
            FormKind::Chatbot if generic => {
                self.submit_generic(id, "SessionActivityChatbotHeroCardSubmission", &form)?
            }
            FormKind::Chatbot => self.submit_to_chatbot(id, &form)?,
        }
        let become_params = form.submitted && self.state().behaviour.forms_become_call_params;
        if become_params { self.set_call_params(id, form.into_call_params()) } else { Ok(()) }
    }

    /// Sets call params: `SessionCallParamsUpdated`.
    pub(crate) fn set_call_params(&self, id: i64, params: Vec<CallParam>) -> Result<(), Unknown> {
        self.happen(id, "SessionCallParamsUpdated", |conversation, view| {
            params.into_iter().for_each(|param| conversation.set_call_param(param, view.now));
            json!({ "id": id, "tenantId": conversation.tenant })
        })
    }

    /// The operator concludes it, perhaps with a last note: `SessionOperatorConcluded`.
    pub(crate) fn conclude(&self, id: i64, note: Option<String>) -> Result<(), Unknown> {
        self.happen(id, "SessionOperatorConcluded", |conversation, view| {
            conversation.notes.extend(note);
            json!({
                "id": id,
                "tenantId": conversation.tenant,
                "userId": 17,
                "channel": conversation.channel,
                "source": conversation.source,
                "time": view.time(view.now),
            })
        })
    }

    /// Its recordings are ready: `SessionRecordingPostProcessingCompleted`.
    pub(crate) fn recording_ready(&self, id: i64) -> Result<(), Unknown> {
        self.happen(id, "SessionRecordingPostProcessingCompleted", |conversation, _| {
            conversation.recordings.iter_mut().for_each(|recording| recording.is_uploading = false);
            if conversation.recordings_state.is_some() {
                conversation.recordings_state = Some("Processed".to_owned());
            }
            json!({ "id": id, "tenantId": conversation.tenant })
        })
    }

    /// The places where a text is still held, in any case.
    pub(crate) fn find(&self, text: &str) -> Vec<Found> {
        let state = self.state();
        let in_conversations = state.conversations.values().flat_map(|conversation| conversation.find(text));
        in_conversations.chain(state.contacts.find(text)).collect()
    }

    fn submit_card(&self, id: i64, event_type: &'static str, form: &Submission) -> Result<(), Unknown> {
        self.happen(id, event_type, |conversation, view| {
            let time = form.time.unwrap_or(view.now);
            form.add_to(conversation, time);
            json!({
                "sessionId": id,
                "result": view.spelling.word(if form.submitted { "Submitted" } else { "Cancelled" }),
                "originalFormID": form.form_id,
                "submittedByClient": form.by_client,
                "params": view.fields(&form.params),
                "time": view.time(time),
                "userId": null,
            })
        })
    }

    /// A chatbot's form comes as one event for each of its fields.
    fn submit_to_chatbot(&self, id: i64, form: &Submission) -> Result<(), Unknown> {
        let activity = {
            let mut state = self.state();
            let time = form.time.unwrap_or_else(|| self.now());
            form.add_to(state.conversations.get_mut(&id).ok_or(Unknown)?, time)
        };
        form.params.iter().try_for_each(|(name, value)| {
            self.happen(id, "SessionActivityChatbotHeroCardSubmission", |_, view| {
                let mut event = form.generic_event(id, activity, view);
                event["chatbotHeroCardSubmissionKey"] = view.field_name(name).into();
                event["chatbotHeroCardSubmissionValue"] = value.as_str().into();
                event["submissionIdentification"] = form.form_id.to_string().into();
                event
            })
        })
    }

    /// The event only names the activity; what was submitted is to be found there.
    fn submit_generic(&self, id: i64, event_type: &'static str, form: &Submission) -> Result<(), Unknown> {
        self.happen(id, event_type, |conversation, view| {
            let activity = form.add_to(conversation, form.time.unwrap_or(view.now));
            form.generic_event(id, activity, view)
        })
    }

    /// Changes a conversation and posts the event that tells of it, in one step: events leave in the order of changes.
    pub(super) fn happen(
        &self,
        id: i64,
        event_type: &'static str,
        change: impl FnOnce(&mut Conversation, View<'_>) -> Value,
    ) -> Result<(), Unknown> {
        self.happen_in(&mut self.state(), id, event_type, change)
    }

    pub(super) fn happen_in(
        &self,
        state: &mut State,
        id: i64,
        event_type: &'static str,
        change: impl FnOnce(&mut Conversation, View<'_>) -> Value,
    ) -> Result<(), Unknown> {
        let view = View { behaviour: &state.behaviour, spelling: &self.0.spelling, now: self.now() };
        let data = change(state.conversations.get_mut(&id).ok_or(Unknown)?, view);
        for webhook in state.webhooks.values().filter(|webhook| webhook.wants(event_type)) {
            let body = view.event(id, event_type, data.clone());
            state.post.add(webhook.id, id, event_type, body.to_string());
        }
        self.0.posted.notify_one();
        Ok(())
    }
}

impl Submission {
    /// Adds it to a conversation's activities and tells the id of its own.
    fn add_to(&self, conversation: &mut Conversation, time: Timestamp) -> i64 {
        let params = self.submitted.then(|| self.params.clone());
        let form = SubmittedForm { id: self.form_id, params };
        conversation.add_activity(self.activity_type(), time, None, Some(form))
    }

    fn generic_event(&self, session: i64, activity: i64, view: View<'_>) -> Value {
        json!({
            "sessionId": session,
            "activityId": activity,
            "time": view.time(self.time.unwrap_or(view.now)),
            "type": self.activity_type(),
            "client": self.by_client,
            "text": null,
            "userId": null,
            "chatbotId": (self.kind == FormKind::Chatbot).then_some(3),
            "chatbotHeroCardSubmissionKey": null,
            "chatbotHeroCardSubmissionValue": null,
            "submissionIdentification": null,
            "formFieldSetUUID": null,
        })
    }

    fn activity_type(&self) -> &'static str {
        match self.kind {
            FormKind::HeroCard => "HeroCardSubmission",
            FormKind::Chatbot => "ChatbotHeroCardSubmission",
            FormKind::CallScript => "CallScriptSubmission",
        }
    }

    fn into_call_params(self) -> Vec<CallParam> {
        let source = match self.kind {
            FormKind::HeroCard => "HERO_CARD",
            FormKind::Chatbot => "CHATBOT",
            FormKind::CallScript => "USER",
        };
        let mut params = Vec::new();
        for (name, value) in self.params {
            params.push(CallParam { name, value, source: Some(source.into()), read_only: false, updated: self.time });
        }
        params
    }
}
