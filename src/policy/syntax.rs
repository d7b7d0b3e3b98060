//! What keeps a text from being an expression, in words. The parser's own messages speak of its grammar; people make a few
//! mistakes, and each of them is found and named here, wherever it stands.

use std::fmt;

/// A piece of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Word,
    /// Stands between two values, or before one.
    Operator,
    Open,
    Close,
    /// `,`, `.`, `:` and `?` are where others decide on them.
    Mark,
    /// Cannot stand in an expression.
    Foreign,
}

struct Piece<'s> {
    kind: Kind,
    text: &'s str,
    /// In bytes, from the beginning.
    at: usize,
}

/// Where something stands, as people count.
struct At<'s> {
    source: &'s str,
    byte: usize,
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = &self.source[..self.byte];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        if self.source.trim_end().contains('\n') {
            write!(f, "at {line}:{column}")
        } else {
            write!(f, "at character {column}")
        }
    }
}

/// What is wrong with a text that the parser has refused: everything that can be told.
pub(super) fn wrong(source: &str) -> Vec<String> {
    if source.trim().is_empty() {
        return vec!["it is empty; write \"true\" for always".to_owned()];
    }
    let at = |byte| At { source, byte };
    let pieces = match pieces(source) {
        Ok(pieces) => pieces,
        Err(open) => return vec![format!("the text that begins {} has no end: a quotation mark is missing", at(open))],
    };
    let mut wrong: Vec<String> =
        pieces.iter().filter_map(|piece| spelling(piece).map(|what| format!("{}: {what}", at(piece.at)))).collect();
    // Of what is misspelt, everything around it follows.
    if wrong.is_empty() {
        wrong.extend(brackets(&pieces).into_iter().map(|(byte, what)| format!("{}: {what}", at(byte))));
        wrong.extend(order(&pieces).into_iter().map(|(byte, what)| format!("{}: {what}", at(byte))));
    }
    wrong
}

/// What people write as in another language.
fn spelling(piece: &Piece<'_>) -> Option<String> {
    let meant = match (piece.kind, piece.text) {
        (Kind::Operator, "=" | "===" | ":=") => "==",
        (Kind::Operator, "<>" | "!==" | "=!") => "!=",
        (Kind::Operator, "=>") => ">=",
        (Kind::Operator, "=<") => "<=",
        (Kind::Operator, "&") => "&&",
        (Kind::Operator, "|") => "||",
        (Kind::Word, "and" | "AND" | "And") => "&&",
        (Kind::Word, "or" | "OR" | "Or") => "||",
        (Kind::Word, "not" | "NOT" | "Not") => "!",
        (Kind::Word, "True" | "TRUE") => "true",
        (Kind::Word, "False" | "FALSE") => "false",
        (Kind::Foreign, "“" | "”" | "„" | "‘" | "’" | "‚" | "`" | "´") => {
            return Some(format!("`{}` is no quotation mark here; write ' or \"", piece.text));
        }
        (Kind::Foreign, text) => return Some(format!("`{text}` cannot stand in an expression")),
        _ => return None,
    };
    Some(format!("`{}` is written `{meant}`", piece.text))
}

/// Brackets that are not closed, or close nothing.
fn brackets(pieces: &[Piece<'_>]) -> Vec<(usize, String)> {
    let mut open: Vec<&Piece<'_>> = Vec::new();
    let mut wrong = Vec::new();
    for piece in pieces {
        match piece.kind {
            Kind::Open => open.push(piece),
            Kind::Close => match open.pop() {
                None => wrong.push((piece.at, format!("`{}` closes nothing", piece.text))),
                Some(opened) if closing(opened.text) != piece.text => {
                    let what = format!(
                        "`{}` is closed by `{}`; `{}` is needed",
                        opened.text,
                        piece.text,
                        closing(opened.text)
                    );
                    wrong.push((piece.at, what));
                }
                Some(_) => {}
            },
            _ => {}
        }
    }
    wrong.extend(open.iter().map(|opened| {
        (opened.at, format!("`{}` is not closed; a `{}` is missing", opened.text, closing(opened.text)))
    }));
    wrong
}

fn closing(open: &str) -> &'static str {
    match open {
        "(" => ")",
        "[" => "]",
        _ => "}",
    }
}

/// Values with nothing between them, and operators with no value.
fn order(pieces: &[Piece<'_>]) -> Vec<(usize, String)> {
    let mut wrong = Vec::new();
    let mut before: Option<&Piece<'_>> = None;
    for piece in pieces {
        let after_value = before.is_some_and(ends_value);
        let is_value = matches!(piece.kind, Kind::Text | Kind::Number | Kind::Word) && piece.text != "in";
        // A name may follow a dot; a bracket after a value is a call or an index.
        if after_value && is_value {
            let (one, other) = (before.map_or("", |before| before.text), piece.text);
            wrong.push((piece.at, format!("between `{one}` and `{other}` something is missing, such as `==` or `&&`")));
        } else if is_binary(piece) && !after_value {
            let what = match before {
                None => format!("a value is missing before `{}`", piece.text),
                Some(before) => format!("a value is missing between `{}` and `{}`", before.text, piece.text),
            };
            wrong.push((piece.at, what));
        } else if piece.kind == Kind::Close && before.is_some_and(wants_value) {
            wrong.push((
                piece.at,
                format!(
                    "a value is missing between `{}` and `{}`",
                    before.map_or("", |before| before.text),
                    piece.text
                ),
            ));
        }
        before = Some(piece);
    }
    if let Some(last) = before.filter(|last| wants_value(last)) {
        wrong.push((last.at, format!("it ends with `{}`; what is to follow?", last.text)));
    }
    wrong
}

fn ends_value(piece: &Piece<'_>) -> bool {
    match piece.kind {
        Kind::Text | Kind::Number | Kind::Close => true,
        Kind::Word => piece.text != "in",
        _ => false,
    }
}

/// Whether it needs a value on both sides; `-` and `!` may stand before one.
fn is_binary(piece: &Piece<'_>) -> bool {
    (piece.kind == Kind::Operator && !matches!(piece.text, "!" | "-"))
        || piece.text == "in" && piece.kind == Kind::Word
        || matches!(piece.text, "?" | ".") && piece.kind == Kind::Mark
}

fn wants_value(piece: &Piece<'_>) -> bool {
    piece.kind == Kind::Operator || is_binary(piece) || (piece.kind == Kind::Mark && piece.text == ":")
}

/// Takes a source to pieces; the error is where a text begins that does not end.
fn pieces(source: &str) -> Result<Vec<Piece<'_>>, usize> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (kind, length) = match first {
            '\'' | '"' => (Kind::Text, text_length(rest, false).ok_or(at)?),
            'r' | 'R' if rest[1..].starts_with(['\'', '"']) => {
                (Kind::Text, 1 + text_length(&rest[1..], true).ok_or(at)?)
            }
            '0'..='9' => (Kind::Number, length_of(rest, |c| c.is_ascii_alphanumeric() || c == '.')),
            'a'..='z' | 'A'..='Z' | '_' => (Kind::Word, length_of(rest, |c| c.is_ascii_alphanumeric() || c == '_')),
            '(' | '[' | '{' => (Kind::Open, 1),
            ')' | ']' | '}' => (Kind::Close, 1),
            ':' if rest.starts_with(":=") => (Kind::Operator, 2),
            ',' | '.' | ':' | '?' => (Kind::Mark, 1),
            '=' | '!' | '<' | '>' | '&' | '|' | '+' | '-' | '*' | '/' | '%' => (Kind::Operator, operator_length(rest)),
            _ => (Kind::Foreign, first.len_utf8()),
        };
        pieces.push(Piece { kind, text: &rest[..length], at });
        at += length;
    }
    Ok(pieces)
}

/// The longest operator that stands at the beginning, those of other languages included.
fn operator_length(rest: &str) -> usize {
    const LONG: [&str; 13] = ["===", "!==", "==", "!=", "<=", ">=", "&&", "||", "<>", "=>", "=<", "=!", "!!"];
    LONG.iter()
        .find(|operator| rest.starts_with(**operator))
        .map_or(1, |operator| if *operator == "!!" { 1 } else { operator.len() })
}

fn length_of(rest: &str, belongs: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !belongs(c)).unwrap_or(rest.len())
}

/// The length of a text with its quotation marks; `None` where it has no end.
fn text_length(rest: &str, raw: bool) -> Option<usize> {
    let quote = &rest[..1];
    let tripled = quote.repeat(3);
    let mark = if rest.starts_with(&tripled) { tripled.as_str() } else { quote };
    let mut at = mark.len();
    loop {
        let here = rest.get(at..).filter(|here| !here.is_empty())?;
        if here.starts_with(mark) {
            return Some(at + mark.len());
        }
        // What follows a backslash ends nothing.
        let escaped = here.starts_with('\\') && !raw;
        at += here.chars().take(if escaped { 2 } else { 1 }).map(char::len_utf8).sum::<usize>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &[&str]) {
        assert_eq!(wrong(source), expected, "{source}");
    }

    #[test]
    fn each_mistake_is_named_where_it_stands() {
        check("  ", &["it is empty; write \"true\" for always"]);
        check("session.id ==", &["at character 12: it ends with `==`; what is to follow?"]);
        check("session.id = 7", &["at character 12: `=` is written `==`"]);
        check(
            "form.submitted and not session.ended",
            &["at character 16: `and` is written `&&`", "at character 20: `not` is written `!`"],
        );
        check(
            "consent.state == 'absent",
            &["the text that begins at character 18 has no end: a quotation mark is missing"],
        );
        check(
            "consent.state == ‘absent’",
            &[
                "at character 18: `‘` is no quotation mark here; write ' or \"",
                "at character 25: `’` is no quotation mark here; write ' or \"",
            ],
        );
        check("(form.submitted", &["at character 1: `(` is not closed; a `)` is missing"]);
        check("form.submitted)", &["at character 15: `)` closes nothing"]);
        check("['a', 'b')", &["at character 10: `[` is closed by `)`; `]` is needed"]);
        check(
            "form.submitted session.ended",
            &["at character 16: between `submitted` and `session` something is missing, such as `==` or `&&`"],
        );
        check("form.submitted && || true", &["at character 19: a value is missing between `&&` and `||`"]);
        check("== 7", &["at character 1: a value is missing before `==`"]);
        check("(session.id == )", &["at character 16: a value is missing between `==` and `)`"]);
        check(
            "form.submitted & true | false",
            &["at character 16: `&` is written `&&`", "at character 23: `|` is written `||`"],
        );
        check("session.channel #", &["at character 17: `#` cannot stand in an expression"]);
    }

    #[test]
    fn lines_are_counted_where_there_are_several() {
        check("form.submitted &&\n  session.id = 7", &["at 2:14: `=` is written `==`"]);
    }

    #[test]
    fn what_is_right_is_not_blamed() {
        for source in [
            "form.params['it\\'s'] == \"a = b and c\" && !!true",
            "session.channel in ['Chat', 'AV'] ? form.id >= -1 : !form.submitted",
            "form.params.exists(name, form.params[name] == r'\\') && size([]) == 0",
            "'''a ' b''' == \"\"\"c\"\"\" || 1 - -1 < 3 % 2",
        ] {
            check(source, &[]);
        }
    }
}
