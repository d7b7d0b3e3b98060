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
                "config.rate.max: a whole number is there; allowed: a whole number of at most 5",
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
        assert_eq!(said(json!({ "number": [] })), ["config.number: a list is there; allowed: a whole number, nothing"]);
        assert_eq!(
            said(json!({ "either": 1.5 })),
            ["config.either: a number is there; allowed: a text, a table with `x`, `y`"]
        );
    }

    /// Every keyword, so that none is answered with a sentence that says neither what was found nor what is allowed.
    #[test]
    fn whatever_a_schema_asks_for_is_told_in_the_same_way() {
        let table = [
            (
                json!({ "type": "integer", "minimum": 1, "maximum": 5 }),
                json!(4711),
                "a whole number is there; allowed: a whole number of at least 1 and at most 5",
            ),
            (json!({ "minimum": 1 }), json!(0.5), "a number is there; allowed: a number of at least 1"),
            (
                json!({ "type": ["number", "null"], "exclusiveMinimum": 0, "exclusiveMaximum": 1.5 }),
                json!(2),
                "a whole number is there; allowed: a number of more than 0 and less than 1.5, nothing",
            ),
            (
                json!({ "type": "integer", "multipleOf": 5 }),
                json!(7),
                "a whole number is there; allowed: a whole number that is a multiple of 5",
            ),
            (
                json!({ "type": "string", "pattern": "^[a-z]+\\n$" }),
                json!("HUNTER2"),
                "a text is there; allowed: a text that matches `^[a-z]+\\n$`",
            ),
            (
                json!({ "type": "string", "minLength": 1, "maxLength": 6 }),
                json!("hunter2"),
                "a text of 7 characters is there; allowed: a text of at least 1 and at most 6 characters",
            ),
            (
                json!({ "type": "string", "minLength": 1 }),
                json!(""),
                "an empty text is there; allowed: a text of at least 1 characters",
            ),
            (
                json!({ "minItems": 1, "maxItems": 2 }),
                json!([]),
                "an empty list is there; allowed: a list of at least 1 and at most 2 elements",
            ),
            (
                json!({ "maxItems": 1 }),
                json!(["hunter2", 2]),
                "a list of 2 elements is there; allowed: a list of at most 1 elements",
            ),
            (
                json!({ "uniqueItems": true }),
                json!(["hunter2", "hunter2"]),
                "a list with the same element twice is there; allowed: a list whose elements all differ",
            ),
            (json!({ "contains": { "const": 7 } }), json!(["hunter2"]), "a list is there; allowed: a list with 7"),
            (json!({ "minProperties": 1 }), json!({}), "an empty table is there; allowed: a table of at least 1 keys"),
            (
                json!({ "maxProperties": 0 }),
                json!({ "hunter2": 1 }),
                "a table of 1 keys is there; allowed: a table of at most 0 keys",
            ),
            (
                json!({ "propertyNames": { "pattern": "^x" } }),
                json!({ "hunter2": 1 }),
                "a table with another key is there; allowed: a table whose keys are each a text that matches `^x`",
            ),
            (
                json!({ "not": { "const": "hunter2" } }),
                json!("hunter2"),
                "a text is there; allowed: anything but \"hunter2\"",
            ),
            (json!(false), json!("hunter2"), "a text is there; allowed: that nothing is there"),
            (
                json!({ "oneOf": [{ "type": "integer" }, { "maximum": 7 }] }),
                json!(3),
                "a whole number, which matches several, is there; allowed: exactly one of a whole number, a number of at most 7",
            ),
            (
                json!({ "anyOf": [{ "type": ["string", "null"], "maxLength": 3 }, { "type": "integer", "minimum": 8 }] }),
                json!("hunter2"),
                "a text is there; allowed: a text of at most 3 characters, nothing, a whole number of at least 8",
            ),
            (json!({ "const": 7 }), json!("hunter2"), "a text is there; allowed: 7"),
            (json!({ "type": "boolean" }), json!("hunter2"), "a text is there; allowed: `true` or `false`"),
        ];
        for (of, value, expected) in table {
            let schema = json!({ "properties": { "key": { "$ref": "#/$defs/Key" } }, "$defs": { "Key": of } });
            let said = SchemaCheck::new(&schema, &json!({ "key": value })).validate();
            assert_eq!(said, [format!("config.key: {expected}")], "{of}");
        }
        // Drafts that check formats, and count what comes after the elements that are named.
        let older = json!({ "$schema": "http://json-schema.org/draft-07/schema#", "properties": { "at": { "format": "ipv4" },
            "all": { "items": [{}], "additionalItems": false } } });
        assert_eq!(
            SchemaCheck::new(&older, &json!({ "at": "hunter2", "all": [1, "hunter2"] })).validate(),
            [
                "config.all: a list of 2 elements is there; allowed: a list of at most 1 elements",
                "config.at: a text is there; allowed: a text in the format `ipv4`",
            ]
        );
    }
}
