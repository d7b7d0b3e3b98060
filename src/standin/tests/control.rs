use super::*;

fn conversation() -> Value {
    json!({
        "id": 70, "tenant": 62, "guest": "g-7", "gdpr_version": "v3",
        "call_params": [{ "name": "oo1_guest_email", "value": "ann@x.cz", "source": "ENTRY_FORM" }],
        "notes": ["Ann called"], "activities": ["hello, I am Ann"],
    })
}

#[tokio::test]
async fn a_conversation_lives_over_http_and_falls_silent() {
    let mluvii = Served::start().await;
    let (status, begun) = mluvii.control(Method::POST, "/conversations", conversation()).await;
    assert_eq!((status, begun), (201, json!({ "id": 70 })));
    let form = json!({ "form_id": 4711, "params": { "agree": "no, says ANN" } });
    for (path, body) in [
        ("end", Value::Null),
        ("form", form),
        ("params", json!([{ "name": "oo1_guest_phone", "value": "777 123 456", "source": "PHONE" }])),
        ("conclude", json!({ "note": "Ann was kind" })),
        ("recording", Value::Null),
    ] {
        let (status, _) = mluvii.control(Method::POST, &format!("/conversations/70/{path}"), body).await;
        assert_eq!(status, 204, "{path}");
    }
    let (status, _) = mluvii.control(Method::POST, "/conversations/71/end", Value::Null).await;
    assert_eq!(status, 404);

    let search = async |text: &str| {
        let path = format!("{}/standin/search", mluvii.url);
        let (_, found) = answer(mluvii.http.get(path).query(&[("text", text)])).await;
        found.as_array().expect("a list").iter().map(|place| place["place"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(search("ann").await, ["call_params", "notes", "activities"]);
    assert_eq!(search("777 123").await, ["call_params"]);
    let (_, before) = mluvii.api(Method::GET, "/Sessions?SessionId=70&Anonymized.Null=false", Value::Null).await;
    assert_eq!(before, json!([]));

    let (status, _) = mluvii.api(Method::POST, "/Guest/g-7/anonymous", Value::Null).await;
    assert_eq!(status, 204);
    assert!(search("ann").await.is_empty() && search("777").await.is_empty() && search("g-7").await.is_empty());
    // Ids and times stay.
    let conversation = {
        let state = mluvii.standin.state();
        mluvii.standin.view(&state).session(&state.conversations[&70])
    };
    assert!(
        conversation["id"] == 70 && conversation["ended"].is_string() && conversation["guest"]["identity"].is_null()
    );
    let (status, _) = mluvii.api(Method::POST, "/Guest/g-7/anonymous", Value::Null).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn sessions_are_listed_by_filter_and_page() {
    let mluvii = Served::start().await;
    let ids: Vec<_> = (0..5).map(|_| mluvii.standin.begin(NewConversation::default())).collect();
    let before = mluvii.standin.now();
    mluvii.standin.advance(Duration::from_secs(3600));
    mluvii.standin.end(ids[0]).expect("known");
    mluvii.standin.end(ids[1]).expect("known");
    mluvii.standin.anonymize(ids[1]).expect("known");
    let list = async |query: String| {
        let (status, reply) = mluvii.api(Method::GET, &format!("/Sessions?{query}"), Value::Null).await;
        assert_eq!(status, 200, "{query}");
        let sessions = ["sessions", "Sessions"].iter().find_map(|name| reply.get(name)).unwrap_or(&reply);
        let id = |session: &Value| session.get("id").or_else(|| session.get("Id")).and_then(Value::as_i64);
        sessions.as_array().expect("a list").iter().filter_map(id).collect::<Vec<_>>()
    };
    // Bare and wrapped, in either case.
    for _ in 0..6 {
        assert_eq!(list("limit=2&offset=1".into()).await, [ids[3], ids[2]]);
    }
    assert_eq!(list(format!("Ended.Min={before}")).await, [ids[1], ids[0]]);
    assert!(list(format!("Ended.Max={before}")).await.is_empty());
    assert_eq!(list("Anonymized.Null=false".into()).await, [ids[1]]);
    assert_eq!(list("Anonymized.Null=true&Ended.Min=2020-01-01T00:00:00.000Z".into()).await, [ids[0]]);
    let (status, _) = mluvii.api(Method::GET, "/Sessions?limit=many", Value::Null).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_webhook_of_one_url_is_registered_once() {
    let mluvii = Served::start().await;
    let webhook = |url: &str| json!({ "eventTypes": ["SessionEnded"], "callbackUrl": url });
    let (status, id) = mluvii.api(Method::POST, "/Webhooks", webhook("http://a.example/")).await;
    assert_eq!(status, 201);
    assert_eq!(mluvii.api(Method::POST, "/Webhooks", webhook("http://a.example/")).await, (409, id.clone()));
    let path = format!("/Webhooks/{id}");
    assert_eq!(mluvii.api(Method::PUT, &path, webhook("http://b.example/")).await.0, 204);
    let (_, shown) = mluvii.api(Method::GET, &path, Value::Null).await;
    assert_eq!(shown, json!({ "id": id, "eventTypes": ["SessionEnded"], "callbackUrl": "http://b.example/" }));
    assert_eq!(mluvii.api(Method::DELETE, &path, Value::Null).await.0, 204);
    assert_eq!(mluvii.api(Method::GET, &path, Value::Null).await.0, 404);
}

#[tokio::test]
async fn tokens_are_for_the_right_credentials_and_end() {
    let mluvii = Served::start().await;
    let ask = async |grant: &str, id: &str, secret: &str| {
        let form = [("grant_type", grant), ("client_id", id), ("client_secret", secret)];
        answer(mluvii.http.post(format!("{}/login/connect/token", mluvii.url)).form(&form)).await
    };
    assert_eq!(ask("password", "the-client", "the-secret").await.0, 400);
    assert_eq!(ask("client_credentials", "other", "the-secret").await.0, 400);
    let (status, reply) = ask("client_credentials", "the-client", "other").await;
    assert_eq!((status, reply), (401, json!({ "error": "invalid_client" })));

    let token = mluvii.token().await;
    let list = async || answer(mluvii.http.get(format!("{}/api/v1/Webhooks", mluvii.url)).bearer_auth(&token)).await.0;
    assert_eq!(list().await, 200);
    mluvii.control(Method::POST, "/clock", json!({ "advance_s": 3601 })).await;
    assert_eq!(list().await, 401);
}

#[tokio::test]
async fn faults_are_asked_for_used_up_and_taken_away() {
    let mluvii = Served::start().await;
    let status = json!({ "path": "anonymous", "kind": "status", "status": 503, "times": 1, "retry_after_s": 1 });
    for fault in [status, json!({ "path": "anonymous", "kind": "401", "times": 1 })] {
        assert_eq!(mluvii.control(Method::POST, "/faults", fault).await.0, 204);
    }
    let anonymize = async || mluvii.api(Method::POST, "/Sessions/1/anonymous", Value::Null).await.0;
    assert_eq!((anonymize().await, anonymize().await, anonymize().await), (503, 401, 404));

    mluvii.control(Method::POST, "/faults", json!({ "kind": "accepted_but_not_done", "path": "anonymous" })).await;
    assert_eq!((anonymize().await, anonymize().await), (204, 204));
    mluvii.control(Method::DELETE, "/faults", Value::Null).await;
    assert_eq!(anonymize().await, 404);
    assert_eq!(mluvii.control(Method::POST, "/faults", json!({ "kind": "flood" })).await.0, 422);

    let (_, calls) = mluvii.control(Method::GET, "/calls", Value::Null).await;
    let calls: Vec<_> = calls.as_array().expect("a list").iter().filter(|call| call["method"] == "POST").collect();
    let statuses =
        calls.iter().filter(|call| call["path"] == "/api/v1/Sessions/1/anonymous").map(|call| &call["status"]);
    assert_eq!(statuses.collect::<Vec<_>>(), [503, 401, 404, 204, 204, 404]);
}

#[tokio::test]
async fn a_caller_that_goes_away_is_noted() {
    let mluvii = Served::start().await;
    mluvii.standin.add_fault(Fault { path: String::new(), times: None, kind: FaultKind::Timeout { delay_ms: 60_000 } });
    let url = format!("{}/api/v1/Sessions/1", mluvii.url);
    // On a busy machine the caller may go away before its call has come.
    while mluvii.standin.calls().is_empty() {
        let request = mluvii.http.get(&url).timeout(Duration::from_millis(50));
        assert!(request.send().await.expect_err("no answer").is_timeout());
    }
    until("noted", || mluvii.standin.calls().iter().any(|call| call.status.is_none() && call.ended.is_some())).await;
}

#[test]
fn times_come_in_every_known_spelling() {
    let spelling = Spelling::default();
    let time: Timestamp = "2024-05-02T14:05:24.454661Z".parse().expect("a time");
    let spelled: Vec<_> = (0..4).map(|_| spelling.time(time)).collect();
    assert_eq!(
        spelled,
        [
            "2024-05-02T16:05:24.454661+02:00",
            "2024-05-02T16:05:24:454661+02:00",
            "2024-05-02T16:05:24,454+02:00",
            "2024-05-02T14:05:24.454661",
        ]
    );
}

#[test]
fn keys_change_their_case_and_data_does_not() {
    let spelling = Spelling::default();
    let document =
        || json!({ "data": { "sessionId": 1, "params": { "agree": "no" }, "callParams": [{ "name": "n" }] } });
    let spelled: Vec<_> = (0..3).map(|_| spelling.document(document())).collect();
    assert_eq!(spelled[0], document());
    assert_eq!(
        spelled[2],
        json!({ "Data": { "SessionId": 1, "Params": { "agree": "no" }, "CallParams": [{ "Name": "n" }] } })
    );
}

#[tokio::test]
async fn forms_of_every_kind_have_their_own_event() {
    let mluvii = Served::start().await;
    let kinds = [
        "SessionActivityHeroCardSubmission",
        "SessionActivityChatbotHeroCardSubmission",
        "SessionActivityCallScriptSubmission",
    ];
    // Nobody listens there: what waits can be counted.
    mluvii.standin.register("http://127.0.0.1:1/", &kinds).expect("new");
    let id = mluvii.standin.begin(NewConversation::default());
    for (kind, posted) in [(FormKind::HeroCard, 1), (FormKind::Chatbot, 3), (FormKind::CallScript, 4)] {
        let params = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        mluvii
            .standin
            .submit(
                id,
                Submission { kind, form_id: 4711, submitted: true, by_client: true, params, generic: None, time: None },
            )
            .expect("known");
        assert_eq!(mluvii.standin.undelivered(), posted);
    }
}
