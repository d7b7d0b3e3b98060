//! What a JSON Schema allows, in words.

use serde_json::Value;

/// References and alternatives that are followed from one place, and words that are made of them.
const DEPTH_MAX: usize = 8;
const WORDS_MAX: usize = 64;

/// The schema that a reference names, or itself.
pub(super) fn followed<'a>(schema: &'a Value, node: &'a Value) -> &'a Value {
    let mut node = node;
    for _ in 0..DEPTH_MAX {
        let named = node["$ref"].as_str().and_then(|reference| schema.pointer(reference.strip_prefix('#')?));
        match named {
            Some(named) => node = named,
            None => break,
        }
    }
    node
}

/// Whatever a schema allows, or each of several.
pub(super) fn any_of(schema: &Value, node: &Value) -> String {
    let mut words = Vec::new();
    alternatives(schema, node, 0, &mut words);
    if words.is_empty() { "what the plugin's schema says".to_owned() } else { words.join(", ") }
}

fn alternatives(schema: &Value, node: &Value, depth: usize, words: &mut Vec<String>) {
    if depth > DEPTH_MAX || words.len() >= WORDS_MAX {
        return;
    }
    let node = followed(schema, node);
    if let Value::Array(all) = node {
        all.iter().for_each(|one| alternatives(schema, one, depth + 1, words));
    } else if let Some(one) = node.get("const") {
        words.push(one.to_string());
    } else if let Some(options) = node["enum"].as_array() {
        words.extend(options.iter().map(Value::to_string));
    } else if let Some(more) = node.get("anyOf").or_else(|| node.get("oneOf")) {
        alternatives(schema, more, depth + 1, words);
    } else if let Some(kinds) = types(node).or_else(|| implied(node)) {
        words.push(described(schema, node, &kinds));
    }
}

/// The types that a schema names.
pub(super) fn types(node: &Value) -> Option<Vec<&str>> {
    match &node["type"] {
        Value::String(kind) => Some(vec![kind.as_str()]),
        Value::Array(kinds) => Some(kinds.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

/// The type that its keywords are of, where none is named.
fn implied(node: &Value) -> Option<Vec<&'static str>> {
    let has = |keywords: &[&str]| keywords.iter().any(|keyword| node.get(*keyword).is_some());
    let kinds: [(&str, &[&str]); 4] = [
        ("object", &["properties", "required", "minProperties", "maxProperties"]),
        ("array", &["items", "prefixItems", "minItems", "maxItems", "uniqueItems"]),
        ("string", &["minLength", "maxLength", "pattern", "format"]),
        ("number", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
    ];
    kinds.into_iter().find(|(_, keywords)| has(keywords)).map(|(kind, _)| vec![kind])
}

/// Values of these types, with all that is said of each.
pub(super) fn described(schema: &Value, node: &Value, kinds: &[&str]) -> String {
    kinds.iter().map(|kind| of_type(schema, node, kind)).collect::<Vec<_>>().join(", ")
}

fn of_type(schema: &Value, node: &Value, kind: &str) -> String {
    let mut words = word(kind).to_owned();
    match kind {
        "number" | "integer" => {
            let limits = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"];
            words += &bounded(node, limits, "");
            if let Some(step) = node.get("multipleOf") {
                words += &format!(" that is a multiple of {step}");
            }
        }
        "string" => {
            words += &bounded(node, ["minLength", "", "maxLength", ""], " characters");
            if let Some(pattern) = node["pattern"].as_str() {
                words += &format!(" that matches `{}`", plain(pattern));
            }
            if let Some(format) = node["format"].as_str() {
                words += &format!(" in the format `{}`", plain(format));
            }
        }
        "array" => {
            words += &bounded(node, ["minItems", "", "maxItems", ""], " elements");
            if node["uniqueItems"] == true {
                words += " whose elements all differ";
            }
        }
        "object" => {
            words += &bounded(node, ["minProperties", "", "maxProperties", ""], " keys");
            let keys = table_keys(followed(schema, node));
            if !keys.is_empty() {
                words += &format!(" with {keys}");
            }
        }
        _ => {}
    }
    words
}

/// By the least, what it is above, the most, and what it is below.
fn bounded(node: &Value, keywords: [&str; 4], of: &str) -> String {
    let said = ["at least", "more than", "at most", "less than"];
    let limits = keywords.iter().zip(said);
    let limits = limits.filter_map(|(keyword, said)| Some(format!("{said} {}", node.get(*keyword)?)));
    let limits: Vec<_> = limits.collect();
    if limits.is_empty() { String::new() } else { format!(" of {}{of}", limits.join(" and ")) }
}

/// The keys that a table may have, where that is said.
pub(super) fn table_keys(table: &Value) -> String {
    let properties = table["properties"].as_object().into_iter().flatten();
    properties.map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

pub(super) fn listed<'a>(all: impl Iterator<Item = &'a Value>) -> String {
    all.map(Value::to_string).collect::<Vec<_>>().join(", ")
}

/// In one line.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// The type of a value, as schemas name it.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A type in words.
pub(super) fn word(kind: &str) -> &'static str {
    match kind {
        "null" => "nothing",
        "boolean" => "`true` or `false`",
        "number" => "a number",
        "integer" => "a whole number",
        "string" => "a text",
        "array" => "a list",
        "object" => "a table",
        _ => "something else",
    }
}
