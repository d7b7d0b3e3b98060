//! Schema validation: a plugin's configuration against its JSON Schema. Pure; [`validation`](super::validation) runs it where
//! a hostile schema does no harm.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::violation::in_words;

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
        violations.map(|violation| in_words(&violation, &self.schema)).collect()
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
        let mut said = SchemaCheck::new(&schema, &config).validate();
        said.sort_unstable();
        assert_eq!(
            said,
            [
                "config.base_url: it is missing; allowed: `base_url`, `rate`",
                "config.rate.max: value is greater than the maximum of 5",
                "config: `colour` is not known; allowed: `base_url`, `rate`",
            ]
        );
        assert!(SchemaCheck::new(&schema, &json!({ "base_url": "https://crm.example" })).validate().is_empty());
        let none = SchemaCheck::new(&json!({ "type": 7 }), &json!({})).validate();
        assert_eq!(none, ["the plugin's JSON Schema is not one"]);
    }

    #[test]
    fn what_is_there_and_all_that_is_allowed_is_told() {
        let words = ["a", "b", "c", "d", "e", "f", "g"];
        let schema = json!({
            "$defs": { "Mode": { "oneOf": [{ "const": "fast", "description": "x" }, { "const": "slow" }, { "type": "null" }] },
                "Inner": { "type": "object", "properties": { "x": {}, "y": {} }, "additionalProperties": false } },
            "properties": { "word": { "enum": words }, "mode": { "$ref": "#/$defs/Mode" }, "inner": { "$ref": "#/$defs/Inner" },
                "number": { "type": ["integer", "null"] },
                "either": { "anyOf": [{ "type": "string" }, { "$ref": "#/$defs/Inner" }] } },
        });
        let said = |config| SchemaCheck::new(&schema, &config).validate();
        assert_eq!(
            said(json!({ "word": "hunter2" })),
            [r#"config.word: a text is there; allowed: "a", "b", "c", "d", "e", "f", "g""#]
        );
        assert_eq!(
            said(json!({ "mode": 7 })),
            [r#"config.mode: a whole number is there; allowed: "fast", "slow", nothing"#]
        );
        assert_eq!(said(json!({ "inner": { "z": 1 } })), ["config.inner: `z` is not known; allowed: `x`, `y`"]);
        assert_eq!(said(json!({ "number": [] })), ["config.number: a list is there; allowed: nothing, a whole number"]);
        assert_eq!(
            said(json!({ "either": 1.5 })),
            ["config.either: a number is there; allowed: a text, a table with `x`, `y`"]
        );
    }
}
