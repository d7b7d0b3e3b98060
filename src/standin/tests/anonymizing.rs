use super::*;

/// A conversation that holds something in every place.
fn full(id: i64, guest: &str) -> NewConversation {
    let new = json!({
        "id": id, "tenant": 62, "guest": guest, "temp_id": format!("temp-{id}"), "tracked_id": "cookie",
        "channel_identity": "channel", "ip_address": "198.51.100.9", "gdpr_version": "v3",
        "phone_callback_number": "777 123 456", "feedback": "kind", "notes": ["note"], "activities": ["text"],
        "recordings": [{ "id": 1 }],
        "call_params": [{ "name": "oo1_guest_email", "value": "ann@x.cz", "source": "ENTRY_FORM" }],
    });
    serde_json::from_value(new).expect("a conversation")
}

async fn anonymize(mluvii: &Served, path: &str) -> u16 {
    mluvii.api(Method::POST, path, Value::Null).await.0
}

/// What the switch names, and where a session shows it.
fn shown(session: &Value) -> Vec<&'static str> {
    let guest = &session["guest"];
    let shows = [
        ("identity", !guest["identity"].is_null()),
        ("temp_id", !guest["tempId"].is_null()),
        ("tracked_id", !guest["trackedId"].is_null()),
        ("channel_identity", !guest["channelIdentity"].is_null()),
        ("call_params", guest["callParams"] != json!({})),
        ("phone_callback_number", !session["phoneCallbackNumber"].is_null()),
        ("ip_address", !guest["ipAddress"].is_null()),
        ("gdpr_version", !guest["gdprVersion"].is_null()),
        ("feedback", !session["feedback"].is_null()),
        ("notes", session["notes"] != json!([])),
        ("texts", session["activities"][0]["text"] != ""),
        ("recordings", session["recordings"][0]["isDeleted"] == false),
    ];
    shows.into_iter().filter(|(_, shown)| *shown).map(|(name, _)| name).collect()
}

#[tokio::test]
async fn each_personal_thing_is_left_where_that_was_chosen() {
    let mluvii = Served::start().await;
    mluvii.standin.begin(full(1, "g-1"));
    let all = shown(&mluvii.session(1).await);
    assert_eq!(all.len(), behaviour::Personal::ALL.len());

    assert_eq!(anonymize(&mluvii, "/Sessions/1/anonymous").await, 204);
    assert_eq!(shown(&mluvii.session(1).await), ["gdpr_version"], "the default");
    for (id, left) in (2..).zip(&all) {
        mluvii.standin.begin(full(id, "g-1"));
        mluvii.behave(json!({ "anonymize_leaves": [left] })).await;
        assert_eq!(anonymize(&mluvii, &format!("/Sessions/{id}/anonymous")).await, 204);
        assert_eq!(shown(&mluvii.session(id).await), [*left]);
        assert!(mluvii.listed("Anonymized.Null=false").await.contains(&id));
    }
}

#[tokio::test]
async fn anonymizing_is_done_later_than_it_was_accepted() {
    let mluvii = Served::start().await;
    let receiver = super::delivery::Receiver::start(204).await;
    mluvii.standin.register(&format!("http://{}", receiver.url), &["SessionCallParamsUpdated"]).expect("new");
    mluvii.standin.begin(full(1, "g-1"));
    mluvii.behave(json!({ "anonymize_delay_ms": 60_000 })).await;
    assert_eq!(anonymize(&mluvii, "/Sessions/1/anonymous").await, 204);
    assert!(mluvii.listed("Anonymized.Null=false").await.is_empty());
    assert_eq!(mluvii.session(1).await["guest"]["identity"], "g-1");
    mluvii.standin.advance(Duration::from_secs(61));
    until("told, though nobody asks", || receiver.ids() == [1]).await;
    assert_eq!(mluvii.listed("Anonymized.Null=false").await, [1]);
    assert!(mluvii.session(1).await["guest"]["identity"].is_null());
}

#[tokio::test]
async fn verbs_and_paths_are_those_that_were_chosen() {
    let mluvii = Served::start().await;
    mluvii.standin.begin(full(1, "g/1 ö"));
    mluvii
        .behave(json!({
            "anonymize_session": ["PUT /api/v1/Sessions/{id}/anonymous"],
            "anonymize_guest": ["DELETE /api/v1/Clients/{id}"],
        }))
        .await;
    assert_eq!(anonymize(&mluvii, "/Sessions/1/anonymous").await, 405);
    assert_eq!(anonymize(&mluvii, "/Sessions/1/anonymize").await, 404);
    assert_eq!(anonymize(&mluvii, "/Guest/g-1/anonymous").await, 404);
    let call = async |method, path: &str| mluvii.api(method, path, Value::Null).await.0;
    assert_eq!(call(Method::PUT, "/Sessions/none/anonymous").await, 400);
    assert_eq!(call(Method::PUT, "/Sessions/2/anonymous").await, 404);
    assert!(mluvii.standin.state().conversations[&1].anonymized.is_none());
    assert_eq!(call(Method::DELETE, "/Clients/g%2F1%20%C3%B6").await, 204);
    assert!(mluvii.standin.state().conversations[&1].anonymized.is_some());
    assert_eq!(call(Method::PUT, "/Sessions/1/anonymous").await, 204);
}

#[tokio::test]
async fn a_path_tells_which_verbs_it_takes() {
    let mluvii = Served::start().await;
    let url = format!("{}/api/v1/Sessions/0/anonymous", mluvii.url);
    let response = mluvii.http.get(url).bearer_auth(mluvii.token().await).send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"POST".parse().expect("a header")));
}

#[tokio::test]
async fn some_sessions_are_refused() {
    let mluvii = Served::start().await;
    for id in 1..=4 {
        mluvii.standin.begin(full(id, "g-1"));
    }
    mluvii.behave(json!({ "anonymize_refuses": { "1": 403, "2": 409 } })).await;
    let mut statuses = Vec::new();
    for id in 1..=3 {
        statuses.push(anonymize(&mluvii, &format!("/Sessions/{id}/anonymous")).await);
    }
    assert_eq!(statuses, [403, 409, 204]);
    assert_eq!(anonymize(&mluvii, "/Guest/g-1/anonymous").await, 204);
    assert_eq!(mluvii.listed("Anonymized.Null=false").await, [4, 3], "the guest's call leaves those that are refused");
}

#[tokio::test]
async fn the_guest_call_takes_every_session_of_the_id_that_was_chosen() {
    let mluvii = Served::start().await;
    for id in 1..=2 {
        mluvii.standin.begin(full(id, "g-1"));
    }
    mluvii.standin.begin(full(3, "g-3"));
    assert_eq!(anonymize(&mluvii, "/Guest/g-1/anonymous").await, 204);
    assert_eq!(mluvii.listed("Anonymized.Null=false").await, [2, 1]);
    mluvii.behave(json!({ "anonymize_guest_takes": "temp_id" })).await;
    assert_eq!(anonymize(&mluvii, "/Guest/g-3/anonymous").await, 404);
    assert_eq!(anonymize(&mluvii, "/Guest/temp-3/anonymous").await, 204);
}

#[tokio::test]
async fn mluvii_anonymizes_and_deletes_of_its_own_accord() {
    let mluvii = Served::start().await;
    mluvii.standin.begin(full(1, "g-1"));
    mluvii.behave(json!({ "anonymize_refuses": { "1": 403 }, "anonymize_delay_ms": 60_000 })).await;
    let (status, _) = mluvii.control(Method::POST, "/conversations/1/anonymize", Value::Null).await;
    assert_eq!((status, mluvii.listed("Anonymized.Null=false").await), (204, vec![1]));
    assert_eq!(mluvii.control(Method::DELETE, "/conversations/1", Value::Null).await.0, 204);
    assert_eq!(mluvii.api(Method::GET, "/Sessions/1", Value::Null).await.0, 404);
    assert_eq!(mluvii.control(Method::DELETE, "/conversations/1", Value::Null).await.0, 404);
}
