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
    refused_settings(|s| s.base_url = "http://mluvii.example".into(), "mluvii.base_url: the client secret would be");
    refused_settings(|s| s.proxy = Some("proxy.example".into()), "mluvii.proxy: not a URL");
    refused_settings(|s| s.proxy = Some("socks5://proxy.example:1080".into()), "mluvii.proxy: not an http");
    refused_settings(|s| s.proxy = Some("http://a:hunter2@proxy.example".into()), "mluvii.proxy: credentials");
    let through_a_proxy = |s: &mut MluviiSettings| {
        s.base_url = "http://127.0.0.1:8081".into();
        s.proxy = Some("http://proxy.example:3128".into());
    };
    refused_settings(through_a_proxy, "mluvii.proxy: it would read everything");
    refused_settings(|s| s.concurrency_max = 0, "mluvii.concurrency_max: ");
    refused_settings(|s| s.anonymize_session = "GET /x/{id}".into(), "mluvii.anonymize_session: ");
    refused_settings(|s| s.look_up_session = "POST /x/{id}".into(), "mluvii.look_up_session: ");
    refused_settings(|s| s.control_list = "GET /x/{id}".into(), "mluvii.control_list: ");
    refused_settings(|s| s.ca_file = Some("no-such-file.pem".into()), "mluvii.ca_file: no-such-file.pem");
    refused_settings(|s| s.ca_file = Some("Cargo.toml".into()), "holds no certificate");
    refused_settings(|s| s.must_be_empty = vec!["guest".into()], "mluvii.must_be_empty: `guest` is not a JSON pointer");
    refused_settings(|s| s.accept_left = vec!["ip".into()], "mluvii.accept_left: `ip` is none of `call_params`");
}

#[test]
fn an_error_names_the_installation_where_it_has_a_name() {
    let named = |s: &mut MluviiSettings| {
        s.name = crate::subject::InstallationName("acme".into());
        s.client_id = None;
    };
    refused_settings(named, "mluvii.acme.client_id: not set");
}

#[test]
fn every_setting_and_every_word_stands_in_the_documentation() {
    let documentation = include_str!("../../../docs/mluvii.md");
    let schema = schemars::schema_for!(MluviiSettings).to_value();
    let keys = |schema: &Value| schema["properties"].as_object().expect("keys").keys().cloned().collect::<Vec<_>>();
    let searching = keys(&schema["$defs"]["SearchSettings"]).into_iter().map(|key| format!("search.{key}"));
    let places = crate::mluvii::left::PLACES.into_iter().chain(crate::mluvii::left::UNSEARCHED);
    let words = crate::mluvii::left::KINDS.into_iter().chain(places).map(str::to_owned);
    for word in keys(&schema).into_iter().filter(|key| key != "search").chain(searching).chain(words) {
        assert!(documentation.contains(&format!("`{word}`")), "{word}");
    }
}

#[test]
fn typed_text_never_becomes_an_id_of_mluvii() {
    for kind in [crate::subject::Kind::GuestId, crate::subject::Kind::SessionId] {
        let refusal = format!("mluvii.params: `guest`: `{kind}` is an id that mluvii gives out");
        refused_settings(|s: &mut MluviiSettings| drop(s.params.insert("guest".into(), kind)), &refusal);
    }
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
    mluvii.server.held().tokens.clear();
    all_look_up(&client, session).await;
    assert_eq!(mluvii.tokens_given(), 2);
}

async fn all_look_up(client: &Arc<MluviiClient>, session: SessionId) {
    let mut callers = JoinSet::new();
    for _ in 0..32 {
        let client = client.clone();
        callers.spawn(async move { client.look_up(session, with_params()).await });
    }
    for found in callers.join_all().await {
        assert!(matches!(found, Ok(LookUp::Found(_))), "{found:?}");
    }
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end() {
    let mluvii = Mluvii::start().await;
    mluvii.server.held().token_lifetime_s = 4;
    let session = mluvii.conversation("7", "ann@x.cz");
    let client = mluvii.client();
    let deadline = Instant::now() + Duration::from_secs(30);
    while mluvii.tokens_given() < 2 {
        assert!(Instant::now() < deadline, "the token was not renewed");
        client.look_up(session, Look::default()).await.expect("the token is good");
    }
    assert!(mluvii.server.held().calls.iter().all(|call| call.status != 401));
}

#[tokio::test]
async fn those_who_waited_for_a_failing_token_call_fail_with_it() {
    let mluvii = Mluvii::start().await;
    mluvii.server.fail("token", 1, Wrong::Later(503, 9));
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
    mluvii.server.fail("Sessions", 1, Wrong::Status(401));
    client.look_up(session, Look::default()).await.expect("the second token is good");
    assert_eq!(mluvii.tokens_given(), 2);

    mluvii.server.fail("Sessions", 2, Wrong::Status(401));
    assert!(matches!(client.look_up(session, Look::default()).await, Err(MluviiError::Denied(_))));
}

#[tokio::test]
async fn a_login_page_asks_for_a_new_token_once_and_is_tried_again_later() {
    for page in [Wrong::Redirect(302), Wrong::Page("text/html; charset=utf-8"), Wrong::Page("application/json")] {
        let mluvii = Mluvii::start().await;
        let session = mluvii.conversation("7", "ann@x.cz");
        let client = mluvii.client();
        mluvii.server.fail("Sessions", 1, page.clone());
        let found = client.look_up(session, Look::default()).await;
        assert!(matches!(found, Ok(LookUp::Found(_))), "{found:?}");
        assert_eq!(mluvii.tokens_given(), 2, "a new token was asked for");

        mluvii.server.fail("Sessions", 2, page);
        let refused = client.look_up(session, Look::default()).await;
        // A page with status 200 may be the gateway's for this session only, so it is waited for as long as a reply that
        // is not understood.
        let text = match refused {
            Err(MluviiError::Unavailable(text)) | Ok(LookUp::NotUnderstood(text)) => text,
            other => panic!("{other:?}"),
        };
        assert!(text.contains("login"), "{text}");
        assert_eq!(mluvii.tokens_given(), 3, "once, not again and again");
    }
}

#[tokio::test]
async fn a_token_call_that_has_moved_for_good_needs_a_person_and_a_detour_does_not() {
    for (status, needs_person) in [(301, true), (308, true), (302, false), (307, false)] {
        let mluvii = Mluvii::start().await;
        mluvii.server.fail("token", 1, Wrong::Redirect(status));
        match mluvii.client().health().await {
            Err(MluviiError::Denied(text)) => assert!(needs_person && text.contains("mluvii.base_url"), "{text}"),
            Err(MluviiError::Unavailable(_)) => assert!(!needs_person, "{status}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn every_failure_has_its_reaction() {
    let mluvii = Mluvii::start().await;
    let client = mluvii.client();
    let look_up = async || client.look_up(SessionId(1), Look::default()).await;
    let busy = |retry_after: Option<u64>| MluviiError::Busy {
        what: "GET /api/v1/Sessions/{id}".into(),
        retry_after: retry_after.map(Duration::from_secs),
    };
    let away = |how: &str| MluviiError::Away(format!("GET /api/v1/Sessions/{{id}}: {how}"));
    let unavailable = |how: &str| MluviiError::Unavailable(format!("GET /api/v1/Sessions/{{id}}: {how}"));
    for (wrong, expected) in [
        (Wrong::Later(429, 7), busy(Some(7))),
        (Wrong::Status(429), busy(None)),
        (Wrong::Later(503, 7), busy(Some(7))),
        (Wrong::Status(503), unavailable("503 Service Unavailable")),
        (Wrong::Status(500), away("500 Internal Server Error")),
    ] {
        mluvii.server.fail("Sessions", 1, wrong);
        assert_eq!(look_up().await, Err(expected));
    }
    for status in [400, 403] {
        mluvii.server.fail("Sessions", 1, Wrong::Status(status));
        assert!(matches!(look_up().await, Err(MluviiError::Refused(_))), "{status}");
    }
    mluvii.server.fail("Sessions", 1, Wrong::Status(405));
    assert!(matches!(look_up().await, Err(MluviiError::Denied(_))));
}

#[tokio::test]
async fn a_call_without_an_answer_ends() {
    let mut mluvii = Mluvii::start().await;
    mluvii.settings.call_max = short(200);
    mluvii.server.fail("", 1, Wrong::Slow(Duration::from_secs(60)));
    let late = mluvii.client().look_up(SessionId(1), Look::default()).await;
    assert_eq!(late, Err(MluviiError::Away("GET /api/v1/Sessions/{id}: no answer in time".into())));
}

#[tokio::test]
async fn nobody_there_is_worth_another_try() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let client = MluviiClient::new(&settings_for(&format!("http://{address}")), &read_secret).expect("a client");
    let Err(MluviiError::Unavailable(text)) = client.health().await else { panic!("away") };
    assert_eq!(text, "POST /login/connect/token: no connection");
}

#[tokio::test]
async fn a_reply_without_end_is_not_read_to_its_end() {
    let mluvii = Mluvii::start().await;
    let mut reply = session("7", "ann@x.cz");
    reply["activities"][0]["text"] = "x".repeat(17 * 1024 * 1024).into();
    let session = mluvii.put(reply);
    let looked = mluvii.client().look_up(session, Look::default()).await;
    assert!(matches!(&looked, Ok(LookUp::TooLarge(text)) if text.contains("larger than")), "{looked:?}");
}

#[tokio::test]
async fn an_installation_on_premises_has_a_path_before_all_others() {
    let mut mluvii = Mluvii::start().await;
    mluvii.server.held().prefix = "/live/chat";
    mluvii.settings.base_url.push_str("/live/chat");
    let session = mluvii.conversation("7", "ann@x.cz");
    let found = mluvii.client().look_up(session, Look::default()).await;
    assert!(matches!(found, Ok(LookUp::Found(_))), "{found:?}");

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
    mluvii.server.fail("Sessions", 64, Wrong::Slow(Duration::from_millis(5)));
    all_look_up(&mluvii.client(), session).await;
    let held = mluvii.server.held();
    let calls: Vec<_> = held.calls.iter().filter(|call| call.path.contains("Sessions")).collect();
    let under_way = |at| calls.iter().filter(|call| call.started <= at && call.ended > at).count();
    let most = calls.iter().map(|call| under_way(call.started)).max();
    assert_eq!(most, Some(2));
}

#[tokio::test]
async fn calls_say_who_makes_them() {
    let mluvii = Mluvii::start().await;
    mluvii.client().health().await.expect("healthy");
    let agent = format!("quietus/{}", env!("CARGO_PKG_VERSION"));
    assert!(mluvii.server.held().calls.iter().all(|call| call.user_agent.as_ref() == Some(&agent)));
}

#[tokio::test]
async fn http_calls_are_counted_and_tokens_are_not() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let client = mluvii.client();
    let (_, calls) = counted(client.look_up(session, Look::default())).await;
    assert_eq!(calls, 1);
    let (_, calls) = counted(client.look_up(session, with_params())).await;
    assert_eq!(calls, 2);

    // A second try is a call of its own; what is counted apart belongs to the whole as well.
    mluvii.server.fail("Sessions", 1, Wrong::Status(401));
    let twice = async {
        let (_, inner) = counted(client.look_up(session, Look::default())).await;
        client.look_up(session, Look::default()).await.expect("found");
        inner
    };
    assert_eq!(counted(twice).await, (2, 3));
}
