//! The stand-ins for mluvii and for a CRM: `quietus standin`, driven through its control API.

use serde_json::{Value, json};

use super::process::Process;
use super::{client, http, quietus, wait_for};

/// The CRM's bearer token.
pub(crate) const CRM_TOKEN: &str = "crm-token-4711";

/// The client id and secret of mluvii's API.
pub(crate) const API_SECRET: &str = "api-secret-0815";

/// Running stand-ins.
pub(crate) struct StandIn {
    _process: Process,
    pub(crate) mluvii: String,
    pub(crate) crm: String,
}

impl StandIn {
    pub(crate) fn start() -> Self {
        let mut command = quietus();
        command.args(["standin", "--json", "--listen", "127.0.0.1:0", "--crm-listen", "127.0.0.1:0"]);
        command.args(["--client-id", API_SECRET, "--client-secret", API_SECRET, "--crm-token", CRM_TOKEN]);
        let process = Process::spawn(command);
        let told: Value = process.told("the stand-ins' addresses", |line| serde_json::from_str(line).ok());
        let url = |name: &str| told[name].as_str().expect("the stand-in says where it listens").to_owned();
        Self { mluvii: url("mluvii"), crm: url("crm"), _process: process }
    }

    /// Begins a conversation of tenant 62 with an entry form; `consent` is the version of the text that was agreed to.
    pub(crate) fn begin(&self, id: i64, email: &str, consent: Option<&str>) {
        self.begin_with(json!({
            "id": id,
            "tenant": 62,
            "guest": format!("guest-{email}"),
            "gdpr_version": consent,
            "call_params": [{ "name": "oo1_guest_email", "value": email, "source": "ENTRY_FORM" }],
        }));
    }

    pub(crate) fn begin_with(&self, conversation: Value) {
        self.post(&self.mluvii, "/standin/conversations", &conversation);
    }

    /// Has something happen in a conversation: `end`, `conclude`, `recording`, `form`, `params`.
    pub(crate) fn happen(&self, id: i64, what: &str, with: &Value) {
        self.post(&self.mluvii, &format!("/standin/conversations/{id}/{what}"), with);
    }

    /// Ends and concludes a conversation.
    pub(crate) fn end(&self, id: i64) {
        self.happen(id, "end", &json!({}));
        self.happen(id, "conclude", &json!({}));
    }

    /// Ends a conversation that nobody concludes. Where sessions settle at once, a conclusion comes after that, as news for which the session is
    /// erased once more.
    pub(crate) fn just_end(&self, id: i64) {
        self.happen(id, "end", &json!({}));
    }

    /// A submitted hero card.
    pub(crate) fn submit(&self, id: i64, form_id: i64, params: &Value) {
        self.happen(id, "form", &json!({ "form_id": form_id, "params": params }));
    }

    /// Sets switches of mluvii's stand-in (docs/standin.md).
    pub(crate) fn behave(&self, switches: &Value) {
        self.post(&self.mluvii, "/standin/behaviour", switches);
    }

    /// Sets the stand-in's clock (docs/standin.md).
    pub(crate) fn set_clock(&self, clock: &Value) {
        self.post(&self.mluvii, "/standin/clock", clock);
    }

    /// Removes a conversation, as somebody else may.
    pub(crate) fn delete_conversation(&self, id: i64) {
        let (status, _) = http(client().delete(format!("{}/standin/conversations/{id}", self.mluvii)));
        assert!((200..300).contains(&status), "{status}");
    }

    /// Has calls of mluvii's API go wrong.
    pub(crate) fn fault(&self, fault: &Value) {
        self.post(&self.mluvii, "/standin/faults", fault);
    }

    /// Has no further call of mluvii's API go wrong.
    pub(crate) fn clear_faults(&self) {
        let (status, _) = http(client().delete(format!("{}/standin/faults", self.mluvii)));
        assert!((200..300).contains(&status), "{status}");
    }

    /// Has calls of the CRM go wrong.
    pub(crate) fn crm_fault(&self, fault: &Value) {
        self.post(&self.crm, "/standin/faults", fault);
    }

    /// Has no further call of the CRM go wrong.
    pub(crate) fn clear_crm_faults(&self) {
        let (status, _) = http(client().delete(format!("{}/standin/faults", self.crm)));
        assert!((200..300).contains(&status), "{status}");
    }

    pub(crate) fn add_contact(&self, email: &str) {
        self.add_contact_of(0, email);
    }

    /// Adds a contact with an id of its own; 0 asks for a new one. The CRM's faults must not be in the way.
    pub(crate) fn add_contact_of(&self, id: i64, email: &str) {
        let (status, _) = http(
            client()
                .post(format!("{}/contacts", self.crm))
                .bearer_auth(CRM_TOKEN)
                .json(&json!({ "id": id, "email": email, "name": "Somebody" })),
        );
        assert_eq!(status, 201);
    }

    /// Adds a contact to mluvii's directory; its id is the guest of its conversations.
    pub(crate) fn add_directory_contact(&self, id: &str, email: &str, phone: &str) {
        let contact = json!({ "id": id, "tenant": 62, "data": { "email": [email], "phone": [phone] } });
        self.post(&self.mluvii, "/standin/contacts", &contact);
    }

    /// The calls of mluvii's API whose path ends so.
    pub(crate) fn calls(&self, path_end: &str) -> Vec<Value> {
        self.calls_of(&self.mluvii, path_end)
    }

    /// The calls of the CRM whose path holds this.
    pub(crate) fn crm_calls(&self, method: &str) -> Vec<Value> {
        let all = self.calls_of(&self.crm, "");
        all.into_iter().filter(|call| call["method"] == method).collect()
    }

    fn calls_of(&self, base: &str, path_end: &str) -> Vec<Value> {
        let Value::Array(calls) = self.get(base, "/standin/calls") else { panic!("a list of calls") };
        let ends = |call: &Value| call["path"].as_str().is_some_and(|path| path.ends_with(path_end));
        calls.into_iter().filter(ends).collect()
    }

    /// Whether mluvii or the CRM still holds a text.
    pub(crate) fn holds(&self, text: &str) -> bool {
        [&self.mluvii, &self.crm].iter().any(|base| {
            let (_, found) = http(client().get(format!("{base}/standin/search")).query(&[("text", text)]));
            found != "[]"
        })
    }

    /// Registers a webhook for the events that matter and returns when mluvii has it.
    pub(crate) fn register(&self, callback: &str) {
        let events = [
            "SessionEnded",
            "SessionCallParamsUpdated",
            "SessionOperatorConcluded",
            "SessionRecordingPostProcessingCompleted",
            "SessionActivityHeroCardSubmission",
            "SessionActivityChatbotHeroCardSubmission",
            "SessionActivityCallScriptSubmission",
            "GuestIdentityUpdated",
        ];
        let webhook = json!({ "eventTypes": events, "callbackUrl": callback });
        let (status, body) = self.api(reqwest::Method::POST, "/api/v1/Webhooks", &webhook);
        assert_eq!(status, 201, "{body}");
    }

    /// The webhooks that mluvii has, with their credentials, by id.
    pub(crate) fn webhooks(&self) -> Vec<Value> {
        let (status, body) = self.api(reqwest::Method::GET, "/api/v1/Webhooks", &Value::Null);
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).expect("a list")
    }

    /// A call of mluvii's API by somebody else.
    pub(crate) fn api(&self, method: reqwest::Method, path: &str, body: &Value) -> (u16, String) {
        let form = [("grant_type", "client_credentials"), ("client_id", API_SECRET), ("client_secret", API_SECRET)];
        let (status, token) = http(client().post(format!("{}/login/connect/token", self.mluvii)).form(&form));
        assert_eq!(status, 200, "{token}");
        let token: Value = serde_json::from_str(&token).expect("a token");
        let call = client().request(method, format!("{}{path}", self.mluvii));
        let call = call.bearer_auth(token["access_token"].as_str().expect("a token"));
        http(if body.is_null() { call } else { call.json(body) })
    }

    /// Waits until every posted delivery was taken.
    pub(crate) fn wait_for_deliveries(&self) {
        wait_for("the deliveries", || (self.get(&self.mluvii, "/standin/deliveries")["waiting"] == 0).then_some(()));
    }

    fn post(&self, base: &str, path: &str, body: &Value) {
        let (status, text) = http(client().post(format!("{base}{path}")).json(body));
        assert!((200..300).contains(&status), "{path}: {status} {text}");
    }

    pub(crate) fn get(&self, base: &str, path: &str) -> Value {
        let (status, text) = http(client().get(format!("{base}{path}")));
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }
}
