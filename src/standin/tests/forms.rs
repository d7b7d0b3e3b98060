use super::super::found::FoundId;
use super::delivery::Receiver;
use super::*;

/// The events that tell of forms, and of what they become.
const EVENTS: [&str; 5] = [
    "SessionActivityHeroCardSubmission",
    "SessionActivityChatbotHeroCardSubmission",
    "SessionActivityCallScriptSubmission",
    "SessionCallParamsUpdated",
    "GuestIdentityUpdated",
];

struct Told {
    mluvii: Served,
    receiver: Receiver,
}

impl Told {
    async fn start(switches: Value) -> Self {
        let mluvii = Served::start().await;
        let receiver = Receiver::start(204).await;
        let mut events = EVENTS.to_vec();
        events.push("SessionEnded");
        mluvii.standin.register(&format!("http://{}", receiver.url), &events).expect("new");
        mluvii.standin.begin(NewConversation { id: Some(1), activities: vec!["hello".into()], ..Default::default() });
        mluvii.behave(switches).await;
        Self { mluvii, receiver }
    }

    /// Has something happen, and tells the events that came of it.
    async fn happen(&self, what: &str, body: Value) -> Vec<Value> {
        let before = self.receiver.received().len();
        let (status, answer) = self.mluvii.control(Method::POST, &format!("/conversations/1/{what}"), body).await;
        assert_eq!(status, 204, "{answer}");
        until("delivered", || self.mluvii.standin.undelivered() == 0).await;
        self.receiver.received().split_off(before).into_iter().map(|(_, body)| plain(body)).collect()
    }

    async fn activity(&self, id: &Value) -> Value {
        let session = self.mluvii.session(1).await;
        let activities = session["activities"].as_array().expect("a list");
        activities.iter().find(|activity| activity["id"] == *id).expect("the activity").clone()
    }
}

#[tokio::test]
async fn a_generic_event_names_the_activity_that_holds_the_form() {
    let told = Told::start(json!({ "generic_forms": true })).await;
    for (kind, event_type) in [
        ("chatbot", "SessionActivityChatbotHeroCardSubmission"),
        ("call_script", "SessionActivityCallScriptSubmission"),
    ] {
        let form = json!({ "kind": kind, "form_id": 4711, "params": { "wish": "delete ann", "other": "2" } });
        let events = told.happen("form", form).await;
        let [event] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(event["eventType"], event_type);
        let data = &event["data"];
        assert_eq!(data["sessionId"], 1);
        assert!(data.get("params").is_none() && data["chatbotHeroCardSubmissionValue"].is_null());
        assert!(!data.to_string().contains("delete ann") && !data.to_string().contains("4711"), "{data}");
        let activity = told.activity(&data["activityId"]).await;
        assert_eq!(activity["originalFormId"], 4711);
        assert_eq!(activity["submissionParams"], json!({ "wish": "delete ann", "other": "2" }));
    }
    let found = told.mluvii.standin.find("delete ANN");
    assert_eq!(
        found.iter().map(|found| (&found.id, found.place)).collect::<Vec<_>>(),
        [(&FoundId::Number(1), "activities")]
    );
}

#[tokio::test]
async fn an_activity_does_not_hold_the_form_where_that_was_chosen() {
    let told = Told::start(json!({ "activity_params": false })).await;
    let events = told
        .happen("form", json!({ "kind": "call_script", "form_id": 1, "params": { "a": "1" }, "generic": true }))
        .await;
    let activity = told.activity(&events[0]["data"]["activityId"]).await;
    assert_eq!((&activity["originalFormId"], &activity["submissionParams"]), (&Value::Null, &Value::Null));
    assert_eq!(activity["type"], "CallScriptSubmission");
}

#[tokio::test]
async fn one_form_alone_can_be_generic_or_not() {
    let told = Told::start(json!({})).await;
    let script =
        |generic: Value| json!({ "kind": "call_script", "form_id": 1, "params": { "a": "1" }, "generic": generic });
    assert!(told.happen("form", script(json!(true))).await[0]["data"].get("activityId").is_some());
    assert_eq!(told.happen("form", script(Value::Null)).await[0]["data"]["params"], json!({ "a": "1" }));
    let card = json!({ "form_id": 1, "params": { "a": "1" }, "generic": true });
    assert_eq!(told.happen("form", card).await[0]["data"]["params"], json!({ "a": "1" }), "a hero card never is");
    let cancelled =
        json!({ "kind": "chatbot", "form_id": 1, "params": { "a": "1" }, "generic": true, "submitted": false });
    let events = told.happen("form", cancelled).await;
    assert!(told.activity(&events[0]["data"]["activityId"]).await["submissionParams"].is_null());
}

#[tokio::test]
async fn a_form_has_its_own_time_and_names_in_another_case() {
    let told = Told::start(json!({ "field_names": "upper" })).await;
    let form = json!({ "form_id": 1, "params": { "agree": "no" }, "time": "2024-05-02T14:05:24Z" });
    let events = told.happen("form", form.clone()).await;
    assert_eq!(events[0]["data"]["params"], json!({ "AGREE": "no" }));
    assert!(events[0]["data"]["time"].as_str().expect("a time").starts_with("2024-05-02T1"));
    let mut chatbot = form;
    chatbot["kind"] = "chatbot".into();
    let events = told.happen("form", chatbot).await;
    assert_eq!(events[0]["data"]["chatbotHeroCardSubmissionKey"], "AGREE");
    let activity = told.activity(&events[0]["data"]["activityId"]).await;
    assert_eq!(activity["submissionParams"], json!({ "AGREE": "no" }));
}

#[tokio::test]
async fn a_form_becomes_call_params_where_that_was_chosen() {
    let told = Told::start(json!({})).await;
    let form = json!({ "form_id": 1, "params": { "oo1_guest_email": "ann@x.cz" } });
    assert_eq!(told.happen("form", form.clone()).await.len(), 1);
    assert_eq!(told.mluvii.session(1).await["guest"]["callParams"], json!({}));
    told.mluvii.behave(json!({ "forms_become_call_params": true })).await;
    let events = told.happen("form", form).await;
    assert_eq!(events.iter().map(|event| &event["eventType"]).collect::<Vec<_>>(), [EVENTS[0], EVENTS[3]]);
    let (_, params) = told.mluvii.api(Method::GET, "/Sessions/1/callparams", Value::Null).await;
    let param = &plain(params)["callParams"][0];
    assert_eq!((&param["value"], &param["source"]), (&json!("ann@x.cz"), &json!("HERO_CARD")));
}

#[tokio::test]
async fn a_session_ends_again_and_later() {
    let told = Told::start(json!({})).await;
    let first = told.happen("end", Value::Null).await;
    let again = told.happen("end", Value::Null).await;
    let ended = |session: &Value| session["ended"].clone();
    let before = told.mluvii.standin.state().conversations[&1].ended.expect("ended");
    assert_eq!((first.len(), again.len()), (1, 1));
    assert!(told.happen("reopen", Value::Null).await.is_empty(), "no event tells of it");
    assert!(ended(&told.mluvii.session(1).await).is_null());
    told.mluvii.standin.advance(Duration::from_secs(60));
    assert_eq!(told.happen("end", Value::Null).await[0]["eventType"], "SessionEnded");
    assert!(told.mluvii.standin.state().conversations[&1].ended.expect("ended") > before);
    assert_eq!(told.mluvii.control(Method::POST, "/conversations/2/reopen", Value::Null).await.0, 404);
}

#[tokio::test]
async fn a_guest_is_recognized_later() {
    let told = Told::start(json!({})).await;
    assert!(told.mluvii.session(1).await["guest"]["identity"].is_null());
    let events = told.happen("identify", json!({ "guest": "g-9" })).await;
    assert_eq!(events, [json!({ "eventType": "GuestIdentityUpdated", "data": { "id": 1, "tenantId": 1 } })]);
    assert_eq!(told.mluvii.session(1).await["guest"]["identity"], "g-9");
}

#[tokio::test]
async fn a_webhook_hears_of_all_tenants() {
    let told = Told::start(json!({})).await;
    for tenant in [61, 62] {
        told.mluvii.standin.begin(NewConversation { id: Some(tenant), tenant: Some(tenant), ..Default::default() });
        told.mluvii.standin.end(tenant).expect("known");
    }
    until("both are told of", || told.receiver.ids().len() == 2).await;
}
