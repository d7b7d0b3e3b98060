//! What the server says in English of an order or a delivery, in the reader's language as far as that is known there.

use maud::{Markup, html};

use super::words::details_in_czech;
use crate::language::sentence::{filled, names};
use crate::language::{Lang, typography};

/// The same in the reader's language; what nobody knows in it stands as it is, and says which language it is.
pub(super) fn said(lang: Lang, text: &str) -> Markup {
    match in_words(lang, text) {
        Some(known) => html! { (known) },
        None => html! { span lang="en" { (text) } },
    }
}

fn in_words(lang: Lang, text: &str) -> Option<String> {
    if lang == Lang::En {
        return None;
    }
    details_in_czech().iter().find_map(|(english, czech)| {
        let names: Vec<_> = names(english, text)?.into_iter().map(str::to_owned).collect();
        Some(filled(&typography::czech(czech), &names))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::language::sentence::HOLE;

    #[test]
    fn a_refusal_is_said_in_the_readers_language_with_what_it_names() {
        let plain = |lang, text| in_words(lang, text).map(|said| said.replace('\u{a0}', " "));
        assert_eq!(
            plain(Lang::Cs, "there is no company of this name").as_deref(),
            Some("Společnost toho jména tu není.")
        );
        assert_eq!(plain(Lang::Cs, "the hold h-1 has ended").as_deref(), Some("Pozastavení h-1 už skončilo."));
        assert_eq!(plain(Lang::Cs, "no session id").as_deref(), Some("chybí číslo konverzace"));
        // Nothing is taken for a sentence that has more in it, and what stands in one is text on the page.
        assert_eq!(plain(Lang::Cs, "the hold  has ended"), None);
        assert_eq!(plain(Lang::En, "no session id"), None);
        let hostile = said(Lang::Cs, "there is no hold <script>").into_string();
        assert!(!hostile.contains("<script>") && hostile.contains("&lt;script&gt;"), "{hostile}");
        let unknown = said(Lang::Cs, "it rains").into_string();
        assert_eq!(unknown, "<span lang=\"en\">it rains</span>");
    }

    #[test]
    fn each_is_there_once_with_no_other_names_than_it_has() {
        let mut seen = BTreeSet::new();
        for (english, czech) in details_in_czech() {
            assert!(seen.insert(*english), "{english} is there twice");
            assert!(czech.matches(HOLE).count() <= english.matches(HOLE).count(), "{english}");
            assert!(!czech.contains('`'), "{czech}");
        }
    }

    /// A new refusal of a page would stand in English on Czech pages.
    #[test]
    fn what_pages_refuse_is_known() {
        let admin = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/admin");
        let mut sources = String::new();
        read(&admin.join("pages"), &mut sources);
        for file in ["caller.rs", "ending.rs", "routes.rs", "state.rs"] {
            sources.push_str(&std::fs::read_to_string(admin.join(file)).expect("a source"));
        }
        let whole = sources.split_whitespace().collect::<Vec<_>>().join(" ");
        let (mut count, mut unknown) = (0, Vec::new());
        for piece in whole.split("Problem::").skip(1) {
            let text = match piece.split_once('"') {
                Some(("not_found(", rest)) => rest.split('"').next().map(|what| format!("there is no {what}")),
                // The code stands in front, and nothing else.
                Some((before, rest)) if before.starts_with("new(Code::") && before.matches(',').count() == 1 => {
                    let is_made = before.matches('(').count() > 1;
                    rest.split('"').next().filter(|_| !is_made).map(str::to_owned)
                }
                _ => None,
            };
            // No token is sent to pages.
            let Some(text) = text.filter(|text| text != "no valid token was sent") else { continue };
            count += 1;
            if in_words(Lang::Cs, &text).is_none() {
                unknown.push(text);
            }
        }
        assert!(unknown.is_empty(), "nobody knows these in Czech, change words/cs/detail.rs: {unknown:#?}");
        assert!(count > 30, "{count}: or this reads nothing");
    }

    fn read(folder: &Path, sources: &mut String) {
        for entry in std::fs::read_dir(folder).expect("the sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                read(&path, sources);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("pages/details.rs")
            {
                sources.push_str(&std::fs::read_to_string(&path).expect("a source"));
            }
        }
    }
}
