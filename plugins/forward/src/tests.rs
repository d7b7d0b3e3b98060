mod configuration;
mod http;
#[cfg(feature = "kafka")]
mod kafka;
mod leaderless;
mod nats;
mod rabbitmq;
mod readme;
mod routed;
mod signatures;

use quietus_plugin::{Answer, PluginError, ReportTo, Request, Sensitive, TestHost};
use serde_json::{Value, json};

use crate::{Forward, told};

/// Every secret that a test may name. `signing` is 32 bytes of `k`, `next` of `n`.
const SECRETS: [(&str, &str); 5] = [
    ("signing", "whsec_a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="),
    ("next", "whsec_bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm4="),
    ("password", "guest"),
    ("wrong", "a guess"),
    ("nats", "hunter2"),
];

fn host(config: &Value) -> Result<TestHost<Forward>, PluginError> {
    TestHost::with_secrets(config, SECRETS)
}

fn made(config: &Value) -> TestHost<Forward> {
    host(config).unwrap_or_else(|error| panic!("{config}: {error}"))
}

fn ann() -> Request {
    Request::from([("email", "ann@x.cz")])
}

/// A request whose outcome may be reported.
fn reportable() -> Request {
    let token = Sensitive::new("erase-0-c0ffee");
    Request {
        report: Some(ReportTo { url: "https://quietus.example/v1/reports/e-test/forward".into(), token }),
        ..ann()
    }
}

fn unreported(by: &str) -> Answer {
    let answer = Answer::unverifiable(format!("handed on by {by}, which confirmed it; its outcome is not reported"));
    confirmed(answer, by)
}

/// With what is known of a message that was confirmed.
fn confirmed(answer: Answer, by: &str) -> Answer {
    let keeps = match by {
        "RabbitMQ" => Some(told::RABBITMQ_KEEPS),
        "NATS JetStream" => Some(told::NATS_KEEPS),
        #[cfg(feature = "kafka")]
        "Kafka" => Some(told::KAFKA_KEEPS),
        _ => None,
    };
    keeps.into_iter().fold(answer.not_looked_at(told::RECEIVERS), Answer::keeps)
}

/// What hostile identifiers are made of, as far as a carrier could stumble over it.
fn hostile() -> Vec<String> {
    let mut values: Vec<String> = [
        "'; DROP TABLE people; --",
        "ann@x.cz\r\nX-Evil: 1",
        "%00%0d%0a*)(uid=*))(|(uid=*",
        "\"}],\"type\":\"erasure.verification",
        "{{secret.signing}}${HOME}",
        "\u{202e}zc.x@nna",
        "a\u{301}nn\u{2028}@x.cz\0",
        "../../etc/passwd",
        "erasures.>",
    ]
    .map(str::to_owned)
    .to_vec();
    values.push("x".repeat(10_000));
    values
}

/// The values in a message's body.
fn values(body: &[u8]) -> Vec<String> {
    let message: Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!(message["type"], "erasure.demanded");
    let identifiers = message["data"]["identifiers"].as_array().expect("a list");
    identifiers.iter().map(|identifier| identifier["value"].as_str().expect("text").to_owned()).collect()
}

fn with_values(values: &[String]) -> Request {
    let identifiers = values.iter().map(|value| quietus_plugin::Identifier::new("email", value)).collect();
    Request { identifiers, ..ann() }
}

fn http(url: &str) -> Value {
    json!({ "http": { "url": url, "signing": ["signing"] } })
}
