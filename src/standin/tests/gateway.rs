use super::*;

/// An answer as it is, redirects not followed.
struct Raw {
    status: u16,
    location: Option<String>,
    content_type: String,
    body: String,
}

async fn raw(request: reqwest::RequestBuilder) -> Raw {
    let response = request.send().await.expect("an answer");
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let location = header("location");
    let content_type = header("content-type").unwrap_or_default();
    let status = response.status().as_u16();
    Raw { status, location, content_type, body: response.text().await.expect("text") }
}

/// A client that follows no redirect.
fn stays() -> Client {
    let _ = http_client();
    Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

impl Served {
    /// A call with whatever is in the header.
    async fn look(&self, token: Option<&str>) -> Raw {
        let request = stays().get(format!("{}/api/v1/Sessions/1", self.url));
        raw(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
        .await
    }
}

#[tokio::test]
async fn a_gateway_answers_in_every_mood() {
    let mluvii = Served::start().await;
    mluvii.standin.begin(NewConversation { id: Some(1), ..NewConversation::default() });
    let token = mluvii.token().await;
    let mood = async |fault: Value| {
        assert_eq!(mluvii.control(Method::POST, "/faults", fault).await.0, 204);
        let answer = mluvii.look(Some(&token)).await;
        assert_eq!(mluvii.look(Some(&token)).await.status, 200, "once");
        answer
    };
    let not_found = mood(json!({ "kind": "status", "status": 404, "path": "/api/", "times": 1 })).await;
    assert_eq!(not_found.status, 404);
    let page = mood(json!({ "kind": "html", "times": 1 })).await;
    assert_eq!((page.status, page.content_type.as_str()), (200, "text/html; charset=utf-8"));
    assert!(page.body.contains("Maintenance"));
    let login = mood(json!({ "kind": "login_page", "times": 1 })).await;
    assert!(login.status == 200 && login.body.contains("password"), "{}", login.body);
    let error = mood(json!({ "kind": "error_document", "times": 1 })).await;
    assert_eq!((error.status, error.body.as_str()), (200, r#"{"error":"internal_error"}"#));
    let error = mood(json!({ "kind": "error_document", "error": "busy", "times": 1 })).await;
    assert_eq!(error.body, r#"{"error":"busy"}"#);
    let redirect = mood(json!({ "kind": "redirect", "times": 1 })).await;
    assert_eq!((redirect.status, redirect.location.as_deref()), (302, Some("/login")));
    let elsewhere = mood(json!({ "kind": "redirect", "location": "/elsewhere", "times": 1 })).await;
    assert_eq!(elsewhere.location.as_deref(), Some("/elsewhere"));
}

#[tokio::test]
async fn a_mood_ends_by_the_clock_or_by_its_count() {
    let mluvii = Served::start().await;
    let token = mluvii.token().await;
    mluvii.control(Method::POST, "/faults", json!({ "kind": "html", "path": "/api/", "for_ms": 15_000 })).await;
    assert_eq!(mluvii.control(Method::GET, "/faults", Value::Null).await.1[0]["for_ms"], 15_000);
    for _ in 0..3 {
        assert_eq!(mluvii.look(Some(&token)).await.status, 200);
    }
    mluvii.standin.advance(Duration::from_secs(16));
    assert_eq!(mluvii.look(Some(&token)).await.status, 404);

    mluvii
        .control(Method::POST, "/faults", json!({ "kind": "html", "path": "/api/", "for_ms": 15_000, "times": 1 }))
        .await;
    assert_eq!(mluvii.look(Some(&token)).await.status, 200);
    assert_eq!(mluvii.look(Some(&token)).await.status, 404);
}

#[tokio::test]
async fn a_mood_is_for_one_path_or_one_method() {
    let mluvii = Served::start().await;
    mluvii.standin.begin(NewConversation { id: Some(1), ..NewConversation::default() });
    let status = async |method, path: &str| mluvii.api(method, path, Value::Null).await.0;
    let list = json!({ "kind": "status", "status": 404, "path": "/api/v1/Sessions", "exact": true });
    mluvii.control(Method::POST, "/faults", list).await;
    assert_eq!((status(Method::GET, "/Sessions").await, status(Method::GET, "/Sessions/1").await), (404, 200));
    let writes = json!({ "kind": "status", "status": 503, "path": "/api/", "method": "post" });
    mluvii.control(Method::POST, "/faults", writes).await;
    assert_eq!(status(Method::POST, "/Sessions/1/anonymous").await, 503);
    assert_eq!(status(Method::GET, "/Sessions/1").await, 200);
}

#[tokio::test]
async fn a_call_without_a_good_token_is_refused_as_was_chosen() {
    let mluvii = Served::start().await;
    let without = mluvii.look(None).await;
    assert_eq!((without.status, without.location.as_deref()), (302, Some("/login")));
    assert_eq!(mluvii.look(Some("old")).await.status, 401);

    mluvii.behave(json!({ "without_token": "login_page", "bad_token": "redirect" })).await;
    let without = mluvii.look(None).await;
    assert!(without.status == 200 && without.body.contains("password"));
    assert_eq!(mluvii.look(Some("old")).await.status, 302);
    let login = raw(stays().get(format!("{}/login", mluvii.url))).await;
    assert!(login.status == 200 && login.body.contains("password"), "a client that follows the redirect gets the page");
}

#[tokio::test]
async fn the_token_endpoint_fails_for_a_while() {
    let mluvii = Served::start().await;
    let url = format!("{}/login/connect/token", mluvii.url);
    let form = [("grant_type", "client_credentials"), ("client_id", "the-client"), ("client_secret", "the-secret")];
    for (fault, status) in [
        (json!({ "kind": "401", "path": "connect/token", "for_ms": 15_000 }), 401),
        (json!({ "kind": "redirect", "path": "connect/token", "for_ms": 15_000 }), 302),
    ] {
        mluvii.control(Method::POST, "/faults", fault).await;
        for _ in 0..2 {
            assert_eq!(raw(stays().post(&url).form(&form)).await.status, status);
        }
        mluvii.standin.advance(Duration::from_secs(16));
        assert_eq!(raw(stays().post(&url).form(&form)).await.status, 200);
    }
}

#[tokio::test]
async fn calls_are_noted_with_their_queries() {
    let mluvii = Served::start().await;
    mluvii.listed("SessionId=1&SessionId=2&Anonymized.Null=false").await;
    mluvii.session(1).await;
    let (_, calls) = mluvii.control(Method::GET, "/calls", Value::Null).await;
    let calls = calls.as_array().expect("a list");
    let of = |path: &str| calls.iter().find(|call| call["path"] == path).expect("noted");
    let list = of("/api/v1/Sessions");
    assert_eq!(list["query_names"], json!(["SessionId", "SessionId", "Anonymized.Null"]));
    assert_eq!(list["query"], json!({ "SessionId": ["1", "2"], "Anonymized.Null": ["false"] }));
    assert_eq!(of("/api/v1/Sessions/1")["query_names"], json!([]));
}
