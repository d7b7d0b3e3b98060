//! What is refused when the plugin starts, and what the refusal says.

use quietus_plugin::{ErrorClass, Plugin as _};
use serde_json::{Value, json};

use super::{host, made};
use crate::Forward;

#[track_caller]
fn refused(config: &Value) -> String {
    let error = host(config).err().unwrap_or_else(|| panic!("{config} is taken"));
    assert_eq!(error.class, ErrorClass::NeedsOperator, "{error}");
    error.message
}

#[test]
fn there_is_exactly_one_carrier() {
    let http = json!({ "url": "https://a.example/hook", "signing": ["signing"] });
    let nats = json!({ "url": "tls://a.example", "subject": "erasures" });
    made(&json!({ "http": http }));
    assert!(refused(&json!({})).contains("exactly one of"));
    assert!(refused(&json!({ "http": http, "nats": nats })).contains("exactly one of"));
}

#[test]
fn what_is_wrong_is_named() {
    let http = |more: Value| {
        let mut all = json!({ "url": "https://a.example/hook", "signing": ["signing"] });
        all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({ "http": all })
    };
    let rabbit =
        |url: &str| json!({ "rabbitmq": { "url": url, "user": "q", "secret": "password", "routing_key": "x" } });
    let nats = |url: &str, subject: &str| json!({ "nats": { "url": url, "subject": subject } });
    let reports = |within: &str| {
        let mut config = super::http("https://a.example/hook");
        config["report_within"] = json!(within);
        config
    };
    made(&reports("1s"));
    made(&reports("31d"));
    let wrong = [
        (http(json!({ "url": "http://a.example/hook" })), "http.url: "),
        (http(json!({ "url": "not an address" })), "http.url: "),
        (http(json!({ "signing": ["none"] })), "http.signing: the secret `none`"),
        (http(json!({ "signing": ["password"] })), "http.signing: the secret `password` is not `whsec_`"),
        (http(json!({ "signing": [] })), "http.signing: nothing signs"),
        (rabbit("amqp://a.example"), "rabbitmq.url: it is not encrypted"),
        (rabbit("https://a.example"), "rabbitmq.url: "),
        (rabbit("amqps://u:p@a.example"), "rabbitmq.url: user and password"),
        (reports("0s"), "report_within: it is from 1s to 31d"),
        (reports("999ms"), "report_within: it is from 1s to 31d"),
        (reports("32d"), "report_within: it is from 1s to 31d"),
        (nats("nats://a.example", "x"), "nats.url: it is not encrypted"),
        (nats("https://a.example", "x"), "nats.url: "),
        (nats("tls://u:p@a.example", "x"), "nats.url: user and password"),
        (nats("tls://a.example", "erasures.>"), "nats.subject: "),
        (nats("tls://a.example", "two words"), "nats.subject: "),
        (nats("tls://a.example", ""), "nats.subject: "),
    ];
    for (config, said) in wrong {
        let message = refused(&config);
        assert!(message.starts_with(said), "{config}: {message}");
        assert!(!message.contains("u:p"), "{message}");
    }
}

#[test]
fn plaintext_stays_on_this_machine_unless_it_is_allowed() {
    for host in ["127.0.0.1:5672", "localhost", "[::1]:5672"] {
        let url = format!("amqp://{host}");
        made(&json!({ "rabbitmq": { "url": url, "user": "q", "secret": "password", "routing_key": "x" } }));
        made(&json!({ "nats": { "url": format!("nats://{host}"), "subject": "erasures" } }));
    }
    made(&json!({ "nats": { "url": "nats://a.example", "subject": "x", "allow_plaintext": true } }));
}

#[cfg(not(feature = "kafka"))]
#[test]
fn without_kafka_it_says_how_to_get_it() {
    let kafka = json!({ "kafka": { "brokers": ["a.example:9093"], "topic": "erasures" } });
    assert!(refused(&kafka).contains("--features kafka"));
}

#[test]
fn the_example_is_taken() {
    let file: toml::Table = toml::from_str(include_str!("../../config.toml")).expect("TOML");
    let plugins = file["plugin"].as_array().expect("plugins");
    assert!(plugins.len() >= 3);
    for plugin in plugins {
        if cfg!(not(feature = "kafka")) && plugin["config"].get("kafka").is_some() {
            continue;
        }
        let names: Vec<_> = plugin["secrets"].as_table().expect("secrets").keys().cloned().collect();
        let secrets = names.iter().map(|name| (name.as_str(), super::SECRETS[0].1));
        let taken = quietus_plugin::TestHost::<Forward>::with_secrets(&plugin["config"], secrets);
        taken.unwrap_or_else(|error| panic!("{}: {error}", plugin["name"]));
    }
}

#[test]
fn every_pointer_of_the_manifest_leads_into_the_schema() {
    let manifest = Forward::manifest();
    let schema = made(&super::http("https://a.example")).manifest().config_schema.to_string();
    for pointer in manifest.ports_from.iter().chain(&manifest.reads_from) {
        let last = pointer.rsplit('/').next().expect("a part");
        assert!(schema.contains(&format!("\"{last}\"")), "{pointer}");
    }
}
