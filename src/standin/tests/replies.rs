use super::*;

/// A session of a guest, ended.
fn ended(mluvii: &Served, id: i64) {
    let new = json!({
        "id": id, "tenant": 62, "guest": "g-7", "gdpr_version": "v3",
        "call_params": [{ "name": "oo1_guest_email", "value": "ann@x.cz", "source": "ENTRY_FORM" }],
    });
    mluvii.standin.begin(serde_json::from_value(new).expect("a conversation"));
    mluvii.standin.end(id).expect("known");
}

#[tokio::test]
async fn nulls_are_written_unless_they_are_left_out() {
    let mluvii = Served::start().await;
    let id = mluvii.standin.begin(NewConversation::default());
    let session = mluvii.session(id).await;
    let nulls = ["ended", "phoneCallbackNumber", "feedback", "recordingsState", "terminationReason"];
    assert!(nulls.iter().all(|key| session.get(key) == Some(&Value::Null)), "{session}");
    assert_eq!(session["guest"].get("gdprVersion"), Some(&Value::Null));

    mluvii.behave(json!({ "nulls": "omitted" })).await;
    let session = mluvii.session(id).await;
    assert!(nulls.iter().all(|key| session.get(key).is_none()), "{session}");
    assert_eq!(session["guest"], json!({ "callParams": {}, "ipAddress": "192.0.2.7", "language": "cs" }));
    let (_, list) = mluvii.api(Method::GET, "/Sessions", Value::Null).await;
    assert!(plain(list)[0].get("ended").is_none());
}

#[tokio::test]
async fn nulls_are_left_out_of_events_too() {
    let mluvii = Served::start().await;
    let receiver = super::delivery::Receiver::start(204).await;
    let url = format!("http://{}", receiver.url);
    mluvii.standin.register(&url, &["SessionActivityHeroCardSubmission"]).expect("new");
    let id = mluvii.standin.begin(NewConversation::default());
    let submit = async || {
        let form = json!({ "form_id": 1 });
        mluvii.control(Method::POST, &format!("/conversations/{id}/form"), form).await;
        until("delivered", || mluvii.standin.undelivered() == 0).await;
        let (_, body) = receiver.received().pop().expect("delivered");
        plain(body)["data"].get("userId").cloned()
    };
    assert_eq!(submit().await, Some(Value::Null));
    mluvii.behave(json!({ "nulls": "omitted" })).await;
    assert_eq!(submit().await, None);
}

#[tokio::test]
async fn keys_are_missing_of_all_sessions_or_of_some() {
    let mluvii = Served::start().await;
    [1, 2].into_iter().for_each(|id| ended(&mluvii, id));
    mluvii.behave(json!({ "omit": ["departmentId", { "key": "guest.gdprVersion", "sessions": [2] }] })).await;
    let one = mluvii.session(1).await;
    let two = mluvii.session(2).await;
    assert!(one.get("departmentId").is_none() && two.get("departmentId").is_none());
    assert_eq!((&one["guest"]["gdprVersion"], two["guest"].get("gdprVersion")), (&json!("v3"), None));
    assert_eq!(two["guest"]["identity"], "g-7");

    mluvii.behave(json!({ "omit": ["guest", "nothing.there"] })).await;
    let (one, (_, list)) = (mluvii.session(1).await, mluvii.api(Method::GET, "/Sessions", Value::Null).await);
    assert!(one.get("guest").is_none() && one.get("departmentId") == Some(&json!(62)));
    assert!(plain(list)[1].get("guest").is_none());
}

#[tokio::test]
async fn keys_are_missing_in_events() {
    let mluvii = Served::start().await;
    let receiver = super::delivery::Receiver::start(204).await;
    mluvii.standin.register(&format!("http://{}", receiver.url), &["SessionEnded"]).expect("new");
    mluvii.behave(json!({ "omit_in_events": [{ "key": "tenantId", "sessions": [2] }] })).await;
    [1, 2].into_iter().for_each(|id| ended(&mluvii, id));
    until("delivered", || mluvii.standin.undelivered() == 0).await;
    for (_, body) in receiver.received() {
        let data = &plain(body)["data"];
        let tenant = if data["id"] == 2 { None } else { Some(json!(62)) };
        assert_eq!(data.get("tenantId").cloned(), tenant, "{data}");
    }
    assert_eq!(receiver.received().len(), 2);
}

#[tokio::test]
async fn a_look_up_lags_behind_the_end() {
    let mluvii = Served::start().await;
    mluvii.behave(json!({ "lag_ms": 60_000 })).await;
    let id = mluvii.standin.begin(NewConversation::default());
    let statuses = async || {
        let of = async |path: &str| mluvii.api(Method::GET, &format!("/Sessions/{id}{path}"), Value::Null).await.0;
        (of("").await, of("/callparams").await, mluvii.listed("").await.len())
    };
    assert_eq!(statuses().await, (200, 200, 1), "it is under way");
    mluvii.standin.end(id).expect("known");
    assert_eq!(statuses().await, (404, 404, 0));
    mluvii.standin.advance(Duration::from_secs(61));
    assert_eq!(statuses().await, (200, 200, 1));
    mluvii.standin.reopen(id).expect("known");
    mluvii.standin.end(id).expect("known");
    assert_eq!(statuses().await, (200, 200, 1), "it is known by then");
}

#[tokio::test]
async fn the_consent_version_lags_behind_the_end() {
    let mluvii = Served::start().await;
    mluvii.behave(json!({ "consent_lag_ms": 60_000 })).await;
    ended(&mluvii, 1);
    let version = async || mluvii.session(1).await["guest"].get("gdprVersion").cloned();
    assert_eq!(version().await, Some(Value::Null));
    assert!(mluvii.listed("GDPRVersion=v3").await.is_empty());
    mluvii.standin.advance(Duration::from_secs(61));
    assert_eq!(version().await, Some(json!("v3")));
    assert_eq!(mluvii.listed("GDPRVersion=v3").await, [1]);
}

#[tokio::test]
async fn a_department_is_the_tenant_unless_they_disagree() {
    let mluvii = Served::start().await;
    ended(&mluvii, 1);
    let ids = async || {
        let session = mluvii.session(1).await;
        (session["companyId"].clone(), session["departmentId"].clone())
    };
    assert_eq!(ids().await, (json!(500), json!(62)));
    mluvii.behave(json!({ "company": 7, "department_disagrees": true })).await;
    assert_eq!(ids().await, (json!(7), json!(1062)));
    assert_eq!((mluvii.listed("DepartmentId=62").await, mluvii.listed("DepartmentId=1062").await), (vec![], vec![1]));
}

#[tokio::test]
async fn names_of_call_params_come_in_another_case() {
    let mluvii = Served::start().await;
    ended(&mluvii, 1);
    let names = async || {
        let (_, params) = mluvii.api(Method::GET, "/Sessions/1/callparams", Value::Null).await;
        let in_guest = mluvii.session(1).await["guest"]["callParams"].clone();
        (plain(params)["callParams"][0]["name"].clone(), in_guest)
    };
    assert_eq!(names().await, (json!("oo1_guest_email"), json!({ "oo1_guest_email": "ann@x.cz" })));
    mluvii.behave(json!({ "field_names": "upper" })).await;
    assert_eq!(names().await, (json!("OO1_GUEST_EMAIL"), json!({ "OO1_GUEST_EMAIL": "ann@x.cz" })));
}

#[tokio::test]
async fn a_session_shows_all_that_it_was_begun_with() {
    let mluvii = Served::start().await;
    let new = json!({
        "id": 1, "guest": "g-7", "temp_id": "t-1", "tracked_id": "c0ffee", "channel_identity": "ci-1",
        "ip_address": "198.51.100.9", "language": "de", "phone_callback_number": "777 123 456",
        "feedback": "Ann was pleased", "notes": ["Ann called"], "activities": ["hello"],
        "recordings": [{ "id": 5, "is_uploading": true }], "recordings_state": "Processing",
        "termination_reason": "SingleUseSession",
        "call_params": [
            { "name": "a", "value": "1", "source": "USER", "read_only": true, "updated": "2024-05-02T14:05:24Z" },
        ],
    });
    assert_eq!(mluvii.control(Method::POST, "/conversations", new).await.0, 201);
    let session = mluvii.session(1).await;
    let guest = json!({
        "identity": "g-7", "tempId": "t-1", "trackedId": "c0ffee", "channelIdentity": "ci-1",
        "ipAddress": "198.51.100.9", "language": "de", "callParams": { "a": "1" }, "gdprVersion": null,
    });
    assert_eq!(session["guest"], guest);
    assert_eq!(session["feedback"], json!({ "text": "Ann was pleased" }));
    assert_eq!(session["recordings"], json!([{ "id": 5, "isUploading": true, "isDeleted": false }]));
    assert_eq!(
        (&session["recordingsState"], &session["terminationReason"]),
        (&json!("Processing"), &json!("SingleUseSession"))
    );
    let activity = &session["activities"][0];
    assert_eq!(
        (&activity["id"], &activity["text"], &activity["originalFormId"]),
        (&json!(1), &json!("hello"), &Value::Null)
    );
    let (_, params) = mluvii.api(Method::GET, "/Sessions/1/callparams", Value::Null).await;
    let param = &plain(params)["callParams"][0];
    assert_eq!(param["readOnly"], true);
    assert!(param["updatedDate"].as_str().expect("a time").starts_with("2024-05-02T1"), "{param}");

    for (text, place) in [
        ("t-1", "temp_id"),
        ("C0FFEE", "tracked_id"),
        ("ci-1", "channel_identity"),
        ("198.51", "ip_address"),
        ("pleased", "feedback"),
    ] {
        let (_, found) = mluvii.control(Method::GET, &format!("/search?text={text}"), Value::Null).await;
        assert_eq!(found, json!([{ "id": 1, "place": place }]));
    }

    mluvii.standin.recording_ready(1).expect("known");
    let session = mluvii.session(1).await;
    assert_eq!(
        (&session["recordings"][0]["isUploading"], &session["recordingsState"]),
        (&json!(false), &json!("Processed"))
    );
}

#[tokio::test]
async fn consent_is_given_and_withdrawn_later() {
    let mluvii = Served::start().await;
    ended(&mluvii, 1);
    for version in [json!("v4"), Value::Null] {
        let body = json!({ "gdpr_version": version });
        assert_eq!(mluvii.control(Method::POST, "/conversations/1/consent", body).await.0, 204);
        assert_eq!(mluvii.session(1).await["guest"]["gdprVersion"], version);
    }
}
