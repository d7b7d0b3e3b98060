//! Encodes values for URLs, so that they stay in their place.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but RFC 3986's unreserved characters (2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes everything but RFC 3986's unreserved characters.
///
/// ```
/// assert_eq!(quietus_plugin::http::percent("ann+1@x.cz"), "ann%2B1%40x.cz");
/// ```
pub fn percent(value: &str) -> String {
    utf8_percent_encode(value, RESERVED).to_string()
}

/// Whether there is a segment `.` or `..` in a path, however often it is decoded. Servers resolve these, so that a value
/// with one would lead elsewhere.
///
/// ```
/// use quietus_plugin::http::has_dots;
///
/// assert!(has_dots("a/..") && has_dots("%252e%2E"));
/// assert!(!has_dots("ann..b@x.cz"));
/// ```
pub fn has_dots(path: &str) -> bool {
    let mut plain = String::with_capacity(path.len());
    for c in path.chars() {
        plain.push(c.to_ascii_lowercase());
        for (encoded, decoded) in [("%25", '%'), ("%2e", '.'), ("%2f", '/'), ("%5c", '\\')] {
            if plain.ends_with(encoded) {
                plain.truncate(plain.len() - encoded.len());
                plain.push(decoded);
            }
        }
    }
    plain.split(['/', '\\']).any(|part| matches!(part, "." | ".."))
}

/// `name=value&…`
pub(super) fn pairs<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let pairs = pairs.into_iter().map(|(name, value)| format!("{}={}", percent(name), percent(value)));
    pairs.collect::<Vec<_>>().join("&")
}
