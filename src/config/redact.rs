//! The configuration as it may be shown. No secret can stand in it by design; what an operator wrote in the wrong place
//! all the same (a password in a URL, a token in a plugin's own configuration) is left out.

use serde_json::Value;

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

/// The same without passwords.
pub(super) fn redacted(value: Value) -> Value {
    match value {
        Value::Object(members) => members.into_iter().map(|(key, value)| member(key, value)).collect(),
        Value::Array(elements) => elements.into_iter().map(redacted).collect(),
        Value::String(text) => Value::String(without_user_info(&text)),
        other => other,
    }
}

fn member(key: String, value: Value) -> (String, Value) {
    let lower = key.to_lowercase().replace('-', "_");
    let secret = SECRET_WORDS.iter().any(|word| lower.contains(word));
    (key, if secret { without_text(value) } else { redacted(value) })
}

/// A secret's place, or a list of such. A table is a reference, or holds other keys.
fn without_text(value: Value) -> Value {
    match value {
        Value::String(_) => REDACTED.into(),
        Value::Array(elements) => elements.into_iter().map(without_text).collect(),
        other => redacted(other),
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
