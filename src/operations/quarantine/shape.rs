//! The shape of a body: enough to see which field changed, without what is personal in it.

use serde_json::Value;

/// A longer key is more likely a value in the wrong place.
const KEY_CHARS_MAX: usize = 64;

/// The shape in words: keys and types, the event type in the clear, no other value.
pub(super) fn of(body: &[u8]) -> String {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => format!("{:#}", shape(&value, true)),
        Err(error) => format!(
            "not JSON: {} bytes, {}, wrong at line {}, column {}",
            body.len(),
            if std::str::from_utf8(body).is_ok() { "UTF-8" } else { "not UTF-8" },
            error.line(),
            error.column()
        ),
    }
}

/// The event type is said at the top alone: further down, a key of that name may hold anything.
fn shape(value: &Value, is_top: bool) -> Value {
    match value {
        Value::Object(members) => {
            // Numbered: without numbers, two keys of one length would be one key.
            let mut hidden = 0_usize;
            let mut shown = serde_json::Map::new();
            for (key, value) in members {
                let named = if is_key(key) {
                    key.clone()
                } else {
                    hidden += 1;
                    format!("key {hidden}, {} characters", key.chars().count())
                };
                shown.insert(named, member(key, value, is_top));
            }
            Value::Object(shown)
        }
        Value::Array(elements) => elements.iter().map(|element| shape(element, false)).collect(),
        Value::String(text) => format!("text, {} characters", text.chars().count()).into(),
        Value::Number(number) => if number.is_f64() { "number with a fraction" } else { "number" }.into(),
        // Whether somebody has agreed is theirs, too.
        Value::Bool(_) => "true or false".into(),
        Value::Null => Value::Null,
    }
}

fn member(key: &str, value: &Value, is_top: bool) -> Value {
    match value {
        Value::String(text) if is_top && key.eq_ignore_ascii_case("eventType") && is_word(text) => value.clone(),
        _ => shape(value, false),
    }
}

/// Digits in a row from which on a key is more likely a phone number or an id than a name.
const KEY_DIGITS_MAX: usize = 4;

/// Whether a key is one that a program gave.
fn is_key(key: &str) -> bool {
    let has_letter = key.contains(|c: char| c.is_ascii_alphabetic());
    let longest = key.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    is_word(key) && has_letter && longest <= KEY_DIGITS_MAX
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
            "key 1, 8 characters": "number",
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
    fn a_key_that_may_be_somebodys_is_hidden_and_so_is_an_event_type_further_down() {
        let shown = of(br#"{"data":{"eventType":"Novak","777123456":1,"608123456":2,"id-12345":3,"a1234":4}}"#);
        for hidden in ["Novak", "777123456", "608123456", "12345"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        assert!(shown.contains("a1234") && shown.contains("key 1, ") && shown.contains("key 3, "), "{shown}");
    }

    #[test]
    fn what_is_not_json_shows_only_where() {
        assert_snapshot!(of(b"name=Ann"), @"not JSON: 8 bytes, UTF-8, wrong at line 1, column 2");
        assert_snapshot!(of(b"\xff"), @"not JSON: 1 bytes, not UTF-8, wrong at line 1, column 1");
    }
}
