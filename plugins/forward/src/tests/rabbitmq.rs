//! A real RabbitMQ: routed and not, away, refused, over TLS.

use lapin::options::{BasicGetOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties, ExchangeKind};
use quietus_plugin::{ErrorClass, PluginError};
use serde_json::{Value, json};
use test_servers::rabbitmq::RabbitMq;

use super::*;

fn config(broker: &RabbitMq, secret: &str, more: Value) -> Value {
    let mut all = json!({ "url": broker.url(), "user": "guest", "secret": secret, "routing_key": "erasures" });
    all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    json!({ "rabbitmq": all })
}

/// What a consumer does on a connection of its own.
fn on_channel<T>(broker: &RabbitMq, work: impl AsyncFnOnce(Channel) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let connection = Connection::connect(&broker.url(), ConnectionProperties::default()).await.expect("connected");
        let done = work(connection.create_channel().await.expect("a channel")).await;
        // The channel went with the closure, and closes itself.
        let _ended = connection.close(200, "done".into()).await;
        done
    })
}

fn as_user(broker: &RabbitMq, user: &str, more: Value) -> Value {
    let mut config = config(broker, "password", more);
    config["rabbitmq"]["user"] = json!(user);
    config
}

fn make_queue(broker: &RabbitMq) {
    on_channel(broker, async |channel| {
        let made = channel.queue_declare("erasures".into(), QueueDeclareOptions::durable(), FieldTable::default());
        made.await.expect("a queue");
    });
}

fn take(broker: &RabbitMq) -> Option<lapin::message::Delivery> {
    on_channel(broker, async |channel| {
        let got = channel.basic_get("erasures".into(), BasicGetOptions { no_ack: true }).await.expect("asked");
        got.map(|got| got.delivery)
    })
}

#[test]
fn a_confirmed_message_is_on_disk_and_says_what_it_is() {
    let broker = RabbitMq::start();
    make_queue(&broker);
    let host = made(&config(&broker, "password", json!({})));
    assert_eq!(host.health(), Ok(()));
    assert_eq!(host.erase(with_values(&hostile())), Ok(unreported("RabbitMQ")));
    // A crash of the broker loses nothing that it confirmed.
    broker.stop();
    let away = host.erase(ann()).expect_err("nobody is there");
    assert_eq!(away.class, ErrorClass::Retryable, "{away}");
    assert_eq!(host.health().expect_err("nobody is there").class, ErrorClass::Retryable);
    broker.start_again();
    let got = take(&broker).expect("the message");
    assert_eq!(values(&got.data), hostile());
    let properties = &got.properties;
    assert_eq!(properties.message_id().as_ref().map(|id| id.as_str()), Some("k-test"));
    assert_eq!(properties.kind().as_ref().map(|kind| kind.as_str()), Some("erasure.demanded"));
    assert_eq!(*properties.delivery_mode(), Some(2));
    // The worker comes back with the broker.
    assert_eq!(host.erase(ann()), Ok(unreported("RabbitMQ")));
    assert_eq!(values(&take(&broker).expect("the message").data), ["ann@x.cz"]);
    assert!(take(&broker).is_none());
}

#[test]
fn what_a_person_must_change_stops_the_queue() {
    let broker = RabbitMq::start();
    let refused = |config: &Value| made(config).erase(ann()).expect_err("refused");
    let unrouted = refused(&config(&broker, "password", json!({})));
    assert_eq!(unrouted.class, ErrorClass::NeedsOperator, "{unrouted}");
    assert!(unrouted.message.contains("no queue takes the message"), "{unrouted}");
    assert_eq!(made(&config(&broker, "password", json!({}))).health(), Err(unrouted), "and health tells");
    let nowhere = refused(&config(&broker, "password", json!({ "exchange": "nowhere" })));
    assert_eq!(nowhere.class, ErrorClass::NeedsOperator, "{nowhere}");
    // A broker that is busy may cut the connection before it has said why.
    let ask = |_| made(&config(&broker, "password", json!({ "exchange": "nowhere" }))).health();
    let is_told =
        |health: &Result<(), PluginError>| !matches!(health, Err(error) if error.class == ErrorClass::Retryable);
    let health = (0..5).map(ask).find(is_told).expect("it is told at last");
    assert_eq!(health, Err(nowhere), "and health tells");
    let stranger = config(&broker, "wrong", json!({}));
    assert_eq!(refused(&stranger).class, ErrorClass::NeedsOperator);
    assert_eq!(made(&stranger).health().expect_err("refused").class, ErrorClass::NeedsOperator);
    let elsewhere = config(&broker, "password", json!({ "url": format!("{}/elsewhere", broker.url()) }));
    assert_eq!(refused(&elsewhere).class, ErrorClass::NeedsOperator);
}

#[test]
fn an_exchange_routes_over_tls_that_is_trusted() {
    let broker = RabbitMq::start();
    make_queue(&broker);
    on_channel(&broker, async |channel| {
        let kind = ExchangeKind::Topic;
        let options = ExchangeDeclareOptions::default();
        channel.exchange_declare("gdpr".into(), kind, options, FieldTable::default()).await.expect("an exchange");
        let options = QueueBindOptions::default();
        let arguments = FieldTable::default();
        let bound = channel.queue_bind("erasures".into(), "gdpr".into(), "person.#".into(), options, arguments);
        bound.await.expect("bound");
    });
    let routed = json!({ "url": broker.tls_url(), "exchange": "gdpr", "routing_key": "person.erased" });
    let mut trusting = routed.clone();
    trusting["ca_file"] = json!(broker.certificate());
    assert_eq!(made(&config(&broker, "password", trusting)).erase(ann()), Ok(unreported("RabbitMQ")));
    assert_eq!(values(&take(&broker).expect("the message").data), ["ann@x.cz"]);
    let stranger = made(&config(&broker, "password", routed)).erase(ann()).expect_err("nobody trusts it");
    assert_eq!(stranger.class, ErrorClass::NeedsOperator, "{stranger}");
    assert!(take(&broker).is_none());
}

/// <https://www.rabbitmq.com/docs/access-control>: publishing needs `write` on the exchange.
#[test]
fn a_missing_permission_is_named_by_health_which_publishes_nothing() {
    let broker = RabbitMq::start();
    make_queue(&broker);
    let writer = made(&as_user(&broker, "writer", json!({})));
    assert_eq!(writer.health(), Ok(()));
    assert!(take(&broker).is_none(), "health publishes nothing");
    assert_eq!(writer.erase(ann()), Ok(unreported("RabbitMQ")));
    assert!(take(&broker).is_some());
    let reader = made(&as_user(&broker, "reader", json!({})));
    for refused in [reader.erase(ann()).map(drop), reader.health()] {
        let refused = refused.expect_err("refused");
        assert_eq!(refused.class, ErrorClass::NeedsOperator, "{refused}");
        assert!(refused.message.contains("lacks the permission to `write`"), "{refused}");
    }
    assert!(take(&broker).is_none());
}
