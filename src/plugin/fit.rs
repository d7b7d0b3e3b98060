//! Whether a configuration fits a plugin's JSON Schema. The schema is the plugin's, and one can be written that takes
//! years to look at: so it is looked at in a process of its own, which is confined like a plugin's and can be killed.

use std::time::Duration;

use quietus_plugin::protocol::encode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::time::timeout;

use super::program::{Program, Spawned};
use super::session::read_frame;
use crate::subject::TargetName;

/// How long it may take; what is written by hand takes milliseconds.
const LONGEST: Duration = Duration::from_secs(5);
/// Complaints that are shown.
const COMPLAINTS_MAX: usize = 10;

/// A schema, and what should fit it.
#[derive(Serialize, Deserialize)]
pub(super) struct Fit {
    schema: Value,
    config: Value,
}

impl Fit {
    pub(super) fn new(schema: &Value, config: &Value) -> Self {
        Self { schema: schema.clone(), config: config.clone() }
    }

    /// What does not fit, one line each; nothing when all does.
    pub(super) async fn complaints(&self, program: &Program, plugin: &TargetName) -> Vec<String> {
        if self.schema.is_null() {
            return Vec::new();
        }
        match timeout(LONGEST, self.ask(program, plugin)).await {
            Ok(Some(complaints)) => complaints,
            Ok(None) => vec!["config: it could not be held against the plugin's JSON Schema".into()],
            Err(_) => vec![format!("the plugin's JSON Schema takes longer than {} s to look at", LONGEST.as_secs())],
        }
    }

    async fn ask(&self, program: &Program, plugin: &TargetName) -> Option<Vec<String>> {
        // The process is killed when these are dropped.
        let Spawned { child: _child, group: _group, socket, stdout: _out, stderr: _err } =
            program.spawn(plugin).ok()?;
        let (reader, mut writer) = socket.into_split();
        writer.write_all(&encode(self).ok()?).await.ok()?;
        serde_json::from_slice(&read_frame(&mut BufReader::new(reader)).await.ok()?).ok()
    }

    /// The same, here. Values are not repeated: they may be secret.
    pub(super) fn look(&self) -> Vec<String> {
        let Ok(validator) = jsonschema::validator_for(&self.schema) else {
            return vec!["the plugin's JSON Schema is not one".into()];
        };
        let complaints = validator.iter_errors(&self.config).take(COMPLAINTS_MAX);
        let complaints = complaints.map(|e| match e.instance_path().as_str() {
            "" => format!("config: {}", e.masked()),
            path => format!("config{}: {}", path.replace('/', "."), e.masked()),
        });
        complaints.collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_that_does_not_fit_is_told_at_once_and_no_value_is() {
        let schema = json!({
            "type": "object", "required": ["base_url"], "additionalProperties": false,
            "properties": { "base_url": { "type": "string" }, "rate": { "type": "object",
                "properties": { "max": { "type": "integer", "maximum": 5 } } } },
        });
        let text = Fit::new(&schema, &json!({ "rate": { "max": 4711 }, "colour": "hunter2" })).look().join("\n");
        for part in ["\"base_url\"", "config.rate.max", "colour"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains("hunter2") && !text.contains("4711"), "{text}");
        assert!(Fit::new(&schema, &json!({ "base_url": "https://crm.example" })).look().is_empty());
        assert_eq!(Fit::new(&json!({ "type": 7 }), &json!({})).look(), ["the plugin's JSON Schema is not one"]);
    }
}
