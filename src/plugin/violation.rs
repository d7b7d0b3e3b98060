//! What a configuration violates of a plugin's JSON Schema, in words: the key, what is there, and all that is allowed. Values are not
//! repeated: they may be secret.

use jsonschema::error::TypeKind;
use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

/// References and alternatives that are followed from one key.
const DEPTH_MAX: usize = 8;

/// One violation of a schema, on one line.
pub(super) fn in_words(violation: &ValidationError<'_>, schema: &Value) -> String {
    let key = format!("config{}", violation.instance_path().as_str().replace('/', "."));
    let of = at(schema, violation.schema_path().as_str());
    let there = there(violation.instance());
    let within = |limit: String| format!("{key}: {there} is there; allowed: {limit}");
    match violation.kind() {
        Kind::Required { property } => {
            let missing = property.as_str().unwrap_or_default();
            format!("{key}.{missing}: it is missing{}", keys(schema, of.parent))
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let unknown = unexpected.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            format!("{key}: {unknown} is not known{}", keys(schema, of.parent))
        }
        Kind::Type { kind } => within(types(kind)),
        Kind::Enum { options } => within(listed(options.as_array().into_iter().flatten())),
        Kind::Constant { expected_value } => within(expected_value.to_string()),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => {
            let mut words = Vec::new();
            alternatives(schema, of.node.unwrap_or(&Value::Null), 0, &mut words);
            match words.is_empty() {
                true => format!("{key}: {}", violation.masked()),
                false => within(words.join(", ")),
            }
        }
        _ => format!("{key}: {}", violation.masked()),
    }
}

/// A keyword of a schema, and the schema in which it stands.
#[derive(Clone, Copy)]
struct At<'a> {
    node: Option<&'a Value>,
    parent: Option<&'a Value>,
}

/// What a path of a validation leads to; it names the references that were followed.
fn at<'a>(schema: &'a Value, path: &str) -> At<'a> {
    let mut at = At { node: Some(schema), parent: None };
    for part in path.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        at.parent = at.node;
        at.node = at.node.map(|node| followed(schema, node, 0)).and_then(|node| match node {
            _ if part == "$ref" => Some(node),
            Value::Array(items) => items.get(part.parse::<usize>().ok()?),
            node => node.get(&part),
        });
    }
    At { parent: at.parent.map(|parent| followed(schema, parent, 0)), ..at }
}

/// The schema that a reference names, or itself.
fn followed<'a>(schema: &'a Value, node: &'a Value, depth: usize) -> &'a Value {
    let named = node["$ref"].as_str().and_then(|reference| schema.pointer(reference.strip_prefix('#')?));
    named.filter(|_| depth < DEPTH_MAX).map_or(node, |named| followed(schema, named, depth + 1))
}

/// All keys that a table may have, where that is said.
fn keys(schema: &Value, table: Option<&Value>) -> String {
    let properties = table.map(|table| followed(schema, table, 0)).and_then(|table| table["properties"].as_object());
    let names: Vec<_> = properties.into_iter().flatten().map(|(name, _)| format!("`{name}`")).collect();
    if names.is_empty() { String::new() } else { format!("; allowed: {}", names.join(", ")) }
}

/// What a value may be by any of several schemas.
fn alternatives(schema: &Value, node: &Value, depth: usize, words: &mut Vec<String>) {
    if depth > DEPTH_MAX {
        return;
    }
    let node = followed(schema, node, 0);
    if let Value::Array(all) = node {
        all.iter().for_each(|one| alternatives(schema, one, depth + 1, words));
    } else if let Some(one) = node.get("const") {
        words.push(one.to_string());
    } else if let Some(options) = node["enum"].as_array() {
        words.extend(options.iter().map(Value::to_string));
    } else if let Some(properties) = node["properties"].as_object() {
        let names: Vec<_> = properties.keys().map(|name| format!("`{name}`")).collect();
        words.push(format!("a table with {}", names.join(", ")));
    } else if let Some(kind) = node["type"].as_str() {
        words.push(word(kind).to_owned());
    } else if let Some(more) = node.get("anyOf").or_else(|| node.get("oneOf")) {
        alternatives(schema, more, depth + 1, words);
    }
}

fn listed<'a>(all: impl Iterator<Item = &'a Value>) -> String {
    all.map(Value::to_string).collect::<Vec<_>>().join(", ")
}

fn types(kind: &TypeKind) -> String {
    let all: Vec<JsonType> = match kind {
        TypeKind::Single(kind) => vec![*kind],
        TypeKind::Multiple(kinds) => kinds.into_iter().collect(),
    };
    all.into_iter().map(|kind| word(kind.as_str())).collect::<Vec<_>>().join(", ")
}

/// What is there, by its kind.
fn there(value: &Value) -> &'static str {
    word(match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    })
}

/// A type of JSON in words.
fn word(kind: &str) -> &'static str {
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
