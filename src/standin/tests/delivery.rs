use std::sync::atomic::{AtomicU16, Ordering};

use super::*;

/// A receiver of webhooks that answers with one status, or never where that is 0.
pub(super) struct Receiver {
    pub(super) url: String,
    inner: Arc<Inbox>,
}

struct Inbox {
    status: AtomicU16,
    received: Mutex<Vec<(Option<String>, Value)>>,
}

impl Receiver {
    pub(super) async fn start(status: u16) -> Self {
        let inner = Arc::new(Inbox { status: AtomicU16::new(status), received: Mutex::default() });
        let router = Router::new().route("/hook", post(receive)).with_state(inner.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("127.0.0.1:{}/hook", listener.local_addr().expect("an address").port());
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { url, inner }
    }

    pub(super) fn received(&self) -> Vec<(Option<String>, Value)> {
        self.inner.received.lock().expect("no panic").clone()
    }

    /// The ids in what was received, whatever the case of the keys.
    pub(super) fn ids(&self) -> Vec<i64> {
        let id = |body: &Value| {
            let data = body.get("data").or_else(|| body.get("Data"))?;
            data.get("id").or_else(|| data.get("Id"))?.as_i64()
        };
        self.received().iter().filter_map(|(_, body)| id(body)).collect()
    }
}

async fn receive(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: String) -> StatusCode {
    let authorization = headers.get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = serde_json::from_str(&body).expect("JSON");
    inbox.received.lock().expect("no panic").push((authorization, body));
    match inbox.status.load(Ordering::Relaxed) {
        0 => std::future::pending().await,
        status => StatusCode::from_u16(status).expect("a status"),
    }
}

#[tokio::test]
async fn an_event_arrives_with_the_credentials_of_its_url() {
    let mluvii = Served::start().await;
    let receiver = Receiver::start(204).await;
    mluvii.standin.register(&format!("http://mluvii:p%40ss@{}", receiver.url), &["SessionEnded"]).expect("new");
    let id = mluvii.standin.begin(NewConversation { tenant: Some(62), ..NewConversation::default() });
    mluvii.standin.end(id).expect("known");
    mluvii.standin.recording_ready(id).expect("known, but nobody wants to hear of it");
    until("delivered", || mluvii.standin.undelivered() == 0).await;

    let received = receiver.received();
    let [(authorization, body)] = received.as_slice() else { panic!("{received:?}") };
    assert_eq!(authorization.as_deref(), Some("Basic bWx1dmlpOnBAc3M="));
    assert_eq!(body["eventType"], "SessionEnded");
    assert_eq!((&body["data"]["id"], &body["data"]["tenantId"]), (&json!(id), &json!(62)));
}

#[tokio::test]
async fn a_delivery_is_tried_three_times_and_dropped() {
    for (status, noted, delivery_ms) in [(500, Some(500), 5_000), (0, None, 50)] {
        let settings = StandInSettings::new("the-client", Secret::new("the-secret"));
        let delivery_max = Duration::from_millis(delivery_ms);
        let mluvii = Served::start_as(StandInSettings { delivery_max, ..settings }).await;
        let receiver = Receiver::start(status).await;
        mluvii.standin.set_speed(1e4);
        mluvii.standin.register(&format!("http://{}", receiver.url), &["SessionEnded"]).expect("new");
        let id = mluvii.standin.begin(NewConversation::default());
        mluvii.standin.end(id).expect("known");
        until("dropped", || mluvii.standin.undelivered() == 0).await;

        let tries: Vec<_> =
            mluvii.standin.deliveries().iter().map(|one| (one.attempt, one.status, one.dropped)).collect();
        assert_eq!(tries, [(1, noted, false), (2, noted, false), (3, noted, true)]);
        let received = receiver.received();
        assert_eq!(received.len(), 3);
        assert!(received.iter().all(|again| *again == received[0]), "the same bytes come again");
    }
}

#[tokio::test]
async fn a_webhook_that_fails_for_three_days_is_deleted() {
    let mluvii = Served::start().await;
    let receiver = Receiver::start(500).await;
    mluvii.standin.set_speed(1e4);
    let webhook = mluvii.standin.register(&format!("http://{}", receiver.url), &["SessionEnded"]).expect("new");
    let id = mluvii.standin.begin(NewConversation::default());
    let end = async || {
        mluvii.standin.end(id).expect("known");
        until("tried", || mluvii.standin.undelivered() == 0).await;
    };
    end().await;
    mluvii.standin.advance(Duration::from_secs(2 * 86_400));
    end().await;
    assert_eq!(mluvii.standin.webhooks(), [webhook], "two days are not three");

    // A success begins the count anew.
    receiver.inner.status.store(204, Ordering::Relaxed);
    end().await;
    receiver.inner.status.store(500, Ordering::Relaxed);
    mluvii.standin.advance(Duration::from_secs(2 * 86_400));
    end().await;
    assert_eq!(mluvii.standin.webhooks(), [webhook]);

    mluvii.standin.advance(Duration::from_secs(3 * 86_400));
    end().await;
    assert!(mluvii.standin.webhooks().is_empty());
    let (_, shown) = mluvii.control(Method::GET, "/deliveries", Value::Null).await;
    assert_eq!(shown["deleted_webhooks"], json!([webhook]));
}

#[tokio::test]
async fn the_events_of_one_conversation_leave_in_order_and_hold_no_other_up() {
    let mluvii = Served::start().await;
    let receiver = Receiver::start(500).await;
    mluvii
        .standin
        .register(&format!("http://{}", receiver.url), &["SessionEnded", "SessionCallParamsUpdated"])
        .expect("new");
    let (one, two) =
        (mluvii.standin.begin(NewConversation::default()), mluvii.standin.begin(NewConversation::default()));
    mluvii.standin.set_call_params(one, vec![]).expect("known");
    until("tried", || mluvii.standin.deliveries().len() == 1).await;
    receiver.inner.status.store(204, Ordering::Relaxed);
    mluvii.standin.end(one).expect("known");
    mluvii.standin.end(two).expect("known");
    until("another conversation's event arrives", || receiver.ids().contains(&two)).await;
    mluvii.standin.advance(Duration::from_secs(60));
    until("delivered", || mluvii.standin.undelivered() == 0).await;

    let delivered = mluvii.standin.deliveries();
    let of_one: Vec<_> = delivered.iter().filter(|one_try| one_try.conversation == one).collect();
    let order: Vec<_> = of_one.iter().map(|one_try| (one_try.event_type, one_try.attempt)).collect();
    assert_eq!(order, [("SessionCallParamsUpdated", 1), ("SessionCallParamsUpdated", 2), ("SessionEnded", 1)]);
}

#[tokio::test]
async fn anonymizing_is_an_event_too() {
    let mluvii = Served::start().await;
    let receiver = Receiver::start(204).await;
    mluvii.standin.register(&format!("http://{}", receiver.url), &["SessionCallParamsUpdated"]).expect("new");
    let id = mluvii.standin.begin(NewConversation::default());
    let (status, _) = mluvii.api(Method::POST, &format!("/Sessions/{id}/anonymous"), Value::Null).await;
    assert_eq!(status, 204);
    until("told", || receiver.ids() == [id]).await;
}
