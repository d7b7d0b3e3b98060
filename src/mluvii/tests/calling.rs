use tokio::task::JoinSet;

use super::*;

#[track_caller]
fn refused_settings(change: impl FnOnce(&mut MluviiSettings), expected: &str) {
    let mut settings = settings_for("https://mluvii.example");
    change(&mut settings);
    let error = MluviiClient::new(&settings, &read_secret).expect_err("refused").to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    refused_settings(|s| s.client_id = None, "mluvii.client_id: not set");
    refused_settings(|s| s.client_secret = Some(SecretRef::Env("OTHER".into())), "mluvii.client_secret: ");
    refused_settings(|s| s.base_url = "app.mluvii.com".into(), "mluvii.base_url: not a URL");
    refused_settings(|s| s.base_url = "ftp://mluvii.example".into(), "mluvii.base_url: not an http");
    refused_settings(|s| s.base_url = "https://a:hunter2@mluvii.example".into(), "credentials do not belong");
    refused_settings(|s| s.base_url = "https://mluvii.example/?tenant=1".into(), "a query");
    refused_settings(|s| s.concurrency_max = 0, "mluvii.concurrency_max: ");
    refused_settings(|s| s.anonymize_session = "GET /x/{id}".into(), "mluvii.anonymize_session: ");
    refused_settings(|s| s.look_up_session = "POST /x/{id}".into(), "mluvii.look_up_session: ");
    refused_settings(|s| s.ca_file = Some("no-such-file.pem".into()), "mluvii.ca_file: no-such-file.pem");
    refused_settings(|s| s.ca_file = Some("Cargo.toml".into()), "holds no certificate");
}

#[tokio::test]
async fn many_callers_share_one_token() {
    let mut mluvii = Mluvii::start().await;
    mluvii.settings.concurrency_max = 32;
    let session = mluvii.conversation("7", "ann@x.cz");
    let client = mluvii.client();
    all_look_up(&client, session).await;
    assert_eq!(mluvii.tokens_given(), 1);

    // The token ends at mluvii only: every caller is refused once, and one of them asks for a new token.
    mluvii.standin.advance(Duration::from_secs(2 * 3600));
    all_look_up(&client, session).await;
    assert_eq!(mluvii.tokens_given(), 2);
}

async fn all_look_up(client: &Arc<MluviiClient>, session: SessionId) {
    let mut callers = JoinSet::new();
    for _ in 0..32 {
        let client = client.clone();
        callers.spawn(async move { client.look_up(session).await });
    }
    for found in callers.join_all().await {
        assert!(matches!(found, Ok(LookUp::Found(_))), "{found:?}");
    }
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end() {
    let mluvii = Mluvii::start_as(StandInSettings { token_lifetime: Span::from_secs(4), ..stand_in_settings() }).await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let client = mluvii.client();
    let deadline = Instant::now() + Duration::from_secs(30);
    while mluvii.tokens_given() < 2 {
        assert!(Instant::now() < deadline, "the token was not renewed");
        client.look_up(session).await.expect("the token is good");
    }
    assert!(mluvii.standin.calls().iter().all(|call| call.status != Some(401)));
}

#[tokio::test]
async fn those_who_waited_for_a_failing_token_call_fail_with_it() {
    let mluvii = Mluvii::start().await;
    mluvii.fail("token", 1, FaultKind::Status { status: 503, retry_after_s: Some(9) });
    let client = mluvii.client();
    // Both futures are polled before either is answered: the second waits for the first.
    let (one, two) = tokio::join!(client.health(), client.health());
    for failed in [one, two] {
        let Err(MluviiError::Busy { retry_after, .. }) = failed else { panic!("{failed:?}") };
        assert_eq!(retry_after, Some(Duration::from_secs(9)));
    }
    assert_eq!(mluvii.tokens_given(), 1);
    client.health().await.expect("asks again afterwards");
}

#[tokio::test]
async fn wrong_credentials_need_a_person_and_are_not_shown() {
    for field in ["CLIENT_ID", "CLIENT_SECRET"] {
        let mluvii = Mluvii::start().await;
        let wrong = |reference: &SecretRef| match reference {
            SecretRef::Env(name) if name == field => Ok(Secret::new("hunter2")),
            other => read_secret(other),
        };
        let client = MluviiClient::new(&mluvii.settings, &wrong).expect("a client");
        let Err(MluviiError::Denied(text)) = client.health().await else { panic!("denied") };
        assert!(text.contains("mluvii.client_secret") && !text.contains("hunter2"), "{text}");
        assert!(!format!("{client:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let client = mluvii.client();
    mluvii.fail("Sessions", 1, FaultKind::Unauthorized);
    client.look_up(session).await.expect("the second token is good");
    assert_eq!(mluvii.tokens_given(), 2);

    mluvii.fail("Sessions", 2, FaultKind::Unauthorized);
    assert!(matches!(client.look_up(session).await, Err(MluviiError::Denied(_))));
}

#[tokio::test]
async fn every_failure_has_its_reaction() {
    let mluvii = Mluvii::start().await;
    let client = mluvii.client();
    let busy = |s: &str, retry_after: Option<u64>| MluviiError::Busy {
        what: format!("GET /api/v1/Sessions/{{id}}{s}"),
        retry_after: retry_after.map(Duration::from_secs),
    };
    let status = |status, retry_after_s| FaultKind::Status { status, retry_after_s };
    let away = |how: &str| MluviiError::Away(format!("GET /api/v1/Sessions/{{id}}: {how}"));
    let garbage = "the reply is not what mluvii is known to answer";
    for (fault, expected) in [
        (status(429, Some(7)), busy("", Some(7))),
        (status(429, None), busy("", None)),
        (status(503, Some(7)), busy("", Some(7))),
        (status(503, None), away("503 Service Unavailable")),
        (status(500, None), away("500 Internal Server Error")),
        (FaultKind::Garbage, away(garbage)),
        (FaultKind::AcceptedButNotDone, away(garbage)),
    ] {
        mluvii.fail("Sessions", 1, fault);
        assert_eq!(client.look_up(SessionId(1)).await, Err(expected));
    }
    for status in [400, 403] {
        mluvii.fail_with("Sessions", 1, status);
        assert!(matches!(client.look_up(SessionId(1)).await, Err(MluviiError::Refused(_))));
    }
    for status in [405, 302] {
        mluvii.fail_with("Sessions", 1, status);
        assert!(matches!(client.look_up(SessionId(1)).await, Err(MluviiError::Denied(_))));
    }
}

#[tokio::test]
async fn a_call_without_an_answer_ends() {
    let mut mluvii = Mluvii::start().await;
    mluvii.settings.call_max = short(200);
    mluvii.fail("", 1, FaultKind::Timeout { delay_ms: 60_000 });
    let late = mluvii.client().look_up(SessionId(1)).await;
    assert_eq!(late, Err(MluviiError::Away("GET /api/v1/Sessions/{id}: no answer in time".into())));
}

#[tokio::test]
async fn nobody_there_is_worth_another_try() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let client = MluviiClient::new(&settings_for(&format!("http://{address}")), &read_secret).expect("a client");
    let Err(MluviiError::Away(text)) = client.health().await else { panic!("away") };
    assert_eq!(text, "POST /login/connect/token: no connection");
}

#[tokio::test]
async fn a_reply_without_end_is_not_read_to_its_end() {
    let mluvii = Mluvii::start().await;
    let session = SessionId(
        mluvii
            .standin
            .begin(NewConversation { activities: vec!["x".repeat(17 * 1024 * 1024)], ..NewConversation::default() }),
    );
    let Err(MluviiError::Away(text)) = mluvii.client().look_up(session).await else { panic!("away") };
    assert!(text.contains("larger than"), "{text}");
}

#[tokio::test]
async fn an_installation_on_premises_has_a_path_before_all_others() {
    let mut mluvii = Mluvii::start_as(StandInSettings { base_path: "/live/chat".into(), ..stand_in_settings() }).await;
    assert!(mluvii.settings.base_url.ends_with("/live/chat"));
    let session = mluvii.conversation("7", "ann@x.cz");
    assert!(matches!(mluvii.client().look_up(session).await, Ok(LookUp::Found(_))));

    mluvii.settings.base_url.push('/');
    mluvii.client().health().await.expect("a slash at the end changes nothing");
    mluvii.settings.base_url = mluvii.settings.base_url.replace("/live/chat", "/elsewhere");
    let Err(MluviiError::Denied(text)) = mluvii.client().health().await else { panic!("denied") };
    assert!(text.contains("mluvii.base_url"), "{text}");
}

#[tokio::test]
async fn no_more_calls_at_once_than_allowed() {
    let mut mluvii = Mluvii::start().await;
    mluvii.settings.concurrency_max = 2;
    let session = mluvii.conversation("7", "ann@x.cz");
    mluvii.fail("Sessions", 64, FaultKind::Delay { delay_ms: 5 });
    all_look_up(&mluvii.client(), session).await;
    let calls = mluvii.standin.calls();
    let calls: Vec<_> = calls.iter().filter(|call| call.path.contains("Sessions")).collect();
    let under_way =
        |at| calls.iter().filter(|call| call.started <= at && call.ended.is_some_and(|end| end > at)).count();
    let most = calls.iter().map(|call| under_way(call.started)).max();
    assert_eq!(most, Some(2));
}

#[tokio::test]
async fn calls_say_who_makes_them() {
    let mluvii = Mluvii::start().await;
    mluvii.client().health().await.expect("healthy");
    let agent = format!("quietus/{}", env!("CARGO_PKG_VERSION"));
    assert!(mluvii.standin.calls().iter().all(|call| call.user_agent.as_ref() == Some(&agent)));
}
