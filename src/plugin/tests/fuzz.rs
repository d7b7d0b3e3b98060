//! Whatever a plugin says, in frames or otherwise, is understood or refused; and what is sent to one, as its SDK reads it.

use std::collections::BTreeSet;

use quietus_plugin::protocol::{HostMessage, PluginMessage, encode};
use serde_json::{Value, json};

use super::super::contract::Contract;
use super::super::frame::read_frame_blocking;
use super::super::reading::{of_found, of_result};
use super::super::settings::PluginSettings;
use crate::fuzz::Fuzz;
use crate::subject::Kind;

#[test]
fn frames() {
    let settings =
        json!({ "name": "crm", "library": "/x.so", "grants": ["email"], "config": { "url": "https://x.cz" } });
    let settings: PluginSettings = serde_json::from_value(settings).expect("settings");
    Fuzz::new("frames").run(1_000, |input| {
        let mut stream = input;
        while read_frame_blocking(&mut stream).is_ok() {}
        let results = input.split(|byte| *byte == b'\n').map(|line| heard(line, &settings));
        results.collect::<Vec<_>>().join(", ")
    });
}

/// What the host makes of a message, in a word or two.
fn heard(line: &[u8], settings: &PluginSettings) -> String {
    let to_plugin = HostMessage::decode(line).is_ok();
    let Ok(message) = PluginMessage::decode(line) else { return format!("no message, {to_plugin}") };
    // What was read can be written, or is too long for a frame.
    let _ = encode(&message);
    match message {
        PluginMessage::Hello { manifest, .. } => {
            let wrong = Contract::make(&manifest, settings, &Default::default()).err().unwrap_or_default();
            format!("hello, {} wrong", wrong.len())
        }
        PluginMessage::Result { result, .. } => said(result),
        PluginMessage::Error { error, .. } => format!("error {:?}", error.class),
        other => format!("{other:?}").chars().take_while(char::is_ascii_alphabetic).collect(),
    }
}

fn said(result: Value) -> String {
    let found = of_found(result.clone(), &BTreeSet::from([Kind::Email, Kind::Phone]));
    let answer = of_result(result, true);
    let answer = answer.map(|answer| answer.outcome).map_err(|error| error.to_string());
    format!("result {answer:?} {}", found.is_ok())
}
