//! JSON as other programs write it.

use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// The escape of U+FFFD, which stands for what is not a character.
const REPLACEMENT: &[u8; 6] = b"\\ufffd";

/// Reads a document, also one in which a text was cut within an emoji ([`without_lone_surrogates`]): one such name must not make all
/// that a system says unreadable.
///
/// # Errors
///
/// What is wrong with the document as it is.
///
/// ```
/// let names: Vec<String> = quietus_plugin::json::read(br#"["Ann", "Bob \ud83d"]"#)?;
/// assert_eq!(names, ["Ann", "Bob \u{fffd}"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(json).or_else(|error| match without_lone_surrogates(json) {
        Some(whole) => serde_json::from_slice(&Zeroizing::new(whole)),
        None => Err(error),
    })
}

/// The document with U+FFFD where half a surrogate pair stands alone, such as half an emoji at a text's end that was cut by
/// length; `None` where none does. RFC 8259 (8.2) leaves open what such a document is: readers refuse it as a whole.
///
/// ```
/// use quietus_plugin::json::without_lone_surrogates;
///
/// assert_eq!(without_lone_surrogates(br#"["\ud83d"]"#).as_deref(), Some(&br#"["\ufffd"]"#[..]));
/// assert_eq!(without_lone_surrogates(br#"["\ud83d\ude00"]"#), None);
/// ```
pub fn without_lone_surrogates(json: &[u8]) -> Option<Vec<u8>> {
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
