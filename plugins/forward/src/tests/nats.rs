//! A real NATS with JetStream: stored and not, away, refused, over TLS.

use async_nats::ConnectOptions;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::{self, stream};
use quietus_plugin::ErrorClass;
use serde_json::{Value, json};
use test_servers::nats::Nats;

use super::*;

fn config(server: &Nats, secret: &str, more: Value) -> Value {
    as_user(server, "quietus", secret, more)
}

pub(super) fn as_user(server: &Nats, user: &str, secret: &str, more: Value) -> Value {
    let auth = json!({ "password": { "user": user, "secret": secret } });
    let mut all = json!({ "url": server.url(), "subject": "erasures.demanded", "auth": auth });
    all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    json!({ "nats": all })
}

/// What a consumer does on a connection of its own.
fn on_stream<T>(url: &str, options: ConnectOptions, work: impl AsyncFnOnce(stream::Stream) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let options = options.user_and_password("quietus".into(), "hunter2".into());
        let client = options.connect(url).await.expect("connected");
        let config =
            stream::Config { name: "erasures".into(), subjects: vec!["erasures.>".into()], ..Default::default() };
        let stream = jetstream::new(client).get_or_create_stream(config).await.expect("a stream");
        work(stream).await
    })
}

pub(super) fn make_stream(server: &Nats) {
    on_stream(&server.url(), ConnectOptions::new(), async |_| {});
}

pub(super) fn stored(url: &str, options: ConnectOptions) -> Vec<StreamMessage> {
    on_stream(url, options, async |mut stream| {
        let last = stream.info().await.expect("asked").state.last_sequence;
        let mut all = Vec::new();
        for sequence in 1..=last {
            all.push(stream.get_raw_message(sequence).await.expect("there"));
        }
        all
    })
}

#[test]
fn an_acknowledged_message_is_stored_once_and_survives_a_crash() {
    let server = Nats::start();
    make_stream(&server);
    let host = made(&config(&server, "nats", json!({})));
    assert_eq!(host.erase(with_values(&hostile())), Ok(unreported("NATS JetStream")));
    // The same demand again: the stream has it already.
    assert_eq!(host.erase(with_values(&hostile())), Ok(unreported("NATS JetStream")));
    server.stop();
    let away = host.erase(ann()).expect_err("nobody is there");
    assert_eq!(away.class, ErrorClass::Retryable, "{away}");
    server.start_again();
    let other = Request { idempotency_key: "k-other".into(), ..ann() };
    assert_eq!(host.erase(&other), Ok(unreported("NATS JetStream")), "the worker comes back with the server");
    let stored = stored(&server.url(), ConnectOptions::new());
    assert_eq!(
        stored.iter().map(|message| values(&message.payload)).collect::<Vec<_>>(),
        [hostile(), vec!["ann@x.cz".into()]]
    );
    let header = |name: &str| stored[0].headers.get(name).map(ToString::to_string);
    assert_eq!(header("Nats-Msg-Id").as_deref(), Some("k-test"));
    assert_eq!(header("Quietus-Type").as_deref(), Some("erasure.demanded"));
    assert_eq!(&*stored[0].subject, "erasures.demanded");
}

#[test]
fn what_a_person_must_change_stops_the_queue() {
    let server = Nats::start();
    let refused = |config: &Value| made(config).erase(ann()).expect_err("refused");
    let unstored = refused(&config(&server, "nats", json!({})));
    assert_eq!(unstored.class, ErrorClass::NeedsOperator, "{unstored}");
    assert!(unstored.message.contains("no JetStream stream"), "{unstored}");
    let stranger = config(&server, "wrong", json!({}));
    assert_eq!(refused(&stranger).class, ErrorClass::NeedsOperator);
    assert_eq!(made(&stranger).health().expect_err("refused").class, ErrorClass::NeedsOperator);
    let encrypted = refused(&config(&server, "nats", json!({ "url": server.tls_url() })));
    assert_eq!(encrypted.class, ErrorClass::NeedsOperator, "it offers no TLS: {encrypted}");
}

#[test]
fn tls_is_spoken_with_those_who_are_trusted() {
    let server = Nats::start_tls();
    let url = server.tls_url();
    let ca = server.certificate();
    let trusting = || ConnectOptions::new().require_tls(true).add_root_certificates(ca.clone());
    on_stream(&url, trusting(), async |_| {});
    let host = made(&config(&server, "nats", json!({ "url": url, "ca_file": ca })));
    assert_eq!(host.erase(ann()), Ok(unreported("NATS JetStream")));
    let stranger = made(&config(&server, "nats", json!({ "url": url }))).erase(ann()).expect_err("nobody trusts it");
    assert_eq!(stranger.class, ErrorClass::NeedsOperator, "{stranger}");
    assert_eq!(stored(&url, trusting()).len(), 1);
}

#[test]
fn a_message_that_is_too_large_is_told_apart() {
    let server = Nats::start();
    make_stream(&server);
    let large = with_values(&vec!["x".repeat(300_000); 4]);
    let refused = made(&config(&server, "nats", json!({}))).erase(large).expect_err("too large");
    assert_eq!(refused.class, ErrorClass::Permanent, "{refused}");
}

/// The server says it by an event of the connection, as users have met it:
/// <https://docs.nats.io/reference/reference-protocols/nats-protocol#ok-err>,
/// <https://docs.nats.io/running-a-nats-service/configuration/securing_nats/authorization>.
#[test]
fn a_missing_permission_is_no_time_out_and_health_names_it() {
    let server = Nats::start();
    make_stream(&server);
    let narrow = made(&as_user(&server, "narrow", "nats", json!({})));
    assert_eq!(narrow.health(), Ok(()));
    for (user, part) in [("mute", "not publish to the subject"), ("deaf", "not subscribe to `_INBOX.>`")] {
        let host = made(&as_user(&server, user, "nats", json!({})));
        let refused = host.erase(ann()).expect_err("refused");
        assert_eq!(refused.class, ErrorClass::NeedsOperator, "{user}: {refused}");
        assert!(refused.message.contains(part), "{user}: {refused}");
        assert_eq!(host.health(), Err(refused), "{user}");
    }
    let other = Request { idempotency_key: "k-other".into(), ..ann() };
    assert_eq!(narrow.erase(&other), Ok(unreported("NATS JetStream")));
}

#[test]
fn health_sends_nobody_anything() {
    let server = Nats::start();
    make_stream(&server);
    for user in ["quietus", "narrow"] {
        assert_eq!(made(&as_user(&server, user, "nats", json!({}))).health(), Ok(()), "{user}");
    }
    assert_eq!(
        stored(&server.url(), ConnectOptions::new()).len(),
        0,
        "the stream stores whatever is routed to anybody"
    );
}
