//! What systems say in their own words, in the paper's language. The sentences of our own plugins are known in both; whatever else is said is
//! quoted as the system's own, in whatever language it says it.

mod known;

use quietus_plugin::protocol::TEXT_CHARS_MAX;

use super::Lang;
use crate::language::sentence::{HOLE, filled, names};
use crate::language::typography::foreign;
use known::KNOWN;

/// What a system said: in the paper's language where that is known, else as a quotation that says whose it is.
pub(super) fn said(lang: Lang, text: &str) -> String {
    if let Some(known) = in_words(lang, text) {
        return known;
    }
    let quoted = lang.quoted(text);
    lang.say(format!("systém uvedl: {quoted}"), format!("the system said: {quoted}"))
}

/// A sentence that is known; or several, one after the other.
fn in_words(lang: Lang, text: &str) -> Option<String> {
    one(lang, text).or_else(|| {
        let parts: Vec<_> = text.split("; ").collect();
        // One of them that nobody knows makes all of it a quotation: it may not be what it seems to be.
        let all: Option<Vec<_>> = parts.iter().map(|part| one(lang, part)).collect();
        all.filter(|_| parts.len() > 1).map(|all| all.join("; "))
    })
}

fn one(lang: Lang, text: &str) -> Option<String> {
    let mut known = KNOWN.iter().flat_map(|(_, sentences)| sentences.iter());
    known.find_map(|(english, czech)| {
        let names = if is_cut(english, text) { Vec::new() } else { names(english, text)? };
        let sentence = match lang {
            Lang::Cs => czech,
            Lang::En => english,
        };
        // A name can be a sentence that is known, too.
        let names: Vec<_> =
            names.into_iter().map(|name| in_words(lang, name).unwrap_or_else(|| foreign(name))).collect();
        let sentence = filled(sentence, &names);
        Some(lang.say(&sentence, &sentence))
    })
}

/// Whether a text is the beginning of a sentence that is longer than what is kept of it: it stands cut on a receipt.
fn is_cut(sentence: &str, text: &str) -> bool {
    !sentence.contains(HOLE) && text.chars().count() == TEXT_CHARS_MAX && sentence.starts_with(text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn plain(text: String) -> String {
        text.replace('\u{a0}', " ")
    }

    #[test]
    fn our_own_plugins_are_said_in_the_papers_language_and_others_are_quoted() {
        for (text, czech, english) in [
            (
                "what triggers and rules of `orders` have copied elsewhere",
                "co triggery a pravidla tabulky orders zkopírovaly jinam",
                "what triggers and rules of `orders` have copied elsewhere",
            ),
            ("deals of the person", "obchody osoby", "deals of the person"),
            (
                "kept by law: invoices, by § 31 of the Accounting Act (563/1991)",
                "uchovává se ze zákona: invoices, podle § 31 of the Accounting Act (563/1991)",
                "kept by law: invoices, by § 31 of the Accounting Act (563/1991)",
            ),
            (
                "leads of the person; deals of the person",
                "leady osoby; obchody osoby",
                "leads of the person; deals of the person",
            ),
            (
                "what was erased and the statements that did it, in the binary log, for 30 days (the server's `binlog_expire_logs_seconds`) \
                 (MySQL's documentation)",
                "vymazané údaje a příkazy, které je vymazaly, v binárním žurnálu, po počet dnů podle nastavení serveru: 30 (podle dokumentace \
                 MySQL)",
                "what was erased and the statements that did it, in the binary log, for 30 days (the server's `binlog_expire_logs_seconds`) \
                 (MySQL's documentation)",
            ),
            ("my own archive", "systém uvedl: „my own archive“", "the system said: “my own archive”"),
            (
                "deals of the person; my own archive",
                "systém uvedl: „deals of the person; my own archive“",
                "the system said: “deals of the person; my own archive”",
            ),
            // A name that is not there is none.
            (
                "what triggers and rules of `` have copied elsewhere",
                "systém uvedl: „what triggers and rules of `` have copied elsewhere“",
                "the system said: “what triggers and rules of `` have copied elsewhere”",
            ),
        ] {
            assert_eq!(plain(said(Lang::Cs, text)), czech);
            assert_eq!(plain(said(Lang::En, text)), english);
        }
    }

    #[test]
    fn a_sentence_that_stands_cut_on_a_receipt_is_still_known() {
        for (_, sentences) in KNOWN {
            for (english, _) in sentences.iter().filter(|(english, _)| !english.contains(HOLE)) {
                let kept: String = english.chars().take(TEXT_CHARS_MAX).collect();
                let czech = said(Lang::Cs, &kept);
                assert!(!czech.contains("systém uvedl: „"), "{english}: {czech}");
            }
        }
    }

    #[test]
    fn each_sentence_has_the_same_names_in_both_languages_and_is_there_once() {
        let mut seen = std::collections::BTreeSet::new();
        for (plugin, sentences) in KNOWN {
            for (english, czech) in sentences {
                assert_eq!(english.matches(HOLE).count(), czech.matches(HOLE).count(), "{plugin}: {english}");
                assert!(seen.insert(*english), "{plugin}: {english} is there twice");
                assert!(!czech.contains('`'), "{plugin}: {czech}");
            }
        }
    }

    /// A sentence that a plugin says otherwise by now would stand in English on Czech papers.
    #[test]
    fn plugins_say_these_sentences() {
        for (plugin, sentences) in KNOWN {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let folder =
                if plugin.is_empty() { root.join("src") } else { root.join("plugins").join(plugin).join("src") };
            let mut sources = String::new();
            read(&folder, &mut sources);
            let sources = without_breaks(&sources);
            for (english, _) in sentences {
                for piece in
                    english.split(HOLE).map(|piece| piece.trim().trim_end_matches(':')).filter(|piece| piece.len() > 3)
                {
                    let written = piece.replace('"', "\\\"");
                    assert!(
                        sources.contains(piece) || sources.contains(&written),
                        "`{plugin}` does not say {piece:?} any more: change src/papers/notes/known.rs with it"
                    );
                }
            }
        }
    }

    /// All Rust sources of a folder but the sentences themselves.
    fn read(folder: &Path, sources: &mut String) {
        for entry in std::fs::read_dir(folder).expect("the sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                read(&path, sources);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("notes/known.rs")
                && !path.ends_with("papers/notes.rs")
            {
                sources.push_str(&std::fs::read_to_string(&path).expect("a source"));
            }
        }
    }

    /// A text that goes on in the next line is one text.
    fn without_breaks(sources: &str) -> String {
        let mut pieces = sources.split("\\\n");
        let mut whole = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            whole.push_str(piece.trim_start());
        }
        whole
    }
}
