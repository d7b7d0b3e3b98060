//! Schema validation: a plugin's configuration against its JSON Schema. Pure; [`validation`](super::validation) runs it where
//! a hostile schema does no harm.

use serde::{Deserialize, Serialize};
use serde_json::Value;

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

    /// Whether there is a schema at all; without one, everything is valid.
    pub(super) fn has_schema(&self) -> bool {
        !self.schema.is_null()
    }

    /// The violations, one line each; none when the configuration is valid. Values are not repeated: they may be secret.
    pub(super) fn validate(&self) -> Vec<String> {
        let Ok(validator) = jsonschema::validator_for(&self.schema) else {
            return vec!["the plugin's JSON Schema is not one".into()];
        };
        let violations = validator.iter_errors(&self.config).take(VIOLATIONS_MAX);
        let lines = violations.map(|violation| match violation.instance_path().as_str() {
            "" => format!("config: {}", violation.masked()),
            path => format!("config{}: {}", path.replace('/', "."), violation.masked()),
        });
        lines.collect()
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
        let config = json!({ "rate": { "max": 4711 }, "colour": "hunter2" });
        let text = SchemaCheck::new(&schema, &config).validate().join("\n");
        for part in ["\"base_url\"", "config.rate.max", "colour"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains("hunter2") && !text.contains("4711"), "{text}");
        assert!(SchemaCheck::new(&schema, &json!({ "base_url": "https://crm.example" })).validate().is_empty());
        let none = SchemaCheck::new(&json!({ "type": 7 }), &json!({})).validate();
        assert_eq!(none, ["the plugin's JSON Schema is not one"]);
    }
}
