//! Which numbers a field holds: where one ends and the next begins.

use super::super::Region;
use super::number::{assigned, possible};

/// More groups of digits than this are not tried as several numbers.
const GROUPS_MAX: usize = 12;
/// The longest extension behind a slash.
const EXTENSION_DIGITS_MAX: usize = 4;

/// Words before or behind a number that say what it is; digits may follow at once.
const LABELS: [&str; 20] = [
    "cell",
    "gsm",
    "handy",
    "m",
    "mob",
    "mobil",
    "mobile",
    "p",
    "phone",
    "t",
    "tel",
    "telefon",
    "telefono",
    "telephone",
    "tél",
    "tlf",
    "viber",
    "whatsapp",
    "fax",
    "kom",
];

/// Words before an extension.
const EXTENSIONS: [&str; 16] = [
    "app",
    "apparat",
    "dw",
    "durchwahl",
    "ext",
    "extension",
    "extn",
    "int",
    "interno",
    "kl",
    "klapka",
    "klappe",
    "linka",
    "poste",
    "wew",
    "x",
];

/// A part of a field without words: digits, blanks and punctuation, as `+`, `/` and groups of digits.
#[derive(Debug, Default)]
pub(super) struct Run(Vec<Group>);

/// Digits that stand together.
#[derive(Debug)]
struct Group {
    /// With a `+` before them.
    digits: String,
    /// A slash or a comma stands before them.
    is_apart: bool,
}

/// The parts of a field, without labels and extensions.
pub(super) fn runs(text: &str) -> Vec<Run> {
    let mut reader = Reader::default();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word: &str = &rest[..rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len())];
        if word.is_empty() {
            reader.punctuation(first);
            rest = &rest[first.len_utf8()..];
        } else {
            rest = &rest[word.len()..];
            reader.word(&word.to_lowercase(), rest.starts_with(|c: char| c.is_ascii_digit()));
        }
    }
    reader.end_run();
    reader.runs
}

#[derive(Default)]
struct Reader {
    runs: Vec<Run>,
    run: Run,
    before: Option<char>,
    /// A slash or a comma stands before the next digits.
    is_apart: bool,
    /// An extension's digits follow.
    in_extension: bool,
    /// The run holds something that no number has, such as a `*` or a letter.
    is_broken: bool,
}

impl Reader {
    fn punctuation(&mut self, c: char) {
        match c {
            '0'..='9' if self.in_extension => {}
            '0'..='9' => match self.run.0.last_mut() {
                Some(group) if matches!(self.before, Some('0'..='9' | '+')) => group.digits.push(c),
                _ => self.group(c),
            },
            '+' => {
                // Within digits it stands nowhere.
                self.is_broken |= matches!(self.before, Some('0'..='9' | '+'));
                if !self.is_broken {
                    self.end_run();
                    self.group(c);
                }
            }
            '#' => self.in_extension = true,
            '/' | ',' => {
                self.in_extension = false;
                self.is_apart = true;
            }
            ';' | '|' | '&' | '\n' | '\r' => self.end_run(),
            '*' | '@' | '%' | '=' if !self.in_extension => self.is_broken = true,
            _ => {}
        }
        self.before = Some(c);
    }

    /// A word, and whether digits follow at once.
    fn word(&mut self, word: &str, is_before_digits: bool) {
        let is_behind_digit = matches!(self.before, Some('0'..='9'));
        let is_extension = EXTENSIONS.contains(&word);
        // `AB777123456` is the number of something else.
        if (is_before_digits || is_behind_digit) && !is_extension && !LABELS.contains(&word) {
            self.is_broken |= is_behind_digit;
            self.end_run();
            self.is_broken = is_before_digits;
        } else {
            self.end_run();
        }
        self.in_extension = is_extension;
        self.before = word.chars().last();
    }

    fn group(&mut self, first: char) {
        let is_apart = std::mem::take(&mut self.is_apart);
        self.run.0.push(Group { digits: first.to_string(), is_apart });
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        if !self.is_broken && !run.0.is_empty() {
            self.runs.push(run);
        }
        self.is_apart = false;
        self.is_broken = false;
        self.in_extension = false;
    }
}

/// The numbers of one run: one, if its digits make one; else several, if they make several without a digit left.
pub(super) fn numbers(run: &Run, region: Option<Region>) -> Vec<String> {
    let parts: Vec<&[Group]> = run.0.chunk_by(|_, next| !next.is_apart).collect();
    if let Some(several) = apart(&parts, region) {
        return several;
    }
    let whole = joined(&run.0);
    if let Some(one) = assigned(&whole, region) {
        return vec![one];
    }
    if let Some(several) = in_a_row(&run.0, region) {
        return several;
    }
    if let [number @ .., extension] = &parts[..]
        && !number.is_empty()
        && joined(extension).len() <= EXTENSION_DIGITS_MAX
        && let Some(one) = assigned(&number.iter().map(|part| joined(part)).collect::<String>(), region)
    {
        return vec![one];
    }
    possible(&whole, region).into_iter().collect()
}

/// Each part a number of its own. Where the first begins with a trunk zero, all must: `0209/223344` is one.
fn apart(parts: &[&[Group]], region: Option<Region>) -> Option<Vec<String>> {
    let digits: Vec<String> = parts.iter().map(|part| joined(part)).collect();
    let begins_whole = |digits: &String| digits.starts_with(['0', '+']);
    let is_alike = !begins_whole(digits.first()?) || digits.iter().all(begins_whole);
    if parts.len() < 2 || !is_alike {
        return None;
    }
    digits.iter().map(|digits| assigned(digits, region)).collect()
}

/// Numbers one behind the other, the longest first, none of the digits left.
fn in_a_row(groups: &[Group], region: Option<Region>) -> Option<Vec<String>> {
    if groups.is_empty() {
        return Some(Vec::new());
    }
    if groups.len() > GROUPS_MAX {
        return None;
    }
    (1..=groups.len()).rev().find_map(|length| {
        let first = assigned(&joined(&groups[..length]), region)?;
        let mut all = vec![first];
        all.extend(in_a_row(&groups[length..], region)?);
        Some(all)
    })
}

fn joined(groups: &[Group]) -> String {
    groups.iter().map(|group| group.digits.as_str()).collect()
}
