//! What is personal or secret does not leave in text: text and the values that it must not hold enter, text that may be
//! logged leaves. The plugin's side and the host's do the same.

use std::borrow::Cow;

/// A line of the log, a reason or an error, in characters.
const TEXT_CHARS_MAX: usize = 500;
/// A shorter value is only replaced where it stands alone: `7` in `status 401` is no session.
const STANDS_ALONE_BELOW: usize = 4;
const REDACTED: &str = "[redacted]";

/// Replaces every value, in any ASCII case and also as it stands in a URL. Text without any is given back as it is.
///
/// Values that are encoded otherwise or cut are not found; do not say them at all.
///
/// ```
/// use quietus_plugin::redact;
///
/// assert_eq!(redact("no ANN@x.cz in /c?email=ann%40x.cz", ["ann@x.cz"]), "no [redacted] in /c?email=[redacted]");
/// assert_eq!(redact("status 404", ["40"]), "status 404", "a short value only where it stands alone");
/// ```
pub fn redact<'t, 'v>(text: &'t str, values: impl IntoIterator<Item = &'v str>) -> Cow<'t, str> {
    let mut values: Vec<&str> = values.into_iter().filter(|value| !value.is_empty()).collect();
    // The longest first, so that no part of one is left over.
    values.sort_unstable_by_key(|value| std::cmp::Reverse(value.len()));
    let mut redacted = String::new();
    let (mut kept, mut at, mut before) = (0, 0, None);
    while let Some(next) = text[at..].chars().next() {
        let found = values.iter().find_map(|value| at_start(&text[at..], value, before));
        let taken = found.unwrap_or(next.len_utf8());
        if found.is_some() {
            redacted.push_str(&text[kept..at]);
            redacted.push_str(REDACTED);
            kept = at + taken;
        }
        before = text[at..at + taken].chars().next_back();
        at += taken;
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    redacted.push_str(&text[kept..]);
    Cow::Owned(redacted)
}

/// What the host shows of a plugin's text: redacted, without control characters, at most 500 characters.
///
/// ```
/// assert_eq!(quietus_plugin::shown("ann@x.cz\nis gone", ["ann@x.cz"]), "[redacted] is gone");
/// ```
pub fn shown<'v>(text: &str, values: impl IntoIterator<Item = &'v str>) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let redacted = redact(text, values);
    let mut shown: String = redacted.chars().take(TEXT_CHARS_MAX).map(plain).collect();
    if redacted.chars().nth(TEXT_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// How many bytes of the text are the value, if it begins with it.
fn at_start(text: &str, value: &str, before: Option<char>) -> Option<usize> {
    let mut length = 0;
    for byte in value.bytes() {
        length += byte_at_start(&text.as_bytes()[length..], byte)?;
    }
    let after = text.get(length..)?.chars().next();
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    (value.len() >= STANDS_ALONE_BELOW || !(is_word(before) || is_word(after))).then_some(length)
}

/// How many bytes of the text are this one: plain, percent-encoded, or a space that a form has turned into a `+`.
fn byte_at_start(text: &[u8], byte: u8) -> Option<usize> {
    let encoded = || {
        let digits = std::str::from_utf8(text.get(1..3)?).ok()?;
        u8::from_str_radix(digits, 16).ok()
    };
    match *text.first()? {
        plain if plain.eq_ignore_ascii_case(&byte) => Some(1),
        b'+' if byte == b' ' => Some(1),
        b'%' if encoded()?.eq_ignore_ascii_case(&byte) => Some(3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, values: &[&str], expected: &str) {
        assert_eq!(shown(text, values.iter().copied()), expected);
    }

    #[test]
    fn values_are_replaced_wherever_they_stand() {
        check("no ANN@x.cz here: ann@x.cz", &["ann@x.cz"], "no [redacted] here: [redacted]");
        check("Žofie and Žofie", &["Žofie"], "[redacted] and [redacted]");
        check("ann@x.cz.example", &["ann@x.cz", "ann@x.cz.example"], "[redacted]");
        check("GET /c?email=ann%40x.cz&n=1", &["ann@x.cz"], "GET /c?email=[redacted]&n=1");
        check("name=%C5%BDofie+Nov%C3%A1", &["Žofie Nová"], "name=[redacted]");
        check("100% of it, 50%zž, %", &["ann@x.cz"], "100% of it, 50%zž, %");
        check("status 401, person 40", &["40"], "status 401, person [redacted]");
        check("nothing", &[""], "nothing");
    }

    #[test]
    fn text_without_a_value_is_not_copied() {
        assert!(matches!(redact("nothing of hers", ["ann@x.cz", "hunter2"]), Cow::Borrowed("nothing of hers")));
    }

    #[test]
    fn text_becomes_one_printable_line_of_bounded_length() {
        check("a\nb\u{1b}[31m", &[], "a b [31m");
        assert_eq!(shown(&"x".repeat(10_000), []).chars().count(), TEXT_CHARS_MAX + 1);
    }
}
