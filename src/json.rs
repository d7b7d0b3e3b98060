//! JSON as other programs write it.

/// The escape of U+FFFD, which stands for what is not a character.
const REPLACEMENT: &[u8; 6] = b"\\ufffd";

/// The document with U+FFFD where half a surrogate pair stands alone, such as half an emoji at a text's end that was cut by
/// length; `None` where none does. RFC 8259 (8.2) leaves open what such a document is: readers refuse it as a whole.
pub(crate) fn without_lone_surrogates(json: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    let mut at = 0;
    while at < json.len() {
        at += match (json[at], escaped(json, at)) {
            (b'\\', Some(0xd800..=0xdbff)) if matches!(escaped(json, at + 6), Some(0xdc00..=0xdfff)) => 12,
            (b'\\', Some(0xd800..=0xdfff)) => {
                if whole.is_empty() {
                    whole = json.to_vec();
                }
                whole[at..at + 6].copy_from_slice(REPLACEMENT);
                6
            }
            // The character after it is escaped, a backslash too.
            (b'\\', _) => 2,
            _ => 1,
        };
    }
    Some(whole).filter(|whole| !whole.is_empty())
}

/// The unit of UTF-16 that is escaped here, as `\u1234`.
fn escaped(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: Option<&str>) {
        let whole = without_lone_surrogates(json.as_bytes());
        assert_eq!(whole.map(|whole| String::from_utf8(whole).expect("UTF-8")).as_deref(), expected);
        if let Some(expected) = expected {
            assert!(serde_json::from_str::<serde_json::Value>(expected).is_ok());
        }
    }

    #[test]
    fn only_halves_that_stand_alone_are_replaced() {
        check(r#"{"a":"\ud83d\ude00"}"#, None);
        check(r#"{"a":"\u0041\\ud83d"}"#, None);
        check(r#"{"a":"\ud83d"}"#, Some(r#"{"a":"\ufffd"}"#));
        check(r#"{"a":"\uDE00\ud83d\ude00\uD83D"}"#, Some(r#"{"a":"\ufffd\ud83d\ude00\ufffd"}"#));
        check(r#"{"a":"\ud83d\ud83d\ude00"}"#, Some(r#"{"a":"\ufffd\ud83d\ude00"}"#));
        check(r#"{"\\\ud83dx":1}"#, Some(r#"{"\\\ufffdx":1}"#));
        for cut in [r#""\"#, r#""\u"#, r#""\ud8"#, r#""\ud83d\u"#, r#""\u+83d"#] {
            let whole = without_lone_surrogates(cut.as_bytes());
            assert_eq!(whole.is_some(), cut.len() > 8, "{cut}");
        }
    }
}
