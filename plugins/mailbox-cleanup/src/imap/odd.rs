//! Lines that the strict parser refuses and that real servers send all the same: says them in the words of the standard, passes over what
//! matters to nobody here, and names what matters and cannot be read. It guesses nothing: what has two meanings cannot be read.

use imap_codec::ResponseCodec;
use imap_codec::decode::Decoder as _;

use super::scan::Scan;

/// What becomes of a line that the strict parser refuses.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The same, as the strict parser reads it.
    Mended(Vec<u8>),
    /// Nobody here needs it.
    Skipped,
    /// It may matter, and cannot be read.
    Unreadable(About),
    /// No answer of an IMAP server.
    Foreign,
}

/// What a line that cannot be read is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    Search,
    Fetch,
    List,
    Unknown,
}

const STATUS: [&str; 5] = ["OK", "NO", "BAD", "BYE", "PREAUTH"];

/// Reads one answer, literals in it and the end of its last line included.
pub(super) fn read(answer: &[u8]) -> Line {
    let line = answer.trim_ascii_end();
    if line.starts_with(b"*") {
        return untagged(&line[1..]);
    }
    if line.starts_with(b"+") {
        // What it says is of no interest: it goes on either way.
        return mended(b"+ .".to_vec(), Line::Foreign);
    }
    let mut scan = Scan::new(line);
    let tag = scan.word();
    let is_tag = !tag.is_empty() && tag.iter().all(u8::is_ascii_alphanumeric);
    match status(scan.rest()).filter(|_| is_tag) {
        Some(rest) => mended([tag, b" ", &rest].concat(), Line::Foreign),
        None => Line::Foreign,
    }
}

fn untagged(line: &[u8]) -> Line {
    // An end that looks like a literal's beginning has taken the next answer with it.
    let swallows = line.trim_ascii_end().contains(&b'\n');
    if swallows && status(line).is_some() {
        return Line::Unreadable(About::Unknown);
    }
    if let Some(rest) = status(line) {
        return mended([b"* ", &rest[..]].concat(), Line::Unreadable(About::Unknown));
    }
    let mut scan = Scan::new(line);
    let word = scan.word().to_ascii_uppercase();
    let (said, about) = match word.as_slice() {
        b"SEARCH" => (search(scan.rest()), About::Search),
        b"LIST" => (list(scan), About::List),
        b"CAPABILITY" => (capability(scan.rest()), About::Unknown),
        number if !number.is_empty() && number.iter().all(u8::is_ascii_digit) => return numbered(number, scan),
        // `SEARCH1 2` has lost a blank; everything else in plain letters is an extension's.
        glued if glued.starts_with(b"SEARCH") || glued == b"ESEARCH" => (None, About::Search),
        plain if !plain.is_empty() && plain.iter().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(b)) => {
            return if swallows { Line::Unreadable(About::Unknown) } else { Line::Skipped };
        }
        _ => (None, About::Unknown),
    };
    said.map_or(Line::Unreadable(about), |line| mended(line, Line::Unreadable(about)))
}

/// An answer that begins with a number.
fn numbered(number: &[u8], mut scan: Scan<'_>) -> Line {
    match scan.word().to_ascii_uppercase().as_slice() {
        b"EXISTS" => mended([b"* ", number, b" EXISTS"].concat(), Line::Unreadable(About::Unknown)),
        b"RECENT" | b"EXPUNGE" => Line::Skipped,
        b"FETCH" => match fetch(number, scan) {
            Some(line) => mended(line, Line::Unreadable(About::Fetch)),
            None => Line::Unreadable(About::Fetch),
        },
        _ => Line::Unreadable(About::Unknown),
    }
}

/// The line, if the strict parser reads it now.
fn mended(mut line: Vec<u8>, otherwise: Line) -> Line {
    line.extend(b"\r\n");
    match ResponseCodec::default().decode(&line) {
        Ok(([], _)) => Line::Mended(line),
        _ => otherwise,
    }
}

/// `OK [CODE] text`. The text may be in any language, or missing; nobody reads it.
fn status(rest: &[u8]) -> Option<Vec<u8>> {
    let mut scan = Scan::new(rest);
    let word = scan.word();
    let kind = STATUS.iter().find(|kind| word.eq_ignore_ascii_case(kind.as_bytes()))?;
    let mut line = [kind.as_bytes(), b" "].concat();
    if let Some(code) = scan.rest().trim_ascii_start().strip_prefix(b"[")
        && let Some(end) = code.iter().position(|b| *b == b']')
    {
        let plain = |b: &u8| if b.is_ascii() && !b.is_ascii_control() { *b } else { b'?' };
        line.push(b'[');
        line.extend(code[..end].iter().map(plain));
        line.extend(b"] ");
    }
    line.push(b'.');
    Some(line)
}

/// Numbers alone. Those that cannot be read are not left out: what is not named would be taken for not found.
fn search(rest: &[u8]) -> Option<Vec<u8>> {
    // RFC 7162 adds `(MODSEQ 917162500)`, and nothing else stands in parentheses.
    let end = rest.iter().position(|b| *b == b'(').unwrap_or(rest.len());
    let added = rest[end..].trim_ascii();
    let digits = added.strip_prefix(b"(MODSEQ ").and_then(|added| added.strip_suffix(b")"));
    if !added.is_empty() && !digits.is_some_and(|digits| digits.trim_ascii().iter().all(u8::is_ascii_digit)) {
        return None;
    }
    let words = || rest[..end].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let numbers = words().all(|word| word.iter().all(u8::is_ascii_digit));
    numbers.then(|| words().fold(b"* SEARCH".to_vec(), |line, number| [&line, &b" "[..], number].concat()))
}

fn capability(rest: &[u8]) -> Option<Vec<u8>> {
    let words = rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let known = words.filter(|word| word.iter().all(|b| b.is_ascii_alphanumeric() || b"-_=.+:/".contains(b)));
    Some(known.fold(b"* CAPABILITY".to_vec(), |line, word| [&line, &b" "[..], word].concat()))
}

/// A folder: its attributes and its name. The delimiter is of no interest.
fn list(mut scan: Scan<'_>) -> Option<Vec<u8>> {
    let attributes = scan.flags()?;
    let known = attributes.split(u8::is_ascii_whitespace).filter(|word| {
        word.len() > 1 && word[0] == b'\\' && word[1..].iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    });
    let known = known.collect::<Vec<_>>().join(&b' ');
    scan.delimiter()?;
    let name = scan.folder()?;
    Some([b"* LIST (", &known[..], b") NIL ", &literal(&name)].concat())
}

/// A message: its UID and what was asked of it. Flags are of no interest. Of what is told twice, nobody knows which is true.
fn fetch(number: &[u8], mut scan: Scan<'_>) -> Option<Vec<u8>> {
    let (mut uid, mut content) = (None, None);
    scan.open()?;
    while !scan.close() {
        let name = scan.item()?.to_ascii_uppercase();
        let told_before = match name.as_slice() {
            b"FLAGS" => scan.flags().map(|_| false)?,
            b"UID" => uid.replace(scan.value()??).is_some(),
            name if name.starts_with(b"BODY[") => content.replace(scan.value()?).is_some(),
            _ => scan.value().map(|_| false)?,
        };
        if told_before || !scan.is_at_an_end() {
            return None;
        }
    }
    if !scan.rest().trim_ascii().is_empty() {
        return None;
    }
    let uid = uid.map(|uid| [b"UID ", &uid[..]].concat());
    let content = content.map(|content| {
        let content = content.map_or_else(|| b"NIL".to_vec(), |content| literal(&content));
        [b"BODY[] ", &content[..]].concat()
    });
    let items: Vec<_> = uid.into_iter().chain(content).collect();
    let items = if items.is_empty() { b"FLAGS ()".to_vec() } else { items.join(&b' ') };
    Some([b"* ", number, b" FETCH (", &items[..], b")"].concat())
}

fn literal(bytes: &[u8]) -> Vec<u8> {
    [format!("{{{}}}\r\n", bytes.len()).as_bytes(), bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &[u8], expected: &[u8]) {
        let shown = String::from_utf8_lossy(answer);
        assert!(!matches!(ResponseCodec::default().decode(answer), Ok(([], _))), "the strict parser reads {shown}");
        assert_eq!(read(answer), Line::Mended([expected, b"\r\n"].concat()), "{shown}");
    }

    #[test]
    fn folders_are_read_however_their_names_are_spelt() {
        check("* LIST () \"/\" Koš\r\n".as_bytes(), "* LIST () NIL {4}\r\nKoš".as_bytes());
        check("* LIST (\\Trash) \"/\" \"Koš\"\r\n".as_bytes(), "* LIST (\\Trash) NIL {4}\r\nKoš".as_bytes());
        check(b"* LIST () \"/\" \"Ko\xb9\"\r\n", b"* LIST () NIL {3}\r\nKo\xb9");
        check(b"* LIST () \"/\" \"a \"b\" c\"\r\n", b"* LIST () NIL {7}\r\na \"b\" c");
        check(b"* LIST () \"/\" \"a\\\"b\\\\c\" \r\n", b"* LIST () NIL {5}\r\na\"b\\c");
        check(b"* LIST () \"/\" INBOX \r\n", b"* LIST () NIL {5}\r\nINBOX");
        check(b"* LIST (\\HasNoChildren ) \"/\" a\r\n", b"* LIST (\\HasNoChildren) NIL {1}\r\na");
        check("* LIST (\\Noselect \\Živý) \"/\" a\r\n".as_bytes(), b"* LIST (\\Noselect) NIL {1}\r\na");
        check(b"* LIST () \"\" a\r\n", b"* LIST () NIL {1}\r\na");
        check(b"* LIST () \"\\\" a\r\n", b"* LIST () NIL {1}\r\na");
        check(b"* LIST () \"\"\" a\r\n", b"* LIST () NIL {1}\r\na");
        check(b"* LIST () / a\r\n", b"* LIST () NIL {1}\r\na");
        check(b"* LIST () \"/\" Sent Items\r\n", b"* LIST () NIL {10}\r\nSent Items");
        check(b"* LIST () \"/\" {2}\r\nab \r\n", b"* LIST () NIL {2}\r\nab");
    }

    #[test]
    fn messages_are_read_whatever_their_flags_are() {
        const SHOWN: &[u8] = b"* 1 FETCH (UID 5 BODY[] {3}\r\na:b)";
        for flags in ["\\Seen ", " \\Seen", "a]b", "\"My Flag\"", "a\"b", "Důležité", "\\Seen  x", "$x {3}"] {
            check(format!("* 1 FETCH (FLAGS ({flags}) UID 5 BODY[] {{3}}\r\na:b)\r\n").as_bytes(), SHOWN);
        }
        check(b"* 1 FETCH (UID 5 BODY[HEADER.FIELDS (FROM TO)] {3}\r\na:b )\r\n", SHOWN);
        check(b"* 1 FETCH ( UID 5  BODY[HEADER.FIELDS (\"FROM\" TO)]  {3}\r\na:b)\r\n", SHOWN);
        check(b"* 1 FETCH (BODY[HEADER.FIELDS (From)] \"a:b\" UID 5 )\r\n", SHOWN);
        check(b"* 1 FETCH (UID 5 X-GM (a \"(\" {1}\r\n( b) BODY[] {3}\r\na:b)\r\n", SHOWN);
        check(b"* 1 FETCH (UID 5 BODY[HEADER] NIL )\r\n", b"* 1 FETCH (UID 5 BODY[] NIL)");
        check("* 1 FETCH (FLAGS (é))\r\n".as_bytes(), b"* 1 FETCH (FLAGS ())");
    }

    #[test]
    fn what_a_server_says_in_its_own_words_is_its_code() {
        check("q1 NO [AUTHENTICATIONFAILED] Špatné heslo\r\n".as_bytes(), b"q1 NO [AUTHENTICATIONFAILED] .");
        check("* OK [UIDVALIDITY 7] Platné\r\n".as_bytes(), b"* OK [UIDVALIDITY 7] .");
        check(b"* OK [UIDVALIDITY 7]Ok\r\n", b"* OK [UIDVALIDITY 7] .");
        check(b"q1 OK\r\n", b"q1 OK .");
        check(b"* OK [ALERT\r\n", b"* OK .");
        check("+ Pokračujte\r\n".as_bytes(), b"+ .");
        check(b"* SEARCH  1 2\r\n", b"* SEARCH 1 2");
        check(b"* SEARCH 1 2 (MODSEQ 9)\r\n", b"* SEARCH 1 2");
        check(b"* 3 EXISTS \r\n", b"* 3 EXISTS");
        check(b"* CAPABILITY IMAP4rev1  UIDPLUS\r\n", b"* CAPABILITY IMAP4rev1 UIDPLUS");
    }

    #[test]
    fn what_nobody_needs_is_passed_over_and_what_matters_is_named() {
        for skipped in
            ["FLAGS (\\Seen )", "FLAGS (\"a b\" é])", "3 RECENT ", "3 EXPUNGE ", "XLIST (a", "STATUS \"é\" (x)"]
        {
            assert_eq!(read(format!("* {skipped}\r\n").as_bytes()), Line::Skipped, "{skipped}");
        }
        for (line, about) in [
            ("SEARCH 1 -2 x", About::Search),
            ("SEARCH 1 99999999999", About::Search),
            ("SEARCH1 2", About::Search),
            ("SEARCH (1 2)", About::Search),
            ("SEARCH 1 (2 3", About::Search),
            ("SEARCH 1 (MODSEQ 9) 2", About::Search),
            ("ESEARCH (TAG \"q7\") UID ALL 1:3", About::Search),
            ("OK done {12}\r\n* SEARCH 5\r\n", About::Unknown),
            ("XLIST {12}\r\n* SEARCH 5\r\n", About::Unknown),
            ("LIST", About::List),
            ("LIST (", About::List),
            ("LIST () \"/\"", About::List),
            ("LIST () \"/\" \"a", About::List),
            ("LIST () \"/\" a\0b", About::List),
            ("1 FETCH", About::Fetch),
            ("1 FETCH (UID 5", About::Fetch),
            ("1 FETCH (UID x)", About::Fetch),
            ("1 FETCH (UID 5) (", About::Fetch),
            ("1 FETCH (UID 5 UID 6 FLAGS (x ))", About::Fetch),
            ("1 FETCH (UID 5 UID 5 BODY[] NIL )", About::Fetch),
            ("1 FETCH (UID 5 BODY[] \"a\" BODY[HEADER] \"b\" )", About::Fetch),
            ("1 FETCH (BODY[] \"a:b\"UID 5)", About::Fetch),
            ("1 FETCH (BODY[] {3}\r\na:bUID 5)", About::Fetch),
            ("1 FETCH (FLAGS (x )UID 5)", About::Fetch),
            ("1 FETCH (UID 5 X (a b)BODY[] \"a\" )", About::Fetch),
            ("1 FETCH (UID 5 X (\"a\"b) BODY[] \"a\" )", About::Fetch),
            ("99999999999 EXISTS", About::Unknown),
            ("\u{1}EARCH 1", About::Unknown),
            ("", About::Unknown),
        ] {
            assert_eq!(read(format!("* {line}\r\n").as_bytes()), Line::Unreadable(about), "{line}");
        }
        for foreign in ["220 smtp.x.cz ESMTP", "HTTP/1.1 400 Bad Request", "", "\0\u{1}", "q1 MAYBE x", "<html>"] {
            assert_eq!(read(format!("{foreign}\r\n").as_bytes()), Line::Foreign, "{foreign}");
        }
    }
}
