//! Schema validation: a plugin's configuration against its JSON Schema. The schema comes from the plugin, and a hostile one
//! can take years to evaluate. So it is evaluated in a process of its own, which is sandboxed and can be killed.

use std::time::Duration;

use quietus_plugin::protocol::encode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::time::timeout;

use super::program::{Program, Spawned};
use super::session::read_frame;
use crate::subject::TargetName;

/// How long validation may take; an honest schema takes milliseconds.
const LONGEST: Duration = Duration::from_secs(5);
/// Violations that are shown.
const VIOLATIONS_MAX: usize = 10;

/// A schema, and the configuration to validate.
#[derive(Serialize, Deserialize)]
pub(super) struct SchemaCheck {
    schema: Value,
    config: Value,
}

impl SchemaCheck {
    pub(super) fn new(schema: &Value, config: &Value) -> Self {
        Self { schema: schema.clone(), config: config.clone() }
    }

    /// The violations, one line each; none when the configuration is valid.
    pub(super) async fn violations(&self, program: &Program, plugin: &TargetName) -> Vec<String> {
        if self.schema.is_null() {
            return Vec::new();
        }
        match timeout(LONGEST, self.ask(program, plugin)).await {
            Ok(Some(violations)) => violations,
            Ok(None) => vec!["config: it could not be validated against the plugin's JSON Schema".into()],
            Err(_) => vec![format!("the plugin's JSON Schema takes longer than {} s to evaluate", LONGEST.as_secs())],
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

    /// Validates in this process. Values are not repeated: they may be secret.
    pub(super) fn validate(&self) -> Vec<String> {
        let Ok(validator) = jsonschema::validator_for(&self.schema) else {
            return vec!["the plugin's JSON Schema is not one".into()];
        };
        let violations = validator.iter_errors(&self.config).take(VIOLATIONS_MAX);
        let violations = violations.map(|e| match e.instance_path().as_str() {
            "" => format!("config: {}", e.masked()),
            path => format!("config{}: {}", path.replace('/', "."), e.masked()),
        });
        violations.collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_violations_are_named_at_once_and_no_value_is() {
        let schema = json!({
            "type": "object", "required": ["base_url"], "additionalProperties": false,
            "properties": { "base_url": { "type": "string" }, "rate": { "type": "object",
                "properties": { "max": { "type": "integer", "maximum": 5 } } } },
        });
        let text =
            SchemaCheck::new(&schema, &json!({ "rate": { "max": 4711 }, "colour": "hunter2" })).validate().join("\n");
        for part in ["\"base_url\"", "config.rate.max", "colour"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains("hunter2") && !text.contains("4711"), "{text}");
        assert!(SchemaCheck::new(&schema, &json!({ "base_url": "https://crm.example" })).validate().is_empty());
        assert_eq!(
            SchemaCheck::new(&json!({ "type": 7 }), &json!({})).validate(),
            ["the plugin's JSON Schema is not one"]
        );
    }
}
