//! The shape of a body: enough to see which field changed, without what is personal in it.

use serde_json::Value;

/// A longer key is more likely a value in the wrong place.
const KEY_CHARS_MAX: usize = 64;

/// The shape in words: keys and types, the event type in the clear, no other value.
pub(super) fn of(body: &[u8]) -> String {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => format!("{:#}", shape(None, &value)),
        Err(error) => format!(
            "not JSON: {} bytes, {}, wrong at line {}, column {}",
            body.len(),
            if std::str::from_utf8(body).is_ok() { "UTF-8" } else { "not UTF-8" },
            error.line(),
            error.column()
        ),
    }
}

fn shape(key: Option<&str>, value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(key, value)| (plain_key(key), shape(Some(key), value))).collect()
        }
        Value::Array(elements) => elements.iter().map(|element| shape(None, element)).collect(),
        Value::String(text) if key.is_some_and(|key| key.eq_ignore_ascii_case("eventType")) && is_word(text) => {
            value.clone()
        }
        Value::String(text) => format!("text, {} characters", text.chars().count()).into(),
        Value::Number(number) => if number.is_f64() { "number with a fraction" } else { "number" }.into(),
        // Whether somebody has agreed is theirs, too.
        Value::Bool(_) => "true or false".into(),
        Value::Null => Value::Null,
    }
}

fn plain_key(key: &str) -> String {
    if is_word(key) { key.to_owned() } else { format!("key, {} characters", key.chars().count()) }
}

/// A name that a program gave, such as `SessionEnded` or `oo1_guest_email`.
fn is_word(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.';
    !text.is_empty() && text.len() <= KEY_CHARS_MAX && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::of;

    #[test]
    fn a_shape_shows_keys_and_types_and_no_value() {
        let body = r#"{"eventType":"SessionEnded","data":{"id":"7","consent":true,"ended":null,"params":{"oo1_guest_name":"Ann"},"ann@x.cz":1}}"#;
        assert_snapshot!(of(body.as_bytes()), @r#"
        {
          "data": {
            "consent": "true or false",
            "ended": null,
            "id": "text, 1 characters",
            "key, 8 characters": "number",
            "params": {
              "oo1_guest_name": "text, 3 characters"
            }
          },
          "eventType": "SessionEnded"
        }
        "#);
        assert!(!of(br#"{"eventType":"Ann Novak"}"#).contains("Ann"));
    }

    #[test]
    fn what_is_not_json_shows_only_where() {
        assert_snapshot!(of(b"name=Ann"), @"not JSON: 8 bytes, UTF-8, wrong at line 1, column 2");
        assert_snapshot!(of(b"\xff"), @"not JSON: 1 bytes, not UTF-8, wrong at line 1, column 1");
    }
}
