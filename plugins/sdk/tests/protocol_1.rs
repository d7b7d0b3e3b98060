//! Protocol 1.0, as hosts and plugins spoke it before 1.1: recorded once, in `protocol_1`. What the other side of that age
//! reads and writes must still mean the same.

use quietus_plugin::protocol::{HostMessage, PluginMessage};
use serde_json::Value;

fn recorded(json: &str) -> Vec<Value> {
    serde_json::from_str(json).expect("recorded messages")
}

/// Whether all that was said is still said, whatever is said beyond it.
fn says_all_of(now: &Value, then: &Value) -> bool {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => {
            then.iter().all(|(name, then)| now.get(name).is_some_and(|now| says_all_of(now, then)))
        }
        _ => now == then,
    }
}

#[test]
fn what_a_host_of_1_0_says_is_understood_and_said_alike() {
    for then in recorded(include_str!("protocol_1/host.json")) {
        let message = HostMessage::decode(then.to_string().as_bytes()).expect("a message");
        assert!(!matches!(message, HostMessage::Unknown { .. }), "{then}");
        let now = serde_json::to_value(&message).expect("JSON");
        assert!(says_all_of(&now, &then), "{now} is not {then}");
        if let HostMessage::Hello { minor, features, .. } = message {
            assert!(minor == 0 && features.is_empty(), "such a host offers nothing more");
        }
    }
}

#[test]
fn what_a_plugin_of_1_0_says_is_understood_and_said_alike() {
    for then in recorded(include_str!("protocol_1/plugin.json")) {
        let message = PluginMessage::decode(then.to_string().as_bytes()).expect("a message");
        assert!(!matches!(message, PluginMessage::Unknown { .. }), "{then}");
        let now = serde_json::to_value(&message).expect("JSON");
        assert!(says_all_of(&now, &then), "{now} is not {then}");
    }
}
