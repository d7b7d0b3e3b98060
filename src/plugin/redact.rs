//! What a plugin says is not to be trusted with personal data: text of a plugin enters, text that may be logged leaves.

use crate::keys::Secret;

/// A reason or an error, in characters.
const TEXT_CHARS_MAX: usize = 500;
/// A shorter value is only replaced where it stands alone: `7` in `status 401` is no session.
const STANDS_ALONE_BELOW: usize = 4;
const REDACTED: &str = "[redacted]";

/// Replaces every value, in any ASCII case, and makes one printable line of bounded length.
///
/// Values that the plugin has encoded or cut are not found; authors are told not to say them at all.
pub(super) fn redact<'a>(text: &str, values: impl IntoIterator<Item = &'a Secret>) -> String {
    let mut values: Vec<&str> = values.into_iter().map(Secret::expose).filter(|value| !value.is_empty()).collect();
    // The longest first, so that no part of one is left over.
    values.sort_unstable_by_key(|value| std::cmp::Reverse(value.len()));
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(next) = rest.chars().next() {
        let found = values.iter().find(|value| stands_at_start(rest, value, before));
        let taken = found.map_or(next.len_utf8(), |value| value.len());
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

fn stands_at_start(text: &str, value: &str, before: Option<char>) -> bool {
    let Some(start) = text.get(..value.len()) else { return false };
    if !start.eq_ignore_ascii_case(value) {
        return false;
    }
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    value.len() >= STANDS_ALONE_BELOW || !(is_word(before) || is_word(text[value.len()..].chars().next()))
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
