//! What a plugin says is not to be trusted with personal data: text of a plugin enters, text that may be logged leaves.

use crate::keys::Secret;

/// A reason or an error, in characters.
const TEXT_CHARS_MAX: usize = 500;
/// A shorter value is only replaced where it stands alone: `7` in `status 401` is no session.
const STANDS_ALONE_BELOW: usize = 4;
const REDACTED: &str = "[redacted]";

/// Replaces every value, in any ASCII case and also as it stands in a URL, and makes one printable line of bounded length.
///
/// Values that the plugin has encoded otherwise or cut are not found; authors are told not to say them at all.
pub(super) fn redact<'a>(text: &str, values: impl IntoIterator<Item = &'a Secret>) -> String {
    let mut values: Vec<&str> = values.into_iter().map(Secret::expose).filter(|value| !value.is_empty()).collect();
    // The longest first, so that no part of one is left over.
    values.sort_unstable_by_key(|value| std::cmp::Reverse(value.len()));
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(next) = rest.chars().next() {
        let found = values.iter().find_map(|value| at_start(rest, value, before));
        let taken = found.unwrap_or(next.len_utf8());
        match found {
            Some(_) => redacted.push_str(REDACTED),
            None => redacted.push(if next.is_control() { ' ' } else { next }),
        }
        before = rest[..taken].chars().next_back();
        rest = &rest[taken..];
    }
    match redacted.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &redacted[..end]),
        None => redacted,
    }
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
        let values: Vec<_> = values.iter().copied().map(Secret::new).collect();
        assert_eq!(redact(text, &values), expected);
    }

    #[test]
    fn values_are_replaced_wherever_they_stand() {
        check("no ANN@x.cz here: ann@x.cz", &["ann@x.cz"], "no [redacted] here: [redacted]");
        check("Žofie and Žofie", &["Žofie"], "[redacted] and [redacted]");
        check("ann@x.cz.example", &["ann@x.cz", "ann@x.cz.example"], "[redacted]");
        check("nothing", &[""], "nothing");
    }

    #[test]
    fn values_are_replaced_as_they_stand_in_a_url() {
        check("GET /c?email=ann%40x.cz&n=1", &["ann@x.cz"], "GET /c?email=[redacted]&n=1");
        check("/c/%C5%BDofie%20Nov%c3%a1", &["Žofie Nová"], "/c/[redacted]");
        check("name=%C5%BDofie+Nov%C3%A1", &["Žofie Nová"], "name=[redacted]");
        check("tel=%2b420 777", &["+420 777"], "tel=[redacted]");
        check("100% of it, 50%zž, %", &["ann@x.cz"], "100% of it, 50%zž, %");
    }

    #[test]
    fn short_values_are_replaced_where_they_stand_alone() {
        check("status 401, person 40", &["40"], "status 401, person [redacted]");
        check("Li", &["Li"], "[redacted]");
    }

    #[test]
    fn text_becomes_one_printable_line_of_bounded_length() {
        check("a\nb\u{1b}[31m", &[], "a b [31m");
        assert_eq!(redact(&"x".repeat(10_000), &[]).chars().count(), TEXT_CHARS_MAX + 1);
    }
}
