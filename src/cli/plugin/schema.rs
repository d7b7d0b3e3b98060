//! A JSON Schema in words: the keys of a configuration, with types and descriptions. It explains; it validates nothing.

use serde::Serialize;
use serde_json::Value;

/// References that are followed from one key.
const DEPTH_MAX: usize = 8;

/// One key of a configuration.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Key {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) required: bool,
    pub(super) default: Option<Value>,
    pub(super) description: String,
}

/// The keys at the top, required ones first.
pub(super) fn keys(schema: &Value) -> Vec<Key> {
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let key = |(name, property): (&String, &Value)| Key {
        name: name.clone(),
        kind: kind(schema, property, 0),
        required: required.contains(&name.as_str()),
        default: property.get("default").filter(|default| !default.is_null()).cloned(),
        description: description(property),
    };
    let mut keys: Vec<_> = properties.iter().map(key).collect();
    keys.sort_by_key(|key| !key.required);
    keys
}

/// The first paragraph, in one line.
fn description(property: &Value) -> String {
    let text = property["description"].as_str().or(property["title"].as_str()).unwrap_or_default();
    text.split("\n\n").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a value must be, in a few words.
fn kind(schema: &Value, property: &Value, depth: usize) -> String {
    if depth >= DEPTH_MAX {
        return "any".into();
    }
    if let Some(reference) = property["$ref"].as_str() {
        let target = reference.strip_prefix('#').and_then(|pointer| schema.pointer(pointer));
        return target.map_or_else(|| "any".into(), |target| kind(schema, target, depth + 1));
    }
    if let Some(words) = property["enum"].as_array() {
        let words: Vec<_> = words.iter().filter(|word| !word.is_null()).map(Value::to_string).collect();
        return words.join(" | ");
    }
    if let Some(word) = property.get("const") {
        return word.to_string();
    }
    for choice in ["anyOf", "oneOf", "allOf"] {
        if let Some(choices) = property[choice].as_array() {
            let mut kinds: Vec<_> = choices.iter().map(|choice| kind(schema, choice, depth + 1)).collect();
            kinds.retain(|kind| kind != "null");
            kinds.dedup();
            return kinds.join(" | ");
        }
    }
    let types: Vec<&str> = match &property["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect(),
        Value::String(kind) => vec![kind],
        _ => return "any".into(),
    };
    let word = |kind: &&str| match *kind {
        "array" => format!("list of {}", kind_of_items(schema, property, depth)),
        "object" => "table".to_owned(),
        other => other.to_owned(),
    };
    types.iter().map(word).collect::<Vec<_>>().join(" | ")
}

fn kind_of_items(schema: &Value, property: &Value, depth: usize) -> String {
    property.get("items").map_or_else(|| "any".into(), |items| kind(schema, items, depth + 1))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(property: Value, expected: &str) {
        let schema = json!({
            "properties": { "key": property },
            "$defs": { "Span": { "type": "string" }, "Round": { "$ref": "#/$defs/Round" } },
        });
        assert_eq!(keys(&schema)[0].kind, expected);
    }

    #[test]
    fn types_are_told_in_words() {
        check(json!({ "type": "string" }), "string");
        check(json!({ "type": ["integer", "null"] }), "integer");
        check(json!({ "type": "array", "items": { "type": "string" } }), "list of string");
        check(json!({ "type": "object" }), "table");
        check(json!({ "enum": ["a", "b", null] }), "\"a\" | \"b\"");
        check(json!({ "$ref": "#/$defs/Span" }), "string");
        check(json!({ "anyOf": [{ "$ref": "#/$defs/Span" }, { "type": "null" }] }), "string");
        check(json!({ "oneOf": [{ "const": "x" }, { "type": "boolean" }] }), "\"x\" | boolean");
        check(json!({ "$ref": "#/$defs/Round" }), "any");
        check(json!(true), "any");
    }

    #[test]
    fn required_keys_come_first() {
        let schema = json!({ "required": ["z"], "properties": {
            "a": { "type": "boolean", "default": false, "description": "One\nline.\n\nMore." }, "z": {} } });
        let keys = keys(&schema);
        assert_eq!((keys[0].name.as_str(), keys[0].required), ("z", true));
        assert_eq!((keys[1].description.as_str(), &keys[1].default), ("One line.", &Some(json!(false))));
    }
}
