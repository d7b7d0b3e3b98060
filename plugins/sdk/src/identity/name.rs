//! The normal form of a person's name.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Titles that are nobody's name, without their dots: dropped wherever they stand.
const TITLES: [&str; 34] = [
    "bca", "bsc", "csc", "dipl", "dott", "drhc", "drsc", "habil", "ingarch", "inz", "judr", "llb", "llm", "mba",
    "mddr", "mga", "mgr", "mphil", "msc", "mudr", "mvdr", "paeddr", "paedr", "phd", "phdr", "phmr", "pharmdr", "rndr",
    "rsdr", "rtdr", "thd", "thdr", "thlic", "thmgr",
];

/// Titles that somebody's name is written like: dropped with a dot, or where two other words are left.
const TITLES_OR_NAMES: [&str; 8] = ["bc", "doc", "dr", "ing", "mr", "mrs", "ms", "prof"];

/// Titles that are surnames, too (Adriaan van Dis): dropped with a dot only.
const TITLES_WITH_DOT: [&str; 6] = ["arch", "dis", "hab", "hc", "mag", "sc"];

/// The normal form of a name: NFKC, small letters, no diacritics, no titles, the words sorted, so that
/// `Nováková, Ann` and `Ing. Ann NOVAKOVA` are one. `None` when nothing but titles and punctuation is there.
///
/// `Pan`, `pani` and suffixes such as `st.`, `ml.` and `Jr.` stay: some are called so, and father and son differ by them.
/// A name alone is nobody's identity: many share it.
///
/// ```
/// use quietus_plugin::identity::name;
///
/// assert_eq!(name("MUDr. Žofie Dvořáková-Šímová, Ph.D."), Some("dvorakova simova zofie".into()));
/// assert_eq!(name("Ing."), None);
/// assert_ne!(name("Jan Novák st."), name("Jan Novák ml."));
/// ```
pub fn name(text: &str) -> Option<String> {
    let mut sure = Vec::new();
    let mut doubtful = Vec::new();
    for word in words(text) {
        match word {
            Word::Name(word) => sure.push(word),
            Word::Doubtful(word) => doubtful.push(word),
        }
    }
    // By number and not by place: words of a normal form are sorted, and it is its own normal form.
    if sure.len() < 2 {
        sure.append(&mut doubtful);
    }
    sure.sort();
    let name = sure.join(" ");
    // `a n`: what is left of `n/a`.
    (name.chars().any(char::is_alphabetic) && name != "a n").then_some(name)
}

enum Word {
    Name(String),
    /// A title, or somebody's name.
    Doubtful(String),
}

/// The words that are no titles for sure.
fn words(text: &str) -> Vec<Word> {
    let text: String = text.nfkc().collect();
    let separates = |c: char| c.is_whitespace() || ",;/|()\"-\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}".contains(c);
    let tokens: Vec<&str> = text.split(separates).filter(|token| !token.is_empty()).collect();
    let mut words = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let length = title_in_parts(&tokens[at..]);
        if length > 0 {
            at += length;
            continue;
        }
        push_words(tokens[at], &mut words);
        at += 1;
    }
    words
}

/// How many words a title takes that is written with blanks, such as `Ph. D.`: 0 when none stands here.
fn title_in_parts(tokens: &[&str]) -> usize {
    for length in [3, 2] {
        let Some(parts) = tokens.get(..length) else { continue };
        let is_dotted = parts[..length - 1].iter().all(|part| part.ends_with('.'));
        let joined = folded(&parts.concat());
        if is_dotted && ["phd", "thd", "csc", "drsc", "drhc", "llm"].contains(&joined.as_str()) {
            return length;
        }
    }
    0
}

fn push_words(token: &str, words: &mut Vec<Word>) {
    if token == "DiS" || (token.contains('.') && is_title(&folded(token))) {
        return;
    }
    let mut rest = token;
    while let Some((dotted, after)) = rest.split_once('.') {
        let word = folded(dotted);
        if !word.is_empty() && !is_title(&word) {
            words.push(Word::Name(word));
        }
        rest = after;
    }
    let word = folded(rest);
    if word.is_empty() || TITLES.contains(&word.as_str()) {
        return;
    }
    words.push(if TITLES_OR_NAMES.contains(&word.as_str()) { Word::Doubtful(word) } else { Word::Name(word) });
}

/// Whether this is a title where a dot follows it.
fn is_title(word: &str) -> bool {
    [&TITLES[..], &TITLES_OR_NAMES, &TITLES_WITH_DOT].concat().contains(&word)
}

/// Small letters and digits without diacritics; everything else is dropped.
///
/// Only the marks of Latin, Greek and Cyrillic letters are diacritics. Those of Indian scripts are vowels, and of
/// Japanese ones consonants: without them, two names would be one.
fn folded(text: &str) -> String {
    let is_diacritic = |c: char| matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}');
    let mut folded = String::new();
    for c in text.nfkd().flat_map(char::to_lowercase).nfkd() {
        match c {
            c if is_diacritic(c) => {}
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ħ' => folded.push('h'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            c if c.is_alphanumeric() || is_combining_mark(c) => folded.push(c),
            _ => {}
        }
    }
    // Marks that something dropped had kept apart stand together now, and have an order.
    folded.nfkd().collect()
}
