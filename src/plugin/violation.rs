//! What a configuration violates of a plugin's JSON Schema, in words: the key, what is there, and all that is allowed. Values are not
//! repeated: they may be secret.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

use super::allowed_values::{any_of, described, followed, kind_of, listed, plain, table_keys, types, word};

/// One violation of a schema, on one line.
pub(super) fn in_words(violation: &ValidationError<'_>, schema: &Value) -> String {
    let key = format!("config{}", violation.instance_path().as_str().replace('/', "."));
    let keyword = at(schema, violation.schema_path().as_str());
    match violation.kind() {
        Kind::Required { property } => {
            let missing = property.as_str().unwrap_or_default();
            format!("{key}.{missing}: it is missing{}", keys(schema, keyword.parent))
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let unknown = unexpected.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            format!("{key}: {unknown} is not known{}", keys(schema, keyword.parent))
        }
        kind => {
            let found = violation.instance();
            match allowed(kind, found, schema, keyword) {
                Some(allowed) => format!("{key}: {} is there; allowed: {allowed}", there(kind, found)),
                None => format!("{key}: {} is there, and the plugin's schema cannot judge it", there(kind, found)),
            }
        }
    }
}

/// What is allowed instead of what was found; `None` where the validation itself has failed.
fn allowed(kind: &Kind, found: &Value, schema: &Value, keyword: At<'_>) -> Option<String> {
    let around = keyword.parent.unwrap_or(&Value::Null);
    let of_keyword = || any_of(schema, keyword.node.unwrap_or(&Value::Null));
    Some(match kind {
        Kind::Enum { options } => listed(options.as_array().into_iter().flatten()),
        Kind::Constant { expected_value } => expected_value.to_string(),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => of_keyword(),
        Kind::OneOfMultipleValid { .. } => format!("exactly one of {}", of_keyword()),
        Kind::Not { schema: not } => format!("anything but {}", any_of(schema, not)),
        Kind::FalseSchema => "that nothing is there".to_owned(),
        Kind::Contains => format!("a list with {}", of_keyword()),
        // What is violated is a keyword of the schema of keys.
        Kind::PropertyNames { .. } => format!("a table whose keys are each {}", any_of(schema, around)),
        Kind::AdditionalItems { .. } | Kind::UnevaluatedItems { .. } => {
            let places = around["prefixItems"].as_array().or_else(|| around["items"].as_array());
            format!("a list of at most {} elements", places.map_or(0, Vec::len))
        }
        Kind::ContentEncoding { content_encoding: what } | Kind::ContentMediaType { content_media_type: what } => {
            format!("a text in `{}`", plain(what))
        }
        Kind::BacktrackLimitExceeded { .. }
        | Kind::RegexEngineFailure { .. }
        | Kind::FromUtf8 { .. }
        | Kind::Custom { .. }
        | Kind::Referencing(_) => return None,
        // All that its schema says of a value such as this, of which this keyword is one part.
        _ => described(schema, around, &types(around).unwrap_or_else(|| vec![kind_of(found)])),
    })
}

/// What was found; and how much of it, or what about it, where that is what is wrong.
fn there(kind: &Kind, found: &Value) -> String {
    match kind {
        Kind::OneOfMultipleValid { .. } => format!("{}, which matches several,", word(kind_of(found))),
        Kind::PropertyNames { .. } => "a table with another key".to_owned(),
        Kind::UniqueItems => "a list with the same element twice".to_owned(),
        Kind::MinLength { .. }
        | Kind::MaxLength { .. }
        | Kind::MinItems { .. }
        | Kind::MaxItems { .. }
        | Kind::MinProperties { .. }
        | Kind::MaxProperties { .. }
        | Kind::AdditionalItems { .. }
        | Kind::UnevaluatedItems { .. } => counted(found),
        _ if found == "" => "an empty text".to_owned(),
        _ => word(kind_of(found)).to_owned(),
    }
}

fn counted(found: &Value) -> String {
    let (count, of) = match found {
        Value::String(text) => (text.chars().count(), "characters"),
        Value::Array(all) => (all.len(), "elements"),
        Value::Object(members) => (members.len(), "keys"),
        _ => return word(kind_of(found)).to_owned(),
    };
    match (word(kind_of(found)), count) {
        (word, 0) => format!("an empty {}", word.trim_start_matches("a ")),
        (word, count) => format!("{word} of {count} {of}"),
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
        at.node = at.node.map(|node| followed(schema, node)).and_then(|node| match node {
            _ if part == "$ref" => Some(node),
            Value::Array(items) => items.get(part.parse::<usize>().ok()?),
            node => node.get(&part),
        });
    }
    At { parent: at.parent.map(|parent| followed(schema, parent)), ..at }
}

/// All keys that a table may have, where that is said.
fn keys(schema: &Value, table: Option<&Value>) -> String {
    let names = table.map(|table| table_keys(followed(schema, table))).unwrap_or_default();
    if names.is_empty() { String::new() } else { format!("; allowed: {names}") }
}
