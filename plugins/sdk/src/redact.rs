//! Redaction: removes values that are personal or secret from text that may be logged. The plugin's side and the host's do the
//! same.

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
    let mut pieces = Pieces::of(text, values);
    let mut redacted = String::new();
    let mut kept = 0;
    let mut begin = 0;
    while let Some(piece) = pieces.next() {
        if matches!(piece, Piece::Value) {
            redacted.push_str(&text[kept..begin]);
            redacted.push_str(REDACTED);
            kept = pieces.at;
        }
        begin = pieces.at;
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
    first_line(&mut Pieces::of(text, values))
}

/// Values are looked for in the text as it is, not as it is cut, so that none is shown in part; and no further than it is
/// shown, so that long text costs no more than short.
fn first_line(pieces: &mut Pieces<'_, '_>) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut chars = pieces.flat_map(|piece| match piece {
        Piece::Kept(char) => char.chars(),
        Piece::Value => REDACTED.chars(),
    });
    let mut line: String = chars.by_ref().take(TEXT_CHARS_MAX).map(plain).collect();
    if chars.next().is_some() {
        line.push('…');
    }
    line
}

/// The text from its begin to its end.
struct Pieces<'t, 'v> {
    text: &'t str,
    values: Vec<&'v str>,
    at: usize,
    before: Option<char>,
}

enum Piece<'t> {
    /// One character.
    Kept(&'t str),
    Value,
}

impl<'t, 'v> Pieces<'t, 'v> {
    fn of(text: &'t str, values: impl IntoIterator<Item = &'v str>) -> Self {
        let mut values: Vec<&str> = values.into_iter().filter(|value| !value.is_empty()).collect();
        // The longest first, so that no part of one is left over.
        values.sort_unstable_by_key(|value| std::cmp::Reverse(value.len()));
        Self { text, values, at: 0, before: None }
    }
}

impl<'t> Iterator for Pieces<'t, '_> {
    type Item = Piece<'t>;

    fn next(&mut self) -> Option<Piece<'t>> {
        let rest = &self.text[self.at..];
        let next = rest.chars().next()?;
        let found = self.values.iter().find_map(|value| at_start(rest, value, self.before));
        let taken = &rest[..found.unwrap_or(next.len_utf8())];
        self.before = taken.chars().next_back();
        self.at += taken.len();
        Some(if found.is_some() { Piece::Value } else { Piece::Kept(taken) })
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

    #[test]
    fn no_more_of_a_long_text_is_looked_at_than_is_shown() {
        let text = "a".repeat(1 << 20);
        let value = format!("{}b", "a".repeat(999));
        let mut pieces = Pieces::of(&text, [value.as_str()]);
        assert_eq!(first_line(&mut pieces), "a".repeat(TEXT_CHARS_MAX) + "…");
        assert_eq!(pieces.at, TEXT_CHARS_MAX + 1);
    }

    #[test]
    fn a_value_across_the_cut_is_not_shown_in_part() {
        let text = format!("{}ann@x.cz", " ".repeat(TEXT_CHARS_MAX - 3));
        check(&text, &["ann@x.cz"], &format!("{}[re…", " ".repeat(TEXT_CHARS_MAX - 3)));
    }
}
