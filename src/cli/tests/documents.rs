//! What the officer's pages tell somebody to type is what the command line takes, the same in both languages.

use super::*;

/// What stands in capitals where something of the reader's own is written.
const PLACEHOLDERS: [(&str, &str); 12] = [
    ("HASH", "0f6a3c21d5e8b794"),
    ("OTISK", "0f6a3c21d5e8b794"),
    ("ERASURE", "e-00000000000000000000000000000000"),
    ("VÝMAZ", "e-00000000000000000000000000000000"),
    ("TASK", "t-000000000000"),
    ("ÚKOL", "t-000000000000"),
    ("FILE", "file"),
    ("SOUBOR", "file"),
    ("DAY", "2026-11-03"),
    ("DEN", "2026-11-03"),
    ("COMPANY", "acme"),
    ("SPOLEČNOST", "acme"),
];

/// A command as a page has it.
#[derive(Debug)]
struct Written {
    words: Vec<String>,
    /// It is a line to be typed, and not the name of a command in a sentence.
    is_typed: bool,
}

/// The commands of a page, in order: lines of its blocks, and what stands in a sentence as code.
fn commands(page: &str) -> Vec<Written> {
    let (mut found, mut is_block, mut paragraph) = (Vec::new(), false, String::new());
    for line in page.lines() {
        let text = line.trim();
        if text.starts_with("```") {
            in_sentences(&std::mem::take(&mut paragraph), &mut found);
            is_block = !is_block;
        } else if is_block && text.starts_with("quietus ") {
            // A comment follows some of them.
            let command = text.split(" #").next().unwrap_or_default();
            found.push(Written { words: words(command), is_typed: true });
        } else if !is_block && text.is_empty() {
            in_sentences(&std::mem::take(&mut paragraph), &mut found);
        } else if !is_block {
            // A code span may go on in the next line; what is odd in one paragraph is so in that one only.
            paragraph += text;
            paragraph.push(' ');
        }
    }
    in_sentences(&paragraph, &mut found);
    found
}

fn in_sentences(paragraph: &str, found: &mut Vec<Written>) {
    for code in paragraph.split('`').skip(1).step_by(2) {
        // `quietus …` is none.
        if code.starts_with("quietus ") && !code.contains('…') {
            found.push(Written { words: words(code), is_typed: false });
        }
    }
}

/// The words of a command, as a shell takes them apart, without the placeholders.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let (mut is_quoted, mut is_apart) = (false, true);
    for c in command.trim().chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => {
                if !is_apart {
                    words.push(String::new());
                }
                is_apart = true;
                continue;
            }
            c => words.last_mut().expect("one is there").push(c),
        }
        is_apart = false;
    }
    for word in &mut words {
        let (sign, name) = word.strip_prefix('@').map_or(("", word.as_str()), |name| ("@", name));
        if let Some((_, value)) = PLACEHOLDERS.iter().find(|(placeholder, _)| *placeholder == name) {
            *word = format!("{sign}{value}");
        }
    }
    words
}

impl Written {
    /// It names a command that is there, whatever that needs.
    fn is_a_name(&self) -> bool {
        let root = Cli::command();
        let mut at = &root;
        for word in &self.words[1..] {
            match at.find_subcommand(word) {
                Some(command) => at = command,
                None => return false,
            }
        }
        true
    }

    /// The same without what differs between the languages: the language of papers, and how files are called.
    fn in_any_language(&self) -> Vec<&str> {
        let mut before = "";
        let words = self.words.iter().map(|word| {
            let is_its_own = matches!(before, "--lang" | "--out" | "--file" | "--csv" | "--results");
            before = word;
            if is_its_own { "…" } else { word.as_str() }
        });
        words.collect()
    }
}

#[test]
fn what_the_officers_pages_tell_to_type_is_taken() {
    let pages = [
        ("docs/officer.md", include_str!("../../../docs/officer.md")),
        ("docs/officer.cs.md", include_str!("../../../docs/officer.cs.md")),
    ];
    let [english, czech] = pages.map(|(name, page)| {
        let found = commands(page);
        assert!(found.len() > 40, "{name} tells what to type, or this test tests nothing: {found:#?}");
        for one in &found {
            if !one.is_typed && one.is_a_name() {
                continue;
            }
            let taken = Cli::try_parse_from(&one.words);
            assert!(taken.is_ok(), "{name}: {:?}: {}", one.words, taken.err().expect("an error"));
        }
        found
    });
    for (at, (english, czech)) in english.iter().zip(&czech).enumerate() {
        assert_eq!(english.in_any_language(), czech.in_any_language(), "command {at} of both");
        assert_eq!(english.is_typed, czech.is_typed, "{english:?}");
    }
    assert_eq!(english.len(), czech.len(), "both tell the same");
}

#[test]
fn what_no_command_takes_would_be_found_in_a_page() {
    let page = "See `quietus requests`, `quietus requests nwe` and\n`quietus holds\nlist`.\n\n```\nquietus requests show R-7 --fast  # so\nR-7 is new\n```\n";
    let found = commands(page);
    let said = found.iter().map(|one| (one.words[1..].join(" "), one.is_typed, one.is_a_name()));
    let expected = [
        ("requests".to_owned(), false, true),
        ("requests nwe".to_owned(), false, false),
        ("holds list".to_owned(), false, true),
        ("requests show R-7 --fast".to_owned(), true, false),
    ];
    assert_eq!(said.collect::<Vec<_>>(), expected);
    assert!([1, 3].iter().all(|at| Cli::try_parse_from(&found[*at].words).is_err()));
    assert_eq!(
        words("quietus holds add --case \"21 C 1/2026\"  --email @FILE")[4..],
        ["21 C 1/2026", "--email", "@file"]
    );
}
