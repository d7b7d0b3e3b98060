//! The configuration as it may be shown. No secret can stand in it by design; what an operator wrote in the wrong place
//! all the same (a password in a URL, a token in a plugin's own configuration) is left out.

use std::collections::BTreeMap;

use serde_json::Value;

use super::public::Schema;

const REDACTED: &str = "[redacted]";
/// A text under a key that contains one of these is not shown.
const SECRET_WORDS: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "api_key",
    "apikey",
    "private_key",
    "authorization",
];

/// The JSON Schemas of plugins' own configurations, by the plugins' names.
pub(crate) type Schemas = BTreeMap<String, Value>;

/// The whole configuration without passwords, and of plugins' own without any text that is not public.
pub(super) fn redacted(config: Value, schemas: &Schemas) -> Value {
    let Value::Object(sections) = config else { return general(config) };
    let section = |(key, value): (String, Value)| match (key.as_str(), value) {
        ("plugin", Value::Array(plugins)) => (key, plugins.into_iter().map(|one| plugin(one, schemas)).collect()),
        ("alert", Value::Array(alerts)) => (key, alerts.into_iter().map(told).collect()),
        ("watch", watch) => (key, told(watch)),
        (_, value) => member(key, value),
    };
    sections.into_iter().map(section).collect()
}

/// A `[[plugin]]`. Only its author knows what its keys mean, and only of arguments nobody does.
fn plugin(settings: Value, schemas: &Schemas) -> Value {
    let name = settings["name"].as_str().unwrap_or_default().to_owned();
    let Value::Object(members) = settings else { return general(settings) };
    let each = |(key, value): (String, Value)| match key.as_str() {
        "config" => (key, own(value, &Schema::of(schemas.get(&name)))),
        "args" => (key, without_text(value)),
        _ => member(key, value),
    };
    members.into_iter().map(each).collect()
}

/// Who is told of what needs a person: an address is somebody's, and who knows a URL can speak for it.
fn told(value: Value) -> Value {
    let Value::Object(members) = value else { return general(value) };
    let each = |(key, value): (String, Value)| match (key.as_str(), value) {
        ("url" | "to" | "user", value) => (key, without_text(value)),
        // Of a mail; that of the alert itself is a severity.
        ("from", Value::String(text)) if text.contains('@') => (key, REDACTED.into()),
        ("email" | "webhook" | "ping", value @ Value::Object(_)) => (key, told(value)),
        (_, value) => member(key, value),
    };
    members.into_iter().map(each).collect()
}

/// A part of a plugin's own configuration, and what its schema says of that part.
fn own(value: Value, schema: &Schema<'_>) -> Value {
    match value {
        Value::Object(members) => {
            let each = |(key, value): (String, Value)| {
                let shown = own(value, &schema.member(&key));
                let shown = if is_secret(&key) { without_text(shown) } else { shown };
                (key, shown)
            };
            members.into_iter().map(each).collect()
        }
        Value::Array(elements) => elements.into_iter().map(|one| own(one, &schema.element())).collect(),
        Value::String(text) if schema.shows(&text) => Value::String(without_user_info(&text)),
        Value::String(_) => REDACTED.into(),
        other => other,
    }
}

fn general(value: Value) -> Value {
    match value {
        Value::Object(members) => members.into_iter().map(|(key, value)| member(key, value)).collect(),
        Value::Array(elements) => elements.into_iter().map(general).collect(),
        Value::String(text) => Value::String(without_user_info(&text)),
        other => other,
    }
}

fn member(key: String, value: Value) -> (String, Value) {
    let shown = if is_secret(&key) {
        without_text(value)
    } else if is_command(&key) {
        program(value)
    } else {
        general(value)
    };
    (key, shown)
}

/// A program of the operator's and its arguments: `command`, and whatever ends so.
fn is_command(key: &str) -> bool {
    key.to_lowercase().replace('-', "_").rsplit('_').next() == Some("command")
}

/// The program alone, as nobody knows what its arguments mean.
fn program(command: Value) -> Value {
    match command {
        Value::Array(words) => {
            let mut words = words.into_iter();
            let program = words.next().map(general);
            program.into_iter().chain(words.map(without_text)).collect()
        }
        // One text, as a shell would read it, or as the environment gives it.
        Value::String(text) => match text.split_once(char::is_whitespace) {
            Some((program, _)) => format!("{program} {REDACTED}").into(),
            None => general(text.into()),
        },
        other => general(other),
    }
}

fn is_secret(key: &str) -> bool {
    let lower = key.to_lowercase().replace('-', "_");
    SECRET_WORDS.iter().any(|word| lower.contains(word))
}

/// A secret's place, or a list of such. A table is a reference, or holds other keys.
fn without_text(value: Value) -> Value {
    match value {
        Value::String(_) => REDACTED.into(),
        Value::Array(elements) => elements.into_iter().map(without_text).collect(),
        other => general(other),
    }
}

/// `scheme://user:password@host/…` without what stands before the host.
fn without_user_info(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..authority].rfind('@') {
        Some(at) => format!("{scheme}://{REDACTED}{}", &rest[at..]),
        None => text.to_owned(),
    }
}
